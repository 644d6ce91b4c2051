"""What every event means in every phase, the pairs that do nothing too. Not how it is done: that is in the handlers.

A page or a late report can send anything at any time, so every pair has a row, and none raises for what a peer did.
Events that name what is not on the floor: `step.py`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from routing import active, agents, codes, connecting, deciding, legs, offers, waiting
from routing import events as e
from routing.state import Agent, Call, Channel, Due, Leg, Phase
from routing.turn import Turn

CallHandler = Callable[[Turn, Call, Any], None]
AgentHandler = Callable[[Turn, Agent, Call | None, Any], None]

W, R, C, A, D, E = Phase.WAITING, Phase.RINGING, Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING, Phase.ENDED


def nothing(_: Turn, __: Call, ___: Any) -> None:
    """The pair is known and means nothing."""


def refuse(code: str) -> CallHandler:
    """The press is answered with a code and changes nothing."""

    def handler(turn: Turn, _: Call, event: Any) -> None:
        turn.answer(event.request, code)

    return handler


def own(handler: CallHandler) -> CallHandler:
    """Only the agent who holds the call may press this."""

    def checked(turn: Turn, call: Call, event: Any) -> None:
        if event.agent != call.agent:
            turn.answer(event.request, codes.NOT_YOUR_CALL)
        else:
            handler(turn, call, event)

    return checked


def by_leg(of_agents_socket: CallHandler, handler: CallHandler) -> CallHandler:
    """The agent's socket belongs to the agent, all else to the call."""

    def chosen(turn: Turn, call: Call, event: Any) -> None:
        is_agents = event.leg is Leg.AGENT and event.channel is Channel.SOCKET
        (of_agents_socket if is_agents else handler)(turn, call, event)

    return chosen


def socket_only(handler: CallHandler) -> CallHandler:
    """Before CONNECTING there is no media, so what is reported of it is old."""

    def checked(turn: Turn, call: Call, event: Any) -> None:
        if event.channel is Channel.SOCKET:
            handler(turn, call, event)

    return checked


def _press(active_: CallHandler, deciding_: CallHandler, ended: CallHandler) -> dict[Phase, CallHandler]:
    """A press of the agent who holds an ACTIVE call."""
    theirs = refuse(codes.NOT_YOUR_CALL)
    early = own(refuse(codes.NOT_READY_YET))
    return {W: theirs, R: theirs, C: early, A: own(active_), D: own(deciding_), E: ended}


_silent = by_leg(agents.socket_silent, legs.silent)
_heard = by_leg(agents.socket_heard, legs.heard)
_gone = refuse(codes.OFFER_GONE)
_ended = refuse(codes.CALL_ENDED)
_decided = refuse(codes.ALREADY_DECIDED)
_unconnected = refuse(codes.NOT_CONNECTED_YET)
_again = waiting.requested_again

CALLS: Mapping[type, Mapping[Phase, CallHandler]] = {
    e.CallRequested: {W: _again, R: _again, C: _again, A: _again, D: _again, E: _again},
    e.CallerConnected: {
        W: legs.caller_connected,
        R: legs.caller_connected,
        C: legs.caller_connected,
        A: legs.caller_connected,
        D: legs.caller_connected,
        E: legs.caller_too_late,
    },
    e.CallerDisconnected: {
        W: legs.caller_disconnected,
        R: legs.caller_disconnected,
        C: legs.caller_disconnected,
        A: legs.caller_disconnected,
        D: legs.caller_disconnected,
        E: nothing,
    },
    e.OfferAccepted: {
        W: _gone,
        R: offers.accepted,
        C: offers.accepted_again,
        A: offers.accepted_again,
        D: offers.accepted_again,
        E: _ended,
    },
    e.OfferDeclined: {W: _gone, R: offers.declined, C: _gone, A: _gone, D: _gone, E: _ended},
    e.MediaOffered: {
        W: _unconnected,
        R: _unconnected,
        C: connecting.media_offered,
        A: connecting.media_offered,
        D: connecting.media_offered,
        E: _ended,
    },
    e.MediaFlowing: {
        W: nothing,
        R: nothing,
        C: connecting.media_flowing,
        A: connecting.media_flowing,
        D: connecting.media_flowing,
        E: nothing,
    },
    e.FramePresented: {
        W: nothing,
        R: nothing,
        C: connecting.frame_presented,
        A: connecting.frame_presented,
        D: connecting.frame_presented,
        E: nothing,
    },
    e.LegSilent: {
        W: socket_only(_silent),
        R: socket_only(_silent),
        C: _silent,
        A: _silent,
        D: _silent,
        E: nothing,
    },
    e.LegHeard: {
        W: socket_only(_heard),
        R: socket_only(_heard),
        C: by_leg(agents.socket_heard, connecting.heard_again),
        A: _heard,
        D: _heard,
        E: nothing,
    },
    e.CallerHungUp: {
        W: waiting.hung_up,
        R: waiting.hung_up,
        C: waiting.hung_up,
        A: waiting.hung_up,
        D: deciding.hung_up,
        E: _ended,
    },
    e.AgentEnded: _press(active.agent_ended, _decided, _ended),
    e.VerdictPressed: _press(deciding.pressed, deciding.pressed_again, deciding.pressed_late),
    e.PictureRequested: _press(active.picture_requested, _decided, _ended),
    e.CheckSet: _press(active.check_set, _decided, _ended),
    e.GateOverridden: _press(active.gate_overridden, _decided, _ended),
    e.EvidenceStored: {W: nothing, R: nothing, C: nothing, A: nothing, D: deciding.stored, E: deciding.stored},
    e.EvidenceFailed: {
        W: nothing,
        R: nothing,
        C: nothing,
        A: nothing,
        D: deciding.evidence_failed,
        E: deciding.evidence_failed,
    },
    e.PictureRefused: {
        W: nothing,
        R: nothing,
        C: nothing,
        A: nothing,
        D: deciding.picture_refused,
        E: deciding.picture_refused,
    },
    e.GateShut: {
        W: active.gate_shut,
        R: active.gate_shut,
        C: active.gate_shut,
        A: active.gate_shut,
        D: active.gate_shut,
        E: nothing,
    },
    e.GateOpened: {
        W: active.gate_opened,
        R: active.gate_opened,
        C: active.gate_opened,
        A: active.gate_opened,
        D: active.gate_opened,
        E: nothing,
    },
    # Events of the whole floor, as each call takes them.
    e.NodeLost: {
        W: legs.node_lost,
        R: legs.node_lost,
        C: legs.node_lost,
        A: legs.node_lost,
        D: legs.node_lost,
        E: nothing,
    },
    e.WorkerLost: {
        W: legs.worker_lost_unused,
        R: legs.worker_lost_unused,
        C: legs.worker_lost_in_set_up,
        A: legs.worker_lost,
        D: legs.worker_lost,
        E: nothing,
    },
}
"""Event and phase of the call that it names, or that it is about."""

AGENTS: Mapping[type, Mapping[Phase | None, AgentHandler]] = {
    e.AgentConnected: dict.fromkeys((None, R, C, A, D), agents.connected),
    e.AgentDisconnected: dict.fromkeys((None, R, C, A, D), agents.disconnected),
    e.AgentReady: dict.fromkeys((None, R, C, A, D), agents.ready),
    e.AgentPaused: dict.fromkeys((None, R, C, A, D), agents.paused),
    e.WrapUpEnded: dict.fromkeys((None, R, C, A, D), agents.wrap_up_ended),
    e.AgentJoined: dict.fromkeys((None, R, C, A, D), agents.changed),
    e.AgentChanged: dict.fromkeys((None, R, C, A, D), agents.changed),
    e.AgentRemoved: dict.fromkeys((None, R, C, A, D), agents.removed),
    e.NodeLost: dict.fromkeys((None, R, C, A, D), agents.node_lost),
}
"""Event and phase of the live call that the agent holds, None if he holds none; WAITING and ENDED are nobody's."""

PHASE_OVER: Mapping[Phase, Callable[[Turn, Call], None]] = {
    W: waiting.waited_too_long,
    C: connecting.set_up_failed,
    A: active.call_too_long,
}
"""What happens when the phase's own time is over; RINGING and DECIDING have deadlines of their own."""

DUE: Mapping[Due, Callable[[Turn, Call], None]] = {
    Due.EVIDENCE: deciding.evidence_overdue,
    Due.CUSTOMER_LOST: connecting.customer_lost,
    Due.AGENT_LOST: connecting.agent_lost,
    Due.RING: offers.rang_out,
    Due.PHASE: lambda turn, call: PHASE_OVER[call.phase](turn, call),
}
"""What happens when a call's deadline passes."""

AGENT_DUE: Mapping[Due, Callable[[Turn, Agent], None]] = {
    Due.WRAP_UP: agents.end_wrap_up,
    Due.ACCOUNT: agents.validity_changed,
}
"""What happens when an agent's deadline passes."""
