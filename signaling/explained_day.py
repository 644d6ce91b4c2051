"""Observer of a replay: how one agent stood through a day, and why offers that were made were not made to him."""

from collections import Counter
from dataclasses import dataclass, field

from routing.candidates import Candidates
from routing.index import standing
from routing.matching import candidates_of, exclusion
from routing.state import Agent, Call, Floor, Standing, Strategy
from routing.turn import Turn
from signaling.replay import Replayed

ABSENT = "absent"
CHOSEN = "chosen"
NOT_DRAWN = "not_drawn"
NOT_FIRST = "not_first"
"""He was a candidate, and the team's strategy, which does not draw, put another one first."""
HELD = "held"
UNREACHABLE = "unreachable"


@dataclass(slots=True)
class Stand:
    """A time in which he stood the same way."""

    since: int
    standing: str
    reason: str = ""
    call: str | None = None
    until: int = 0
    offers: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, str] = field(default_factory=dict)
    """Call that waited -> why it was not offered to him."""
    held: set[str] = field(default_factory=set)

    def how(self) -> tuple[str, str, str | None]:
        """What makes it another one."""
        return self.standing, self.reason, self.call


class ExplainedDay:
    """One agent from an instant on; `floor` is where the replay starts."""

    def __init__(self, agent: str, since: int, floor: Floor) -> None:
        self.agent = agent
        self.stands: list[Stand] = [_stand(floor, agent, since)]
        self.candidate = 0
        self.expected = 0.0
        self.drawn = 0
        self.since = since
        self._met: list[str] = []
        self._rung: set[str] = set()
        self._queue: tuple[object, object] | None = None

    def watch(self, turn: Turn, call: Call, candidates: Candidates, chosen: str) -> None:
        """Told of each match: why not he."""
        agent = turn.draft.agents.get(self.agent)
        if turn.now < self.since or agent is None:
            return
        self._rung.add(call.id)
        reason = exclusion(turn, call, agent, candidates)
        draws = turn.rules.strategy is Strategy.RANDOM
        if reason is None and draws:
            self.candidate += 1
            self.expected += 1 / candidates.count
            self.drawn += chosen == self.agent
        missed = NOT_DRAWN if draws else NOT_FIRST
        self._met.append(reason.value if reason else CHOSEN if chosen == self.agent else missed)

    def see(self, replayed: Replayed) -> bool:
        """Look at a step."""
        floor, at = replayed.step.floor, replayed.entry.at
        now = _stand(floor, self.agent, max(at, self.since))
        if now.how() != self.stands[-1].how():
            self.stands[-1].until = now.since
            self.stands.append(now)
            self._queue = None
        stand = self.stands[-1]
        self._count(stand)
        if at >= self.since and stand.standing == Standing.FREE:
            self._see_queue(floor, stand)
        return True

    def close(self, until: int) -> list[Stand]:
        """The day's stretches; `until` is where the last one is cut."""
        self.stands[-1].until = until
        return [stand for stand in self.stands if stand.until > stand.since]

    def _count(self, stand: Stand) -> None:
        """Take over what `watch` was told within this step."""
        stand.offers.update(self._met)
        self._met.clear()
        for call in self._rung & stand.waiting.keys():
            # Every caller is unreachable for a moment, until his page has connected.
            if stand.waiting[call] == UNREACHABLE:
                del stand.waiting[call]
        self._rung.clear()

    def _see_queue(self, floor: Floor, stand: Stand) -> None:
        """Who waits though he is free."""
        stand.held |= floor.held
        seen = floor.index.queue, floor.index.offerable
        if self._queue is not None and seen[0] is self._queue[0] and seen[1] is self._queue[1]:
            return
        self._queue = seen
        for place in floor.index.queue:
            call = floor.calls[place.call]
            if call.offer is None and stand.waiting.get(call.id, UNREACHABLE) == UNREACHABLE:
                stand.waiting[call.id] = _why_not(floor, call, floor.agents[self.agent])


def _stand(floor: Floor, agent_id: str, since: int) -> Stand:
    agent = floor.agents.get(agent_id)
    if agent is None:
        return Stand(since, ABSENT)
    call = floor.index.serving.get(agent_id)
    how = standing(agent, busy=call is not None)
    reason = agent.pause_reason if how is Standing.PAUSED else ""
    return Stand(since, how.value, reason, call if how is Standing.BUSY else None)


def _why_not(floor: Floor, call: Call, agent: Agent) -> str:
    if call.customer_leg.lost_until is not None:
        return UNREACHABLE
    turn = Turn(floor, floor.now)
    reason = exclusion(turn, call, agent, candidates_of(turn, call))
    return reason.value if reason is not None else HELD
