"""Weekly hours as people write them, and the times that come of them."""

from datetime import UTC, date, datetime

import pytest

from vouch.clock import HOUR, SECOND
from vouch.companies.hours import (
    ALWAYS,
    OFFICE_HOURS,
    Shift,
    clock_time,
    holidays_between,
    public_holidays,
    weekly,
    working,
    written,
)

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("always", "always"),
        (" Always ", "always"),
        (OFFICE_HOURS, "mon-sat 08:00-12:00 13:00-17:00"),
        ("sat 08:00-12:00; MON-FRI 13:00-17:00 08:00-12:00", "mon-fri 08:00-12:00 13:00-17:00; sat 08:00-12:00"),
        ("mon,wed,fri 08:00-09:00;", "mon,wed,fri 08:00-09:00"),
        ("mon 08:00-09:00; tue 08:00-09:00; thu 08:00-09:00", "mon-tue,thu 08:00-09:00"),
        ("mon-sun 00:00-24:00", "mon-sun 00:00-24:00"),
    ],
)
def test_hours_have_one_shortest_form(text: str, shortest: str) -> None:
    assert written(weekly(text)) == shortest
    assert written(weekly(shortest)) == shortest


def test_hours_are_read_in_order() -> None:
    assert weekly("tue 13:00-17:30 08:00-12:00") == (Shift(1, 480, 720), Shift(1, 780, 1050))
    assert weekly(ALWAYS) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "always"),
        ("; ;", "always"),
        ("mon", "`mon` needs times"),
        ("monday 08:00-12:00", "`monday` is no day"),
        ("mon- 08:00-12:00;tue-xxx 08:00-12:00", "`tue-xxx` is no day"),
        ("sat-mon 08:00-12:00", "over the end of the week"),
        ("mon 8-12", "`8-12` is no time"),
        ("mon 08:00-25:00", "is no time"),
        ("mon 08:00-24:30", "does not end later"),
        ("mon 12:00-12:00", "does not end later"),
        ("mon 22:00-06:00", "a night is two times"),
        ("mon 08:00-12:00 11:59-13:00", "two times of mon overlap"),
        ("mon-fri 08:00-12:00; wed 10:00-11:00", "two times of wed overlap"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        weekly(text)


def times(text: str, closed: set[date], days: int) -> list[str]:
    shifts = weekly(text)
    assert shifts is not None
    return [
        " ".join(f"{datetime.fromtimestamp(at / SECOND, UTC):%d %H:%M}" for at in span)
        for span in working(shifts, closed, MONDAY, days)
    ]


def test_working_times_are_vietnamese_days_as_instants() -> None:
    assert times("mon-tue 08:00-12:00", set(), 9) == [
        "23 01:00 23 05:00",
        "24 01:00 24 05:00",
        "30 01:00 30 05:00",
        "01 01:00 01 05:00",
    ]


def test_a_closed_day_has_none() -> None:
    assert times("mon-sun 08:00-12:00", {date(2026, 11, 24)}, 3) == ["23 01:00 23 05:00", "25 01:00 25 05:00"]
    assert times("sun 08:00-12:00", set(), 6) == []


def test_times_that_meet_are_one() -> None:
    assert times("mon 20:00-24:00; tue 00:00-06:00 06:00-07:00", set(), 2) == ["23 13:00 24 00:00"]
    (span,) = working(weekly("mon-sun 00:00-24:00") or (), (), MONDAY, 14)
    assert span[1] - span[0] == 14 * 24 * HOUR


def test_public_holidays_are_vietnams() -> None:
    year = public_holidays(2026)
    assert {date(2026, 1, 1), date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 2)} <= year
    assert date(2026, 2, 17) in year, "the first day of the lunar year"
    assert date(2026, 11, 23) not in year


def test_holidays_of_both_years_are_known_at_the_turn() -> None:
    assert date(2027, 1, 1) in holidays_between(date(2026, 12, 28), 14)


def test_times_are_written_as_on_a_door() -> None:
    assert [clock_time(minutes) for minutes in (0, 485, 1440)] == ["00:00", "08:05", "24:00"]
