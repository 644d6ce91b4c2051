"""The operator's policy table as it stood on a day; `ekyc/policy.py` decides over it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import PolicyRow
from ekyc.policy import TableRow


async def table_on(session: AsyncSession, day: date) -> dict[str, TableRow]:
    """The rows in force on `day` (Vietnamese calendar) by subscriber type: of each type the latest that has begun."""
    begun = select(PolicyRow).where(PolicyRow.starts_on <= day.isoformat()).order_by(PolicyRow.starts_on)
    return {
        row.sub_type: TableRow(row.name, row.individual, row.enterprise) for row in (await session.scalars(begun)).all()
    }
