"""Join tokens: each opens the call page of one verification once; only its digest is kept.

Whoever asks for a fresh link means to call anew with it. The earlier ones open nothing from then on, nor does a page
that one of them has opened: it may be open on a shop's tablet, where nobody looks after it any more. A call that lives
is not cut off by that: its page stays until the call is over and the page's own time has run out.
"""

from dataclasses import dataclass

from sqlalchemy import bindparam, exists, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import JoinToken, State, Verification
from vouch.accounts.models import SessionKind, WebSession
from vouch.clock import SECOND
from vouch.ids import digest, new_secret
from vouch.problems import Problem
from vouch.statements import insert, table_of

_TOKEN, _VERIFICATION, _PAGE = table_of(JoinToken), table_of(Verification), table_of(WebSession)
# One statement, so that of two pages that show the same token at once only one gets in.
_REDEEM = (
    update(_TOKEN)
    .where(_TOKEN.c.digest == bindparam("shown"), _TOKEN.c.used_at.is_(None), _TOKEN.c.expires_at > bindparam("now"))
    .values(used_at=bindparam("now"))
    .returning(_TOKEN.c.verification)
)
_UNUSED_END = (
    update(_TOKEN)
    .where(
        _TOKEN.c.verification == bindparam("this"), _TOKEN.c.used_at.is_(None), _TOKEN.c.expires_at > bindparam("at")
    )
    .values(expires_at=bindparam("at"))
)
_LIVES = exists().where(_VERIFICATION.c.id == bindparam("this"), _VERIFICATION.c.state == State.IN_CALL)
_PAGES_END = (
    update(_PAGE)
    .where(_PAGE.c.verification == bindparam("this"), _PAGE.c.kind == SessionKind.CALLER)
    .where(_PAGE.c.expires_at > bindparam("at"), ~_LIVES)
    .values(expires_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Join:
    """A fresh join token."""

    token: str
    expires_at: int

    def url(self, base: str) -> str:
        """The call page with the token in the fragment, which browsers send to nobody; `base` is our address."""
        return f"{base}/call#{self.token}"


async def issue(session: AsyncSession, verification: str, now: int, lifetime_s: int) -> Join:
    """A token for `verification`, good once within `lifetime_s`."""
    join = Join(new_secret(), now + lifetime_s * SECOND)
    row = {"digest": digest(join.token), "verification": verification, "expires_at": join.expires_at}
    await insert(session, JoinToken, row)
    return join


async def reissue(session: AsyncSession, verification: str, now: int, lifetime_s: int) -> Join:
    """The same for a verification that may have links and pages: they end, but not a page whose call lives."""
    this = {"this": verification, "at": now}
    await session.execute(_UNUSED_END, this)
    await session.execute(_PAGES_END, this)
    return await issue(session, verification, now, lifetime_s)


async def redeem(session: AsyncSession, token: str, now: int) -> str:
    """Use `token` up and give its verification; Problem `join_token_invalid` (unknown, used before, too old)."""
    redeemed = await session.execute(_REDEEM, {"shown": digest(token), "now": now})
    verification: str | None = redeemed.scalar_one_or_none()
    if verification is None:
        raise Problem(401, "join_token_invalid", "This link was used or is too old; ask for a fresh one.")
    return verification


async def verification_of(session: AsyncSession, token: str) -> str | None:
    """Which verification a token was made for, whether or not it is still good; lets nobody in by itself."""
    found = await session.get(JoinToken, digest(token))
    return found.verification if found else None
