"""The audit log for supervisors and administrators: the lines of their company, or all for the operator's own.

Lines that belong to no company (commands for the whole installation, refused sign-ins of names that are nobody's) are
the operator's alone.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from agent_console.access import REVIEWERS, Access
from agent_console.queries import instant, text
from vouch.audit import AuditEntry, Tag
from vouch.audit_reading import Asked, lines
from vouch.database import Database
from vouch.http import answer
from vouch.problems import not_found

_PAGE = 50


class Line(BaseModel):
    """One line of the log."""

    id: str
    at: int
    tag: str
    company: str | None
    account: str | None
    username: str | None
    """Of `account`."""
    actor: str | None
    """Who ran the command, where it was one."""
    subject: str | None
    subject_username: str | None
    """Where the subject is an account."""
    details: dict[str, Any]


class Page(BaseModel):
    """Lines, the newest first."""

    lines: list[Line]
    cursor: str | None


class AuditApi:
    """`GET /api/console/audit`."""

    def __init__(self, database: Database, access: Access) -> None:
        self._database = database
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [web.get("/api/console/audit", self._lines)]

    async def _lines(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        asked = Asked(
            since=instant(request, "from"),
            until=instant(request, "to"),
            account=text(request, "account"),
            company=text(request, "company"),
            subject=text(request, "subject"),
            tag=text(request, "tag"),
        )
        own = member.account.company
        if own is not None:
            if asked.company not in {None, own}:
                raise not_found("company")
            asked = replace(asked, company=own)
        async with self._database.read() as session:
            found = await lines(session, asked, _PAGE, text(request, "cursor"))
        await self._access.note(
            Tag.LOG_READ, member.account, company=own, filters=asked.filters, lines=len(found.entries)
        )
        shown = [_line(entry, found.usernames) for entry in found.entries]
        return answer(Page(lines=shown, cursor=found.cursor))


def _line(entry: AuditEntry, usernames: dict[str, str]) -> Line:
    return Line(
        id=entry.id,
        at=entry.at,
        tag=entry.tag,
        company=entry.company,
        account=entry.account,
        username=usernames.get(entry.account or ""),
        actor=entry.actor,
        subject=entry.subject,
        subject_username=usernames.get(entry.subject or ""),
        details=entry.details,
    )
