"""`vouch simulate`: whole calls against a running Vouch, at its API, sockets and media, by robots on both sides.

Every call goes the whole way: integration API, join, socket, an agent's accept, media both ways, verdict, result. It
needs an installation that `vouch demo` or `vouch seed-demo` filled, and runs where that one's data directory and
database are: from there it takes the company's token, and there it makes the agents' accounts, which are good for no
longer than the run. Nothing of it belongs on an installation with real customers.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import click
import uvloop

from media.packet_robot import RobotSet
from media.packet_sender import material
from signaling.demo import cards
from signaling.demo.people import Person, person
from signaling.demo.robots import Papers
from signaling.demo.seed import Seeds, drawn
from signaling.simulate_robots import AgentRobot, CallerRobot, Tally, quantile
from vouch import collector, migrations
from vouch.accounts.models import Role
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts, NewAccount
from vouch.clock import SECOND, SystemClock
from vouch.database import Database
from vouch.ids import new_id
from vouch.logs import configure
from vouch.settings import Settings
from vouch.tasks import TaskSet

PEOPLE = 4
"""Of whom the callers' papers are: drawing a card takes longer than a call's set-up."""
SPARE = 1.2
"""Agents for each call at once: one who has just ended a call is not yet ready for the next."""
MARGIN_S = 600
"""How much longer than the run the agents' accounts are good."""

People = Iterator[tuple[Person, dict[str, bytes]]]
"""Somebody with pictures of the papers, without end."""


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line."""

    url: str
    calls: int
    """At once."""
    seconds: float
    length: float
    """Of each conversation: seconds."""
    rate: float
    """Calls that may begin in a second."""
    company: str
    data_dir: Path
    addresses: tuple[str, ...]
    """Local addresses that media leaves from; empty is all of the machine's."""


def run(plan: Plan) -> dict[str, Any]:
    """Simulate, print a line each second, and give the figures; ClickException with what is missing."""
    configure("WARNING")
    settings = Settings().model_copy(update={"data_dir": plan.data_dir})
    seeds = drawn(plan.data_dir)
    if seeds is None or plan.company not in seeds.tokens:
        raise click.ClickException(
            f"{plan.data_dir} is no demo's: start `vouch demo`, or fill an empty installation by `vouch seed-demo`, "
            "and name its data directory by --data-dir."
        )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(simulate(plan, settings, seeds, on_ready=collector.calm))
        except migrations.SchemaMismatchError as error:
            raise click.ClickException(str(error)) from None
        except aiohttp.ClientError as error:
            raise click.ClickException(f"{plan.url} does not answer as Vouch does: {error}") from None


async def simulate(
    plan: Plan, settings: Settings, seeds: Seeds, on_ready: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """The whole run; gives its figures. `on_ready` is called when all that stays is there, before the first call."""
    accounts = await _accounts(plan, settings)
    people_with_papers = await asyncio.to_thread(_people)
    tally, tasks = Tally(), TaskSet("simulate")
    robots = RobotSet(await asyncio.to_thread(material), plan.addresses)
    robots.start()
    agents = [AgentRobot(plan.url, robots, tally, plan.length) for _ in accounts]
    callers = [CallerRobot(plan.url, seeds.tokens[plan.company], robots, tally, plan.length) for _ in range(plan.calls)]
    try:
        for agent, (username, password) in zip(agents, accounts.items(), strict=True):
            await agent.start(username, password)
        on_ready()
        tasks.spawn("watch", _watch(tally, robots, agents, callers))
        until = time.monotonic() + plan.seconds
        people = itertools.cycle(people_with_papers)
        calling = [
            tasks.spawn(f"caller {number}", _keep_calling(caller, people, number / plan.rate, until))
            for number, caller in enumerate(callers)
        ]
        await asyncio.gather(*calling)
    finally:
        await tasks.close()
        await asyncio.gather(*(agent.close() for agent in agents))
        await robots.close()
    return figures(plan, tally, robots)


async def _keep_calling(caller: CallerRobot, people: People, wait: float, until: float) -> None:
    await asyncio.sleep(wait)
    while time.monotonic() < until:
        someone, pictures = next(people)
        await caller.call(Papers(someone.data(f"simulate-{new_id()}"), pictures))


async def _watch(tally: Tally, robots: RobotSet, agents: list[AgentRobot], callers: list[CallerRobot]) -> None:
    """A line each second."""
    for second in itertools.count(1):
        await asyncio.sleep(1)
        pages = [page for page in (*(each.page for each in agents), *(each.page for each in callers)) if page]
        rates = [rate for page in pages if (rate := page.rate()) is not None]
        tally.rates += rates
        shown = f"{min(rates):5.1f} {sum(rates) / len(rates):5.1f}" if rates else "    -     -"
        late = f", {robots.stalls} packets too late of ours" if robots.stalls else ""
        click.echo(
            f"{second:4} s  {tally.active:3} calls  {shown} fps (least, mean)  "
            f"{sum(tally.outcomes.values())} ended, {sum(tally.faults.values())} faults{late}"
        )


def figures(plan: Plan, tally: Tally, robots: RobotSet) -> dict[str, Any]:
    """What the run has shown, by name."""
    return {
        "simulate": plan.url,
        "calls_at_once": plan.calls,
        "started": tally.started,
        "outcomes": dict(tally.outcomes),
        "faults": dict(tally.faults),
        "set_up_p50_s": quantile(tally.set_up, 0.5),
        "set_up_p95_s": quantile(tally.set_up, 0.95),
        "decided_p50_s": quantile(tally.decided, 0.5),
        "decided_p95_s": quantile(tally.decided, 0.95),
        "fps_min": round(min(tally.rates), 1) if tally.rates else None,
        "fps_p1": quantile(tally.rates, 0.01),
        "fps_mean": round(sum(tally.rates) / len(tally.rates), 2) if tally.rates else None,
        "lost_packets": tally.lost,
        "stalls": robots.stalls,
    }


async def _accounts(plan: Plan, settings: Settings) -> dict[str, str]:
    """Agents of the company, with passwords drawn for this run."""
    database, clock = Database(settings.database), SystemClock()
    try:
        await migrations.check(database)
        accounts, until = Accounts(database, clock), clock.now() + round(plan.seconds + MARGIN_S) * SECOND
        made: dict[str, str] = {}
        for number in range(1, round(plan.calls * SPARE) + 2):
            username, password = f"simulated-{plan.company.lower()}-{number:03}", draw()
            if await accounts.set_password(username, password) is None:
                name = f"Robot {number}"
                await accounts.add(NewAccount(username, name, Role.AGENT, password, plan.company, valid_until=until))
            else:
                await accounts.change(username, valid_until=until, disabled_at=None)
            made[username] = password
        return made
    finally:
        await database.close()


def _people() -> list[tuple[Person, dict[str, bytes]]]:
    return [(each, cards.pictures(each)) for each in map(person, range(PEOPLE))]


def told(found: dict[str, Any]) -> str:
    """The last line."""
    return json.dumps(found, ensure_ascii=False)
