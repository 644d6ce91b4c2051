"""Ways out of a phase that several phases share: back to the queue, and the end.

Each takes the call as it stands; who goes on with it afterwards takes it from the turn, or as it is given back.
"""

from dataclasses import replace

from routing.commands import CallEnded, CancelOffer, CloseMedia, CutMedia, KeepLastFrame
from routing.state import HELD_BY_AGENT, TALKING, Agent, Call, Gap, Leg, LegState, Notice, Outcome, Phase, WrapUp
from routing.turn import Turn

RECENT_CALLS = 20
"""How many calls the mean handling time is taken over: enough to be steady, few enough to follow the hour."""

VERDICTS = frozenset({Outcome.CONFIRMED, Outcome.REJECTED, Outcome.UNABLE_TO_VERIFY})


def end(turn: Turn, call: Call, outcome: Outcome, reason: str = "") -> None:
    """End a live call: free its agent, close its media, say so once."""
    was = call.phase
    if was is Phase.RINGING:
        _cancel_offer(turn, call, outcome)
    ended = turn.put(
        call,
        phase=Phase.ENDED,
        ended_in=was,
        ended_at=turn.now,
        outcome=outcome,
        end_reason=reason,
        offer=None,
        decision=None,
        hung_up=False,
        gaps=gaps_closed(call, turn.now),
        customer_leg=found(call.customer_leg),
        agent_leg=found(call.agent_leg),
        notice=Notice.DECLINED if outcome is Outcome.DECLINED else call.notice,
    )
    turn.say(
        CallEnded(call.id, call.verification, call.attempt, outcome, was, call.agent, turn.now, reason),
    )
    _close_media(turn, ended)
    if ended.agent is not None and was in HELD_BY_AGENT:
        _release_agent(turn, ended, turn.agent(ended.agent))
    forget(turn, call.id)


def unring(turn: Turn, call: Call, reason: str) -> Call:
    """From RINGING back to WAITING, in the old place; the longest wait runs on."""
    _cancel_offer(turn, call, reason)
    return turn.put(call, phase=Phase.WAITING, offer=None, notice=Notice.PASSING_ON)


def hand_back(turn: Turn, call: Call) -> None:
    """From CONNECTING or ACTIVE back to WAITING, at the head; the next agent begins anew, on new media numbers.

    Where the team has gone home by now there is no next agent: the call ends as `closed`.
    """
    # He was being served: his patience begins anew, his place does not.
    until = turn.now + call.rules.longest_wait
    if call.closes_at is not None:
        until = min(until, call.closes_at + turn.rules.closing_grace)
    if until <= turn.now:
        end(turn, call, Outcome.CLOSED)
        return
    if call.agent is not None:
        turn.put_agent(turn.agent(call.agent), last_call_ended_at=turn.now)
    # The customer too: while they wait there is nobody to show them to.
    cut(turn, call, *Leg)
    turn.put(
        call,
        phase=Phase.WAITING,
        at_head=True,
        agent=None,
        accepted_at=None,
        started_at=None,
        last_frame=None,
        deadline=until,
        gaps=gaps_closed(call, turn.now),
        customer_leg=_waiting_leg(turn, call),
        agent_leg=LegState(media=call.agent_leg.media + 1),
        ticks=(),
        notice=Notice.PASSING_ON,
    )


def cut(turn: Turn, call: Call, *legs: Leg) -> None:
    """Say that whoever used these legs' media, up to their present numbers, is out of the call."""
    numbers = {leg: call.leg(leg).media for leg in legs}
    if call.worker is not None and any(numbers.values()):
        turn.say(CutMedia(call.id, call.worker, numbers.get(Leg.CUSTOMER, 0), numbers.get(Leg.AGENT, 0)))


def forget(turn: Turn, call_id: str) -> None:
    """Take an ended call off the floor, unless its agent's wrap-up or a late verdict still needs it."""
    call = turn.draft.calls.get(call_id)
    if call is None or call.phase is not Phase.ENDED or call.decision is not None:
        return
    agent = turn.draft.agents.get(call.agent) if call.agent else None
    if agent is None or agent.wrap_up is None or agent.wrap_up.call != call_id:
        turn.drop_call(call_id)


def found(leg: LegState) -> LegState:
    """A leg that counts as lost no longer."""
    return replace(leg, lost_since=None, lost_until=None, own_fault=False)


def renewed(leg: LegState) -> LegState:
    """A leg with the next media number, of which nothing is known yet."""
    return replace(leg, media=leg.media + 1, flowing=frozenset(), presented=False, report=0, silent_since=None)


def gaps_closed(call: Call, now: int) -> tuple[Gap, ...]:
    """The call's interruptions, those that still run closed by now. Before ACTIVE there is nothing to interrupt."""
    if call.phase not in TALKING:
        return call.gaps
    running = [(leg, call.leg(leg).lost_since) for leg in Leg]
    return call.gaps + tuple(Gap(leg, since, now) for leg, since in running if since is not None)


def _cancel_offer(turn: Turn, call: Call, reason: str) -> None:
    if call.offer is not None:
        turn.say(CancelOffer(call.offer.agent, call.id, call.offer.number, reason))


def _waiting_leg(turn: Turn, call: Call) -> LegState:
    """The customer's leg as it waits again: heard by its socket, a grace that runs is kept."""
    leg = renewed(call.customer_leg)
    if leg.socket_up:
        return found(leg)
    until = turn.now + call.rules.waiting_grace
    if leg.lost_until is None or leg.lost_since is None:
        return replace(leg, lost_since=turn.now, lost_until=until)
    return replace(leg, lost_until=min(leg.lost_until, until))


def _close_media(turn: Turn, call: Call) -> None:
    if call.ended_in in TALKING and call.outcome not in VERDICTS and call.last_frame is not None:
        turn.say(KeepLastFrame(call.id, call.worker, call.last_frame))
    if call.worker is not None:
        turn.say(CloseMedia(call.id, call.worker))


def _release_agent(turn: Turn, call: Call, agent: Agent) -> None:
    wrap_up = None
    if call.ended_in in TALKING and call.accepted_at is not None:
        handling = turn.now - call.accepted_at + turn.rules.wrap_up
        turn.handled = (*turn.handled, handling)[-RECENT_CALLS:]
        if turn.rules.wrap_up > 0 and agent.valid:
            wrap_up = WrapUp(call.id, turn.now, turn.now + turn.rules.wrap_up)
    turn.put_agent(agent, wrap_up=wrap_up, last_call_ended_at=turn.now)
