"""Web sessions: the cookie's secret, its row, the token that changing requests must carry, the socket's ticket.

Cookies are `__Host-`, Secure and HttpOnly (RFC 6265bis, 4.1.3.2); browsers treat http://localhost and
http://127.0.0.1 as secure, so the demo needs no exception. Where other origins may embed the pages the cookie is
SameSite=None and Partitioned, the only kind that Chromium delivers in a cross-site frame.
"""

import hmac
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts import tickets
from vouch.accounts.dials import Dials
from vouch.accounts.embedding import same_site
from vouch.accounts.guarding import devices
from vouch.accounts.models import ROLES, Account, Pending, SessionKind, WebSession
from vouch.accounts.origin import Origin
from vouch.accounts.service import is_valid, still_pending, valid_at
from vouch.accounts.sign_in_audit import SignInAudit
from vouch.clock import DAY, MINUTE, SECOND, Clock
from vouch.database import Database
from vouch.ids import digest, new_secret
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.statements import insert

_PENDING_S = 15 * 60
"""How long somebody may take for what is left to be done."""
_SEEN_EVERY = MINUTE
"""How often it is written down that a session is in use."""
_LATELY = MINUTE
"""How far back "lately" goes: an end may be committed long after it was given its time."""
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
    """Opens, finds and ends web sessions.

    `embedded`: the kinds whose pages others may show in a frame, or whether all of them. `idle_s`: for how long one of
    a kind may be left alone; without it, until it ends. In use is whatever sends a request or holds a socket.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: Keys,
        *,
        embedded: Collection[SessionKind] | bool,
        idle_s: Mapping[SessionKind, int] | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tickets = keys.signer("socket-ticket", clock)
        self._embedded = embedded
        self.audit = SignInAudit(database, clock)
        """Counts the sign-ins that are refused."""
        self._idle_s = idle_s or {}
        self._dials = Dials()

    async def open(
        self,
        response: web.StreamResponse,
        kind: SessionKind,
        lifetime_s: int,
        *,
        account: str | None = None,
        verification: str | None = None,
        within: AsyncSession | None = None,
        origin: Origin | None = None,
        pending: Pending | None = None,
    ) -> WebSession:
        """Make a session of `kind` and set its cookie on `response`; in the caller's transaction where there is one.

        With `origin` the account knows this browser from now on (`guarding.devices`); one that is `pending` opens
        nothing but what is left to be done, for 15 minutes, and its browser is not known yet.
        """
        secret = new_secret()
        now = self._clock.now()
        lifetime_s = min(lifetime_s, _PENDING_S) if pending else lifetime_s
        row = {
            "digest": digest(secret),
            "kind": kind,
            "account": account,
            "verification": verification,
            "csrf": new_secret(),
            "created_at": now,
            "expires_at": now + lifetime_s * SECOND,
            "pending": pending,
            "network": origin.network if origin else None,
            "browser": origin.browser if origin else None,
        }
        cookie = (origin.cookie or new_secret()) if origin and account and not pending else None
        async with nullcontext(within) if within is not None else self._database.write() as transaction:
            await insert(transaction, WebSession, row)
            if cookie and account:
                await devices.remember(transaction, account, digest(cookie), now)
        self._set_cookie(response, kind, cookie_name(kind), secret, lifetime_s)
        if cookie:
            self._set_cookie(response, kind, devices.COOKIE, cookie, devices.LIFETIME_S)
        return WebSession(**row)

    async def sweep(self) -> None:
        """Forget the sessions that ended more than a day ago; to be repeated every few minutes."""
        await self.audit.sweep()
        async with self._database.write() as transaction:
            await transaction.execute(delete(WebSession).where(WebSession.expires_at < self._clock.now() - DAY))
            await tickets.forget(transaction, self._clock.now())

    async def find(self, request: web.Request, kind: SessionKind) -> Visitor | None:
        """Who is signed in on this browser for pages of `kind`, with nothing left to be done."""
        visitor = await self._found(request, kind)
        return visitor if visitor is not None and visitor.session.pending is None else None

    async def require(self, request: web.Request, kind: SessionKind, *allowed: Pending) -> Visitor:
        """The same, or Problem `not_signed_in`; a request that changes something must carry the session's token.

        A session that is pending is taken where that is `allowed`; else Problem `second_factor_needed`,
        `second_factor_missing` or `password_must_change`.
        """
        visitor = await self._found(request, kind)
        if visitor is None:
            raise Problem(401, "not_signed_in", "Sign in first; your session may have ended.")
        if visitor.session.pending is not None and visitor.session.pending not in allowed:
            raise still_pending(Pending(visitor.session.pending))
        if request.method not in {"GET", "HEAD"}:
            sent = request.headers.get(CSRF_HEADER, "")
            if not hmac.compare_digest(digest(sent), digest(visitor.session.csrf)):
                raise Problem(403, "bad_csrf_token", f"Send the session's token in the header {CSRF_HEADER}.")
        return visitor

    async def end(self, response: web.StreamResponse, visitor: Visitor) -> None:
        """Sign out."""
        async with self._database.write() as transaction:
            await self.end_those(transaction, [visitor.session.digest])
        kind = SessionKind(visitor.session.kind)
        self._set_cookie(response, kind, cookie_name(kind), "", 0)

    async def end_those(self, transaction: AsyncSession, digests: Sequence[str]) -> None:
        """End sessions within the caller's transaction; every node lets go of their sockets within a second."""
        now = self._clock.now()
        ending = update(WebSession).where(WebSession.digest.in_(digests), WebSession.expires_at > now)
        await transaction.execute(ending.values(expires_at=now))

    async def of_account(self, account: str) -> list[WebSession]:
        """The account's sessions that live, the newest first."""
        now = self._clock.now()
        chosen = select(WebSession).where(WebSession.account == account, WebSession.expires_at > now)
        async with self._database.read() as transaction:
            found = (await transaction.scalars(chosen.order_by(WebSession.created_at.desc()))).all()
        return [session for session in found if not self._left_alone(session, now)]

    async def ended_lately(self) -> set[str]:
        """Digests of the sessions that ended within the last minute, so that their sockets can be let go of."""
        now = self._clock.now()
        chosen = select(WebSession.digest).where(WebSession.expires_at > now - _LATELY, WebSession.expires_at <= now)
        async with self._database.read() as transaction:
            return set((await transaction.scalars(chosen)).all())

    def ticket(self, visitor: Visitor) -> str:
        """A token for a socket's handshake, good once within a minute, bound to the session.

        Problem `too_many_requests` where its pages come and go all the time.
        """
        self._dials.count(visitor.session.digest, time.monotonic())
        return self._tickets.sign({"session": visitor.session.digest, "kind": visitor.session.kind, "id": new_secret()})

    async def redeem(self, ticket: str, kind: SessionKind) -> Visitor | None:
        """Whose ticket this is, if it was not used before and the session still lives."""
        payload = self._tickets.read(ticket, tickets.LIFETIME_S)
        if payload is None or payload.get("kind") != kind or "id" not in payload:
            return None
        visitor = await self._load(payload["session"], kind)
        if visitor is None or visitor.session.pending is not None:
            return None
        async with self._database.write() as transaction:
            return visitor if await tickets.spend(transaction, payload["id"], self._clock.now()) else None

    async def still_valid(self, visitors: Sequence[Visitor]) -> set[str]:
        """Digests of the sessions that still open what they opened when these visitors were let in: neither session nor
        account has ended, and the account has the role and company that it had. One query for all; a socket that is
        open keeps its session in use.
        """
        if not visitors:
            return set()
        now = self._clock.now()
        chosen = (
            select(WebSession.digest, WebSession.account, WebSession.seen_at, Account.role, Account.company)
            .outerjoin(Account, Account.id == WebSession.account)
            .where(WebSession.digest.in_([visitor.session.digest for visitor in visitors]))
            .where(WebSession.expires_at > now, or_(WebSession.account.is_(None), valid_at(now)))
        )
        async with self._database.read() as transaction:
            rows = (await transaction.execute(chosen)).all()
        opens = {row.digest: (row.account, row.role, row.company) for row in rows}
        await self._seen([row.digest for row in rows if row.account and now - (row.seen_at or 0) > _SEEN_EVERY], now)
        return {digest for each in visitors if opens.get(digest := each.session.digest) == _opens(each.account)}

    def _set_cookie(
        self, response: web.StreamResponse, kind: SessionKind, name: str, value: str, max_age_s: int
    ) -> None:
        # Deleted with the same attributes: a partitioned cookie is another one than its unpartitioned namesake.
        response.set_cookie(
            name,
            value,
            max_age=max_age_s,
            path="/",
            secure=True,
            httponly=True,
            samesite=same_site(kind, self._embedded),
        )

    async def _found(self, request: web.Request, kind: SessionKind) -> Visitor | None:
        secret = request.cookies.get(cookie_name(kind))
        visitor = await self._load(digest(secret), kind) if secret else None
        if visitor is not None and self._clock.now() - _last_seen(visitor.session) > _SEEN_EVERY:
            await self._seen([visitor.session.digest], self._clock.now())
        return visitor

    async def _load(self, session_digest: str, kind: SessionKind) -> Visitor | None:
        now = self._clock.now()
        async with self._database.read() as transaction:
            asked = {"digest": session_digest, "kind": kind, "now": now}
            found = (await transaction.execute(_VISITOR, asked)).one_or_none()
        if found is None:
            return None
        session, account = found
        if session.account and (account is None or not is_valid(account, now) or account.role not in ROLES[kind]):
            return None
        return None if self._left_alone(session, now) else Visitor(session, account)

    def _left_alone(self, session: WebSession, now: int) -> bool:
        idle_s = self._idle_s.get(SessionKind(session.kind))
        return idle_s is not None and now - _last_seen(session) >= idle_s * SECOND

    async def _seen(self, digests: Sequence[str], now: int) -> None:
        if digests:
            async with self._database.write() as transaction:
                chosen = update(WebSession).where(WebSession.digest.in_(digests))
                await transaction.execute(chosen.values(seen_at=now))


def _last_seen(session: WebSession) -> int:
    return session.seen_at or session.created_at


def _opens(account: Account | None) -> tuple[str | None, str | None, str | None]:
    return (account.id, account.role, account.company) if account else (None, None, None)


def cookie_name(kind: SessionKind) -> str:
    """The cookie of a kind of page; each has its own, so one browser can hold a dealer and an agent."""
    return f"__Host-vouch-{kind}"
