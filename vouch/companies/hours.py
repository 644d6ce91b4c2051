"""When a team works: weekly hours as people write them, less public holidays, as instants of the coming days.

Hours are those of Asia/Ho_Chi_Minh, which keeps one offset all the year round.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

from vouch.clock import MINUTE, SECOND, VIETNAM

ALWAYS = "always"
OFFICE_HOURS = "mon-sat 08:00-12:00 13:00-17:00"
"""What teams owe where nothing else is said."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_END_OF_DAY = 24 * 60
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


Instants = tuple[tuple[int, int], ...]
"""Times as (start, end) instants in their order, apart from each other; the end is not part of it."""


class Shift(NamedTuple):
    """A working time of every week."""

    weekday: int
    """0 is Monday."""
    since: int
    """Minutes after midnight."""
    until: int
    """Minutes after midnight, 24 * 60 for the next one; not part of it."""


def weekly(text: str) -> tuple[Shift, ...] | None:
    """The working times that `text` says, in order; None for `always`.

    Groups are parted by `;`, each names its days and then its times: `mon-fri 08:00-12:00 13:00-17:00; sat 08:00-12:00`
    (days parted by `,`, or a range). ValueError with a sentence that says what is wrong.
    """
    if text.strip().lower() == ALWAYS:
        return None
    groups = [group.split() for group in text.lower().split(";") if group.strip()]
    shifts = sorted(shift for group in groups for shift in _group(group))
    if not shifts:
        raise ValueError(f"hours are `always`, or days with times such as `{OFFICE_HOURS}`")
    for earlier, later in pairwise(shifts):
        if earlier.weekday == later.weekday and later.since < earlier.until:
            raise ValueError(f"two times of {_DAYS[later.weekday]} overlap")
    return tuple(shifts)


def written(shifts: tuple[Shift, ...] | None) -> str:
    """The shortest text that `weekly` reads as these."""
    if shifts is None:
        return ALWAYS
    by_day = {
        day: " ".join(_time(shift) for shift in group) for day, group in groupby(shifts, key=lambda each: each.weekday)
    }
    groups = [list(group) for _, group in groupby(_runs(by_day), key=lambda run: run[1])]
    return "; ".join(f"{','.join(name for name, _ in group)} {group[0][1]}" for group in groups)


def working(shifts: tuple[Shift, ...], closed: Collection[date], first: date, days: int) -> Instants:
    """The working times of `days` days from `first` on; those that meet are one."""
    spans: list[tuple[int, int]] = []
    for day in (first + timedelta(days=number) for number in range(days)):
        if day in closed:
            continue
        midnight = int(datetime(day.year, day.month, day.day, tzinfo=VIETNAM).timestamp()) * SECOND
        for shift in shifts:
            if shift.weekday == day.weekday():
                _extend(spans, midnight + shift.since * MINUTE, midnight + shift.until * MINUTE)
    return tuple(spans)


def holidays_between(first: date, days: int) -> Iterable[date]:
    """The public holidays of every year that `days` days from `first` on touch."""
    last = first + timedelta(days=days)
    return frozenset[date]().union(*(public_holidays(year) for year in range(first.year, last.year + 1)))


@lru_cache(maxsize=8)
def public_holidays(year: int) -> frozenset[date]:
    """Vietnam's public holidays of a year, with the days off given in their place (Labour Code 2019, Art. 112)."""
    # Its import takes half a second, which a node that starts again does not have where nobody keeps holidays.
    import holidays  # noqa: PLC0415

    return frozenset(holidays.country_holidays("VN", years=year))


def _group(words: list[str]) -> Iterator[Shift]:
    days, *times = words
    if not times:
        raise ValueError(f"`{days}` needs times, such as `{days} 08:00-17:00`")
    for day in _weekdays(days):
        for time in times:
            yield Shift(day, *_minutes(time))


def _weekdays(text: str) -> Iterator[int]:
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            raise ValueError(f"`{part}` is no day: days are {', '.join(_DAYS)}")
        begin, end = _DAYS.index(first), _DAYS.index(last or first)
        if end < begin:
            raise ValueError(f"`{part}` runs over the end of the week: write it as two")
        yield from range(begin, end + 1)


def _minutes(text: str) -> tuple[int, int]:
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is no time: times are as 08:00-12:00")
    hour, minute, end_hour, end_minute = map(int, found.groups())
    since, until = hour * 60 + minute, end_hour * 60 + end_minute
    if not since < until <= _END_OF_DAY:
        raise ValueError(f"`{text}` does not end later on the same day; a night is two times, such as 22:00-24:00")
    return since, until


def _runs(by_day: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Neighbouring days of equal times as (days, times)."""
    # Of neighbours with the same times the difference between day and place is the same.
    for _, run in groupby(enumerate(sorted(by_day)), key=lambda each: (each[1] - each[0], by_day[each[1]])):
        days = [day for _, day in run]
        names = _DAYS[days[0]] if len(days) == 1 else f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"
        yield names, by_day[days[0]]


def _time(shift: Shift) -> str:
    return f"{clock_time(shift.since)}-{clock_time(shift.until)}"


def clock_time(minutes: int) -> str:
    """Minutes after midnight as 08:00."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _extend(spans: list[tuple[int, int]], start: int, end: int) -> None:
    if spans and spans[-1][1] == start:
        spans[-1] = (spans[-1][0], end)
    else:
        spans.append((start, end))
