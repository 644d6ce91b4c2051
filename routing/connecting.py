"""CONNECTING: two peer connections come about; both sides seen and heard by both pages make the call ACTIVE.

The handlers serve ACTIVE and DECIDING too, where a page that reloads or reconnects negotiates in the same way.
"""

from dataclasses import replace

from routing import codes
from routing.agents import make_not_ready
from routing.commands import Negotiate
from routing.events import FramePresented, LegHeard, MediaFlowing, MediaOffered
from routing.legs import heard, media_gone, media_heard, with_leg
from routing.moves import end, found, hand_back, renewed
from routing.state import CONNECTION_LOST, TALKING, Call, Frame, Kind, Leg, Outcome, Phase, TeamRules
from routing.turn import Turn


def media_offered(turn: Turn, call: Call, event: MediaOffered) -> None:
    """A page wants a new peer connection: the next media number, on the call's worker."""
    state = call.leg(event.leg)
    worker = call.worker or event.worker
    if event.socket != state.socket or not state.socket_up:
        turn.answer(event.request, codes.OPENED_ELSEWHERE)
    elif not in_call(turn, call, event.leg):
        turn.answer(event.request, codes.NOT_VALID if event.leg is Leg.AGENT else codes.CALL_ENDED)
    elif worker is None:
        turn.answer(event.request, codes.NO_WORKER)
    else:
        silent_since = state.silent_since
        call = turn.put(call, worker=worker)
        call = with_leg(turn, call, event.leg, replace(renewed(state), silent_since=silent_since))
        turn.say(Negotiate(call.id, event.leg, state.media + 1, worker, event.request))
        if call.phase in TALKING:
            # The old connection is given up by its own page: until the new one is heard, nothing is.
            media_gone(turn, call, event.leg, turn.now)


def in_call(turn: Turn, call: Call, leg: Leg) -> bool:
    """Whether the person on this side may send and see: in DECIDING an account may be shut, a caller may hang up."""
    if leg is Leg.CUSTOMER:
        return not call.hung_up
    return call.agent is not None and turn.agent(call.agent).valid


def media_flowing(turn: Turn, call: Call, event: MediaFlowing) -> None:
    """First packets of a kind; of an old peer connection they change nothing."""
    state = call.leg(event.leg)
    if event.media == state.media and event.kind not in state.flowing:
        call = with_leg(turn, call, event.leg, replace(state, flowing=state.flowing | {event.kind}))
        _activate(turn, media_heard(turn, call, event.leg))


def frame_presented(turn: Turn, call: Call, event: FramePresented) -> None:
    """A page shows the other side; what the agent's page shows last is kept by its name."""
    state = call.leg(event.leg)
    if event.media != state.media:
        return
    call = with_leg(turn, call, event.leg, replace(state, presented=True))
    if event.leg is Leg.AGENT and event.rtp_timestamp is not None:
        call = turn.put(call, last_frame=Frame(event.media, event.rtp_timestamp))
    _activate(turn, call)


def heard_again(turn: Turn, call: Call, event: LegHeard) -> None:
    """A leg that fell silent in set-up is heard: that may be what was missing."""
    heard(turn, call, event)
    _activate(turn, turn.call(call.id))


def set_up_failed(turn: Turn, call: Call) -> None:
    """No media in time: once with another agent, then the call ends."""
    tries = call.set_up_tries + 1
    excluded = call.excluded | {call.agent} if call.agent else call.excluded
    call = turn.put(call, set_up_tries=tries, excluded=excluded)
    if tries > 1:
        end(turn, call, Outcome.SETUP_FAILED)
    else:
        hand_back(turn, call)


def customer_lost(turn: Turn, call: Call) -> None:
    """The customer is gone for good, in whatever phase."""
    end(turn, call, Outcome.CONNECTION_LOST)


def agent_lost(turn: Turn, call: Call) -> None:
    """The agent is gone for good; the customer is not thrown out for it."""
    if call.agent is not None and not call.agent_leg.own_fault:
        make_not_ready(turn, turn.agent(call.agent), CONNECTION_LOST)
    hand_back(turn, call)


def is_connected(call: Call, rules: TeamRules) -> bool:
    """Whether both legs are heard in full, and both pages show the other side."""
    agent_kinds = frozenset(Kind) if rules.agent_audio_required else frozenset({Kind.VIDEO})
    customer, agent = call.customer_leg, call.agent_leg
    flowing = customer.flowing >= frozenset(Kind) and agent.flowing >= agent_kinds
    audible = customer.silent_since is None and agent.silent_since is None
    return flowing and audible and customer.presented and agent.presented


def _activate(turn: Turn, call: Call) -> None:
    if call.phase is Phase.CONNECTING and is_connected(call, turn.rules):
        turn.put(
            call,
            phase=Phase.ACTIVE,
            started_at=turn.now,
            deadline=turn.now + call.rules.longest_call,
            set_up_tries=0,
            # Media flows: from here on a lost socket is no loss.
            customer_leg=found(call.customer_leg),
            agent_leg=found(call.agent_leg),
        )
