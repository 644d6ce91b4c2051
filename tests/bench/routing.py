"""Whole calls against real nodes on a real database: `./dev bench routing`.

Some thousands of agents sit ready at their consoles, each on a Socket.IO connection of its own, in this one process.
Calls come at an even rate, whatever becomes of those before (an open loop). Each goes the whole way: the integration
API's request with the papers, the call page, its socket, [Call], ring, accept, both pages' media, ticks, verdict with a
stored picture, wrap-up. Only media itself is not there: `tests/load/worker.py` answers in its place and gives a picture
of bytes. One call in ten is declined by the first agent.

Printed: the time from the first request to the ring in the agent's socket, and from [Call]; from a decline to the next
ring; what database, nodes and this process cost. Without `--rate` the knee is looked for first, the highest rate at
which the ring stays within its bounds. `--sqlite` is the same without PostgreSQL. With `--commit-delay 3000`
PostgreSQL waits 3 ms with every commit, as a disk that really syncs makes it wait.
"""

import argparse
import asyncio
import json
import math
import os
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import func, select

from routing.state import Strategy
from signaling.models import FloorCallRow, JournalRow
from tests.bench import step
from tests.chaos.house import House
from tests.load.api import Api, Visit, robot_http
from tests.load.lives import Lives
from tests.load.page import Page
from tests.load.pictures import tiny_papers
from tests.load.robots import STEADY, AgentRobot
from vouch.accounts.models import Account, Role, SessionKind, WebSession
from vouch.accounts.sessions import cookie_name
from vouch.clock import DAY, SystemClock
from vouch.database import Database
from vouch.ids import digest, new_id, new_secret
from vouch.logs import configure
from vouch.tasks import TaskSet

RING_P50_MS, RING_P99_MS, DECLINE_P99_MS = 60, 250, 300
DECLINED = 0.1
FIRST_RATE = 4.0
SETTLE_S = 20
_CALM_S = 180
_DIALS_AT_ONCE = 24


@dataclass
class Times:
    """What the robots saw, on this process's clock."""

    asked: dict[str, float] = field(default_factory=dict)
    """By verification: the first request."""
    pressed: dict[str, float] = field(default_factory=dict)
    """By verification: [Call]."""
    rung: dict[str, float] = field(default_factory=dict)
    """By verification: the first ring at an agent."""
    declined: dict[str, float] = field(default_factory=dict)
    rung_again: list[float] = field(default_factory=list)
    """Seconds from a decline to the next ring."""
    ended: dict[str, str] = field(default_factory=dict)
    """By verification: outcome."""
    troubles: list[str] = field(default_factory=list)


class Agent(AgentRobot):
    """Accepts at once, or declines; writes down when it rang."""

    def __init__(self, api: Api, lives: Lives, visit: Visit, times: Times, seed: str) -> None:
        super().__init__(api, lives, visit, STEADY[0], seed)
        self._times = times
        self.page.on_view = self._seen

    def _seen(self, page: Page) -> None:
        offer = page.view.get("offer")
        if offer is None or (offer["call"], offer["offer"], "rung") in self._met:
            return
        self._met.add((offer["call"], offer["offer"], "rung"))
        now, verification = asyncio.get_running_loop().time(), offer["verification"]
        if (declined := self._times.declined.pop(verification, None)) is not None:
            self._times.rung_again.append(now - declined)
        self._times.rung.setdefault(verification, now)

    async def _offered(self, offer: dict[str, Any]) -> None:
        about, verification = (offer["call"], offer["offer"]), offer["verification"]
        if about in self._met:
            return
        self._met.add(about)
        if offer["offer"] == 1 and self._chance.random() < DECLINED:
            self._times.declined[verification] = asyncio.get_running_loop().time()
            named = {"call": offer["call"], "offer": offer["offer"], "reason": "technical"}
            await self.page.press("offer.decline", **named)
        else:
            await self.page.press("offer.accept", call=offer["call"], offer=offer["offer"])


async def caller(api: Api, lives: Lives, token: str, times: Times) -> None:
    """One call, from the integration API's request to its end."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        opened = await api.open_verification(token, tiny_papers("bench"))
        id_ = opened["id"]
        times.asked[id_] = began
        visit = await api.join(token, opened)
        page = Page(api, lives, "/caller", visit)
        times.pressed[id_] = loop.time()
        page.open()
        try:
            await page.press("call.ready", consent_version=visit.told["consent"]["version"])
            await page.until(lambda it: it.state == "ended", 60)
            times.ended[id_] = page.call.get("outcome") or page.state
        finally:
            await page.close()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a call that failed, and is told
        times.troubles.append(f"{type(error).__name__}: {error}"[:200])


class Bench:
    """Agents at their consoles, and runs of calls."""

    def __init__(self, house: House, agents: int, teams: list[str]) -> None:
        self._house = house
        self._database = Database(house.url)
        self._wanted = agents
        self._teams = teams
        self._tasks = TaskSet("bench")
        self._lives = Lives()
        self._http = robot_http()
        self._api = Api(self._http, [node.origin for node in house.nodes], random.Random(1))  # noqa: S311
        self._agents: list[Agent] = []
        self.times = Times()

    async def open(self) -> None:
        """Let every agent sit down and be ready."""
        await self._lives.start()
        gate = asyncio.Semaphore(_DIALS_AT_ONCE)
        visits = await sessions(self._house, self._wanted, self._teams)

        async def sit_down(number: int, visit: Visit) -> None:
            async with gate:
                agent = Agent(self._api, self._lives, visit, self.times, f"agent-{number}")
                self._agents.append(agent)
                agent.start()
                if not await agent.page.until(lambda _: is_ready(agent), 60):
                    raise RuntimeError("an agent could not sit down")

        async with asyncio.TaskGroup() as group:
            for number, visit in enumerate(visits):
                group.create_task(sit_down(number, visit))

    async def close(self) -> None:
        """Send everybody home."""
        await self._tasks.close()
        for agent in self._agents:
            await agent.close()
        await self._lives.close()
        await self._http.close()
        await self._database.close()

    async def calm(self) -> None:
        """Wait until no call is left of what was before, and every agent is ready again."""
        async with asyncio.timeout(_CALM_S):
            while await live_calls(self._database) or not all(map(is_ready, self._agents)):
                await asyncio.sleep(0.5)

    async def run(self, rate: float, seconds: float) -> "Run":
        """So many calls a second; returns when those have ended."""
        await self.calm()
        self.times = Times()
        for agent in self._agents:
            agent._times = self.times
        loop, house = asyncio.get_running_loop(), self._house
        before, own, counted = house.processor_s(), os.times(), await counters(self._database)
        began, calls = loop.time(), round(rate * seconds)
        running = []
        for number in range(calls):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            token = house.tokens[self._teams[number % len(self._teams)]]
            running.append(self._tasks.spawn("caller", caller(self._api, self._lives, token, self.times)))
        offered = loop.time() - began
        await asyncio.wait(running, timeout=SETTLE_S + 60)
        lasted = loop.time() - began
        after, now, totals = house.processor_s(), os.times(), await counters(self._database)
        used = {name: (after[name] - before[name]) / offered for name in after}
        used["generator"] = (now.user + now.system - own.user - own.system) / offered
        events, transactions = (b - a for a, b in zip(counted, totals, strict=True))
        return Run(rate, calls, offered, lasted, self.times, used, events / max(1, transactions))


@dataclass
class Run:
    """One rate, and what came of it."""

    rate: float
    calls: int
    seconds: float
    """In which they came."""
    lasted: float
    """Until the last one's end: seconds."""
    times: Times
    used: dict[str, float]
    """Processor time a second, by process."""
    batch: float
    """Events of a transaction."""

    def ring_ms(self, share: float, since: dict[str, float]) -> float:
        """A quantile of the times to the ring; a call that never rang counts as endless."""
        waits = [self.times.rung[id_] - at for id_, at in since.items() if id_ in self.times.rung]
        return quantile(waits + [math.inf] * (self.calls - len(waits)), share) * 1000

    @property
    def confirmed(self) -> int:
        return sum(outcome == "confirmed" for outcome in self.times.ended.values())

    @property
    def decline_p99_ms(self) -> float:
        return quantile(self.times.rung_again, 0.99) * 1000

    @property
    def holds(self) -> bool:
        """Whether the ring came in time, and every call was confirmed."""
        p50, p99 = (self.ring_ms(share, self.times.asked) for share in (0.5, 0.99))
        return p50 <= RING_P50_MS and p99 <= RING_P99_MS and self.confirmed == self.calls

    def __str__(self) -> str:
        whole = " ".join(f"{self.ring_ms(share, self.times.asked):.0f}" for share in (0.5, 0.95, 0.99))
        pressed = " ".join(f"{self.ring_ms(share, self.times.pressed):.0f}" for share in (0.5, 0.95, 0.99))
        used = ", ".join(f"{name} {share:.0%}" for name, share in sorted(self.used.items()) if share > 0.005)
        return (
            f"{self.rate:.0f}/s for {self.seconds:.0f} s: {self.confirmed} of {self.calls} confirmed; to the ring, "
            f"p50 p95 p99 in ms: from the first request {whole}, from [Call] {pressed}; decline to next ring p99 "
            f"{self.decline_p99_ms:.0f} ms; {self.batch:.1f} events a transaction; processor: {used}"
            + (f"; troubles: {self.times.troubles[:3]}" if self.times.troubles else "")
        )


def quantile(values: list[float], share: float) -> float:
    """The value below which so much lies; endless for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else math.inf


def whole(value: float) -> int | None:
    """Rounded; None, in JSON null, where it is endless."""
    return None if math.isinf(value) else round(value)


async def sessions(house: House, agents: int, teams: list[str]) -> list[Visit]:
    """Agents who have signed in already: two thousand passwords would take minutes of argon2."""
    database, now = Database(house.url), SystemClock().now()
    accounts, opened, visits = [], [], []
    for number in range(agents):
        who, secret, csrf = new_id(), new_secret(), new_secret()
        name = f"bench{number}"
        team = teams[number % len(teams)]
        accounts.append(
            Account(
                id=who,
                username=name,
                full_name=name,
                role=Role.AGENT,
                company=team,
                password_hash="-",
                created_at=now,
            )
        )
        ends = {"created_at": now, "expires_at": now + DAY}
        opened.append(WebSession(digest=digest(secret), kind=SessionKind.STAFF, account=who, csrf=csrf, **ends))
        visits.append(Visit(f"{cookie_name(SessionKind.STAFF)}={secret}", {"csrf": csrf, "id": who, "company": team}))
    async with database.write() as session:
        session.add_all(accounts)
        await session.flush()
        session.add_all(opened)
    await database.close()
    return visits


def is_ready(agent: Agent) -> bool:
    """Whether calls may ring at this agent, as far as his console shows."""
    return bool((agent.page.view.get("agent") or {}).get("ready"))


async def live_calls(database: Database) -> int:
    """How many calls have not ended."""
    async with database.read() as session:
        return (await session.execute(select(func.count()).where(FloorCallRow.live))).scalar_one()


async def counters(database: Database) -> tuple[int, int]:
    """Events that were stepped, and transactions of floors in which."""
    transactions = select(JournalRow.floor, JournalRow.at).distinct().subquery()
    async with database.read() as session:
        events = (await session.execute(select(func.count()).select_from(JournalRow))).scalar_one()
        return events, (await session.execute(select(func.count()).select_from(transactions))).scalar_one()


async def climb(bench: Bench) -> float:
    """The knee: the highest whole rate at which the ring stays within its bounds, a quarter of a minute at a time.

    From below, because what an overload leaves behind would be the next rate's burden.
    """
    holds, breaks = 0.0, math.inf
    while breaks - holds > 1:
        rate = max(FIRST_RATE, holds * 2) if math.isinf(breaks) else math.floor((holds + breaks) / 2)
        run = await bench.run(rate, 15)
        print("knee:", run, flush=True)
        holds, breaks = (rate, breaks) if run.holds else (holds, rate)
    return holds


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Everything on one database."""
    teams = [f"CTKV{number}" for number in (1, 2, 3, 5, 8, 9)][: options.teams]
    with tempfile.TemporaryDirectory(prefix="vouch-bench-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as somebody else, and must get through
        house = House(Path(folder), nodes=options.nodes, sqlite=options.sqlite)
        try:
            await house.open(agents=0)
            if options.commit_delay:
                delay = f"ALTER SYSTEM SET commit_delay = {options.commit_delay}"
                connection = await asyncpg.connect(house.dsn)
                for statement in (delay, "ALTER SYSTEM SET commit_siblings = 0", "SELECT pg_reload_conf()"):
                    await connection.execute(statement)
                await connection.close()
            bench = Bench(house, options.agents, teams)
            try:
                await bench.open()
                print(f"{options.agents} agents ready on {options.nodes} nodes, {len(teams)} teams", flush=True)
                print("warm-up:", await bench.run(FIRST_RATE / 2, 10), flush=True)
                rate = options.rate or await climb(bench)
                reached = await bench.run(max(rate, 1), options.seconds)
                print(reached, flush=True)
            finally:
                await bench.close()
        finally:
            await house.close()
    return {
        "setups_per_s": reached.rate if reached.holds else round(reached.confirmed / reached.lasted, 1),
        "ring_p50_ms": whole(reached.ring_ms(0.5, reached.times.asked)),
        "ring_p99_ms": whole(reached.ring_ms(0.99, reached.times.asked)),
        "decline_to_ring_p99_ms": whole(reached.decline_p99_ms),
        "knee_per_s": None if options.rate else rate,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agents", type=int, default=2000)
    parser.add_argument("--teams", type=int, choices=range(1, 7), default=1, help="Floors that the calls spread over.")
    parser.add_argument("--nodes", type=int, default=1)
    parser.add_argument("--sqlite", action="store_true", help="SQLite, which serves one node, in PostgreSQL's place.")
    parser.add_argument("--rate", type=float, help="Set-ups a second; without, the knee is looked for and taken.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--commit-delay", type=int, default=0, help="Microseconds added to each commit.")
    options = parser.parse_args()
    if options.sqlite and (options.nodes > 1 or options.commit_delay):
        parser.error("SQLite serves one node, and knows no commit delay")
    configure("WARNING")
    result = uvloop.run(measure(options))
    hundred, ten_thousand = (step.offers(size, Strategy.RANDOM) for size in (100, 10_000))
    cost = {"step_us_100": round(hundred), "step_us_10000": round(ten_thousand)}
    print(json.dumps({"bench": "routing", "database": "sqlite" if options.sqlite else "postgresql", **result, **cost}))
    sys.exit(0)


if __name__ == "__main__":
    main()
