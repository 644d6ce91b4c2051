"""A team's working times in the coming two weeks, by its rules: weekly hours less holidays and further closed days."""

from functools import lru_cache

from vouch.clock import start_of_day, vietnamese_day
from vouch.companies.hours import Instants, holidays_between, weekly, working
from vouch.companies.rules import CompanyRules

_DAYS_AHEAD = 14
"""Longer than the longest holiday, so that those who call in it can be told when the team is back."""


def working_times(rules: CompanyRules, now: int) -> Instants | None:
    """When a team works from the beginning of today (Vietnamese calendar) on, the same all day long; None: always."""
    return _from_midnight(rules, start_of_day(now))


def opens_at(rules: CompanyRules, now: int) -> int | None:
    """When a team that is closed at `now` works next; None: it is open, or will not be for two weeks."""
    times = working_times(rules, now) or ()
    if any(start <= now < end for start, end in times):
        return None
    return next((start for start, _ in times if start > now), None)


@lru_cache(maxsize=64)
def _from_midnight(rules: CompanyRules, midnight: int) -> Instants | None:
    shifts = weekly(rules.hours)
    if shifts is None:
        return None
    today = vietnamese_day(midnight)
    closed = {*rules.closed_days, *(holidays_between(today, _DAYS_AHEAD) if rules.holidays else ())}
    return working(shifts, closed, today, _DAYS_AHEAD)
