"""Web sessions: the cookie's secret, its row, the token that changing requests must carry, the socket's ticket.

Cookies are `__Host-`, Secure and HttpOnly (RFC 6265bis, 4.1.3.2); browsers treat http://localhost and
http://127.0.0.1 as secure, so the demo needs no exception. Where other origins may embed the pages the cookie is
SameSite=None and Partitioned, the only kind that Chromium delivers in a cross-site frame.
"""

import hmac
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import bindparam, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts import tickets
from vouch.accounts.embedding import same_site
from vouch.accounts.models import Account, SessionKind, WebSession
from vouch.accounts.service import is_valid, valid_at
from vouch.accounts.sign_in_audit import SignInAudit
from vouch.clock import DAY, SECOND, Clock
from vouch.database import Database
from vouch.ids import digest, new_secret
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.statements import insert

CSRF_HEADER = "X-Vouch-CSRF"
_VISITOR = (
    select(WebSession, Account)
    .outerjoin(Account, Account.id == WebSession.account)
    .where(WebSession.digest == bindparam("digest"), WebSession.kind == bindparam("kind"))
    .where(WebSession.expires_at > bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who sent a request."""

    session: WebSession
    account: Account | None
    """None for a caller's page, which is known by its verification alone."""


class Sessions:
    """Opens, finds and ends web sessions."""

    def __init__(
        self, database: Database, clock: Clock, keys: Keys, *, embedded: Collection[SessionKind] | bool
    ) -> None:
        """`embedded`: the kinds whose pages others may show in a frame, or whether all of them."""
        self._database = database
        self._clock = clock
        self._tickets = keys.signer("socket-ticket", clock)
        self._embedded = embedded
        self.audit = SignInAudit(database, clock)
        """Counts the sign-ins that are refused."""

    async def open(
        self,
        response: web.StreamResponse,
        kind: SessionKind,
        lifetime_s: int,
        *,
        account: str | None = None,
        verification: str | None = None,
        within: AsyncSession | None = None,
    ) -> WebSession:
        """Make a session of `kind` and set its cookie on `response`; in the caller's transaction where he has one."""
        secret = new_secret()
        now = self._clock.now()
        row = {
            "digest": digest(secret),
            "kind": kind,
            "account": account,
            "verification": verification,
            "csrf": new_secret(),
            "created_at": now,
            "expires_at": now + lifetime_s * SECOND,
        }
        async with nullcontext(within) if within is not None else self._database.write() as transaction:
            await insert(transaction, WebSession, row)
        self._set_cookie(response, kind, secret, lifetime_s)
        return WebSession(**row)

    async def sweep(self) -> None:
        """Forget the sessions that ended more than a day ago; to be repeated every few minutes."""
        await self.audit.sweep()
        async with self._database.write() as transaction:
            await transaction.execute(delete(WebSession).where(WebSession.expires_at < self._clock.now() - DAY))
            await tickets.forget(transaction, self._clock.now())

    async def find(self, request: web.Request, kind: SessionKind) -> Visitor | None:
        """Who is signed in on this browser for pages of `kind`."""
        secret = request.cookies.get(cookie_name(kind))
        return await self._load(digest(secret), kind) if secret else None

    async def require(self, request: web.Request, kind: SessionKind) -> Visitor:
        """The same, or Problem `not_signed_in`; a request that changes something must carry the session's token."""
        visitor = await self.find(request, kind)
        if visitor is None:
            raise Problem(401, "not_signed_in", "Sign in first; your session may have ended.")
        if request.method not in {"GET", "HEAD"}:
            sent = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(digest(sent), digest(visitor.session.csrf)):
                raise Problem(403, "bad_csrf_token", f"Send the session's token in the header {CSRF_HEADER}.")
        return visitor

    async def end(self, response: web.StreamResponse, visitor: Visitor) -> None:
        """Sign out."""
        async with self._database.write() as transaction:
            await transaction.execute(delete(WebSession).where(WebSession.digest == visitor.session.digest))
        self._set_cookie(response, SessionKind(visitor.session.kind), "", 0)

    def ticket(self, visitor: Visitor) -> str:
        """A token for a socket's handshake, good once within a minute, bound to the session."""
        return self._tickets.sign({"session": visitor.session.digest, "kind": visitor.session.kind, "id": new_secret()})

    async def redeem(self, ticket: str, kind: SessionKind) -> Visitor | None:
        """Whose ticket this is, if it was not used before and the session still lives."""
        payload = self._tickets.read(ticket, tickets.LIFETIME_S)
        if payload is None or payload.get("kind") != kind or "id" not in payload:
            return None
        visitor = await self._load(payload["session"], kind)
        if visitor is None:
            return None
        async with self._database.write() as transaction:
            return visitor if await tickets.spend(transaction, payload["id"], self._clock.now()) else None

    async def still_valid(self, visitors: Sequence[Visitor]) -> set[str]:
        """Digests of the sessions that still open what they opened when these visitors were let in: neither session nor
        account has ended, and the account has the role and company that it had. One query for all.
        """
        if not visitors:
            return set()
        now = self._clock.now()
        chosen = (
            select(WebSession.digest, WebSession.account, Account.role, Account.company)
            .outerjoin(Account, Account.id == WebSession.account)
            .where(WebSession.digest.in_([visitor.session.digest for visitor in visitors]))
            .where(WebSession.expires_at > now, or_(WebSession.account.is_(None), valid_at(now)))
        )
        async with self._database.read() as transaction:
            opens = {row.digest: (row.account, row.role, row.company) for row in await transaction.execute(chosen)}
        return {digest for each in visitors if opens.get(digest := each.session.digest) == _opens(each.account)}

    def _set_cookie(self, response: web.StreamResponse, kind: SessionKind, value: str, max_age_s: int) -> None:
        # Deleted with the same attributes: a partitioned cookie is another one than its unpartitioned namesake.
        response.set_cookie(
            cookie_name(kind),
            value,
            max_age=max_age_s,
            path="/",
            secure=True,
            httponly=True,
            samesite=same_site(kind, self._embedded),
        )

    async def _load(self, session_digest: str, kind: SessionKind) -> Visitor | None:
        now = self._clock.now()
        async with self._database.read() as transaction:
            asked = {"digest": session_digest, "kind": kind, "now": now}
            found = (await transaction.execute(_VISITOR, asked)).one_or_none()
        if found is None:
            return None
        session, account = found
        if session.account and (account is None or not is_valid(account, now)):
            return None
        return Visitor(session, account)


def _opens(account: Account | None) -> tuple[str | None, str | None, str | None]:
    return (account.id, account.role, account.company) if account else (None, None, None)


def cookie_name(kind: SessionKind) -> str:
    """The cookie of a kind of page; each has its own, so one browser can hold a dealer and an agent."""
    return f"__Host-vouch-{kind}"
