"""The command line's part for administrators: accounts, shops, and the systems that open verifications."""

import sys
from urllib.parse import urlsplit

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import tokens, webhooks
from ekyc.models import Client
from signaling.commands import Instant, actor, note, with_database
from vouch.accounts.models import Company, Role, Shop
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts, NewAccount
from vouch.audit import Tag
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys
from vouch.settings import Settings

_CLOCK = SystemClock()
_COMPANY = click.option("--company", required=True, help="Company, CTKV1 to CTKV9.")
_COMPANIES = click.option(
    "--company",
    "companies",
    required=True,
    multiple=True,
    help="Company, CTKV1 to CTKV9; several times for a token of several companies.",
)
_CLIENT = click.option("--client", "client_name", required=True, help="The system that holds the token, such as msale.")
_VALID_FROM = click.option("--valid-from", type=Instant(), default=None, help="When the account begins to be good.")
_VALID_UNTIL = click.option("--valid-until", type=Instant(), default=None, help="When it is no longer.")
_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else it is drawn.")


@click.group()
def user() -> None:
    """Accounts of staff and dealers."""


@user.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", "full_name", required=True, help="Full name.")
@click.option("--company", default=None, help="CTKV1 to CTKV9; none: of the operator, sees all companies.")
@click.option("--shop", default=None, help="A dealer's shop code; `vouch shop add` makes shops.")
@click.option("--dealer-kind", default=None, help="What a dealer is, such as point_of_sale or agency.")
@click.option("--employer", default=None, help="An agent's employer, where it is a service partner.")
@_VALID_FROM
@_VALID_UNTIL
@_STDIN
def user_add(
    username: str,
    role: str,
    full_name: str,
    company: str | None,
    shop: str | None,
    dealer_kind: str | None,
    employer: str | None,
    valid_from: int | None,
    valid_until: int | None,
    password_stdin: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Add the account USERNAME and print its password if one was drawn; that must be changed at first use."""
    if role in {Role.AGENT, Role.DEALER} and company is None:
        raise click.UsageError("Agents and dealers belong to a company: give --company.")
    password = _password(from_stdin=password_stdin)

    async def work(database: Database, _settings: Settings) -> None:
        await _exists(database, Company, company, "There is no company {}; they are CTKV1 to CTKV9.")
        await _exists(database, Shop, shop, "There is no shop {}; `vouch shop add` makes it.")
        new = NewAccount(
            username,
            full_name,
            Role(role),
            password,
            company,
            shop,
            dealer_kind,
            employer,
            valid_from,
            valid_until,
            drawn=not password_stdin,
        )
        account = await Accounts(database, _CLOCK).add(new)
        async with database.write() as session:
            note(session, Tag.ACCOUNT_ADDED, company=company, subject=account.id, role=role)

    with_database(work)
    click.echo(username if password_stdin else f"{username} {password}")


@user.command("password")
@click.argument("username")
@_STDIN
def user_password(username: str, password_stdin: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Give the account USERNAME a new password, and end its sessions; a drawn one must be changed at first use."""
    password = _password(from_stdin=password_stdin)

    async def work(database: Database, _settings: Settings) -> bool:
        account = await Accounts(database, _CLOCK).set_password(username, password, drawn=not password_stdin)
        if account is not None:
            async with database.write() as session:
                note(session, Tag.PASSWORD_SET, company=account.company, subject=account.id)
        return account is not None

    if not with_database(work):
        raise click.ClickException(f"There is no account {username}.")
    click.echo(username if password_stdin else f"{username} {password}")


@user.command("change")
@click.argument("username")
@click.option("--company", default=None, help="Another company; an agent's console joins its team.")
@click.option("--employer", default=None, help="Another employer; empty: the company itself.")
@_VALID_FROM
@_VALID_UNTIL
@click.option("--always-valid", is_flag=True, help="Take both dates away.")
def user_change(
    username: str,
    company: str | None,
    employer: str | None,
    valid_from: int | None,
    valid_until: int | None,
    always_valid: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Change facts of the account USERNAME; what is not given stays. Consoles that are open follow within seconds."""
    changes: dict[str, object] = {"valid_from": None, "valid_until": None} if always_valid else {}
    given = {"company": company, "valid_from": valid_from, "valid_until": valid_until}
    changes |= {name: value for name, value in given.items() if value is not None}
    if employer is not None:
        changes["employer"] = employer or None
    if not changes:
        raise click.UsageError("Say what to change; see --help.")
    _change(username, changes)
    click.echo(f"{username} is changed.")


@user.command("skills")
@click.argument("username")
@click.argument("skills", nargs=-1)
def user_skills(username: str, skills: tuple[str, ...]) -> None:
    """Give the agent USERNAME these skills and no others, as language:en or paper:foreign_passport; none takes all."""
    _change(username, {"skills": sorted(set(skills))})
    click.echo(f"{username}: {' '.join(sorted(set(skills))) or 'no skills'}")


@user.command("disable")
@click.argument("username")
def user_disable(username: str) -> None:
    """Shut the account USERNAME and end its sessions and sockets."""

    async def work(database: Database, _settings: Settings) -> bool:
        account = await Accounts(database, _CLOCK).disable(username)
        if account is not None:
            async with database.write() as session:
                note(session, Tag.ACCOUNT_DISABLED, company=account.company, subject=account.id)
        return account is not None

    if not with_database(work):
        raise click.ClickException(f"There is no account {username}.")
    click.echo(f"{username} is disabled.")


@user.command("second-factor")
@click.argument("username")
@click.option("--reset", "resets", is_flag=True, help="Take all of them away, and end the account's sessions.")
def user_second_factor(username: str, resets: bool) -> None:  # noqa: FBT001 - click passes flags so
    """Help the account USERNAME, whose owner has lost the second factor and its recovery codes."""
    if not resets:
        raise click.UsageError("Say what to do: --reset.")

    async def work(database: Database, _settings: Settings) -> int | None:
        found = await Accounts(database, _CLOCK).reset_second_factor(username)
        if found is None:
            return None
        account, count = found
        async with database.write() as session:
            note(session, Tag.SECOND_FACTOR_RESET, company=account.company, subject=account.id)
        return count

    count = with_database(work)
    if count is None:
        raise click.ClickException(f"There is no account {username}.")
    click.echo(f"{username} had {count} second factors and has none.")


@click.group()
def shop() -> None:
    """Points of sale, to which dealers belong."""


@shop.command("add")
@click.argument("code")
@_COMPANY
@click.option("--name", required=True)
@click.option("--address", required=True)
def shop_add(code: str, company: str, name: str, address: str) -> None:
    """Add the shop CODE, or correct its name and address."""

    async def work(database: Database, _settings: Settings) -> None:
        await _exists(database, Company, company, "There is no company {}; they are CTKV1 to CTKV9.")
        async with database.write() as session:
            await session.merge(Shop(code=code, company=company, name=name, address=address))
            note(session, Tag.SHOP_KEPT, company=company, subject=code, name=name, address=address)

    with_database(work)
    click.echo(f"{code} belongs to {company}.")


@click.group()
def token() -> None:
    """Company tokens: what lets mSale or a shop's app open verifications of a company."""


@token.command("issue")
@_COMPANIES
@_CLIENT
@click.option("--webhook-url", default=None, help="Where results of this client go.")
def token_issue(companies: tuple[str, ...], client_name: str, webhook_url: str | None) -> None:
    """Issue a token and print it: it is not shown again. With --webhook-url the signing secret is printed too.

    It opens and reads verifications of the companies that are named here, and of no others. With a token of several
    each request names its company.
    """

    async def work(database: Database, settings: Settings) -> list[str]:
        async with database.write() as session:
            client = await tokens.client_named(session, client_name, _CLOCK.now())
            first, *also = companies
            issued = await tokens.issue(session, client.id, first, _CLOCK.now(), also=also, actor=actor())
            lines = [f"token {issued.secret}"]
            if webhook_url is not None:
                lines.append(f"webhook-secret {_set_webhook(session, client, webhook_url, settings)}")
        return lines

    click.echo("\n".join(with_database(work)))


@token.command("rotate")
@_COMPANIES
@_CLIENT
def token_rotate(companies: tuple[str, ...], client_name: str) -> None:
    """Issue a second token; the first stays valid for a while, so that the client can change over.

    Of a token of several companies name them all.
    """

    async def work(database: Database, _settings: Settings) -> str:
        async with database.write() as session:
            client = await tokens.known_client(session, client_name)
            first, *also = companies
            return (await tokens.rotate(session, client.id, first, _CLOCK.now(), also=also, actor=actor())).secret

    click.echo(f"token {with_database(work)}")


@token.command("revoke")
@_COMPANY
@_CLIENT
def token_revoke(company: str, client_name: str) -> None:
    """Make every token that stands for the company at this client worthless, for its other companies too."""

    async def work(database: Database, _settings: Settings) -> int:
        async with database.write() as session:
            client = await tokens.known_client(session, client_name)
            return await tokens.revoke(session, client.id, company, _CLOCK.now(), actor=actor())

    click.echo(f"{with_database(work)} revoked")


@token.command("webhook")
@_CLIENT
@click.argument("url")
def token_webhook(client_name: str, url: str) -> None:
    """Send this client's results to URL from now on; prints the new signing secret."""

    async def work(database: Database, settings: Settings) -> str:
        async with database.write() as session:
            return _set_webhook(session, await tokens.known_client(session, client_name), url, settings)

    click.echo(f"webhook-secret {with_database(work)}")


@token.command("priority")
@_CLIENT
@click.argument("highest", type=click.IntRange(0, 9))
def token_priority(client_name: str, highest: int) -> None:
    """Let this client open verifications of up to priority HIGHEST, which are served earlier; 0: none but ordinary."""

    async def work(database: Database, _settings: Settings) -> None:
        async with database.write() as session:
            client = await tokens.known_client(session, client_name)
            client.highest_priority = highest
            note(session, Tag.PRIORITY_SET, subject=client.id, highest=highest)

    with_database(work)
    click.echo(f"{client_name} may ask for priority {highest}.")


def _change(username: str, changes: dict[str, object]) -> None:
    async def work(database: Database, _settings: Settings) -> bool:
        company = changes.get("company")
        await _exists(database, Company, str(company) if company else None, "There is no company {}.")
        account = await Accounts(database, _CLOCK).change(username, **changes)
        if account is not None:
            async with database.write() as session:
                note(session, Tag.ACCOUNT_CHANGED, company=account.company, subject=account.id, changes=changes)
        return account is not None

    if not with_database(work):
        raise click.ClickException(f"There is no account {username}.")


def _password(*, from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\n") if from_stdin else draw()


async def _exists(database: Database, kind: type[Company | Shop], key: str | None, otherwise: str) -> None:
    """ClickException with the sentence `otherwise` where there is no such row; none was asked for where key is None."""
    if key is None:
        return
    async with database.read() as session:
        if await session.get(kind, key) is None:
            raise click.ClickException(otherwise.format(key))


_NOT_TAKEN = {
    "bad_address": "{} is no address of a receiver: give https://HOST/PATH.",
    "not_https": "{} would send results in clear. Give https://, or name the host in VOUCH_WEBHOOK_HTTP_HOSTS.",
}


def _set_webhook(session: AsyncSession, client: Client, url: str, settings: Settings) -> str:
    refused = webhooks.refusal(url, private=settings.webhook_private, http_hosts=settings.webhook_http_hosts)
    if refused is not None:
        raise click.ClickException(_NOT_TAKEN[refused].format(url))
    secret = webhooks.new_secret()
    client.webhook_url = url
    client.webhook_secret = webhooks.seal(Keys.load(settings.data_dir), secret)
    client.webhook_disabled_at = None
    # Where to, and not all of it: a path may hold a secret.
    note(session, Tag.WEBHOOK_SET, subject=client.id, client=client.name, host=urlsplit(url).netloc.rpartition("@")[2])
    return secret
