"""A team's working times of the coming days."""

from datetime import date, datetime

from vouch.clock import DAY, HOUR, MINUTE, SECOND, VIETNAM
from vouch.companies.calendar import opens_at, working_times
from vouch.companies.rules import CompanyRules

OFFICE = CompanyRules()


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()) * SECOND


FRIDAY = at("2026-11-20T10:00")


def test_two_weeks_of_office_hours_from_the_beginning_of_today() -> None:
    times = working_times(OFFICE, FRIDAY)
    assert times is not None
    # Twelve working days of two times each, less Vietnam Cultural Day, the 24th.
    assert len(times) == 22
    assert times[0] == (at("2026-11-20T08:00"), at("2026-11-20T12:00"))
    assert times == working_times(OFFICE, FRIDAY + 13 * HOUR), "the same all day long"
    assert times != working_times(OFFICE, FRIDAY + DAY)


def test_always_is_always_on_holidays_too() -> None:
    rules = CompanyRules(hours="always", closed_days=(date(2026, 11, 20),))
    assert working_times(rules, FRIDAY) is None
    assert opens_at(rules, FRIDAY) is None


def test_who_calls_while_it_is_closed_is_told_when_it_opens() -> None:
    assert opens_at(OFFICE, FRIDAY) is None
    assert opens_at(OFFICE, at("2026-11-20T07:00")) == at("2026-11-20T08:00")
    assert opens_at(OFFICE, at("2026-11-20T12:00")) == at("2026-11-20T13:00")
    assert opens_at(OFFICE, at("2026-11-20T17:00") - 1) is None
    assert opens_at(OFFICE, at("2026-11-21T18:00")) == at("2026-11-23T08:00"), "over Sunday"
    assert opens_at(OFFICE, at("2026-11-23T18:00")) == at("2026-11-25T08:00"), "over Vietnam Cultural Day"


def test_the_new_year_of_the_moon_is_closed_for_days_unless_holidays_are_not_kept() -> None:
    eve = at("2027-02-03T17:00")
    assert opens_at(OFFICE, eve) == at("2027-02-11T08:00")
    assert opens_at(CompanyRules(holidays=False), eve) == at("2027-02-04T08:00")


def test_further_closed_days() -> None:
    rules = CompanyRules(closed_days=(date(2026, 11, 20), date(2026, 11, 21)))
    assert opens_at(rules, FRIDAY) == at("2026-11-23T08:00")


def test_nobody_knows_beyond_two_weeks() -> None:
    rules = CompanyRules(hours="mon 08:00-08:30", closed_days=(date(2026, 11, 23), date(2026, 11, 30)))
    assert opens_at(rules, FRIDAY + 5 * MINUTE) is None
