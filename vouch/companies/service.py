"""The companies' rules at an instant: read, explained and changed. What once held can always be told."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.companies.models import RuleChange
from vouch.companies.rules import CompanyRules, installed, parsed
from vouch.ids import new_id
from vouch.problems import Problem
from vouch.settings import Settings
from vouch.statements import table_of

_ROWS = table_of(RuleChange)
CHANGES = (
    select(func.count(_ROWS.c.id)).scalar_subquery().label("rule_changes"),
    select(func.max(_ROWS.c.id)).scalar_subquery().label("last_rule_change"),
)
"""Columns by which any statement can ask on the way whether what was read of the rules is still all; see `Changes`."""
# Of two that begin at the same instant the one made later holds.
_IN_ORDER = select(RuleChange).order_by(RuleChange.starts_at, RuleChange.made_at, RuleChange.id)
_OF_COMPANY = _IN_ORDER.where(RuleChange.company == bindparam("company"))
_ALL = select(*CHANGES)
_FOLDS = 256


class Changes(NamedTuple):
    """What tells one state of the table from another: its rows are only ever added."""

    number: int
    last: str | None

    @classmethod
    def of(cls, row: Row[*tuple[Any, ...]]) -> "Changes":
        """Out of a row that has the columns CHANGES."""
        return cls(row.rule_changes, row.last_rule_change)


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that becomes another."""

    rule: str
    before: Any
    after: Any


class Rulebook:
    """The rules of every company: in a transaction by `read`, without one by `on`, as of the last `refresh`."""

    def __init__(self, settings: Settings) -> None:
        self.installed = installed(settings)
        """What holds where a company has set nothing."""
        self._seen: Changes | None = None
        self._changes: dict[str, list[RuleChange]] = {}
        self._folds: dict[tuple[str, ...], CompanyRules] = {}

    async def read(self, session: AsyncSession, company: str, now: int, there: Changes | None = None) -> CompanyRules:
        """What holds for a company at `now`, as the caller's transaction sees it.

        `there`: what he has just found there. Where it is what this book has read, nothing is read again.
        """
        if there is not None and there == self._seen:
            return self.on(company, now)
        return self._fold(await history(session, company), now)

    async def refresh(self, session: AsyncSession) -> None:
        """Take in what was changed since the last time; one cheap query where nothing was."""
        seen = Changes.of((await session.execute(_ALL)).one())
        if seen == self._seen:
            return
        changes: dict[str, list[RuleChange]] = {}
        for change in (await session.scalars(_IN_ORDER)).all():
            changes.setdefault(change.company, []).append(change)
        self._changes, self._seen = changes, seen

    def on(self, company: str, now: int) -> CompanyRules:
        """What holds for a company at `now`, as far as was read."""
        return self._fold(self._changes.get(company, ()), now)

    @property
    def companies(self) -> tuple[str, ...]:
        """Those that have ever set something, as far as was read."""
        return tuple(sorted(self._changes))

    async def change(
        self,
        session: AsyncSession,
        company: str,
        given: Mapping[str, object],
        now: int,
        *,
        author: str,
        reason: str,
        starts_at: int | None = None,
    ) -> tuple[RuleChange, tuple[Difference, ...]]:
        """Add a change within the caller's transaction; gives it with what will be different when it begins.

        `given`: rule -> value, empty for the installation's own. Without `starts_at` it holds at once. Problem as
        `rules.parsed`, `starts_in_past`, `reason_missing` or `nothing_changes`.
        """
        starts_at = now if starts_at is None else starts_at
        if starts_at < now:
            raise Problem(422, "starts_in_past", "What has been cannot be changed: give an instant to come.")
        if not reason.strip():
            raise Problem(422, "reason_missing", "Give a reason.")
        earlier = await history(session, company)
        change = RuleChange(
            id=new_id(),
            company=company,
            starts_at=starts_at,
            changes=parsed(given),
            author=author,
            reason=reason.strip(),
            made_at=now,
        )
        found = differences(self._fold(earlier, starts_at), self._fold([*earlier, change], starts_at))
        if not found:
            raise Problem(409, "nothing_changes", "All of this is so already at that time.")
        session.add(change)
        return change, found

    def _fold(self, changes: Iterable[RuleChange], now: int) -> CompanyRules:
        begun = [change for change in changes if change.starts_at <= now]
        # Rows never change, so the same ones always come to the same.
        key = tuple(change.id for change in begun)
        if key not in self._folds:
            if len(self._folds) >= _FOLDS:
                self._folds.clear()
            self._folds[key] = self._folded(begun)
        return self._folds[key]

    def _folded(self, changes: Iterable[RuleChange]) -> CompanyRules:
        own: dict[str, Any] = {}
        for change in changes:
            own |= change.changes
        own = {name: value for name, value in own.items() if value is not None}
        return CompanyRules.model_validate(self.installed.model_dump() | own) if own else self.installed


async def history(session: AsyncSession, company: str) -> list[RuleChange]:
    """A company's changes in the order in which they begin, the coming ones too."""
    return list((await session.scalars(_OF_COMPANY, {"company": company})).all())


def differences(before: CompanyRules, after: CompanyRules) -> tuple[Difference, ...]:
    """The rules that are not the same."""
    was, becomes = before.model_dump(mode="json"), after.model_dump(mode="json")
    return tuple(Difference(rule, was[rule], becomes[rule]) for rule in was if was[rule] != becomes[rule])
