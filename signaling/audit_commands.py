"""The command line's part for who may do what, and who did: lists of accounts, tokens and sessions, the audit log.

No list shows a secret, or what one could be found from. Each look at the log is a line in it.
"""

import json
from collections.abc import Iterable, Sequence

import click
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import tokens
from ekyc.models import Client, CompanyToken
from signaling.administration import token, user
from signaling.commands import Instant, note, with_database
from vouch.accounts.models import Account, Role, WebSession
from vouch.accounts.service import is_valid
from vouch.audit import AuditEntry, Tag
from vouch.audit_reading import MOST, Asked, Lines, lines
from vouch.clock import SECOND, SystemClock, in_vietnam
from vouch.database import Database
from vouch.settings import Settings

_CLOCK = SystemClock()
_NAMED = 16
"""Digits by which a session is named: of its digest, from which the cookie cannot be found."""
_COMPANY = click.option("--company", default=None, help="Of this company alone.")


@user.command("list")
@_COMPANY
@click.option("--role", type=click.Choice([role.value for role in Role]), default=None)
def account_list(company: str | None, role: str | None) -> None:
    """List accounts: name, role, company, whether they may be used, full name."""

    async def work(database: Database, _settings: Settings) -> list[Sequence[object]]:
        chosen = select(Account).order_by(Account.username)
        chosen = chosen if company is None else chosen.where(Account.company == company)
        chosen = chosen if role is None else chosen.where(Account.role == role)
        now = _CLOCK.now()
        async with database.read() as session:
            return [
                (each.username, each.role, each.company, _standing(each, now), _when(each.created_at), each.full_name)
                for each in (await session.scalars(chosen)).all()
            ]

    _table(("account", "role", "company", "state", "made", "full name"), with_database(work))


@token.command("list")
@_COMPANY
def token_list(company: str | None) -> None:
    """List company tokens: client, companies, since when, until when. The tokens themselves are not kept."""

    async def work(database: Database, _settings: Settings) -> list[Sequence[object]]:
        chosen = select(CompanyToken, Client.name).join(Client, Client.id == CompanyToken.client)
        now = _CLOCK.now()
        async with database.read() as session:
            rows = (await session.execute(chosen.order_by(Client.name, CompanyToken.created_at))).all()
        return [
            (each.id, name, ",".join(tokens.companies_of(each)), _good(each, now), _when(each.created_at), _ends(each))
            for each, name in rows
            if company is None or company in tokens.companies_of(each)
        ]

    _table(("token", "client", "companies", "state", "issued", "ends"), with_database(work))


@click.group()
def session() -> None:
    """Browsers that are signed in."""


@session.command("list")
@_COMPANY
@click.option("--callers", is_flag=True, help="Callers' pages too: they are of one verification, and of no account.")
def session_list(company: str | None, callers: bool) -> None:  # noqa: FBT001 - click passes flags so
    """List who is signed in: account, kind of page, since when, until when."""

    async def work(database: Database, _settings: Settings) -> list[Sequence[object]]:
        chosen = select(WebSession, Account).outerjoin(Account, Account.id == WebSession.account)
        chosen = chosen.where(WebSession.expires_at > _CLOCK.now()).order_by(WebSession.created_at)
        chosen = chosen if callers else chosen.where(WebSession.account.is_not(None))
        chosen = chosen if company is None else chosen.where(Account.company == company)
        async with database.read() as transaction:
            rows = (await transaction.execute(chosen)).all()
        return [
            (
                each.digest[:_NAMED],
                each.kind,
                account.username if account else f"verification {each.verification}",
                account.company if account else None,
                _when(each.created_at),
                _when(each.expires_at),
            )
            for each, account in rows
        ]

    _table(("session", "kind", "account", "company", "since", "until"), with_database(work))


@session.command("end")
@click.argument("name", required=False)
@click.option("--account", "username", default=None, help="All sessions of this account.")
def session_end(name: str | None, username: str | None) -> None:
    """End the session NAME, as `session list` names it, or all of an account; its sockets end within seconds."""
    if (name is None) == (username is None):
        raise click.UsageError("Name a session, or an account by --account.")
    if name is not None and (len(name) < _NAMED or not name.isalnum()):
        raise click.UsageError("Name the session as `vouch session list` does.")

    async def work(database: Database, _settings: Settings) -> int:
        now = _CLOCK.now()
        live = select(WebSession, Account).outerjoin(Account, Account.id == WebSession.account)
        live = live.where(WebSession.expires_at > now)
        which = WebSession.digest.startswith(name) if name is not None else Account.username == username
        async with database.write() as transaction:
            found = (await transaction.execute(live.where(which))).all()
            for each, account in found:
                ended = update(WebSession).where(WebSession.digest == each.digest).values(expires_at=now)
                await transaction.execute(ended)
                company, subject = (account.company, account.id) if account else (None, each.verification)
                note(transaction, Tag.SESSION_ENDED, company=company, subject=subject, kind=each.kind)
        return len(found)

    if not (ended := with_database(work)):
        raise click.ClickException("Nobody is signed in so.")
    click.echo(f"{ended} ended")


@click.command()
@click.option("--since", type=Instant(), default=None, help="From this instant on.")
@click.option("--until", type=Instant(), default=None, help="Before this instant.")
@click.option("--account", "username", default=None, help="What this account did, by its name.")
@_COMPANY
@click.option("--subject", default=None, help="What was done to this: an account's name, or any id.")
@click.option("--tag", type=click.Choice([tag.value for tag in Tag]), default=None, metavar="TAG")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, show_default=True)
@click.option("--after", "cursor", default=None, help="Go on after the page that ended with this.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def audit(
    since: int | None,
    until: int | None,
    username: str | None,
    company: str | None,
    subject: str | None,
    tag: str | None,
    limit: int,
    cursor: str | None,
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Print the audit log, the newest line first: who did what to whom and when."""

    async def work(database: Database, _settings: Settings) -> Lines:
        async with database.write() as transaction:
            asked = Asked(
                since,
                until,
                await _id_of(transaction, username, needed=True),
                company,
                await _id_of(transaction, subject, needed=False),
                tag,
            )
            found = await lines(transaction, asked, limit, cursor)
            note(transaction, Tag.LOG_READ_BY_COMMAND, filters=asked.filters, lines=len(found.entries))
            return found

    found = with_database(work)
    click.echo("\n".join(_json(found) if as_json else _told(found)) or "There is no such line.")
    if found.cursor is not None:
        click.echo(f"More: --after {found.cursor}", err=True)


async def _id_of(transaction: AsyncSession, name: str | None, *, needed: bool) -> str | None:
    """The id of the account of this name; the name itself where it is none and need not be."""
    if name is None:
        return None
    found: str | None = await transaction.scalar(select(Account.id).where(Account.username == name))
    if found is None and needed:
        raise click.ClickException(f"There is no account {name}.")
    return found or name


def _told(found: Lines) -> Iterable[str]:
    for entry in found.entries:
        who = found.usernames.get(entry.account or "") or entry.account or entry.actor or "-"
        whom = found.usernames.get(entry.subject or "") or entry.subject or "-"
        facts = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
        yield f"{_when(entry.at)}  {entry.tag}  {entry.company or '-'}  by {who}  on {whom}  {facts}".rstrip()


def _json(found: Lines) -> Iterable[str]:
    for entry in found.entries:
        named = {name: getattr(entry, name) for name in _COLUMNS}
        yield json.dumps(named | {"username": found.usernames.get(entry.account or "")}, ensure_ascii=False)


_COLUMNS = tuple(column.key for column in AuditEntry.__table__.columns)


def _standing(account: Account, now: int) -> str:
    if account.disabled_at is not None:
        return "disabled"
    return "good" if is_valid(account, now) else "not valid"


def _good(token: CompanyToken, now: int) -> str:
    if token.revoked_at is not None:
        return "revoked"
    return "ended" if token.expires_at is not None and token.expires_at <= now else "good"


def _ends(token: CompanyToken) -> str | None:
    ends = [each for each in (token.expires_at, token.revoked_at) if each is not None]
    return _when(min(ends)) if ends else None


def _when(instant: int) -> str:
    return in_vietnam(instant // SECOND * SECOND).isoformat(sep=" ")


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as what stands in them."""
    texts = [list(heads), *([("-" if each is None else str(each)) for each in row] for row in rows)]
    widths = [max(len(row[place]) for row in texts) for place in range(len(heads))]
    for row in texts:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())
