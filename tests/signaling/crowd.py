"""A crowd on one floor: many writers at once, each with its own connections and its own, often stale, idea of it.

What the members do is drawn: mostly the ordinary next thing, as often as not by two of them at once; also lapses,
hang-ups, refusals, late presses. Times are short and real, so that deadlines fire in between. `tests/signaling/
test_crowd.py` reads the history afterwards.
"""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable

from sqlalchemy import text

from routing import commands as c
from routing import events as e
from routing.state import (
    LIVE,
    SECOND,
    Call,
    CallRules,
    Channel,
    Check,
    Floor,
    Frame,
    Kind,
    Leg,
    Phase,
    ReconnectRule,
    TeamRules,
    Verdict,
)
from signaling.records import CallRecords
from signaling.writer import Changes, FloorWriter
from vouch.database import Database
from vouch.ids import new_id
from vouch.tasks import TaskSet

FLOOR = "CTKV1"
MS = SECOND // 1000
# All of it is one dealer's.
TEAM = TeamRules(ring_time_out=300 * MS, wrap_up=100 * MS, set_up=1500 * MS, evidence=300 * MS, pair_cap=None)
CALLS = [
    CallRules(
        longest_wait=2000 * MS, longest_call=2000 * MS, waiting_grace=500 * MS, grace=400 * MS, reconnect_rule=rule
    )
    for rule in ReconnectRule
]

KeepPicture = Callable[[c.KeepPicture], "asyncio.Future[None]"]


class Member:
    """One writer of the floor, and somebody who does something with it all the time."""

    def __init__(self, url: str, number: int, crowd: "Crowd") -> None:
        self._database = Database(url)
        self._random = random.Random(number)  # noqa: S311 - the same crowd in every run
        self._crowd = crowd
        self._number = number
        self._presses = 0
        self.answers: dict[str, set[str]] = defaultdict(set)
        self.writer = FloorWriter(FLOOR, self._database, CallRecords(), self._committed)

    async def close(self) -> None:
        await self._database.close()

    async def act(self, times: int) -> None:
        """Do so many things, one after the other."""
        for _ in range(times):
            floor = self.writer.floor
            if floor is not None:
                event = self._next(floor)
                await self.writer.submit(event, request=getattr(event, "request", None))
            else:
                await self.writer.submit(e.Tick())

    def _committed(self, changes: Changes) -> None:
        for command in changes.commands:
            if isinstance(command, c.Answered):
                self.answers[command.request].add(f"{command.code} {command.detail}")
            if isinstance(command, c.KeepPicture):
                self._crowd.keep(self, command)
        self._crowd.seen(changes)

    def _request(self) -> str:
        self._presses += 1
        return f"m{self._number}-{self._presses}"

    def _next(self, floor: Floor) -> e.Event:
        live = sorted(call.id for call in floor.calls.values() if call.phase in LIVE)
        if len(live) < self._crowd.wanted and self._crowd.left():
            return self._crowd.requested(self._random, self._request())
        if self._random.random() < 0.1:
            return self._staff(floor)
        known = sorted(floor.calls)
        if not known:
            return self._staff(floor)
        call = floor.calls[self._random.choice(known)]
        return self._lapse(call, floor) if self._random.random() < 0.05 else self._go_on(call, floor)

    def _staff(self, floor: Floor) -> e.Event:
        name = self._random.choice(self._crowd.agents)
        agent = floor.agents[name]
        if not agent.socket_up or self._random.random() < 0.05:
            return e.AgentConnected(name, f"n{self._number}", new_id())
        if not agent.ready:
            return e.AgentReady(name, self._request())
        if self._random.random() < 0.1:
            return e.AgentDisconnected(name, agent.socket, self._random.choice((0, 50 * MS)))
        if self._random.random() < 0.1:
            return e.AgentPaused(name, self._request(), "lunch")
        return e.WrapUpEnded(name, self._request())

    def _go_on(self, call: Call, floor: Floor) -> e.Event:
        """The ordinary next thing of a call."""
        agent = call.agent or ""
        match call.phase:
            case Phase.WAITING if not call.customer_leg.socket_up:
                return e.CallerConnected(call.id, f"n{self._number}", new_id())
            case Phase.RINGING if call.offer is not None:
                return e.OfferAccepted(call.offer.agent, call.id, call.offer.number, "w1", self._request())
            case Phase.CONNECTING:
                return self._connect(call)
            case Phase.ACTIVE:
                return self._decide(call, agent)
            case Phase.ENDED:
                return self._late(call, agent)
            case _:
                return self._staff(floor)

    def _connect(self, call: Call) -> e.Event:
        for leg in Leg:
            state = call.leg(leg)
            if state.media == 0 or state.silent_since is not None:
                return e.MediaOffered(call.id, leg, state.socket, self._request(), "w1")
            for kind in Kind:
                if kind not in state.flowing:
                    return e.MediaFlowing(call.id, leg, state.media, kind)
            if not state.presented:
                return e.FramePresented(call.id, leg, state.media, 90_000)
        return e.Tick()

    def _decide(self, call: Call, agent: str) -> e.Event:
        made = {tick.check for tick in call.ticks}
        for check in (Check.DATA, Check.FACES, Check.RECHECK):
            if check not in made:
                return e.CheckSet(agent, call.id, check, True, self._request())
        return self._verdict(call, agent, Verdict.CONFIRMED)

    def _late(self, call: Call, agent: str) -> e.Event:
        return self._verdict(call, agent, self._random.choice((Verdict.REJECTED, Verdict.CONFIRMED)))

    def _verdict(self, call: Call, agent: str, verdict: Verdict) -> e.Event:
        frame = call.last_frame or Frame(call.agent_leg.media, 1)
        return e.VerdictPressed(agent, call.id, verdict, "face_differs", False, "", frame, self._request())

    def _lapse(self, call: Call, floor: Floor) -> e.Event:
        """Something goes wrong, or somebody does not want."""
        leg = self._random.choice(list(Leg))
        state, age = call.leg(leg), self._random.choice((0, 20 * MS, 450 * MS))
        report = self._crowd.report()
        silent = e.LegSilent(call.id, leg, Channel.MEDIA, state.media, report, age)
        heard = e.LegHeard(call.id, leg, Channel.MEDIA, state.media, report)
        others: list[e.Event] = [silent, heard, heard, e.CallerDisconnected(call.id, state.socket, age)]
        others.append(e.CallerHungUp(call.id, call.customer_leg.socket, self._request()))
        others.append(e.NodeLost(f"n{self._random.randrange(8)}", age))
        others.append(e.WorkerLost("w1", "w1", 0))
        if call.offer is not None:
            others = [e.OfferDeclined(call.offer.agent, call.id, call.offer.number, "busy", self._request()), silent]
        return self._random.choice(others)


class Crowd:
    """Eight members, what they share, and what became of it."""

    def __init__(self, url: str, verifications: list[str], agents: list[str], keep: Callable[..., object]) -> None:
        self.agents = agents
        self.wanted = 3
        self._verifications = list(verifications)
        self._keep = keep
        self._reports = 0
        self._attempts: Counter[str] = Counter()
        self._tasks = TaskSet("crowd")
        self._changed = asyncio.Event()
        self.stood_still = 0
        """The longest time in which this process got no turn, microseconds: what it adds to every deadline."""
        self.members = [Member(url, number, self) for number in range(8)]

    def left(self) -> bool:
        return bool(self._verifications)

    def requested(self, chance: random.Random, request: str) -> e.CallRequested:
        """A caller joins; each verification is called for once."""
        verification = self._verifications.pop()
        rules = chance.choice(CALLS)
        return e.CallRequested(request, new_id(), verification, "CTKV4", 1, 0, frozenset(), rules, "n1", "dealer")

    def report(self) -> int:
        self._reports += 1
        return self._reports

    def keep(self, member: Member, command: c.KeepPicture) -> None:
        """Make the picture durable and say so, as whoever performs effects does; now and then it cannot be."""
        self._tasks.spawn("picture", self._store(member, command))

    async def _store(self, member: Member, command: c.KeepPicture) -> None:
        if command.decision % 5 == 4:
            await member.writer.submit(e.EvidenceFailed(command.call, command.decision))
            return
        await self._keep(command)  # type: ignore[misc]
        await member.writer.submit(e.EvidenceStored(command.call, command.decision))

    def seen(self, _: Changes) -> None:
        self._changed.set()

    async def run(self, url: str, times: int, kills: int) -> None:
        """Let everybody act at once while connections to the database are cut; return when every call is settled."""
        self._tasks.spawn("pulse", self._pulse())
        for member in self.members:
            self._tasks.spawn("writer", member.writer.run())
        first = self.members[0].writer
        await first.submit(e.TeamChanged(TEAM))
        for agent in self.agents:
            await first.submit(e.AgentJoined(agent, frozenset(), ""))
        async with asyncio.TaskGroup() as group:
            for member in self.members:
                group.create_task(member.act(times))
            group.create_task(self._cut(url, kills))
        await self._settled(first)

    async def _pulse(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            await asyncio.sleep(0.05)
            self.stood_still = max(self.stood_still, int((loop.time() - began - 0.05) * SECOND))

    async def _cut(self, url: str, kills: int) -> None:
        """End a session of the database in the middle of whatever it does, whenever something was committed."""
        database = Database(url)
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> "
        for _ in range(kills):
            for _ in range(40):
                self._changed.clear()
                await self._changed.wait()
            async with database.read() as session:
                await session.execute(text(f"{others} pg_backend_pid() ORDER BY random() LIMIT 2"))
        await database.close()

    async def _settled(self, writer: FloorWriter) -> None:
        """Time alone settles what is left; the writer's own timer looks."""
        await writer.submit(e.Tick())
        while writer.floor is None or writer.floor.calls:
            self._changed.clear()
            async with asyncio.timeout(10):
                await self._changed.wait()

    async def close(self) -> None:
        await self._tasks.close()
        for member in self.members:
            await member.close()
