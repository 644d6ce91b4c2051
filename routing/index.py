"""What follows from a floor's agents and calls: made from nothing, changed piece by piece, and compared.

`Draft` is the only place that changes an index; `build` makes a floor from stored rows; `check` is for tests and for
the shell's own doubts.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from immutables import Map

from routing.deadlines import agent_alarm, call_alarm
from routing.ordered import Ordered
from routing.state import (
    HELD_BY_AGENT,
    LIVE,
    QUEUED,
    Agent,
    Alarm,
    Call,
    Floor,
    Idle,
    Index,
    InvariantBrokenError,
    Phase,
    Place,
    Seed,
    Span,
    Standing,
    TeamRules,
)
from routing.strategies import chooser


def build(
    id: str,  # noqa: A002 - the floor's own field
    rules: TeamRules,
    seed: Seed,
    agents: Iterable[Agent] = (),
    calls: Iterable[Call] = (),
    *,
    version: int = 0,
    now: int = 0,
    held: frozenset[str] = frozenset(),
    hours: tuple[Span, ...] | None = None,
    handled: tuple[int, ...] = (),
) -> Floor:
    """A floor from its stored parts, the index made anew. Raises InvariantBrokenError if the parts contradict."""
    agent_map, call_map = Map({agent.id: agent for agent in agents}), Map({call.id: call for call in calls})
    index = derive(agent_map, call_map, rules, seed.day)
    return Floor(id, rules, seed, version, now, agent_map, call_map, held, hours, handled, index)


def derive(agents: Map[str, Agent], calls: Map[str, Call], rules: TeamRules, day: str) -> Index:
    """The index that follows from agents and calls; its own way, so that `check` compares two."""
    live = [call for call in calls.values() if call.phase in LIVE]
    held = [(who, call.id) for call in live if (who := holder(call)) is not None]
    serving = dict(held)
    if len(serving) < len(held):
        raise InvariantBrokenError("an agent holds two live calls")
    by_verification = {call.verification: call.id for call in live}
    if len(by_verification) < len(live):
        raise InvariantBrokenError("a verification has two live calls")
    rank = chooser(rules.strategy).rank
    free: dict[frozenset[str], list[Idle]] = {}
    for agent in agents.values():
        if wants_calls(agent) and agent.id not in serving:
            free.setdefault(agent.skills, []).append(Idle(rank(agent, day), agent.id))
    capped: dict[str, set[str]] = {}
    for agent in agents.values():
        for dealer in capped_for(agent, rules.pair_cap, day):
            capped.setdefault(dealer, set()).add(agent.id)
    alarms = [*map(agent_alarm, agents.values()), *map(call_alarm, calls.values())]
    return Index(
        free=Map({skills: Ordered(idle) for skills, idle in free.items()}),
        standing=Map(Counter(standing(agent, busy=agent.id in serving) for agent in agents.values())),
        capped=Map({dealer: frozenset(ids) for dealer, ids in capped.items()}),
        serving=Map(serving),
        live=Map(by_verification),
        queue=Ordered(place_of(call) for call in live if call.phase in QUEUED),
        offerable=Ordered(place_of(call) for call in live if is_offerable(call)),
        alarms=Ordered(alarm for alarm in alarms if alarm is not None),
    )


def check(floor: Floor) -> None:
    """Raise InvariantBrokenError unless the floor's index is the one that follows from its agents and calls."""
    fresh = derive(floor.agents, floor.calls, floor.rules, floor.seed.day)
    for name in Index.__slots__:
        kept, due = getattr(floor.index, name), getattr(fresh, name)
        if kept != due:
            raise InvariantBrokenError(f"index {name}: kept {kept!r}, follows {due!r}")


def place_of(call: Call) -> Place:
    """Where a call that is WAITING or RINGING stands in the queue."""
    return Place(not call.at_head, call.rank_at, call.id)


def is_offerable(call: Call) -> bool:
    """Whether the caller waits and can be reached."""
    return call.phase is Phase.WAITING and call.customer_leg.lost_until is None


def wants_calls(agent: Agent) -> bool:
    """Whether a call may be offered to the agent unless he has one."""
    return agent.ready and agent.socket_up and agent.valid and agent.wrap_up is None


def holder(call: Call) -> str | None:
    """The agent whom a call makes busy."""
    if call.phase is Phase.RINGING and call.offer is not None:
        return call.offer.agent
    return call.agent if call.phase in HELD_BY_AGENT else None


def standing(agent: Agent, *, busy: bool) -> Standing:
    """What the agent is to calls that look for one; `busy`: he has one, or one rings at him."""
    if not agent.valid:
        return Standing.NOT_VALID
    if busy:
        return Standing.BUSY
    if agent.wrap_up is not None:
        return Standing.WRAP_UP
    if not agent.socket_up:
        return Standing.OFFLINE
    return Standing.FREE if agent.ready else Standing.PAUSED


def capped_for(agent: Agent, cap: int | None, day: str) -> list[str]:
    """The dealers of whom the agent may have no more calls on that day."""
    if cap is None or agent.calls_day != day:
        return []
    return [met.dealer for met in agent.met if met.calls >= cap]


class Draft:
    """Agents, calls and index while a step changes them; the persistent maps below are shared with the old floor."""

    def __init__(self, floor: Floor) -> None:
        self.agents = floor.agents
        self.calls = floor.calls
        self._take(floor.index)
        self._rule_by(floor.rules, floor.seed.day)

    def index(self) -> Index:
        """The index as it stands."""
        return Index(
            self.free,
            self.standing,
            self.capped,
            self.serving,
            self.live,
            self.queue,
            self.offerable,
            self.alarms,
        )

    def reorder(self, rules: TeamRules, day: str) -> None:
        """Other rules or another day: who goes first, and who is capped, is found anew."""
        self._rule_by(rules, day)
        self._take(derive(self.agents, self.calls, rules, day))

    def _take(self, index: Index) -> None:
        self.free = index.free
        self.standing = index.standing
        self.capped = index.capped
        self.serving = index.serving
        self.live = index.live
        self.queue = index.queue
        self.offerable = index.offerable
        self.alarms = index.alarms

    def _rule_by(self, rules: TeamRules, day: str) -> None:
        self._rank = chooser(rules.strategy).rank
        self._cap = rules.pair_cap
        self._day = day

    def put_agent(self, agent: Agent) -> None:
        """Add or replace an agent."""
        old = self.agents.get(agent.id)
        busy = agent.id in self.serving
        if old is not None:
            self._leave(old, busy=busy)
        self._move_alarm(agent_alarm(old) if old else None, agent_alarm(agent))
        self._move_caps(agent.id, old, agent)
        self.agents = self.agents.set(agent.id, agent)
        self._stand(agent, busy=busy)

    def drop_agent(self, agent_id: str) -> None:
        """Take an agent off the floor; he must hold no call."""
        if agent_id in self.serving:
            raise InvariantBrokenError("an agent left the floor with a call")
        old = self.agents[agent_id]
        self._leave(old, busy=False)
        self._move_alarm(agent_alarm(old), None)
        self._move_caps(agent_id, old, None)
        self.agents = self.agents.delete(agent_id)

    def put_call(self, call: Call) -> None:
        """Add or replace a call."""
        old = self.calls.get(call.id)
        self._move_place(old, call)
        self._move_alarm(call_alarm(old) if old else None, call_alarm(call))
        self.calls = self.calls.set(call.id, call)
        self._move_live(old, call)
        self._move_holder(old, call)

    def drop_call(self, call_id: str) -> None:
        """Forget a call; it must have ended, with nothing pending."""
        old = self.calls[call_id]
        if old.phase in LIVE or old.decision is not None:
            raise InvariantBrokenError("a call was forgotten before its end")
        self.calls = self.calls.delete(call_id)

    def idle(self, agent: Agent) -> Idle:
        """The agent as the index has him while he is free."""
        return Idle(self._rank(agent, self._day), agent.id)

    def _move_live(self, old: Call | None, new: Call) -> None:
        if new.phase in LIVE:
            if self.live.get(new.verification, new.id) != new.id:
                raise InvariantBrokenError("a verification has two live calls")
            self.live = self.live.set(new.verification, new.id)
        elif old is not None and old.phase in LIVE:
            self.live = self.live.delete(new.verification)

    def _move_holder(self, old: Call | None, new: Call) -> None:
        before, after = holder(old) if old else None, holder(new)
        if before == after:
            return
        if before is not None:
            self._leave(self.agents[before], busy=True)
            self.serving = self.serving.delete(before)
            self._stand(self.agents[before], busy=False)
        if after is not None:
            if after in self.serving:
                raise InvariantBrokenError("an agent holds two live calls")
            self._leave(self.agents[after], busy=False)
            self.serving = self.serving.set(after, new.id)
            self._stand(self.agents[after], busy=True)

    def _move_place(self, old: Call | None, new: Call) -> None:
        before = place_of(old) if old and old.phase in QUEUED else None
        after = place_of(new) if new.phase in QUEUED else None
        self.queue = _moved(self.queue, before, after)
        before = before if old and is_offerable(old) else None
        after = after if is_offerable(new) else None
        self.offerable = _moved(self.offerable, before, after)

    def _move_alarm(self, before: Alarm | None, after: Alarm | None) -> None:
        self.alarms = _moved(self.alarms, before, after)

    def _move_caps(self, agent: str, old: Agent | None, new: Agent | None) -> None:
        before = set(capped_for(old, self._cap, self._day)) if old else set()
        after = set(capped_for(new, self._cap, self._day)) if new else set()
        for dealer in before ^ after:
            agents = self.capped.get(dealer, frozenset()) ^ {agent}
            self.capped = self.capped.set(dealer, agents) if agents else self.capped.delete(dealer)

    def _stand(self, agent: Agent, *, busy: bool) -> None:
        how = standing(agent, busy=busy)
        self.standing = self.standing.set(how, self.standing.get(how, 0) + 1)
        if how is Standing.FREE:
            idle = self.free.get(agent.skills, Ordered())
            self.free = self.free.set(agent.skills, idle.add(self.idle(agent)))

    def _leave(self, agent: Agent, *, busy: bool) -> None:
        how = standing(agent, busy=busy)
        rest = self.standing[how] - 1
        self.standing = self.standing.set(how, rest) if rest else self.standing.delete(how)
        if how is Standing.FREE:
            idle = self.free[agent.skills].remove(self.idle(agent))
            self.free = self.free.set(agent.skills, idle) if idle else self.free.delete(agent.skills)


def _moved(items: Ordered[Any], before: Any, after: Any) -> Ordered[Any]:
    """The items without `before` and with `after`, where None is neither."""
    if before == after:
        return items
    if before is not None:
        items = items.remove(before)
    return items if after is None else items.add(after)
