"""Company tokens: static secrets by which a client's requests are known, and with them the company.

A token stands for one company, or for several where its client serves several and said so when it was issued; nothing
of another company can be read or opened by it. Only a token's digest is kept; the token itself is shown once, by the
command that made it. Rotating makes a new one and lets the former live for an overlap, so that never more than two are
valid. A token buys verifications and short join tokens and must never reach a browser.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

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
_SHOWN = select(*(_TOKEN.c[name] for name in ("id", "client", "company", "further", "expires_at", "revoked_at"))).where(
    _TOKEN.c.digest == bindparam("shown")
)
_PREFIX = "vouch_company_"
BAD_TOKEN = "bad_token"  # noqa: S105 - a code
"""The code of the answer to a token that is not valid."""
# RFC 6750, 2.1: b64token.
_BEARER = re.compile(r"Bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who shows a valid token."""

    token: str
    """The token's id, not its secret."""
    client: str
    companies: tuple[str, ...]
    """Whose verifications it opens and reads, sorted."""

    @property
    def company(self) -> str:
        """The one company that it stands for; of a token of several only `within` says which is meant."""
        (company,) = self.companies
        return company

    def within(self, named: str | None) -> "Holder":
        """The same, for the one company that a request is about; `named` is what the request says of it.

        Problem `company_needed`, `company_not_allowed`; `invalid_body` where the token decides by itself.
        """
        if len(self.companies) == 1 and named is None:
            return self
        if named is None:
            raise Problem(422, "company_needed", f"Name the `company`: {_one_of(self.companies)}.")
        if len(self.companies) == 1:
            fields = [{"field": "company", "problem": "the token decides the company: leave this out"}]
            raise Problem(422, "invalid_body", "Some fields are missing or wrong; see `fields`.", fields=fields)
        if named not in self.companies:
            raise Problem(403, "company_not_allowed", f"This token's `company` is {_one_of(self.companies)}.")
        return replace(self, companies=(named,))


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


async def issue(
    session: AsyncSession, client: str, company: str, now: int, *, also: Collection[str] = (), actor: str | None = None
) -> IssuedToken:
    """The first token of `company`, and of those named in `also` with it, at `client`.

    Problem `unknown_company`, `token_exists` (rotate it instead).
    """
    companies = _sorted(company, also)
    for each in companies:
        if await session.get(Company, each) is None:
            raise Problem(422, "unknown_company", f"There is no company {each}.")
    if await _exactly(session, client, companies, now):
        raise Problem(409, "token_exists", f"There is a token of {_all(companies)} at this client; rotate it instead.")
    issued = await _add(session, client, companies, now)
    _note(session, Tag.TOKEN_ISSUED, now, companies, issued.id, client, actor)
    return issued


async def rotate(
    session: AsyncSession,
    client: str,
    company: str,
    now: int,
    overlap: int = OVERLAP,
    *,
    also: Collection[str] = (),
    actor: str | None = None,
) -> IssuedToken:
    """A new token of the same companies; the newest former one stays valid for `overlap` microseconds, older ones end.

    Problem `no_token` where there is none to rotate.
    """
    companies = _sorted(company, also)
    former = await _exactly(session, client, companies, now)
    if not former:
        text = f"There is no valid token of {_all(companies)} at this client; name all of its companies, or issue one."
        raise Problem(404, "no_token", text)
    newest, *older = former
    newest.expires_at = min(newest.expires_at or now + overlap, now + overlap)
    for token in older:
        token.revoked_at = now
    issued = await _add(session, client, companies, now)
    _note(session, Tag.TOKEN_ROTATED, now, companies, issued.id, client, actor)
    return issued


async def revoke(session: AsyncSession, client: str, company: str, now: int, *, actor: str | None = None) -> int:
    """End every valid token at `client` that stands for `company`, those of several too; gives their number."""
    tokens = [token for token in await _valid(session, client, (company,), now) if company in companies_of(token)]
    for token in tokens:
        token.revoked_at = now
        _note(session, Tag.TOKEN_REVOKED, now, companies_of(token), token.id, client, actor)
    return len(tokens)


def companies_of(token: CompanyToken) -> tuple[str, ...]:
    """The companies that a token stands for, sorted."""
    return _sorted(token.company, token.further)


async def holder_of(session: AsyncSession, secret: str, now: int) -> Holder:
    """Who shows `secret`; Problem `bad_token`."""
    token = (await session.execute(_SHOWN, {"shown": digest(secret)})).one_or_none()
    if token is None or not _is_valid(token.expires_at, token.revoked_at, now):
        raise _bad_token()
    return Holder(token.id, token.client, _sorted(token.company, token.further))


def bearer(authorization: str | None) -> str:
    """The token in an Authorization header (RFC 6750, 2.1); Problem `bad_token` where there is none."""
    found = _BEARER.fullmatch(authorization or "")
    if found is None:
        raise _bad_token()
    return found.group(1)


def _bad_token() -> Problem:
    return Problem(401, BAD_TOKEN, "Send a valid company token: `Authorization: Bearer TOKEN`.")


def _note(
    session: AsyncSession, tag: Tag, now: int, companies: tuple[str, ...], token: str, client: str, actor: str | None
) -> None:
    """One line for each company, for each one's supervisors read their own."""
    for company in companies:
        audit.record(session, tag, now, company=company, subject=token, actor=actor, client=client)


async def _add(session: AsyncSession, client: str, companies: tuple[str, ...], now: int) -> IssuedToken:
    issued = IssuedToken(new_id(), _PREFIX + new_secret())
    first, *further = companies
    row = {"id": issued.id, "digest": digest(issued.secret), "company": first, "further": further, "client": client}
    session.add(CompanyToken(**row, created_at=now))
    await session.flush()
    return issued


async def _exactly(session: AsyncSession, client: str, companies: tuple[str, ...], now: int) -> list[CompanyToken]:
    """The valid tokens of just these companies, the newest first."""
    return [token for token in await _valid(session, client, companies, now) if companies_of(token) == companies]


async def _valid(session: AsyncSession, client: str, companies: tuple[str, ...], now: int) -> list[CompanyToken]:
    """The client's valid tokens, the newest first; the companies' rows are locked: two rotations cannot cross."""
    await session.execute(select(Company.id).where(Company.id.in_(companies)).order_by(Company.id).with_for_update())
    chosen = select(CompanyToken).where(CompanyToken.client == client)
    tokens = (await session.scalars(chosen.order_by(CompanyToken.created_at.desc(), CompanyToken.id.desc()))).all()
    return [token for token in tokens if _is_valid(token.expires_at, token.revoked_at, now)]


def _sorted(company: str, further: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({company, *further}))


def _all(companies: tuple[str, ...]) -> str:
    return " and ".join(companies)


def _one_of(companies: tuple[str, ...]) -> str:
    return " or ".join(companies)


def _is_valid(expires_at: int | None, revoked_at: int | None, now: int) -> bool:
    return revoked_at is None and (expires_at is None or expires_at > now)
