"""Who asks, for staff and dealers alike, and the way from the right password to a session that is open."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from agent_console.access import Access
from agent_console.account.messages import Me
from vouch.accounts.guarding import devices
from vouch.accounts.guarding.guesses import Guess, Purpose
from vouch.accounts.models import ROLES, Account, Pending, SessionKind, WebSession
from vouch.accounts.origin import Origin, origin_of
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions, Visitor
from vouch.audit import Tag
from vouch.database import Database
from vouch.problems import Problem, not_found
from vouch.settings import Settings

_OPENED = {SessionKind.STAFF: Tag.SIGNED_IN, SessionKind.DEALER: Tag.DEALER_SIGNED_IN}
_ENDED = {SessionKind.STAFF: Tag.SIGNED_OUT, SessionKind.DEALER: Tag.DEALER_SIGNED_OUT}

Shown = TypeVar("Shown")


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who asks about their own account."""

    visitor: Visitor
    account: Account
    kind: SessionKind
    origin: Origin

    @property
    def session(self) -> WebSession:
        """The one that asked."""
        return self.visitor.session

    @property
    def pending(self) -> Pending | None:
        """What they have yet to do."""
        return Pending(self.session.pending) if self.session.pending else None

    @property
    def guess(self) -> Guess:
        """How a password that they give again is counted: by this session alone, which has guessed it once."""
        return Guess(Purpose.PASSWORD, self.account.username, self.origin.network, self.session.digest)


class Gate:
    """Signs in and out; knows the owner of an account by any kind of session."""

    def __init__(
        self, settings: Settings, database: Database, accounts: Accounts, sessions: Sessions, access: Access
    ) -> None:
        self._settings = settings
        self._database = database
        self._accounts = accounts
        self._sessions = sessions
        self._access = access

    async def owner(self, request: web.Request, *allowed: Pending, kind: SessionKind | None = None) -> Owner:
        """Who asks, by the session of the kind that the path names; Problem as `Sessions.require`."""
        kind = kind or kind_of(request)
        visitor = await self._sessions.require(request, kind, *allowed)
        if visitor.account is None:
            raise Problem(401, "not_signed_in", "Sign in first; your session may have ended.")
        return Owner(visitor, visitor.account, kind, origin_of(request, self._settings))

    async def enter(
        self, request: web.Request, response: web.StreamResponse, kind: SessionKind, username: str, password: str
    ) -> tuple[Account, WebSession]:
        """Sign in; the session may have something pending. Problem as `Accounts.enter`."""
        origin = origin_of(request, self._settings)
        entering = self._accounts.enter(username, password, origin.address, ROLES[kind], origin.device)
        entry = await self._sessions.audit.watched(entering, kind, username, origin.address)
        return entry.account, await self._open(response, kind, entry.account, origin, entry.pending)

    async def watched(self, owner: Owner, showing: Awaitable[Shown]) -> Shown:
        """What `showing` a password again, or a second factor, gives; a refusal is in the audit log as at sign-in."""
        return await self._sessions.audit.watched(showing, owner.kind, owner.account.username, owner.origin.address)

    async def go_on(self, owner: Owner, response: web.StreamResponse, by: str = "password") -> WebSession:
        """What was pending is done: a new session in place of the old, whose cookie opened less. `by`: what was shown
        last, for the audit log.
        """
        account = await self._accounts.get(owner.account.id)
        if account is None:
            raise Problem(401, "not_signed_in", "Sign in first; your session may have ended.")
        pending = await self._accounts.pending(account, proved=True)
        async with self._database.write() as transaction:
            await self._sessions.end_those(transaction, [owner.session.digest])
        return await self._open(response, owner.kind, account, owner.origin, pending, by)

    async def leave(self, owner: Owner, response: web.StreamResponse) -> None:
        """Sign out."""
        await self._sessions.end(response, owner.visitor)
        if owner.pending is None:
            await self._access.note(_ENDED[owner.kind], owner.account, company=owner.account.company)

    async def code_guess(self, owner: Owner) -> Guess:
        """How a code that they show is counted."""
        async with self._database.read() as session:
            known = await devices.known(session, owner.account.id, owner.origin.device)
        return Guess(Purpose.CODE, owner.account.id, owner.origin.network, known)

    async def _open(
        self,
        response: web.StreamResponse,
        kind: SessionKind,
        account: Account,
        origin: Origin,
        pending: Pending | None,
        by: str = "password",
    ) -> WebSession:
        lifetime_s = self._settings.shift_s
        opened = await self._sessions.open(
            response, kind, lifetime_s, account=account.id, origin=origin, pending=pending
        )
        if pending is None:
            await self._access.note(_OPENED[kind], account, company=account.company, by=by)
        return opened


def kind_of(request: web.Request) -> SessionKind:
    """The kind of session that the path names: of staff or of a dealer."""
    kind = next((kind for kind in ROLES if kind == request.match_info["kind"]), None)
    if kind is None:
        raise not_found("kind of account")
    return kind


def shown(account: Account, session: WebSession) -> Me:
    """Who is signed in by this session."""
    return Me(
        id=account.id,
        username=account.username,
        full_name=account.full_name,
        role=account.role,
        company=account.company,
        csrf=session.csrf,
        pending=Pending(session.pending) if session.pending else None,
    )
