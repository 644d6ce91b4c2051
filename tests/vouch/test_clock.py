import time
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from vouch.clock import DAY, HOUR, SECOND, DatabaseClock, SystemClock, in_vietnam, iso, start_of_day, vietnamese_day

# 2026-11-20T17:00:00Z is midnight of the 21st in Vietnam (UTC+7, no summer time).
MIDNIGHT = int(datetime(2026, 11, 20, 17, tzinfo=UTC).timestamp()) * SECOND
# From 1976 on; before that the country's clocks stood otherwise.
instants = st.integers(200_000_000 * SECOND, 4_000_000_000 * SECOND)


def test_the_day_changes_at_midnight_in_vietnam() -> None:
    assert vietnamese_day(MIDNIGHT - 1) == date(2026, 11, 20)
    assert vietnamese_day(MIDNIGHT) == date(2026, 11, 21)


def test_the_day_begins_at_midnight_in_vietnam() -> None:
    assert start_of_day(MIDNIGHT) == start_of_day(MIDNIGHT + DAY - 1) == MIDNIGHT
    assert start_of_day(MIDNIGHT - 1) == MIDNIGHT - DAY


def test_a_time_in_vietnam_is_exact_to_the_microsecond() -> None:
    last = in_vietnam(MIDNIGHT - 1)
    assert last.isoformat() == "2026-11-20T23:59:59.999999+07:00"


def test_the_api_writes_milliseconds_in_utc() -> None:
    assert iso(MIDNIGHT) == "2026-11-20T17:00:00.000Z"
    assert iso(MIDNIGHT - 1) == "2026-11-20T16:59:59.999Z"
    assert iso(MIDNIGHT + 1_999) == "2026-11-20T17:00:00.001Z"


@given(instants)
def test_every_instant_lies_within_its_own_day(instant: int) -> None:
    start = start_of_day(instant)
    assert start <= instant < start + DAY
    assert start % DAY == 17 * HOUR
    assert vietnamese_day(start) == vietnamese_day(instant) != vietnamese_day(start - 1)


@given(instants)
def test_a_date_and_time_of_vietnam_is_the_same_instant(instant: int) -> None:
    moment = in_vietnam(instant)
    assert int(moment.replace(microsecond=0).timestamp()) * SECOND + moment.microsecond == instant


def test_this_machines_clock_counts_microseconds() -> None:
    before = time.time_ns() // 1_000
    assert before <= SystemClock().now() <= time.time_ns() // 1_000


def test_the_databases_clock_is_carried_on_from_what_it_said_last() -> None:
    clock = DatabaseClock()
    assert abs(clock.now() - SystemClock().now()) < SECOND
    clock.follow(MIDNIGHT)
    first, second = clock.now(), clock.now()
    assert MIDNIGHT <= first <= second < MIDNIGHT + SECOND
