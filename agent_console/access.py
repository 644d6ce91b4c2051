"""Who may ask for what: the role check that stands at the head of every route, and its line in the audit log."""

from dataclasses import dataclass

from aiohttp import web

from agent_console.ports import Companies
from vouch.accounts.models import Account, Role, SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.audit import Tag, record
from vouch.clock import Clock
from vouch.database import Database
from vouch.problems import Problem

STAFF = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR})
AGENTS = frozenset({Role.AGENT})
REVIEWERS = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


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

    async def member(self, request: web.Request, roles: frozenset[Role] = STAFF) -> Member:
        """Who is signed in; Problem `not_signed_in`, `bad_csrf_token`, or `role_missing` for a role not in `roles`."""
        visitor = await self._sessions.require(request, SessionKind.STAFF)
        if visitor.account is None or visitor.account.role not in roles:
            raise Problem(403, "role_missing", "Your account's role does not allow this; ask an administrator.")
        return Member(visitor, visitor.account)

    async def note(
        self, tag: Tag, account: Account, *, company: str | None, subject: str | None = None, **more: str
    ) -> None:
        """Write down what this account did; done before the answer leaves, so that nothing is seen unwritten."""
        async with self._database.write() as session:
            record(session, tag, self._clock.now(), company=company, account=account.id, subject=subject, **more)
