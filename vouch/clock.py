"""The wall clock as a port. Times are integer microseconds since 1970 in UTC; durations are microseconds too."""

import time
from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


class Clock(Protocol):
    """What tells the time of day."""

    def now(self) -> int:
        """Microseconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock:
    """This machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000


class DatabaseClock:
    """The database's clock as this process last heard it, carried on by a clock that nobody sets.

    So all nodes of an installation tell the same time, whatever their machines' clocks say.
    """

    def __init__(self) -> None:
        self._ahead = SystemClock().now() - _monotonic()

    def now(self) -> int:
        return _monotonic() + self._ahead

    def follow(self, now: int) -> None:
        """The database says that it is `now`."""
        self._ahead = now - _monotonic()


def _monotonic() -> int:
    return time.monotonic_ns() // 1_000


def in_vietnam(instant: int) -> datetime:
    """The same instant as a date and time of Asia/Ho_Chi_Minh, to the microsecond."""
    seconds, microseconds = divmod(instant, SECOND)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds).astimezone(VIETNAM)


def vietnamese_day(instant: int) -> date:
    """The calendar day on which an instant falls in Vietnam; days and shifts are counted by it."""
    return in_vietnam(instant).date()


def start_of_day(instant: int) -> int:
    """The instant at which the Vietnamese calendar day of `instant` began."""
    midnight = in_vietnam(instant).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp()) * SECOND


def iso(instant: int) -> str:
    """RFC 3339 in UTC with milliseconds, as the API writes times."""
    seconds, microseconds = divmod(instant, SECOND)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
