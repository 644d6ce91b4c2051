"""When two floors are the same state: a canonical form, small enough to be remembered for every state ever met.

What is exact, because no later step can tell the difference:

- Times count from now. Numbers that only rise (sockets, media, offers, decisions, pictures, reports) are left out:
  events name the present one or an older one, whatever it is. Agents are interchangeable, callers stand for their place
  in the queue, and a verification for its caller.
- What no later step reads before it is written anew is left out, by phase (`DEAD`). An ended call is only its agent,
  its pending decision, and whether a verdict stands. While media is what counts, a leg is heard or not; by which kinds
  does not matter, as it may also be reported heard.
- An agent who refused a call and one with whom no media came about are both out for it.
- What only views, explanations and evidence read is left out (`UNREAD`).
- A console that is gone is gone for `away_after`, or for longer; after longer its agent comes back not ready anyhow.
- Which page opened a socket matters only for whether the next one is another: both are tried from everywhere.
- There is one node and, but for its absence, one worker: whether somebody's is another one is no part of the state.
  Events that name another are tried, and must change nothing.

What is an abstraction: whether a leg has negotiated media at all is left out, so something may flow on media number 0,
more than can happen. And the draw. It depends on offer numbers and the seed, which are left out, so the explorer takes
every outcome of it. And laws about what is left out (gaps, ends, last frames) are checked on whole floors at every
step, but see each state with one of its pasts.

A field that is named nowhere here is kept, as a time from now if its name says so: a new one can only make more states
of what was one, never hide any.
"""

from collections.abc import Callable, Hashable
from dataclasses import fields
from functools import cache
from itertools import permutations
from operator import attrgetter
from typing import Any

from routing.hours import working
from routing.state import (
    QUEUED,
    TALKING,
    Agent,
    Call,
    Decision,
    Floor,
    LegState,
    Offer,
    Phase,
    WrapUp,
)
from tests.model.alphabet import Scope


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


UNREAD: dict[type, frozenset[str]] = {
    Floor: _names("id seed version now agents calls hours handled index"),
    Agent: _names(
        "id employer pause_reason since socket socket_report node page calls_day calls_today last_call_ended_at"
    )
    # Read by `_agent`.
    | _names("ready gone_since met"),
    WrapUp: frozenset({"call", "started_at"}),
    Call: _names("id verification company attempt queued_at rank_at offers accepted_at overrides decisions refusal")
    | _names("outcome end_reason ended_in ended_at started_at gaps notice pictures")
    # Read by `_live`.
    | _names("declined excluded rang_out customer_leg agent_leg gates worker closes_at"),
    LegState: _names("socket socket_report media report lost_since node page own_fault"),
    Offer: _names("number made_at among day passed_over"),
    Decision: _names("number verdict reason fraud note frame request pressed_at"),
}
"""Rising numbers, names, and what only pages, explanations and evidence read. With random draws nobody reads how long
an agent has been idle or how many calls he has had."""

PRESENCE = frozenset({"silent_since", "last_frame", "verdict"})
"""Read only for whether they are there."""

DEAD: dict[Phase, frozenset[str]] = {
    Phase.WAITING: frozenset({"ticks"}),
    Phase.RINGING: frozenset({"ticks"}),
    Phase.CONNECTING: frozenset({"at_head"}),
    Phase.ACTIVE: frozenset({"set_up_tries", "at_head"}),
    Phase.DECIDING: frozenset({"set_up_tries", "at_head"}),
    Phase.ENDED: frozenset(),
}
"""Ticks are made anew for the next agent; ACTIVE forgets failed set-ups; whoever comes back goes to the head."""

HEARD = frozenset({"presented", "flowing"})
NONE: frozenset[str] = frozenset()

Read = Callable[[Any, int, dict[str, int]], Hashable]


class Canon:
    """Makes the canonical forms of the floors of one exploration, each part of them as a small number."""

    def __init__(self, scope: Scope) -> None:
        self._agents = scope.agents
        self._roles = [dict(zip(order, range(len(order)), strict=True)) for order in permutations(scope.agents)]
        # A single caller has nobody to go before.
        self._dead = frozenset({"at_head"}) if scope.calls == 1 else NONE
        self._numbers: dict[Hashable, int] = {}

    def __call__(self, floor: Floor) -> tuple[int, ...]:
        """The form: equal for floors that are the same state, and for no others."""
        settings = self._number((_hours(floor), _form(floor, floor.now, {})))
        members = [self._number(_agent(floor, agent)) for agent in self._agents]
        queue = sorted((call for call in floor.calls.values() if call.phase is not Phase.ENDED), key=_rank)
        ended = [call for call in floor.calls.values() if call.phase is Phase.ENDED]
        forms = [(settings, *self._seen_as(floor, members, queue, ended, roles)) for roles in self._roles]
        return min(forms)

    def _seen_as(
        self, floor: Floor, members: list[int], queue: list[Call], ended: list[Call], roles: dict[str, int]
    ) -> tuple[int, ...]:
        """The form if the agents had these numbers."""
        order = sorted(range(len(members)), key=lambda at: roles[self._agents[at]])
        live = [self._number(_live(floor, call, roles, self._dead)) for call in queue]
        over = sorted(self._number(_over(floor, call, roles)) for call in ended)
        return (*[members[at] for at in order], *live, -1, *over)

    def _number(self, form: Hashable) -> int:
        return self._numbers.setdefault(form, len(self._numbers))


def _rank(call: Call) -> tuple[Any, ...]:
    return call.rank_at, call.id


def _hours(floor: Floor) -> Hashable:
    """None: always open; else how much longer, 0: closed. The small floors never open by themselves."""
    if floor.hours is None:
        return None
    span = working(floor.hours, floor.now)
    return 0 if span is None else span.end - floor.now


def _agent(floor: Floor, agent_id: str) -> Hashable:
    agent = floor.agents.get(agent_id)
    if agent is None:
        return None
    long = floor.rules.away_after + 1
    gone = long if agent.gone_since is None else min(floor.now - agent.gone_since, long)
    away = 0 if agent.socket_up else gone
    met = agent.met if agent.calls_day == floor.seed.day else ()
    return away, agent.ready and away < long, met, _form(agent, floor.now, {})


def _live(floor: Floor, call: Call, roles: dict[str, int], dead: frozenset[str]) -> Hashable:
    now = floor.now
    out = call.declined | call.excluded
    # Where there is only one agent, he is asked again anyway.
    rang_out = call.rang_out - out if len(roles) > 1 else NONE
    # The limit counts refusals alone.
    refusals = len(call.declined) if call.rules.redirect_limit is not None else 0
    closes = None if call.closes_at is None else max(call.closes_at - now, 0)
    parts: tuple[Hashable, ...] = (
        _form(call, now, roles, DEAD[call.phase] | dead),
        frozenset(roles[agent] for agent in out),
        frozenset(roles[agent] for agent in rang_out),
        (refusals, closes, call.worker is None),
    )
    if call.phase in QUEUED:
        return (*parts, call.gates, _form(call.customer_leg, now, roles, HEARD))
    unseen = HEARD if call.phase in TALKING else NONE
    legs = (_form(leg, now, roles, unseen) for leg in (call.customer_leg, call.agent_leg))
    return (*parts, call.gates, *legs, call.agent_leg.own_fault)


def _over(floor: Floor, call: Call, roles: dict[str, int]) -> Hashable:
    """An ended call that is still on the floor."""
    agent = floor.agents.get(call.agent) if call.agent else None
    in_wrap_up = agent is not None and agent.wrap_up is not None and agent.wrap_up.call == call.id
    decision = None if call.decision is None else _form(call.decision, floor.now, roles)
    return roles.get(call.agent or ""), in_wrap_up, call.verdict is None, decision


def _form(value: Any, now: int, roles: dict[str, int], dead: frozenset[str] = NONE) -> Hashable:
    plain, rest = _plan(type(value), dead)
    return (plain(value), *[read(getattr(value, name), now, roles) for name, read in rest])


@cache
def _plan(kind: type, dead: frozenset[str]) -> tuple[Callable[[Any], Any], tuple[tuple[str, Read], ...]]:
    """How a form of this type is read: what is taken as it is, at once, and the rest one by one."""
    names = [field.name for field in fields(kind) if field.name not in UNREAD.get(kind, NONE) | dead]
    reads = {name: _read(name) for name in names}
    plain = [name for name, read in reads.items() if read is None]
    # attrgetter gives no tuple for a single name.
    both = attrgetter("__class__", "__class__", *plain)
    return both, tuple((name, read) for name, read in reads.items() if read is not None)


def _read(name: str) -> Read | None:
    if name in PRESENCE:
        return lambda value, _, __: value is None
    if name == "agent":
        return lambda value, _, roles: None if value is None else roles[value]
    if name == "ticks":
        return lambda value, _, __: frozenset(tick.check for tick in value)
    if name == "rules":
        return lambda value, _, __: _number_of(value)
    if name in {"offer", "decision", "wrap_up"}:
        return lambda value, now, roles: None if value is None else _form(value, now, roles)
    if name.endswith(("_at", "_until", "_from", "_since", "deadline")):
        return lambda value, now, _: None if value is None else value - now
    return None


_RULES: list[Hashable] = []


@cache
def _number_of(rules: Hashable) -> int:
    _RULES.append(rules)
    return len(_RULES)
