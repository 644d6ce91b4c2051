"""What follows from a floor's agents and calls: made from nothing, changed piece by piece, and compared.

`Draft` is the only place that changes an index; `build` makes a floor from stored rows; `check` is for tests and for
the shell's own doubts.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Any

from immutables import Map

from routing.deadlines import agent_alarm, call_alarm
from routing.state import (
    HELD_BY_AGENT,
    LIVE,
    QUEUED,
    Agent,
    Alarm,
    Call,
    Floor,
    Index,
    InvariantBrokenError,
    Phase,
    Place,
    Seed,
    TeamRules,
)


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
    handled: tuple[int, ...] = (),
) -> Floor:
    """A floor from its stored parts, the index made anew. Raises InvariantBrokenError if the parts contradict."""
    agent_map, call_map = Map({agent.id: agent for agent in agents}), Map({call.id: call for call in calls})
    return Floor(id, rules, seed, version, now, agent_map, call_map, held, handled, derive(agent_map, call_map))


def derive(agents: Map[str, Agent], calls: Map[str, Call]) -> Index:
    """The index that follows from agents and calls; its own way, so that `check` compares two."""
    live = [call for call in calls.values() if call.phase in LIVE]
    held = [(who, call.id) for call in live if (who := holder(call)) is not None]
    serving = dict(held)
    if len(serving) < len(held):
        raise InvariantBrokenError("an agent holds two live calls")
    by_verification = {call.verification: call.id for call in live}
    if len(by_verification) < len(live):
        raise InvariantBrokenError("a verification has two live calls")
    free: dict[frozenset[str], list[str]] = {}
    for agent in agents.values():
        if wants_calls(agent) and agent.id not in serving:
            free.setdefault(agent.skills, []).append(agent.id)
    alarms = [*map(agent_alarm, agents.values()), *map(call_alarm, calls.values())]
    return Index(
        free=Map({skills: tuple(sorted(ids)) for skills, ids in free.items()}),
        serving=Map(serving),
        live=Map(by_verification),
        queue=tuple(sorted(place_of(call) for call in live if call.phase in QUEUED)),
        offerable=tuple(sorted(place_of(call) for call in live if is_offerable(call))),
        alarms=tuple(sorted(alarm for alarm in alarms if alarm is not None)),
    )


def check(floor: Floor) -> None:
    """Raise InvariantBrokenError unless the floor's index is the one that follows from its agents and calls."""
    fresh = derive(floor.agents, floor.calls)
    for name in Index.__slots__:
        kept, due = getattr(floor.index, name), getattr(fresh, name)
        if kept != due:
            raise InvariantBrokenError(f"index {name}: kept {kept!r}, follows {due!r}")


def place_of(call: Call) -> Place:
    """Where a call that is WAITING or RINGING stands in the queue."""
    return Place(not call.at_head, -call.priority, call.queued_at, call.id)


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


class Draft:
    """Agents, calls and index while a step changes them; the persistent maps below are shared with the old floor."""

    def __init__(self, index: Index, agents: Map[str, Agent], calls: Map[str, Call]) -> None:
        self.agents = agents
        self.calls = calls
        self.free = index.free
        self.serving = index.serving
        self.live = index.live
        self.queue = index.queue
        self.offerable = index.offerable
        self.alarms = index.alarms

    def index(self) -> Index:
        """The index as it stands."""
        return Index(self.free, self.serving, self.live, self.queue, self.offerable, self.alarms)

    def put_agent(self, agent: Agent) -> None:
        """Add or replace an agent."""
        old = self.agents.get(agent.id)
        if old is not None:
            self._forget_free(old)
        self._move_alarm(agent_alarm(old) if old else None, agent_alarm(agent))
        self.agents = self.agents.set(agent.id, agent)
        self._note_free(agent)

    def drop_agent(self, agent_id: str) -> None:
        """Take an agent off the floor; he must hold no call."""
        if agent_id in self.serving:
            raise InvariantBrokenError("an agent left the floor with a call")
        old = self.agents[agent_id]
        self._forget_free(old)
        self._move_alarm(agent_alarm(old), None)
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

    def is_free(self, agent: Agent) -> bool:
        """Whether a call may be offered to the agent."""
        return wants_calls(agent) and agent.id not in self.serving

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
            self.serving = self.serving.delete(before)
            self._note_free(self.agents[before])
        if after is not None:
            if after in self.serving:
                raise InvariantBrokenError("an agent holds two live calls")
            self._forget_free(self.agents[after])
            self.serving = self.serving.set(after, new.id)

    def _move_place(self, old: Call | None, new: Call) -> None:
        before = place_of(old) if old and old.phase in QUEUED else None
        after = place_of(new) if new.phase in QUEUED else None
        self.queue = _moved(self.queue, before, after)
        before = before if old and is_offerable(old) else None
        after = after if is_offerable(new) else None
        self.offerable = _moved(self.offerable, before, after)

    def _move_alarm(self, before: Alarm | None, after: Alarm | None) -> None:
        self.alarms = _moved(self.alarms, before, after)

    def _note_free(self, agent: Agent) -> None:
        if self.is_free(agent):
            ids = self.free.get(agent.skills, ())
            self.free = self.free.set(agent.skills, _moved(ids, None, agent.id))

    def _forget_free(self, agent: Agent) -> None:
        if not self.is_free(agent):
            return
        rest = _moved(self.free.get(agent.skills, ()), agent.id, None)
        self.free = self.free.set(agent.skills, rest) if rest else self.free.delete(agent.skills)


def _moved(items: tuple[Any, ...], before: Any, after: Any) -> tuple[Any, ...]:
    """A sorted tuple without `before` and with `after`, where None is neither."""
    if before == after:
        return items
    if before is not None:
        at = bisect_left(items, before)
        if at == len(items) or items[at] != before:
            raise InvariantBrokenError("an index has lost an entry")
        items = items[:at] + items[at + 1 :]
    if after is not None:
        at = bisect_left(items, after)
        items = (*items[:at], after, *items[at:])
    return items
