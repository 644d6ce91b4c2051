"""Reading the audit log: newest first, in pages, each question answered from an index.

Whoever reads it writes a line in it; that is the caller's (`signaling.audit_commands`, `agent_console.audit_api`).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.models import Account
from vouch.audit import AuditEntry
from vouch.problems import Problem

MOST = 500
"""Lines in a page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines are asked for; None: whatever it is."""

    since: int | None = None
    until: int | None = None
    """Not part of it."""
    account: str | None = None
    company: str | None = None
    subject: str | None = None
    tag: str | None = None

    @property
    def filters(self) -> list[str]:
        """The names of what is asked by, for the line about the reading itself."""
        return [name for name in self.__slots__ if getattr(self, name) is not None]


@dataclass(frozen=True, slots=True)
class Lines:
    """A page of the log."""

    entries: tuple[AuditEntry, ...]
    usernames: dict[str, str]
    """Of the accounts that they name, as who did it or to whom it was done."""
    cursor: str | None
    """Of the next page; None: this was the last."""


async def lines(session: AsyncSession, asked: Asked, limit: int, cursor: str | None = None) -> Lines:
    """A page of what is asked for, the newest line first; Problem `bad_cursor`."""
    wanted = select(AuditEntry).where(*_conditions(asked))
    if cursor is not None:
        wanted = wanted.where(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(*_position(cursor)))
    limit = max(1, min(limit, MOST))
    newest = wanted.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit + 1)
    found = (await session.scalars(newest)).all()
    shown, more = tuple(found[:limit]), len(found) > limit
    following = f"{shown[-1].at}.{shown[-1].id}" if more else None
    return Lines(shown, await _usernames(session, shown), following)


def _conditions(asked: Asked) -> list[ColumnElement[bool]]:
    same = {name: getattr(asked, name) for name in ("account", "company", "subject", "tag")}
    made = [getattr(AuditEntry, name) == value for name, value in same.items() if value is not None]
    if asked.since is not None:
        made.append(AuditEntry.at >= asked.since)
    if asked.until is not None:
        made.append(AuditEntry.at < asked.until)
    return made


async def _usernames(session: AsyncSession, shown: tuple[AuditEntry, ...]) -> dict[str, str]:
    named = {name for entry in shown for name in (entry.account, entry.subject) if name is not None}
    rows = await session.execute(select(Account.id, Account.username).where(Account.id.in_(named)))
    return {row.id: row.username for row in rows}


def _position(cursor: str) -> tuple[Any, ...]:
    at, _, key = cursor.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 19 and key.isascii() and key.isalnum()):
        raise Problem(422, "bad_cursor", "Send the cursor as the page before gave it.")
    return int(at), key
