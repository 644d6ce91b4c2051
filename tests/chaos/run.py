"""One fault run: robots at work, faults by plan, quiet, one more call for every agent, then the checker's word."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.checker import Findings, check_calls, check_deliveries, check_results, read_books
from tests.chaos.faults import Faults
from tests.chaos.house import PASSWORD, TEAMS, House
from tests.chaos.plan import Planned
from tests.load.api import Api, robot_http
from tests.load.lives import Lives
from tests.load.page import Page
from tests.load.robots import STEADY, AgentHabits, AgentRobot, CallerHabits, CallerRobot, CallerStory
from vouch.tasks import TaskSet

_SIGN_IN_AT_ONCE = 4
_READY_S = 30.0
_QUIET_S = 120.0
"""The longest wait, the graces and a claim's lease together."""
_ONE_MORE_S = 60.0


@dataclass
class Outcome:
    """What a run has shown."""

    calls: int = 0
    stories: list[CallerStory] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    met: Counter[str] = field(default_factory=Counter)
    """Kills by the phases that live calls were in."""
    pressed: Counter[str] = field(default_factory=Counter)
    latest_deadline_s: float = 0.0
    processor: dict[str, float] = field(default_factory=dict)
    """Of each program that still runs, and of the robots: processor seconds for each second of the load."""
    findings: Findings = field(default_factory=Findings)


class Run:
    """A run in a house that is open."""

    def __init__(
        self, house: House, seconds: float, rate: float, faults: Sequence[Planned], seed: int, patience_s: float
    ) -> None:
        self._house = house
        self._seconds = seconds
        self._rate = rate
        self._seed = seed
        self._patience_s = patience_s
        self._faults = Faults(house, faults, seed)
        self._http = robot_http()
        chance = random.Random(seed)  # noqa: S311 - repeatable
        self._api = Api(self._http, [node.origin for node in house.nodes], chance)
        self._lives = Lives()
        self._agents: list[AgentRobot] = []
        self._stories: list[CallerStory] = []
        self._tasks = TaskSet("run")

    async def to_the_end(self) -> Outcome:
        """Run, and judge."""
        try:
            await self._lives.start()
            await self._agents_come()
            faults = self._tasks.spawn("faults", self._faults.run())
            began, before = time.monotonic(), self._processor_s()
            await self._callers_come()
            spent = {name: now - before.get(name, 0.0) for name, now in self._processor_s().items()}
            processor = {name: used / (time.monotonic() - began) for name, used in spent.items() if used > 0}
            await faults
            await self._house.all_up()
            outcome = Outcome(faults=self._faults.done, met=self._faults.met, processor=processor)
            await self._quiet()
            outcome.latest_deadline_s = self._faults.latest_deadline_s
            await self._one_more_call(outcome.findings)
            await self._quiet()
            await self._delivered()
            return await self._judged(outcome)
        finally:
            await self._tasks.close()
            await asyncio.gather(*(agent.close() for agent in self._agents))
            await self._faults.close()
            await self._lives.close()
            await self._http.close()

    def _processor_s(self) -> dict[str, float]:
        return {"robots": time.process_time(), **self._house.processor_s()}

    # --- people -----------------------------------------------------------------------------------------------------

    async def _agents_come(self) -> None:
        places = asyncio.Semaphore(_SIGN_IN_AT_ONCE)

        async def come(username: str) -> None:
            async with places:
                visit = await self._api.sign_in(username, PASSWORD)
            seed = f"{self._seed} {username}"
            agent = AgentRobot(self._api, self._lives, visit, AgentHabits(), seed)
            self._agents.append(agent)
            agent.start()

        await asyncio.gather(*map(come, self._house.agents))
        ready = await self._all_ready()
        if not all(ready):
            raise RuntimeError(f"only {sum(ready)} of {len(ready)} agents became ready")

    async def _all_ready(self) -> list[bool]:
        """Whether each agent's console shows him ready, within the time that this may take."""
        return await asyncio.gather(*(agent.page.until(_is_ready, _READY_S) for agent in self._agents))

    async def _callers_come(self) -> None:
        """Calls begin at their times, however slow the answers are; return when the last caller is done."""
        loop = asyncio.get_running_loop()
        began, callers = loop.time(), []
        for number in range(round(self._seconds * self._rate)):
            await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
            callers.append(
                self._tasks.spawn("caller", self._call(TEAMS[number % len(TEAMS)], f"{number}", CallerHabits()))
            )
        await asyncio.gather(*callers)

    async def _call(self, team: str, name: str, habits: CallerHabits) -> None:
        token = self._house.tokens[team]
        robot = CallerRobot(self._api, self._lives, team, token, habits, f"{self._seed} {name}")
        self._stories.append(await robot.run())

    # --- afterwards -------------------------------------------------------------------------------------------------

    async def _quiet(self) -> None:
        """Until no call lives, or so long that every deadline has passed."""
        await self._until_none("SELECT count(*) FROM floor_call WHERE live", _QUIET_S)

    async def _delivered(self) -> None:
        """Until every result was taken, or so long that every claim of a killed node has passed."""
        await self._until_none("SELECT count(*) FROM outbox WHERE delivered_at IS NULL", self._patience_s)

    async def _until_none(self, query: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while (await self._house.fetch(query))[0][0]:
                    await asyncio.sleep(0.5)
        except TimeoutError:
            return

    async def _one_more_call(self, findings: Findings) -> None:
        """Every agent is made ready and gets one call; what his console shows is what the floor has."""
        for agent in self._agents:
            agent.one_more()
        await self._consoles(findings)
        callers = [
            self._tasks.spawn("last caller", self._call(agent.company, f"last {number}", STEADY[1]))
            for number, agent in enumerate(self._agents)
        ]
        done = await asyncio.gather(
            *(agent.page.until(lambda _, agent=agent: agent.had_one_more, _ONE_MORE_S) for agent in self._agents)
        )
        for agent, got in zip(self._agents, done, strict=True):
            if not got:
                findings.stuck_agents.append(
                    f"{agent.account} got no further call; his console shows {agent.page.view}"
                )
        await asyncio.gather(*callers)

    async def _consoles(self, findings: Findings) -> None:
        """Give the consoles time to become ready, and compare what is left with the floor's rows."""
        await self._all_ready()
        rows = await self._house.fetch("SELECT agent, data FROM floor_agent WHERE present")
        floor = {row["agent"]: json.loads(row["data"]) for row in rows}
        for agent in self._agents:
            view, row = agent.page.view, floor.get(agent.account)
            shown = [name for name in ("offer",) if view.get(name)]
            shown += ["call"] if agent.page.state not in {"", "ended"} else []
            shown += ["wrap-up"] if view["agent"]["wrap_up_until"] is not None and not (row and row["wrap_up"]) else []
            if not view["agent"]["ready"]:
                shown.append(f"not ready ({view['agent']['reason']})")
            if row is None or shown:
                findings.stuck_agents.append(f"{agent.account}: his console shows {shown} in quiet; his row {row}")

    async def _judged(self, outcome: Outcome) -> Outcome:
        books = await read_books(self._house.dsn)
        verdicts = [verdict for agent in self._agents for verdict in agent.verdicts]
        check_calls(books, self._stories, outcome.findings)
        check_results(books, verdicts, self._house.evidence, outcome.findings)
        check_deliveries(books, self._house.receiver.taken, outcome.findings)
        outcome.stories = self._stories
        outcome.calls = len(books.calls)
        outcome.ends = Counter(row["outcome"] or "none" for row in books.calls)
        outcome.pressed = Counter(f"{verdict.verdict}: {verdict.code}" for verdict in verdicts)
        return outcome


def _is_ready(page: Page) -> bool:
    return page.whole and page.view["agent"]["ready"]
