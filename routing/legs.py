"""Heard, silent, lost: the two sides of a call and their two connections.

Up to CONNECTING a leg is heard by its socket, in ACTIVE and DECIDING by its media number alone. What is heard is kept
of both connections all the time; `lost_until` is set only by the one that counts in the present phase, and only
shortened while a loss lasts. An agent's socket belongs to the agent: `agents.py` says what happens to it.
"""

from dataclasses import replace

from routing import codes
from routing.commands import MediaMoved, Replaced, SocketAssigned
from routing.events import CallerConnected, CallerDisconnected, LegHeard, LegSilent, NodeLost, WorkerLost
from routing.moves import cut, end, found, renewed
from routing.state import (
    GATE_FROZEN,
    GATE_RECHECK,
    GATE_RECORDING,
    HELD_BY_AGENT,
    QUEUED,
    SIGNED_OUT,
    TALKING,
    Call,
    Channel,
    Check,
    Gap,
    Leg,
    LegState,
    Outcome,
    Phase,
    ReconnectRule,
)
from routing.turn import Turn


def with_leg(turn: Turn, call: Call, leg: Leg, state: LegState) -> Call:
    """Store one side of a call."""
    return turn.put(call, customer_leg=state) if leg is Leg.CUSTOMER else turn.put(call, agent_leg=state)


def socket_gained(turn: Turn, call: Call, leg: Leg, number: int, node: str | None) -> Call:
    """A leg has a new socket, or is heard again by the old one."""
    state = replace(call.leg(leg), socket=number, socket_up=True, node=node)
    return with_leg(turn, call, leg, state if call.phase in TALKING else found(state))


def socket_gone(turn: Turn, call: Call, leg: Leg, since: int, *, own_fault: bool = False) -> Call:
    """A leg's socket is down, last heard at `since`."""
    call = with_leg(turn, call, leg, replace(call.leg(leg), socket_up=False))
    return call if call.phase in TALKING else _lose(turn, call, leg, since, own_fault=own_fault)


def media_gone(turn: Turn, call: Call, leg: Leg, since: int, *, own_fault: bool = False) -> None:
    """A leg's media is silent, last heard at `since`. Under `strict` a customer's silence ends an ACTIVE call."""
    state = call.leg(leg)
    silent_since = since if state.silent_since is None else min(state.silent_since, since)
    call = with_leg(turn, call, leg, replace(state, silent_since=silent_since))
    if call.phase in TALKING:
        call = _lose(turn, call, leg, since, own_fault=own_fault)
    if broken_for_good(call):
        end(turn, call, Outcome.INTERRUPTED)


def media_heard(turn: Turn, call: Call, leg: Leg) -> Call:
    """A leg's media is heard (again); its gap, if there was one, is noted and may call for a recheck."""
    since = call.leg(leg).lost_since
    state = replace(call.leg(leg), silent_since=None)
    if call.phase not in TALKING or since is None:
        return with_leg(turn, call, leg, state)
    call = with_leg(turn, call, leg, found(state))
    call = turn.put(call, gaps=(*call.gaps, Gap(leg, since, turn.now)))
    if leg is Leg.CUSTOMER and call.rules.reconnect_rule is ReconnectRule.RESUME_WITH_RECHECK:
        return _shut_recheck(turn, call)
    return call


def media_left(turn: Turn, call: Call, leg: Leg) -> None:
    """Whoever used a leg's media is no longer in the call, whatever they go on to send: cut it, and begin anew.

    Nothing where there is no agent: the way there (`moves.hand_back`, `moves.end`) has cut both.
    """
    if call.phase not in HELD_BY_AGENT:
        return
    cut(turn, call, leg)
    state = call.leg(leg)
    call = with_leg(turn, call, leg, replace(renewed(state), silent_since=state.silent_since))
    if call.phase in TALKING:
        media_gone(turn, call, leg, turn.now)


def broken_for_good(call: Call) -> bool:
    """Whether the rule `strict` ends the call now."""
    lost = call.customer_leg.lost_until is not None
    return call.phase is Phase.ACTIVE and lost and call.rules.reconnect_rule is ReconnectRule.STRICT


def caller_connected(turn: Turn, call: Call, event: CallerConnected) -> None:
    """A caller's page joins, or a second one takes over: then the first one's media are over too."""
    leg = call.customer_leg
    if leg.socket_up:
        turn.say(Replaced(Leg.CUSTOMER, call.id, None, leg.socket, leg.node))
    call = socket_gained(turn, call, Leg.CUSTOMER, leg.socket + 1, event.node)
    call = with_leg(turn, call, Leg.CUSTOMER, replace(call.customer_leg, socket_report=0, page=event.page))
    turn.say(SocketAssigned(Leg.CUSTOMER, call.id, None, leg.socket + 1, event.node, event.token))
    if event.page != leg.page:
        media_left(turn, call, Leg.CUSTOMER)


def caller_too_late(turn: Turn, _: Call, event: CallerConnected) -> None:
    """The call is over: its page is told so."""
    turn.answer(event.token, codes.CALL_ENDED)


def caller_disconnected(turn: Turn, call: Call, event: CallerDisconnected) -> None:
    """A caller's socket is down; one that was replaced changes nothing."""
    leg = call.customer_leg
    if event.socket == leg.socket and leg.socket_up:
        call = socket_gone(turn, call, Leg.CUSTOMER, _heard_at(turn, event.age))
    if event.socket == leg.socket and event.signed_out:
        call = with_leg(turn, call, Leg.CUSTOMER, replace(call.customer_leg, page=SIGNED_OUT))
        media_left(turn, call, Leg.CUSTOMER)


def silent(turn: Turn, call: Call, event: LegSilent) -> None:
    """A report of silence; an old number or an old report changes nothing."""
    state = call.leg(event.leg)
    if not _is_news(state, event):
        return
    since = _heard_at(turn, event.age)
    call = _reported(turn, call, event)
    if event.channel is Channel.MEDIA:
        media_gone(turn, call, event.leg, since)
    else:
        socket_gone(turn, call, event.leg, since)


def heard(turn: Turn, call: Call, event: LegHeard) -> None:
    """A report that a leg is heard again on the connection it had."""
    state = call.leg(event.leg)
    if not _is_news(state, event):
        return
    call = _reported(turn, call, event)
    if event.channel is Channel.MEDIA:
        media_heard(turn, call, event.leg)
    else:
        socket_gained(turn, call, event.leg, state.socket, state.node)


def node_lost(turn: Turn, call: Call, event: NodeLost) -> None:
    """The caller's socket was held by a node of ours that is gone. (Agents' sockets: `agents.node_lost`.)"""
    leg = call.customer_leg
    if leg.node == event.node and leg.socket_up:
        socket_gone(turn, call, Leg.CUSTOMER, _heard_at(turn, event.age), own_fault=True)


def worker_lost(turn: Turn, call: Call, event: WorkerLost) -> None:
    """A call that talks goes on elsewhere: both legs are lost, by no fault of theirs, until heard there."""
    call = _moved(turn, call, event.replacement)
    since = _heard_at(turn, event.age)
    media_gone(turn, call, Leg.AGENT, since, own_fault=True)
    # Last, as this may end the call.
    media_gone(turn, turn.call(call.id), Leg.CUSTOMER, since, own_fault=True)


def worker_lost_in_set_up(turn: Turn, call: Call, event: WorkerLost) -> None:
    """A call that connects begins its set-up anew: the time lost was not the agent's."""
    turn.put(_moved(turn, call, event.replacement), deadline=turn.now + turn.rules.set_up)


def worker_lost_unused(turn: Turn, call: Call, event: WorkerLost) -> None:
    """A caller who waits again will be connected elsewhere."""
    turn.put(call, worker=event.replacement)


def _moved(turn: Turn, call: Call, worker: str | None) -> Call:
    turn.say(MediaMoved(call.id))
    customer, agent = call.customer_leg, call.agent_leg
    # The recording goes on in a new file elsewhere, whose beginning must be on disk first.
    gates = call.gates - {GATE_FROZEN} | call.rules.gates & {GATE_RECORDING}
    # What was silent stays silent: a running grace is not begun anew by our fault.
    return turn.put(
        call,
        gates=gates,
        worker=worker,
        customer_leg=replace(renewed(customer), silent_since=customer.silent_since),
        agent_leg=replace(renewed(agent), silent_since=agent.silent_since),
    )


def _lose(turn: Turn, call: Call, leg: Leg, since: int, *, own_fault: bool) -> Call:
    state = call.leg(leg)
    until = since + (call.rules.waiting_grace if call.phase in QUEUED else call.rules.grace)
    if state.lost_until is None or state.lost_since is None:
        lost = replace(state, lost_since=since, lost_until=until, own_fault=own_fault)
    else:
        lost = replace(state, lost_since=min(state.lost_since, since), lost_until=min(state.lost_until, until))
    return with_leg(turn, call, leg, lost)


def _shut_recheck(turn: Turn, call: Call) -> Call:
    ticks = tuple(tick for tick in call.ticks if tick.check is not Check.RECHECK)
    return turn.put(call, gates=call.gates | {GATE_RECHECK}, ticks=ticks)


def _heard_at(turn: Turn, age: int) -> int:
    return turn.now - max(age, 0)


def _is_news(state: LegState, event: LegSilent | LegHeard) -> bool:
    if event.channel is Channel.MEDIA:
        return event.number == state.media and event.report > state.report
    return event.number == state.socket and event.report > state.socket_report


def _reported(turn: Turn, call: Call, event: LegSilent | LegHeard) -> Call:
    state = call.leg(event.leg)
    if event.channel is Channel.MEDIA:
        return with_leg(turn, call, event.leg, replace(state, report=event.report))
    return with_leg(turn, call, event.leg, replace(state, socket_report=event.report))
