"""Everything that can happen to a floor next: every event type, with all arguments that may make a difference.

An event names the present number or, marked as old, the one before it. Presses bear the name of their type as their
request. Whoever comes stands behind those who came at the same instant: ids are drawn in ascending order.

Some of it can never happen, such as a report of a connection that never was. And some of what pages and workers never
do is left out: to show a picture before anything flows, to press a console's button without a socket. `Scope` says what
else is left out of one exploration; no event type ever is.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from routing import events as e
from routing.state import (
    HELD_BY_AGENT,
    LIVE,
    TALKING,
    Agent,
    Call,
    CallRules,
    Channel,
    Check,
    Floor,
    Frame,
    Kind,
    Leg,
    LegState,
    Phase,
    Span,
    TeamRules,
    Verdict,
)

NODE, WORKER, TOKEN = "n1", "w1", "token"
LONG = 9
"""An age beyond every grace of the small floors."""


class Letter(NamedTuple):
    """One thing that can happen."""

    event: e.Event
    is_old: bool = False
    """It names an older number, or somebody whose press means nothing: nothing may change."""


@dataclass(frozen=True)
class Scope:
    """What takes part in one exploration, and which arguments are tried."""

    name: str
    agents: tuple[str, ...]
    calls: int
    """How many calls there are at most, ended ones included while they are on the floor."""
    team: TeamRules
    rules: CallRules
    other_team: TeamRules | None = None
    """What TeamChanged changes to and fro."""
    ages: tuple[int, ...] = (0,)
    """Since when what is silent was last heard."""
    checks: tuple[Check, ...] = ()
    """Those that the agent ticks."""
    gates: tuple[str, ...] = ()
    """Those that are shut and opened."""
    replacements: tuple[str | None, ...] = (WORKER,)
    """Where a lost worker's calls go."""
    worker: str | None = WORKER
    """What a page that negotiates brings."""
    lapses: frozenset[Leg] = frozenset(Leg)
    """Whose connections fail."""
    in_line: bool = False
    """Whether media comes about in one order only, and before ACTIVE only sockets fail, later only media."""
    by_socket: bool = True
    """Whether silence is reported of sockets too; where it is not, they close and open, which comes to the same."""
    in_any_order: bool = False
    """Whether kinds flow, and pages show them, in any order, rather than audio first and the picture last."""
    at_deadline: bool = False
    """Whether all is also tried at the very instant of the next deadline."""
    accounts: bool = False
    """Whether accounts lose their validity and get dates."""
    hours: bool = False
    """Whether the team closes."""
    dealer: str = ""
    """Who calls."""
    only_known: bool = False
    """Whether agents neither come nor go, and nobody holds the offers."""


def letters(scope: Scope, floor: Floor) -> Iterator[Letter]:
    """What can happen to the floor at its present time."""
    yield from _of_floor(scope, floor)
    for id_ in scope.agents:
        agent = floor.agents.get(id_)
        yield from _of_nobody(id_) if agent is None else _of_agent(scope, floor, agent)
    for call in floor.calls.values():
        yield from _of_call(scope, floor, call)
    if len(floor.calls) < scope.calls:
        yield from _of_no_call(scope, floor, _fresh(floor))


def _fresh(floor: Floor) -> str:
    """An id that sorts behind all others, as places in the queue do; no floor that is explored lives to see 1,000."""
    return f"c{max((int(call[1:]) for call in floor.calls), default=0) + 1:03}"


def _of_floor(scope: Scope, floor: Floor) -> Iterator[Letter]:
    yield Letter(e.Tick(), is_old=True)
    yield Letter(e.TeamChanged(floor.rules), is_old=True)
    if scope.other_team is not None:
        yield Letter(e.TeamChanged(scope.team if floor.rules == scope.other_team else scope.other_team))
    # A seed's day is over for good; only where somebody counts days does the next one matter.
    day = f"{int(floor.seed.day) + 1:04}" if scope.dealer else floor.seed.day
    yield Letter(e.SeedSet(day, floor.seed.value), is_old=not scope.dealer)
    yield from _hours(scope, floor)
    served = any(call.phase not in {Phase.WAITING, Phase.ENDED} for call in floor.calls.values())
    if floor.held:
        yield Letter(e.OffersResumed("x"))
    elif served or (scope.only_known and floor.calls):
        yield Letter(e.OffersResumed("never held"), is_old=True)
    else:
        yield Letter(e.OffersHeld("x"))
    talks = any(call.phase in TALKING for call in floor.calls.values())
    for age in scope.ages:
        if not (scope.in_line and talks) and scope.lapses:
            yield Letter(e.NodeLost(NODE, age))
        for replacement in scope.replacements if scope.lapses else ():
            yield Letter(e.WorkerLost(WORKER, replacement, age))
    yield Letter(e.NodeLost("another", 0), is_old=True)
    yield Letter(e.WorkerLost("another", None, 0), is_old=True)


def _hours(scope: Scope, floor: Floor) -> Iterator[Letter]:
    if not scope.hours:
        yield Letter(e.HoursChanged(floor.hours), is_old=True)
        return
    yield Letter(e.HoursChanged(None))
    yield Letter(e.HoursChanged(()))
    yield Letter(e.HoursChanged((Span(floor.now - 1, floor.now + 1),)))


def _of_nobody(agent: str) -> Iterator[Letter]:
    yield Letter(e.AgentJoined(agent, frozenset(), ""))
    yield Letter(e.AgentRemoved(agent), is_old=True)
    yield Letter(e.AgentConnected(agent, NODE, TOKEN), is_old=True)
    yield Letter(e.AgentDisconnected(agent, 1), is_old=True)
    yield Letter(e.AgentReady(agent, "AgentReady"), is_old=True)
    yield Letter(e.AgentPaused(agent, "AgentPaused", "lunch"), is_old=True)
    yield Letter(e.WrapUpEnded(agent, "WrapUpEnded"), is_old=True)


def _of_agent(scope: Scope, floor: Floor, agent: Agent) -> Iterator[Letter]:
    id_ = agent.id
    held = floor.calls.get(floor.index.serving.get(id_, ""))
    yield Letter(e.AgentConnected(id_, NODE, TOKEN, agent.page))
    if held is not None and Leg.AGENT in scope.lapses:
        yield Letter(e.AgentConnected(id_, NODE, TOKEN, _another(agent.page)))
        yield Letter(e.AgentDisconnected(id_, agent.socket, signed_out=True))
    if not (scope.in_line and held and held.phase in TALKING):
        for age in scope.ages:
            yield Letter(e.AgentDisconnected(id_, agent.socket, age))
    yield Letter(e.AgentDisconnected(id_, agent.socket - 1, LONG, signed_out=True), is_old=True)
    if agent.socket_up:
        yield Letter(e.AgentReady(id_, "AgentReady"))
        yield Letter(e.AgentPaused(id_, "AgentPaused", "lunch"))
        yield Letter(e.WrapUpEnded(id_, "WrapUpEnded"), is_old=agent.wrap_up is None)
    yield Letter(e.AgentChanged(id_, agent.skills, "", True, agent.valid_from, agent.valid_until), not _has_gone(agent))
    if not scope.only_known:
        yield Letter(e.AgentRemoved(id_))
    if scope.accounts:
        yield Letter(e.AgentChanged(id_, agent.skills, "", valid=False))
        yield Letter(e.AgentChanged(id_, agent.skills, "", True, floor.now + 1, floor.now + 2))
        yield Letter(e.AgentChanged(id_, agent.skills, "", True, None, floor.now + 1))
        yield Letter(e.AgentJoined(id_, agent.skills, "", True))


def _another(page: str) -> str:
    """The name of another page."""
    return "p1" if page == "p2" else "p2"


def _has_gone(agent: Agent) -> bool:
    """Whether that the account is valid would be news."""
    return agent.leaving or (not agent.valid and agent.valid_from is None)


def _request(scope: Scope, call: str, verification: str) -> e.CallRequested:
    skills: frozenset[str] = frozenset()
    fields = "CallRequested", call, verification, "", 1, 0, skills, scope.rules, NODE, scope.dealer
    return e.CallRequested(*fields)


def _of_no_call(scope: Scope, floor: Floor, call: str) -> Iterator[Letter]:
    yield Letter(_request(scope, call, f"v-{call}"))
    for other in floor.calls.values():
        if other.phase in LIVE:
            yield Letter(_request(scope, call, other.verification), is_old=True)
    yield Letter(e.CallerConnected(call, NODE, TOKEN), is_old=True)
    yield Letter(e.CallerDisconnected(call, 1), is_old=True)
    yield Letter(e.CallerHungUp(call, 1, "CallerHungUp"), is_old=True)
    yield Letter(e.OfferAccepted(scope.agents[0], call, 1, WORKER, "OfferAccepted"), is_old=True)
    yield Letter(e.EvidenceStored(call, 1), is_old=True)


def _of_call(scope: Scope, floor: Floor, call: Call) -> Iterator[Letter]:
    yield Letter(_request(scope, call.id, call.verification), is_old=True)
    ended = call.phase is Phase.ENDED
    yield Letter(e.CallerConnected(call.id, NODE, TOKEN, call.customer_leg.page), ended)
    socket = call.customer_leg.socket
    if call.phase in HELD_BY_AGENT and Leg.CUSTOMER in scope.lapses:
        yield Letter(e.CallerConnected(call.id, NODE, TOKEN, _another(call.customer_leg.page)))
        yield Letter(e.CallerDisconnected(call.id, socket, signed_out=True))
    if not (scope.in_line and call.phase in TALKING):
        for age in scope.ages:
            yield Letter(e.CallerDisconnected(call.id, socket, age), ended)
    yield Letter(e.CallerDisconnected(call.id, socket - 1, LONG, signed_out=True), is_old=True)
    yield Letter(e.CallerHungUp(call.id, socket, "CallerHungUp"), is_old=ended)
    yield Letter(e.CallerHungUp(call.id, socket - 1, "CallerHungUp"), is_old=True)
    for agent in scope.agents:
        yield from _of_offer(call, agent)
        yield from _presses(scope, call, agent)
    for leg in Leg:
        yield from _of_leg(scope, floor, call, leg)
    yield from _of_picture(call)
    for gate in scope.gates if call.phase in TALKING else ():
        yield Letter(e.GateOpened(call.id, gate) if gate in call.gates else e.GateShut(call.id, gate))
    yield Letter(e.GateOpened(call.id, "never shut"), is_old=True)
    for gate in {"recheck"} if ended else call.gates:
        yield Letter(e.GateShut(call.id, gate), is_old=True)


def _of_offer(call: Call, agent: str) -> Iterator[Letter]:
    for number in (call.offers, call.offers - 1):
        is_old = call.offer is None or (call.offer.agent, call.offer.number) != (agent, number)
        yield Letter(e.OfferAccepted(agent, call.id, number, WORKER, "OfferAccepted"), is_old)
        yield Letter(e.OfferDeclined(agent, call.id, number, "busy", "OfferDeclined"), is_old)


def _of_picture(call: Call) -> Iterator[Letter]:
    for number in (call.decisions, call.decisions - 1):
        is_old = call.decision is None or number < call.decisions
        yield Letter(e.EvidenceStored(call.id, number), is_old)
        yield Letter(e.EvidenceFailed(call.id, number), is_old)
        yield Letter(e.PictureRefused(call.id, number, "frame_too_old"), is_old)


def _presses(scope: Scope, call: Call, agent: str) -> Iterator[Letter]:
    """What only the agent who has an ACTIVE call may press; a late verdict is his too."""
    in_vain = agent != call.agent or call.phase is not Phase.ACTIVE
    yield Letter(e.AgentEnded(agent, call.id, "r", "AgentEnded"), in_vain)
    yield Letter(e.AgentEnded(agent, call.id, "", "AgentEnded"), is_old=True)
    frame = Frame(call.agent_leg.media, 1)
    for verdict in Verdict:
        late = call.phase is Phase.ENDED and verdict is not Verdict.CONFIRMED
        yield Letter(_verdict(agent, call, verdict, "r", frame), in_vain and not (late and agent == call.agent))
    yield Letter(_verdict(agent, call, Verdict.CONFIRMED, "", None), is_old=True)
    yield Letter(_verdict(agent, call, Verdict.REJECTED, "", frame), is_old=True)
    if call.decision is not None and agent == call.agent:
        again = replace(_verdict(agent, call, Verdict.REJECTED, "r", frame), request=call.decision.request)
        yield Letter(again, is_old=True)
    yield Letter(e.PictureRequested(agent, call.id, None, "PictureRequested"), in_vain)
    ticked = {tick.check for tick in call.ticks}
    for check in scope.checks:
        yield Letter(e.CheckSet(agent, call.id, check, check not in ticked, "CheckSet"), in_vain)
    yield Letter(e.CheckSet(agent, call.id, Check.DATA, Check.DATA in ticked, "CheckSet"), is_old=True)
    for gate in scope.gates:
        yield Letter(e.GateOverridden(agent, call.id, gate, "r", "GateOverridden"), in_vain or gate not in call.gates)
    yield Letter(e.GateOverridden(agent, call.id, "recheck", "", "GateOverridden"), is_old=True)
    yield Letter(e.GateOverridden(agent, call.id, "checks", "r", "GateOverridden"), is_old=True)


def _verdict(agent: str, call: Call, verdict: Verdict, reason: str, frame: Frame | None) -> e.VerdictPressed:
    # Each a press of its own: one heard twice is tried apart.
    return e.VerdictPressed(agent, call.id, verdict, reason, False, "", frame, f"VerdictPressed {call.decisions + 1}")


def _of_leg(scope: Scope, floor: Floor, call: Call, leg: Leg) -> Iterator[Letter]:
    state = call.leg(leg)
    yield Letter(e.MediaOffered(call.id, leg, state.socket - 1, "MediaOffered", WORKER), is_old=True)
    yield Letter(e.MediaFlowing(call.id, leg, state.media - 1, Kind.VIDEO), is_old=True)
    yield Letter(e.FramePresented(call.id, leg, state.media - 1, 1), is_old=True)
    if not (scope.in_line and call.phase is Phase.CONNECTING and leg is Leg.AGENT and not call.customer_leg.presented):
        yield from _of_media(scope, call, leg, state)
    for channel in Channel:
        number, report = _numbers(floor, call, leg, channel)
        counts = not scope.in_line or (channel is Channel.MEDIA) == (call.phase in TALKING)
        if leg in scope.lapses and counts and (scope.by_socket or channel is Channel.MEDIA):
            yield from _of_silence(scope, call, leg, channel, (number, report + 1))
        yield Letter(e.LegSilent(call.id, leg, channel, number, report, LONG), is_old=True)
        yield Letter(e.LegSilent(call.id, leg, channel, number - 1, report + 1, LONG), is_old=True)
        yield Letter(e.LegHeard(call.id, leg, channel, number, report), is_old=True)
        yield Letter(e.LegHeard(call.id, leg, channel, number - 1, report + 1), is_old=True)


def _of_media(scope: Scope, call: Call, leg: Leg, state: LegState) -> Iterator[Letter]:
    yield Letter(e.MediaOffered(call.id, leg, state.socket, "MediaOffered", scope.worker))
    for number, kind in enumerate(Kind):
        if scope.in_any_order or number <= len(state.flowing):
            yield Letter(e.MediaFlowing(call.id, leg, state.media, kind))
    if scope.in_any_order or state.flowing >= frozenset(Kind):
        yield Letter(e.FramePresented(call.id, leg, state.media, 1))


def _of_silence(scope: Scope, call: Call, leg: Leg, channel: Channel, numbers: tuple[int, int]) -> Iterator[Letter]:
    # In set-up a worker misses only what it has heard.
    if call.phase is not Phase.CONNECTING or channel is Channel.SOCKET or call.leg(leg).flowing:
        for age in scope.ages:
            yield Letter(e.LegSilent(call.id, leg, channel, *numbers, age))
    yield Letter(e.LegHeard(call.id, leg, channel, *numbers))


def _numbers(floor: Floor, call: Call, leg: Leg, channel: Channel) -> tuple[int, int]:
    """The present number of a leg's connection, and the last report about it."""
    state: Any = call.leg(leg)
    if channel is Channel.MEDIA:
        return state.media, state.report
    if leg is Leg.AGENT:
        holder = call.offer.agent if call.offer else call.agent
        state = floor.agents.get(holder or "", state)
    return state.socket, state.socket_report
