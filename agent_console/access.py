"""Who may ask for what: the role check that stands at the head of every route, and its line in the audit log."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web

from agent_console.ports import Companies
from vouch.accounts.models import ROLES, Account, Role, SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.audit import Tag, record
from vouch.clock import MINUTE, Clock
from vouch.database import Database
from vouch.problems import Problem

STAFF = ROLES[SessionKind.STAFF]
AGENTS = frozenset({Role.AGENT})
REVIEWERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})
_ONE_LOOK = 10 * MINUTE
_MOST_NOTED = 10_000


@dataclass(frozen=True, slots=True)
class Member:
    """A signed-in member of staff."""

    visitor: Visitor
    account: Account

    @property
    def companies(self) -> Companies:
        """Whose verifications this account may see; None for accounts of the operator itself."""
        return None if self.account.company is None else frozenset({self.account.company})

    @property
    def reviews(self) -> bool:
        """Whether this account looks at other people's decisions."""
        return self.account.role in REVIEWERS


class Access:
    """Asks who sent a request, and writes down what was looked at."""

    def __init__(self, sessions: Sessions, database: Database, clock: Clock) -> None:
        self._sessions = sessions
        self._database = database
        self._clock = clock
        self._noted: dict[tuple[Tag, str], int] = {}

    async def member(self, request: web.Request, roles: frozenset[Role] = STAFF) -> Member:
        """Who is signed in; Problem `not_signed_in`, `bad_csrf_token`, or `role_missing` for a role not in `roles`."""
        visitor = await self._sessions.require(request, SessionKind.STAFF)
        if visitor.account is None or visitor.account.role not in roles:
            raise Problem(403, "role_missing", "Your account's role does not allow this; ask an administrator.")
        return Member(visitor, visitor.account)

    async def note(
        self, tag: Tag, account: Account, *, company: str | None, subject: str | None = None, **more: Any
    ) -> None:
        """Write down what this account did; done before the answer leaves, so that nothing is seen unwritten."""
        async with self._database.write() as session:
            record(session, tag, self._clock.now(), company=company, account=account.id, subject=subject, **more)

    async def note_list(self, tag: Tag, account: Account) -> None:
        """Write down that this account saw a list which its page asks for again and again: once in ten minutes."""
        now = self._clock.now()
        if now - self._noted.get((tag, account.id), now - _ONE_LOOK) < _ONE_LOOK:
            return
        await self.note(tag, account, company=account.company)
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[tag, account.id] = now
