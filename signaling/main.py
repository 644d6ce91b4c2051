"""The command line: `vouch serve`, `migrate`, `backup`, `replay`, `explain`, `draws`, accounts, tokens, demo, load."""

import os
from pathlib import Path
from typing import Literal

import click

from signaling.administration import shop, token, user
from signaling.audit_commands import audit, session
from signaling.backup_commands import backup, restore_key
from signaling.commands import note, with_database
from signaling.investigation import draws, explain, replay
from signaling.rule_commands import rules
from signaling.seed_commands import reseal
from vouch import __version__, migrations
from vouch.audit import Tag
from vouch.database import Database
from vouch.logs import configure
from vouch.settings import Settings

# What a command needs is imported when it runs: a node that starts again has 15 seconds before its calls are lost,
# and must not load drawing and QR codes first.


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="vouch")
@click.option("--as", "named", metavar="NAME", default=None, help="Who you are, for the audit log.")
def main(named: str | None) -> None:
    """Vouch: verification of people over a live video call. Settings are VOUCH_* variables, see .env.example."""
    # Database, evidence and keys are nobody else's to read.
    os.umask(0o077)


main.add_command(backup)
main.add_command(restore_key)
main.add_command(user)
# The same commands: `account list` reads as well as `user add`.
main.add_command(user, name="account")
main.add_command(session)
main.add_command(audit)
main.add_command(shop)
main.add_command(token)
main.add_command(rules)
main.add_command(replay)
main.add_command(explain)
main.add_command(draws)
draws.add_command(reseal)


@main.command()
@click.option("--host", default=None, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on.")
@click.option("--tls-cert", type=click.Path(exists=True, path_type=Path), help="Certificate chain, PEM.")
@click.option("--tls-key", type=click.Path(exists=True, path_type=Path), help="Its private key, PEM.")
def serve(host: str | None, port: int | None, tls_cert: Path | None, tls_key: Path | None) -> None:
    """Serve the pages, the API, the sockets and media until interrupted."""
    from signaling.serve import NotReadyError, Tls, run  # noqa: PLC0415 - see above

    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key belong together: give both or neither.")
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings().model_copy(update=given)
    configure(settings.log_level)
    try:
        run(settings, Tls(tls_cert, tls_key) if tls_cert and tls_key else None)
    except NotReadyError as error:
        raise click.ClickException(str(error)) from None


@main.command("media-worker")
@click.option("--listen", required=True, help="HOST:PORT on which the nodes reach it; an internal address.")
@click.option("--name", required=True, help="Its name, as in the nodes' VOUCH_MEDIA_WORKER_ADDRESSES.")
def media_worker(listen: str, name: str) -> None:
    """Run one media worker by itself, for nodes that are told of it, until interrupted."""
    from signaling.media_worker import run  # noqa: PLC0415 - see above

    run(Settings(), name, listen)


@main.command()
def migrate() -> None:
    """Bring the database's schema to this version; load companies, coverage and policy where they are missing."""
    from ekyc import reference  # noqa: PLC0415 - see above

    async def work(database: Database, _settings: Settings) -> None:
        await migrations.upgrade(database)
        async with database.write() as session:
            await reference.load(session)
            note(session, Tag.SCHEMA_MIGRATED, schema=migrations.revisions()[-1], version=__version__)

    with_database(work, migrated=False)
    click.echo("The database is at this version's schema.")


@main.command("seed-demo")
def seed_demo() -> None:
    """Fill the database with companies, accounts and tokens to try Vouch on; prints the accounts."""
    from signaling.demo.seed import seed  # noqa: PLC0415 - see above

    async def work(database: Database, settings: Settings) -> list[str]:
        seeds = await seed(database, settings)
        async with database.write() as session:
            note(session, Tag.DEMO_SEEDED)
        return seeds.lines()

    click.echo("\n".join(with_database(work)))


@main.command()
@click.option("--callers", type=click.IntRange(0, 20), default=0, help="Robot callers, to try the agent console alone.")
@click.option("--lan", is_flag=True, help="Serve HTTPS to this network, for phones; prints the address as a QR code.")
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True, help="Port of Vouch.")
@click.option("--msale-port", type=click.IntRange(1, 65535), default=None, help="Port of mSale Core; else --port + 1.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data/demo"), show_default=True)
@click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Of text and pages.")
def demo(
    callers: int,
    lan: bool,  # noqa: FBT001 - click passes flags so
    port: int,
    msale_port: int | None,
    data_dir: Path,
    lang: Literal["vi", "en"],
) -> None:
    """Try Vouch: companies, accounts and mSale Core are made up; Ctrl-C ends it, started again it goes on."""
    from signaling.demo.command import Options, run  # noqa: PLC0415 - see above

    run(Options(callers, lan, port, port + 1 if msale_port is None else msale_port, data_dir, lang))


@main.command()
@click.option("--url", default="http://127.0.0.1:8080", show_default=True, help="Where Vouch is served.")
@click.option("--calls", type=click.IntRange(1, 500), default=5, show_default=True, help="Calls at once.")
@click.option("--seconds", type=click.FloatRange(1), default=60.0, show_default=True, help="How long calls begin.")
@click.option("--length", type=click.FloatRange(0), default=20.0, show_default=True, help="Of a conversation, seconds.")
@click.option("--rate", type=click.FloatRange(0.01), default=1.0, show_default=True, help="First calls in a second.")
@click.option("--company", default="CTKV1", show_default=True, help="Whose customers call.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=Path("data/demo"), show_default=True)
@click.option("--address", "addresses", multiple=True, help="Local address that media leaves from; else all.")
def simulate(
    url: str,
    calls: int,
    seconds: float,
    length: float,
    rate: float,
    company: str,
    data_dir: Path,
    addresses: tuple[str, ...],
) -> None:
    """Load a running demo with whole calls: robots as customers and as agents; needs its --data-dir and database."""
    from signaling.simulate import Plan, run, told  # noqa: PLC0415 - see above

    click.echo(told(run(Plan(url.rstrip("/"), calls, seconds, length, rate, company, data_dir, addresses))))


if __name__ == "__main__":
    main()
