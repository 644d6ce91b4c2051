"""WAITING: how a call begins, and how long it may wait."""

from routing import codes
from routing.events import CallerHungUp, CallRequested
from routing.hours import is_open, working
from routing.moves import end
from routing.state import Call, LegState, Outcome
from routing.turn import Turn


def requested(turn: Turn, event: CallRequested) -> None:
    """Begin a call, or point to the one that the verification has: its next socket takes the leg over.

    While the team does not work it begins and ends at once: the caller is told the hours, and the attempt is kept.
    """
    live = turn.draft.live.get(event.verification)
    if live is None:
        call = _begin(turn, event)
        if not is_open(turn.hours, turn.now):
            end(turn, call, Outcome.CLOSED)
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
    """The longest wait has passed, or the team has gone home."""
    closed = call.closes_at is not None and call.closes_at <= turn.now
    end(turn, call, Outcome.CLOSED if closed else Outcome.NO_AGENT)


def _begin(turn: Turn, event: CallRequested) -> Call:
    # His page opens its socket next; until then he is as unreachable as one whose phone is in his pocket.
    leg = LegState(lost_since=turn.now, lost_until=turn.now + event.rules.waiting_grace)
    span = working(turn.hours, turn.now)
    longest = turn.now + event.rules.longest_wait
    fresh = Call(
        id=event.call,
        verification=event.verification,
        company=event.company,
        attempt=event.attempt,
        priority=event.priority,
        skills=event.skills,
        rules=event.rules,
        queued_at=turn.now,
        rank_at=turn.now - event.priority * turn.rules.head_start,
        dealer=event.dealer,
        closes_at=span.end if span else None,
        deadline=min(longest, span.end + turn.rules.closing_grace) if span else longest,
    )
    return turn.put(fresh, customer_leg=leg)
