"""Which team takes a company's calls, and whether verification is on for it: data by channel with start dates.

Given as expressions, because whoever asks reads something else in the same statement. Each argument is a value, a
parameter or a column of that statement; a day is an ISO date of the Vietnamese calendar.
"""

from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Table, select

from ekyc.models import CompanyRule, Coverage
from vouch.statements import table_of

Value = ColumnElement[Any] | str
_COVERAGE, _RULE = table_of(Coverage), table_of(CompanyRule)


def team_of(channel: Value, company: Value, day: Value) -> ScalarSelect[str]:
    """The company whose team takes the calls of `company` on `day`; null: nobody does yet."""
    begun = select(_COVERAGE.c.team).where(*_begun(_COVERAGE, channel, company, day))
    return begun.order_by(_COVERAGE.c.starts_on.desc()).limit(1).scalar_subquery()


def is_enabled(channel: Value, company: Value, day: Value) -> ScalarSelect[bool]:
    """Whether verification is on for `company` on `channel` and `day`; null, which is off, where no rule has begun."""
    begun = select(_RULE.c.enabled).where(*_begun(_RULE, channel, company, day))
    # Of two rules for one day the one that was made later holds: ids sort by time.
    return begun.order_by(_RULE.c.starts_on.desc(), _RULE.c.id.desc()).limit(1).scalar_subquery()


def _begun(table: Table, channel: Value, company: Value, day: Value) -> tuple[ColumnElement[bool], ...]:
    return table.c.channel == channel, table.c.company == company, table.c.starts_on <= day
