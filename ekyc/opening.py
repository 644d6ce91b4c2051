"""When the team that takes a verification's calls works: told to the caller, before and after he calls in vain."""

from functools import lru_cache

from pydantic import BaseModel

from vouch.companies.calendar import opens_at
from vouch.companies.hours import clock_time, weekly
from vouch.companies.rules import CompanyRules


class WorkingTimeBody(BaseModel):
    """A working time of every week, Vietnamese time."""

    weekday: int
    """1 is Monday, 7 Sunday (ISO 8601)."""
    since: str
    """As 08:00."""
    until: str
    """As 12:00; 24:00 for midnight."""


class OpeningBody(BaseModel):
    """A team's hours."""

    hours: list[WorkingTimeBody]
    """In order; empty: the team always works."""
    opens_at: int | None
    """While it is closed: when it works next, as far as is known."""


def opening_of(rules: CompanyRules | None, now: int) -> OpeningBody:
    """The hours at `now` of a team that has these rules; no hours where no team takes the calls yet."""
    if rules is None:
        return OpeningBody(hours=[], opens_at=None)
    return OpeningBody(hours=list(_week(rules.hours)), opens_at=opens_at(rules, now))


@lru_cache(maxsize=64)
def _week(hours: str) -> tuple[WorkingTimeBody, ...]:
    return tuple(
        WorkingTimeBody(weekday=shift.weekday + 1, since=clock_time(shift.since), until=clock_time(shift.until))
        for shift in weekly(hours) or ()
    )
