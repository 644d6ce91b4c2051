"""Which team takes a company's calls, and whether verification is on for it: data by channel with start dates."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import Channel, CompanyRule, Coverage


async def team_of(session: AsyncSession, channel: Channel, company: str, day: date) -> str | None:
    """The company whose team takes the calls of `company` on `day` (Vietnamese calendar); None: nobody does yet."""
    begun = (
        select(Coverage.team)
        .where(Coverage.channel == channel, Coverage.company == company, Coverage.starts_on <= day.isoformat())
        .order_by(Coverage.starts_on.desc())
        .limit(1)
    )
    return (await session.scalars(begun)).first()


async def is_enabled(session: AsyncSession, channel: Channel, company: str, day: date) -> bool:
    """Whether verification is on for `company` on `channel` and `day`; off where no rule has begun."""
    begun = (
        select(CompanyRule.enabled)
        .where(
            CompanyRule.channel == channel,
            CompanyRule.company == company,
            CompanyRule.starts_on <= day.isoformat(),
        )
        # Of two rules for one day the one that was made later holds: ids sort by time.
        .order_by(CompanyRule.starts_on.desc(), CompanyRule.id.desc())
        .limit(1)
    )
    return bool((await session.scalars(begun)).first())
