"""A team's shift on a real database with a clock that the test moves: a floor's writer, its journal and snapshots."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncSession

from routing import events as e
from routing.state import (
    LIVE,
    SECOND,
    Agent,
    Call,
    CallRules,
    Check,
    Floor,
    Frame,
    Kind,
    Leg,
    Phase,
    TeamRules,
    Verdict,
)
from signaling import store
from signaling.rules import Team
from signaling.seed_seal import BOX, box
from signaling.seeds import Seeds
from signaling.snapshots import Snapshots
from signaling.writer import Changes, FloorWriter
from tests.clock import A_FRIDAY_MORNING, ManualClock
from vouch.accounts.models import Account, Company, Role
from vouch.database import Database
from vouch.keys import Keys
from vouch.tasks import TaskSet

TEAM = "CTKV1"
KEYS = Keys(b"the same draws in each run")
NAMES = ("an", "binh", "chi", "dung", "em")


class PacedDatabase(Database):
    """A database whose clock stands still until the test moves it."""

    def __init__(self, url: str, clock: ManualClock, keys: Keys = KEYS) -> None:
        super().__init__(url, info={BOX: box(keys)})
        self._clock = clock

    def told(self, clock: int) -> int:
        return self._clock.now()


class NoRecords:
    """Evidence is not what these tests are about."""

    async def write(self, session: AsyncSession, changes: Changes) -> None:
        """Nothing is written."""


@dataclass
class Shift:
    """One team at work."""

    database: Database
    clock: ManualClock
    seeds: Seeds
    snapshots: Snapshots
    writer: FloorWriter
    agents: dict[str, str]
    """User name -> id."""
    chance: random.Random
    presses: int = 0
    callers: int = 0
    calls: list[str] = field(default_factory=list)

    @property
    def floor(self) -> Floor:
        floor = self.writer.floor
        assert floor is not None
        return floor

    def call(self, call: str) -> Call:
        return self.floor.calls[call]

    def agent(self, name: str) -> Agent:
        return self.floor.agents[self.agents[name]]

    async def feed(self, *events: e.Event, seconds: float = 1) -> None:
        """Let events happen, each `seconds` after the one before."""
        for event in events:
            self.clock.advance(round(seconds * SECOND))
            await self.writer.submit(event, request=getattr(event, "request", None))

    def request(self) -> str:
        self.presses += 1
        return f"press {self.presses}"

    async def joins(self, *names: str, skills: frozenset[str] = frozenset()) -> None:
        """Agents of the team sign in and want calls."""
        for name in names:
            agent = self.agents[name]
            await self.feed(e.AgentJoined(agent, skills, ""), e.AgentConnected(agent, "n1", "token"))
            await self.feed(e.AgentReady(agent, self.request()))

    async def caller(self, dealer: str = "", skills: frozenset[str] = frozenset(), *, connects: bool = True) -> str:
        """A caller joins, and his page connects."""
        self.callers += 1
        call = f"call {self.callers}"
        self.calls.append(call)
        verification, rules = f"verification {self.callers}", CallRules()
        await self.feed(e.CallRequested(self.request(), call, verification, "CTKV4", 1, 0, skills, rules, "n1", dealer))
        if connects:
            await self.feed(e.CallerConnected(call, "n1", "token"))
        return call

    async def declines(self, call: str) -> str:
        """The agent at whom a call rings refuses; gives his id."""
        offer = self.call(call).offer
        assert offer is not None
        await self.feed(e.OfferDeclined(offer.agent, call, offer.number, "busy", self.request()))
        return offer.agent

    async def accepts(self, call: str) -> str:
        """The agent at whom a call rings takes it; gives his id."""
        offer = self.call(call).offer
        assert offer is not None
        await self.feed(e.OfferAccepted(offer.agent, call, offer.number, "w1", self.request()))
        return offer.agent

    async def ends(self, call: str) -> None:
        """The caller hangs up."""
        await self.feed(e.CallerHungUp(call, self.call(call).customer_leg.socket, self.request()))

    async def busy(self, transactions: int) -> None:
        """A busy hour, drawn: mostly the ordinary next thing, now and then a lapse; often several things at once."""
        for _ in range(transactions):
            live = [call for call in self.floor.calls.values() if call.phase in LIVE]
            if len(live) < 5 and self.chance.random() < 0.5:
                await self.caller(self.chance.choice(("dealer 1", "dealer 2")), connects=self.chance.random() < 0.9)
            events = [self._lapse() if self.chance.random() < 0.15 else self._next() for _ in range(5)]
            self.clock.advance(self.chance.choice((0, 1, SECOND, 7 * SECOND)))
            requests = [getattr(event, "request", None) for event in events]
            submits = zip(events, requests, strict=True)
            await asyncio.gather(*(self.writer.submit(event, request=request) for event, request in submits))
        await self.snapshots.written()

    def _next(self) -> e.Event:
        calls = sorted(self.floor.calls.values(), key=lambda call: call.id)
        if not calls or self.chance.random() < 0.3:
            return self._staff()
        call = self.chance.choice(calls)
        if call.phase is Phase.RINGING and call.offer is not None:
            return e.OfferAccepted(call.offer.agent, call.id, call.offer.number, "w1", self.request())
        if call.phase is Phase.CONNECTING:
            return self._connecting(call)
        if call.phase is Phase.DECIDING:
            return e.EvidenceStored(call.id, call.decisions)
        if call.phase is Phase.ACTIVE and call.agent is not None:
            missing = {Check.DATA, Check.FACES} - {tick.check for tick in call.ticks}
            if missing:
                return e.CheckSet(call.agent, call.id, min(missing), True, self.request())
            frame = call.last_frame or Frame(call.agent_leg.media, 1)
            verdict = Verdict.CONFIRMED, "", False, "", frame
            return e.VerdictPressed(call.agent, call.id, *verdict, self.request())
        return self._staff()

    def _connecting(self, call: Call) -> e.Event:
        for leg in Leg:
            state = call.leg(leg)
            if state.media == 0:
                return e.MediaOffered(call.id, leg, state.socket, self.request(), "w1")
            for kind in Kind:
                if kind not in state.flowing:
                    return e.MediaFlowing(call.id, leg, state.media, kind)
            if not state.presented:
                return e.FramePresented(call.id, leg, state.media, 90_000)
        return e.Tick()

    def _staff(self) -> e.Event:
        name = self.chance.choice(sorted(self.agents))
        agent = self.floor.agents.get(self.agents[name])
        if agent is None:
            return e.AgentJoined(self.agents[name], frozenset({"vi"}), "")
        if not agent.socket_up:
            return e.AgentConnected(agent.id, "n1", "token")
        if not agent.ready:
            return e.AgentReady(agent.id, self.request())
        return e.WrapUpEnded(agent.id, self.request())

    def _lapse(self) -> e.Event:
        agent = self.floor.agents.get(self.agents[self.chance.choice(sorted(self.agents))])
        events: list[e.Event] = [e.Tick(), e.NodeLost("n1", SECOND), e.OffersHeld("disk_full")]
        events.append(e.OffersResumed("disk_full"))
        if agent is not None:
            events += [e.AgentPaused(agent.id, self.request(), "lunch"), e.AgentDisconnected(agent.id, agent.socket)]
        for call in self.floor.calls.values():
            events.append(e.CallerHungUp(call.id, call.customer_leg.socket, self.request()))
            if call.offer is not None:
                offer = call.offer
                events.append(e.OfferDeclined(offer.agent, call.id, offer.number, "busy", self.request()))
        return self.chance.choice(events)


@asynccontextmanager
async def shift(
    url: str, keys: Keys = KEYS, *, rules: TeamRules | None = None, start: int = A_FRIDAY_MORNING
) -> AsyncIterator[Shift]:
    """A floor with no agents on it yet; every seventh version of it is kept."""
    clock = ManualClock(start)
    database, seeds = PacedDatabase(url, clock, keys), Seeds(keys, clock)
    snapshots, tasks = Snapshots(database, every=7), TaskSet("shift")
    agents = {name: f"id of {name}" for name in NAMES}
    async with database.write() as session:
        session.add(Company(id=TEAM, name=TEAM))
        await session.flush()
        for name, id_ in agents.items():
            who = {"username": name, "full_name": name.title(), "role": Role.AGENT, "company": TEAM}
            session.add(Account(id=id_, password_hash="-", created_at=0, **who))
        await store.ensure(session, TEAM, Team(rules or TeamRules(), None), seeds.draw(), clock.now())
    writer = FloorWriter(TEAM, database, NoRecords(), snapshots.committed)
    tasks.spawn("writer", writer.run())
    try:
        made = Shift(database, clock, seeds, snapshots, writer, agents, random.Random(3))  # noqa: S311 - repeatable
        await made.feed(e.Tick())
        yield made
    finally:
        await tasks.close()
        await snapshots.close()
        await database.close()
