"""Company tokens: static secrets by which a client's requests are known, and with them the company.

Only a token's digest is kept; the token itself is shown once, by the command that made it. Rotating makes a new one
and lets the former live for an overlap, so that never more than two are valid. A token buys verifications and short
join tokens and must never reach a browser.
"""

import re
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import Client, CompanyToken
from vouch import audit
from vouch.accounts.models import Company
from vouch.audit import Tag
from vouch.clock import DAY
from vouch.ids import digest, new_id, new_secret
from vouch.problems import Problem
from vouch.statements import table_of

OVERLAP = DAY
"""How long a rotated token stays valid, in microseconds."""
_TOKEN = table_of(CompanyToken)
_SHOWN = select(*(_TOKEN.c[name] for name in ("id", "client", "company", "expires_at", "revoked_at"))).where(
    _TOKEN.c.digest == bindparam("shown")
)
_PREFIX = "vouch_company_"
# RFC 6750, 2.1: b64token.
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows a valid token."""

    token: str
    """The token's id, not its secret."""
    client: str
    company: str


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A fresh token; the only moment at which its secret is known."""

    id: str
    secret: str


async def known_client(session: AsyncSession, name: str) -> Client:
    """The client of this name; Problem `unknown_client`."""
    client = (await session.scalars(select(Client).where(Client.name == name))).first()
    if client is None:
        raise Problem(404, "unknown_client", "There is no client of this name; issue a token for it first.")
    return client


async def client_named(session: AsyncSession, name: str, now: int) -> Client:
    """The client of this name, made if there is none yet (without a webhook)."""
    client = (await session.scalars(select(Client).where(Client.name == name))).first()
    if client is None:
        client = Client(id=new_id(), name=name, created_at=now)
        session.add(client)
        await session.flush()
    return client


async def issue(session: AsyncSession, client: str, company: str, now: int) -> IssuedToken:
    """The first token of `company` at `client`; Problem `unknown_company`, `token_exists` (rotate it instead)."""
    if await session.get(Company, company) is None:
        raise Problem(422, "unknown_company", "There is no company of this code.")
    if await _valid(session, client, company, now):
        raise Problem(409, "token_exists", "This company has a token at this client; rotate it instead.")
    issued = await _add(session, client, company, now)
    audit.record(session, Tag.TOKEN_ISSUED, now, company=company, subject=issued.id)
    return issued


async def rotate(session: AsyncSession, client: str, company: str, now: int, overlap: int = OVERLAP) -> IssuedToken:
    """A new token; the newest former one stays valid for `overlap` microseconds, older ones end at once.

    Problem `no_token` where there is none to rotate.
    """
    former = await _valid(session, client, company, now)
    if not former:
        raise Problem(404, "no_token", "This company has no valid token at this client; issue one.")
    newest, *older = former
    newest.expires_at = min(newest.expires_at or now + overlap, now + overlap)
    for token in older:
        token.revoked_at = now
    issued = await _add(session, client, company, now)
    audit.record(session, Tag.TOKEN_ROTATED, now, company=company, subject=issued.id)
    return issued


async def revoke(session: AsyncSession, client: str, company: str, now: int) -> int:
    """End every valid token of `company` at `client` now; gives their number."""
    tokens = await _valid(session, client, company, now)
    for token in tokens:
        token.revoked_at = now
        audit.record(session, Tag.TOKEN_REVOKED, now, company=company, subject=token.id)
    return len(tokens)


async def holder_of(session: AsyncSession, secret: str, now: int) -> Holder:
    """Who shows `secret`; Problem `bad_token`."""
    token = (await session.execute(_SHOWN, {"shown": digest(secret)})).one_or_none()
    if token is None or not _is_valid(token.expires_at, token.revoked_at, now):
        raise _bad_token()
    return Holder(token.id, token.client, token.company)


def bearer(authorization: str | None) -> str:
    """The token in an Authorization header (RFC 6750, 2.1); Problem `bad_token` where there is none."""
    found = _BEARER.fullmatch(authorization or "")
    if found is None:
        raise _bad_token()
    return found.group(1)


def _bad_token() -> Problem:
    return Problem(401, "bad_token", "Send a valid company token: `Authorization: Bearer TOKEN`.")


async def _add(session: AsyncSession, client: str, company: str, now: int) -> IssuedToken:
    issued = IssuedToken(new_id(), _PREFIX + new_secret())
    session.add(
        CompanyToken(id=issued.id, digest=digest(issued.secret), company=company, client=client, created_at=now)
    )
    await session.flush()
    return issued


async def _valid(session: AsyncSession, client: str, company: str, now: int) -> list[CompanyToken]:
    """The valid tokens, the newest first; the company's row is locked so that two rotations cannot cross."""
    await session.execute(select(Company.id).where(Company.id == company).with_for_update())
    chosen = select(CompanyToken).where(CompanyToken.client == client, CompanyToken.company == company)
    tokens = (await session.scalars(chosen.order_by(CompanyToken.created_at.desc(), CompanyToken.id.desc()))).all()
    return [token for token in tokens if _is_valid(token.expires_at, token.revoked_at, now)]


def _is_valid(expires_at: int | None, revoked_at: int | None, now: int) -> bool:
    return revoked_at is None and (expires_at is None or expires_at > now)
