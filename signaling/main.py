"""The command line: `vouch serve`, `migrate`, `backup`, `user`, `token`, `seed-demo`, `demo`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import click

from ekyc import tokens, webhooks
from ekyc.models import Client
from signaling.backup import backup as make_backup
from signaling.demo.command import demo
from signaling.demo.seed import seed
from signaling.serve import NotReadyError, Tls, run
from vouch import __version__, migrations
from vouch.accounts.models import Account, Company, Role
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts, NewAccount
from vouch.audit import Tag, record
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys
from vouch.logs import configure
from vouch.problems import Problem
from vouch.settings import Settings

Result = TypeVar("Result")
_COMPANY = click.option("--company", required=True, help="Company, CTKV1 to CTKV9.")
_CLIENT = click.option("--client", "client_name", required=True, help="The system that holds the token, such as msale.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vouch")
def main() -> None:
    """Vouch: verification of people over a live video call. Settings are VOUCH_* variables, see .env.example."""


@main.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on.")
@click.option("--tls-cert", type=click.Path(exists=True, path_type=Path), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(exists=True, path_type=Path), help="Its private key, PEM.")
def serve(host: str | None, port: int | None, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve the pages, the API, the sockets and media until interrupted."""
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: give both or neither.")
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    configure(settings.log_level)
    try:
        run(settings, Tls(tls_cert, tls_key) if tls_cert and tls_key else None)
    except NotReadyError as error:
        raise click.ClickException(str(error)) from None


@main.command()
def migrate() -> None:
    """Bring the database's schema to this version."""

    async def work(database: Database, _settings: Settings) -> None:
        await migrations.upgrade(database)

    _with_database(work)
    click.echo("The database is at this version's schema.")


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def backup(directory: Path) -> None:
    """Copy database, evidence and key to DIRECTORY, while Vouch runs."""

    async def work(database: Database, settings: Settings) -> None:
        await make_backup(database, settings, directory)

    _with_database(work)
    click.echo(f"Backed up to {directory}.")


@main.group()
def user() -> None:
    """Accounts of staff and dealers."""


@user.command("add")
@click.argument("username")
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@click.option("--name", "full_name", required=True, help="Full name.")
@click.option("--company", default=None, help="CTKV1 to CTKV9; none: of the operator, sees all companies.")
@click.option("--shop", default=None, help="A dealer's shop code.")
@click.option("--employer", default=None, help="An agent's employer, where it is a service partner.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input; else one is drawn.")
def user_add(
    username: str,
    role: str,
    full_name: str,
    company: str | None,
    shop: str | None,
    employer: str | None,
    password_stdin: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Add the account USERNAME and print its password if one was drawn."""
    if role in {Role.AGENT, Role.DEALER} and company is None:
        raise click.UsageError("Agents and dealers belong to a company: give --company.")
    password = sys.stdin.readline().rstrip("\n") if password_stdin else draw()

    async def work(database: Database, _settings: Settings) -> None:
        async with database.read() as session:
            if company is not None and await session.get(Company, company) is None:
                raise click.ClickException(f"There is no company {company}; `vouch migrate` loads CTKV1 to CTKV9.")
        clock = SystemClock()
        new = NewAccount(username, full_name, Role(role), password, company, shop, employer=employer)
        account = await Accounts(database, clock).add(new)
        async with database.write() as session:
            record(session, Tag.ACCOUNT_ADDED, clock.now(), company=company, subject=account.id, role=role)

    _with_database(work)
    click.echo(username if password_stdin else f"{username} {password}")


@user.command("disable")
@click.argument("username")
def user_disable(username: str) -> None:
    """Shut the account USERNAME and end its sessions and sockets."""

    async def work(database: Database, _settings: Settings) -> Account | None:
        clock = SystemClock()
        account = await Accounts(database, clock).disable(username)
        if account is not None:
            async with database.write() as session:
                record(session, Tag.ACCOUNT_DISABLED, clock.now(), company=account.company, subject=account.id)
        return account

    if _with_database(work) is None:
        raise click.ClickException(f"There is no account {username}.")
    click.echo(f"{username} is disabled.")


@main.group()
def token() -> None:
    """Company tokens: what lets mSale or a shop's app open verifications of a company."""


@token.command("issue")
@_COMPANY
@_CLIENT
@click.option("--webhook-url", default=None, help="Where results of this client go.")
def token_issue(company: str, client_name: str, webhook_url: str | None) -> None:
    """Issue a token and print it: it is not shown again. With --webhook-url the signing secret is printed too."""

    async def work(database: Database, settings: Settings) -> list[str]:
        clock = SystemClock()
        async with database.write() as session:
            client = await tokens.client_named(session, client_name, clock.now())
            issued = await tokens.issue(session, client.id, company, clock.now())
            record(session, Tag.TOKEN_ISSUED, clock.now(), company=company, subject=client.id)
            lines = [f"token {issued.secret}"]
            if webhook_url is not None:
                lines.append(f"webhook-secret {_set_webhook(client, webhook_url, settings)}")
        return lines

    click.echo("\n".join(_with_database(work)))


@token.command("rotate")
@_COMPANY
@_CLIENT
def token_rotate(company: str, client_name: str) -> None:
    """Issue a second token; the first stays valid for a while, so that the client can change over."""

    async def work(database: Database, _settings: Settings) -> str:
        clock = SystemClock()
        async with database.write() as session:
            client = await tokens.client_named(session, client_name, clock.now())
            issued = await tokens.rotate(session, client.id, company, clock.now())
            record(session, Tag.TOKEN_ROTATED, clock.now(), company=company, subject=client.id)
        return issued.secret

    click.echo(f"token {_with_database(work)}")


@token.command("revoke")
@_COMPANY
@_CLIENT
def token_revoke(company: str, client_name: str) -> None:
    """Make every token of the company at this client worthless."""

    async def work(database: Database, _settings: Settings) -> int:
        clock = SystemClock()
        async with database.write() as session:
            client = await tokens.client_named(session, client_name, clock.now())
            count = await tokens.revoke(session, client.id, company, clock.now())
            record(session, Tag.TOKEN_REVOKED, clock.now(), company=company, subject=client.id)
        return count

    click.echo(f"{_with_database(work)} revoked")


@main.command("seed-demo")
def seed_demo() -> None:
    """Fill the database with companies, accounts and tokens to try Vouch on; prints the accounts."""

    async def work(database: Database, settings: Settings) -> list[str]:
        return (await seed(database, settings)).lines()

    click.echo("\n".join(_with_database(work)))


main.add_command(demo)


def _set_webhook(client: Client, url: str, settings: Settings) -> str:
    secret = webhooks.new_secret()
    client.webhook_url = url
    client.webhook_secret = webhooks.seal(Keys.load(settings.data_dir), secret)
    return secret


def _with_database(work: Callable[[Database, Settings], Awaitable[Result]]) -> Result:
    """Run one command's work on the database; what the user did wrong ends in one sentence."""
    settings = Settings()
    configure("WARNING")

    async def run() -> Result:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        try:
            return await work(database, settings)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except Problem as problem:
        raise click.ClickException(problem.detail) from None


if __name__ == "__main__":
    main()
