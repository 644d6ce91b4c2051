"""WAITING: how a call begins, and how long it may wait."""

from routing import codes
from routing.events import CallerHungUp, CallRequested
from routing.moves import end
from routing.state import Call, LegState, Outcome
from routing.turn import Turn


def requested(turn: Turn, event: CallRequested) -> None:
    """Begin a call, or point to the one that the verification has: its next socket takes the leg over."""
    live = turn.draft.live.get(event.verification)
    if live is None:
        _begin(turn, event)
    turn.answer(event.request, codes.OK, live or event.call)


def requested_again(turn: Turn, call: Call, event: CallRequested) -> None:
    """The id is taken: the request was heard before."""
    turn.answer(event.request, codes.OK, call.id)


def hung_up(turn: Turn, call: Call, event: CallerHungUp) -> None:
    """The caller gives up, in any phase before a verdict is pressed."""
    if event.socket != call.customer_leg.socket:
        turn.answer(event.request, codes.OPENED_ELSEWHERE)
        return
    end(turn, call, Outcome.CANCELLED)
    turn.answer(event.request, codes.OK)


def waited_too_long(turn: Turn, call: Call) -> None:
    """The longest wait has passed."""
    end(turn, call, Outcome.NO_AGENT)


def _begin(turn: Turn, event: CallRequested) -> None:
    # His page opens its socket next; until then he is as unreachable as one whose phone is in his pocket.
    leg = LegState(lost_since=turn.now, lost_until=turn.now + event.rules.waiting_grace)
    fresh = Call(
        id=event.call,
        verification=event.verification,
        company=event.company,
        attempt=event.attempt,
        priority=event.priority,
        skills=event.skills,
        rules=event.rules,
        queued_at=turn.now,
        deadline=turn.now + event.rules.longest_wait,
    )
    turn.put(fresh, customer_leg=leg)
