"""What pages show of a floor: pure functions of it, pushed whole. Not the wire, and no texts.

An id that is not on the floor (any more) has no view. `reconnecting` exists only here: no phase bears that name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from routing.hours import opens_at
from routing.index import place_of
from routing.state import (
    LIVE,
    QUEUED,
    Agent,
    Call,
    CheckMade,
    Floor,
    Frame,
    Leg,
    Notice,
    Outcome,
    Phase,
    Verdict,
)


class CallState(StrEnum):
    """What a page says of the call."""

    WAITING = "waiting"
    RINGING = "ringing"
    CONNECTING = "connecting"
    ACTIVE = "active"
    RECONNECTING = "reconnecting"
    DECIDING = "deciding"
    ENDED = "ended"


class AgentState(StrEnum):
    """What a supervisor sees of an agent. Work goes before presence: one who is gone in a call is still in it."""

    FREE = "free"
    RINGING = "ringing"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class LostLeg:
    """A leg that is lost, and until when it may come back (microseconds UTC)."""

    leg: Leg
    until: int


@dataclass(frozen=True, slots=True)
class CallerView:
    """What the caller's page shows; nothing of verdict reasons, fraud flags or why an agent did not take the call."""

    call: str
    verification: str
    attempt: int
    state: CallState
    outcome: Outcome | None
    notice: Notice | None
    position: int | None
    """1 for the next to be served; callers at whom it rings already are counted. None: not in the queue."""
    expected_wait: int | None
    """Microseconds; None: not in the queue, or nobody works here just now."""
    lost: tuple[LostLeg, ...]
    worker_bound: bool
    """Whether a media worker has the call, so that media can be negotiated."""
    offers: int
    agent: str | None
    socket: int
    """Number of the caller's newest socket: a page with a smaller one is not the one that counts."""
    media: int
    """Media number of the caller's leg: a page whose peer connection has a smaller one must negotiate anew."""
    agent_media: int
    started_at: int | None
    ended_at: int | None
    opens_at: int | None
    """With the outcome `closed`: when the team works next, as far as is known."""
    deadline: int | None
    """When the present state is over, if nothing happens."""


@dataclass(frozen=True, slots=True)
class OfferView:
    """The call that rings at an agent."""

    call: str
    verification: str
    number: int
    deadline: int


@dataclass(frozen=True, slots=True)
class AgentCallView:
    """The call that an agent holds, or whose wrap-up he is in."""

    call: str
    verification: str
    attempt: int
    state: CallState
    outcome: Outcome | None
    gates: tuple[str, ...]
    """Names of the gates that bar Confirm, sorted."""
    ticks: tuple[CheckMade, ...]
    lost: tuple[LostLeg, ...]
    worker_bound: bool
    media: int
    """Media number of the agent's leg: a page whose peer connection has a smaller one must negotiate anew."""
    customer_media: int
    started_at: int | None
    ended_at: int | None
    deadline: int | None
    deciding: Verdict | None
    """The verdict whose picture is being kept."""
    verdict: Verdict | None
    """The verdict that stands."""
    refusal: str
    """Why the last verdict fell, as a code; empty: it did not."""
    last_frame: Frame | None
    pictures: int


@dataclass(frozen=True, slots=True)
class AgentView:
    """What the agent's own console shows."""

    agent: str
    ready: bool
    pause_reason: str
    """Why he is not ready; empty while he is."""
    since: int
    """When his readiness last changed."""
    valid: bool
    present: bool
    socket: int
    """Number of his newest socket: a console with a smaller one is not the one that counts."""
    offer: OfferView | None
    call: AgentCallView | None
    wrap_up_until: int | None
    calls_today: int


@dataclass(frozen=True, slots=True)
class AgentTile:
    """One agent on the supervisor's wall."""

    agent: str
    employer: str
    state: AgentState
    reason: str
    """Why he is not ready; empty while he is."""
    since: int
    """Since when he has been in that state."""
    call: str | None


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One caller on the supervisor's wall."""

    call: str
    verification: str
    company: str
    waiting_since: int
    position: int
    priority: int
    state: CallState
    reachable: bool


@dataclass(frozen=True, slots=True)
class FloorView:
    """What a supervisor sees now."""

    floor: str
    version: int
    agents: tuple[AgentTile, ...]
    """Sorted by id."""
    queue: tuple[QueueEntry, ...]
    """In the order of serving."""
    held: tuple[str, ...]
    """Why no new call is offered, sorted; empty: calls are offered."""


def caller_view(floor: Floor, call_id: str) -> CallerView | None:
    """What the caller of a call sees; None if the call is not on the floor."""
    call = floor.calls.get(call_id)
    if call is None:
        return None
    position = queue_position(floor, call)
    return CallerView(
        call=call.id,
        verification=call.verification,
        attempt=call.attempt,
        state=call_state(call),
        outcome=call.outcome,
        notice=call.notice,
        position=position,
        expected_wait=None if position is None else expected_wait(floor, position),
        lost=lost_legs(call),
        worker_bound=call.worker is not None,
        offers=call.offers,
        agent=call.agent,
        socket=call.customer_leg.socket,
        media=call.customer_leg.media,
        agent_media=call.agent_leg.media,
        started_at=call.started_at,
        ended_at=call.ended_at,
        opens_at=opens_at(floor.hours, floor.now) if call.outcome is Outcome.CLOSED else None,
        deadline=phase_deadline(call),
    )


def agent_view(floor: Floor, agent_id: str) -> AgentView | None:
    """What an agent sees; None if he is not on the floor."""
    agent = floor.agents.get(agent_id)
    if agent is None:
        return None
    call = _call_of(floor, agent)
    return AgentView(
        agent=agent.id,
        ready=agent.ready,
        pause_reason=agent.pause_reason,
        since=agent.since,
        valid=agent.valid,
        present=agent.socket_up,
        socket=agent.socket,
        offer=_offer_view(call),
        call=None if call is None or call.phase is Phase.RINGING else _agent_call_view(call),
        wrap_up_until=agent.wrap_up.deadline if agent.wrap_up else None,
        calls_today=agent.calls_today if agent.calls_day == floor.seed.day else 0,
    )


def floor_view(floor: Floor) -> FloorView:
    """What a supervisor sees of the whole floor."""
    return FloorView(
        floor=floor.id,
        version=floor.version,
        agents=tuple(_tile(floor, floor.agents[agent_id]) for agent_id in sorted(floor.agents)),
        queue=tuple(_entry(floor.calls[place.call], n) for n, place in enumerate(floor.index.queue, 1)),
        held=tuple(sorted(floor.held)),
    )


def call_state(call: Call) -> CallState:
    """The phase as pages name it. In DECIDING a loss changes nothing, so it is not shown as the state."""
    if call.phase in {Phase.CONNECTING, Phase.ACTIVE} and lost_legs(call):
        return CallState.RECONNECTING
    return CallState(call.phase.value)


def lost_legs(call: Call) -> tuple[LostLeg, ...]:
    """The legs that are lost now, the customer's first."""
    untils = [(leg, call.leg(leg).lost_until) for leg in Leg]
    return tuple(LostLeg(leg, until) for leg, until in untils if until is not None)


def phase_deadline(call: Call) -> int | None:
    """When the phase is over by itself; None once the call has ended."""
    if call.phase is Phase.ENDED:
        return None
    if call.offer is not None:
        return call.offer.deadline
    return call.decision.deadline if call.decision else call.deadline


def queue_position(floor: Floor, call: Call) -> int | None:
    """The caller's place in the queue, from 1; None if he is not in it."""
    return floor.index.queue.place(place_of(call)) + 1 if call.phase in QUEUED else None


def expected_wait(floor: Floor, position: int) -> int | None:
    """A plain estimate, in microseconds: place x mean handling / agents who are free or have a call.

    The mean is that of the last calls, the team's usual one before there were any. It knows nothing of skills and
    pauses: pages show it rounded up to minutes. None when nobody works.
    """
    staff = len(floor.index.serving) + sum(len(agents) for agents in floor.index.free.values())
    if staff == 0:
        return None
    mean = sum(floor.handled) // len(floor.handled) if floor.handled else floor.rules.usual_call
    return position * mean // staff


def agent_state(floor: Floor, agent: Agent) -> AgentState:
    """What a supervisor calls the agent's state."""
    call = _call_of(floor, agent)
    if call is not None and call.phase in LIVE:
        return AgentState.RINGING if call.phase is Phase.RINGING else AgentState.IN_CALL
    if agent.wrap_up is not None:
        return AgentState.WRAP_UP
    if not agent.socket_up:
        return AgentState.OFFLINE
    return AgentState.FREE if agent.ready and agent.valid else AgentState.PAUSED


def _call_of(floor: Floor, agent: Agent) -> Call | None:
    """The live call of the agent, else the one whose wrap-up he is in."""
    held = floor.index.serving.get(agent.id) or (agent.wrap_up.call if agent.wrap_up else None)
    return floor.calls[held] if held else None


def _offer_view(call: Call | None) -> OfferView | None:
    if call is None or call.offer is None:
        return None
    return OfferView(call.id, call.verification, call.offer.number, call.offer.deadline)


def _agent_call_view(call: Call) -> AgentCallView:
    return AgentCallView(
        call=call.id,
        verification=call.verification,
        attempt=call.attempt,
        state=call_state(call),
        outcome=call.outcome,
        gates=tuple(sorted(call.gates)),
        ticks=call.ticks,
        lost=lost_legs(call),
        worker_bound=call.worker is not None,
        media=call.agent_leg.media,
        customer_media=call.customer_leg.media,
        started_at=call.started_at,
        ended_at=call.ended_at,
        deadline=phase_deadline(call),
        deciding=call.decision.verdict if call.decision else None,
        verdict=call.verdict,
        refusal=call.refusal,
        last_frame=call.last_frame,
        pictures=call.pictures,
    )


def _tile(floor: Floor, agent: Agent) -> AgentTile:
    state = agent_state(floor, agent)
    call = _call_of(floor, agent)
    return AgentTile(
        agent=agent.id,
        employer=agent.employer,
        state=state,
        reason=agent.pause_reason,
        since=_SINCE[state](agent, call),
        call=call.id if call else None,
    )


def _idle_since(agent: Agent, _: Call | None) -> int:
    return max(agent.since, agent.last_call_ended_at or 0)


def _ringing_since(agent: Agent, call: Call | None) -> int:
    return call.offer.made_at if call and call.offer else agent.since


def _in_call_since(agent: Agent, call: Call | None) -> int:
    return call.accepted_at if call and call.accepted_at is not None else agent.since


def _wrapping_up_since(agent: Agent, _: Call | None) -> int:
    return agent.wrap_up.started_at if agent.wrap_up else agent.since


def _offline_since(agent: Agent, _: Call | None) -> int:
    return agent.gone_since if agent.gone_since is not None else agent.since


_SINCE: dict[AgentState, Callable[[Agent, Call | None], int]] = {
    AgentState.FREE: _idle_since,
    AgentState.PAUSED: _idle_since,
    AgentState.RINGING: _ringing_since,
    AgentState.IN_CALL: _in_call_since,
    AgentState.WRAP_UP: _wrapping_up_since,
    AgentState.OFFLINE: _offline_since,
}


def _entry(call: Call, position: int) -> QueueEntry:
    return QueueEntry(
        call=call.id,
        verification=call.verification,
        company=call.company,
        waiting_since=call.queued_at,
        position=position,
        priority=call.priority,
        state=call_state(call),
        reachable=call.customer_leg.lost_until is None,
    )
