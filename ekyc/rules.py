"""The operator's policy table as it stood on a day; `ekyc/policy.py` decides over it."""

from datetime import date

from sqlalchemy import BindParameter, ScalarSelect, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import PolicyRow
from ekyc.policy import TableRow
from vouch.statements import table_of

_POLICY = table_of(PolicyRow)
_BEGUN = (
    select(_POLICY.c.sub_type, _POLICY.c.name, _POLICY.c.individual, _POLICY.c.enterprise)
    .where(_POLICY.c.starts_on <= bindparam("day"))
    .order_by(_POLICY.c.starts_on)
)


async def table_on(session: AsyncSession, day: date) -> dict[str, TableRow]:
    """The rows in force on `day` (Vietnamese calendar) by subscriber type: of each type the latest that has begun."""
    begun = await session.execute(_BEGUN, {"day": day.isoformat()})
    return {row.sub_type: TableRow(row.name, row.individual, row.enterprise) for row in begun}


def row_on(sub_type: BindParameter[str], day: BindParameter[str]) -> ScalarSelect[str]:
    """The id of one type's row in force on `day` (ISO date, Vietnamese calendar), for use in a statement."""
    begun = select(_POLICY.c.id).where(_POLICY.c.sub_type == sub_type, _POLICY.c.starts_on <= day)
    return begun.order_by(_POLICY.c.starts_on.desc()).limit(1).scalar_subquery()
