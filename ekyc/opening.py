"""When the team that takes a verification's calls works: told to the caller, before and after he calls in vain."""

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.coverage import team_of
from ekyc.models import Channel, Verification
from vouch.clock import vietnamese_day
from vouch.companies.calendar import opens_at
from vouch.companies.hours import clock_time, weekly
from vouch.companies.service import Rulebook


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


async def opening_of(session: AsyncSession, verification: Verification, now: int, rulebook: Rulebook) -> OpeningBody:
    """The hours of the verification's team at `now`; no hours where no team takes its calls yet."""
    channel, company = Channel(verification.channel), verification.company
    team = await team_of(session, channel, company, vietnamese_day(now))
    if team is None:
        return OpeningBody(hours=[], opens_at=None)
    rules = await rulebook.read(session, team, now)
    hours = [
        WorkingTimeBody(weekday=shift.weekday + 1, since=clock_time(shift.since), until=clock_time(shift.until))
        for shift in weekly(rules.hours) or ()
    ]
    return OpeningBody(hours=hours, opens_at=opens_at(rules, now))
