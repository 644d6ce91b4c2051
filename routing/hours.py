"""When a team works, as spans that the shell has reckoned from weekly hours and holidays."""

from bisect import bisect_right

from routing.state import Span


def working(hours: tuple[Span, ...] | None, now: int) -> Span | None:
    """The working time that `now` lies in; None: none does, or the team has no hours and always works."""
    if hours is None:
        return None
    before = bisect_right(hours, now, key=_start)
    return hours[before - 1] if before and now < hours[before - 1].end else None


def is_open(hours: tuple[Span, ...] | None, now: int) -> bool:
    """Whether the team works now."""
    return hours is None or working(hours, now) is not None


def opens_at(hours: tuple[Span, ...] | None, now: int) -> int | None:
    """When the team works next, if it does not now; None: it does, or nobody knows."""
    if hours is None or is_open(hours, now):
        return None
    after = bisect_right(hours, now, key=_start)
    return hours[after].start if after < len(hours) else None


def _start(span: Span) -> int:
    return span.start
