"""`vouch demo`: everything on one machine, from an empty folder: Vouch, a simulated mSale Core, and robot callers."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import uvloop

from signaling.demo import guide
from signaling.demo.callers import Callers
from signaling.demo.lan import certificate, lan_address, qr
from signaling.demo.msale import MsaleConfig, MsaleCore
from signaling.demo.seed import Seeds, drawn, not_a_demo, seed
from signaling.serve import NotReadyError, Tls, serving, stop_signal
from vouch import migrations
from vouch.database import Database
from vouch.logs import configure
from vouch.problems import Problem
from vouch.settings import Settings

_CALLERS_COMPANIES = ("CTKV1", "CTKV4")
"""Both are served by the agents of CTKV1, so that one person alone meets every caller."""
_END_S = 5.0


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    callers: int
    lan: bool
    port: int
    msale_port: int
    data_dir: Path
    language: guide.Language


def run(options: Options) -> None:
    """Serve the demo until Ctrl-C; ClickException with what to do where it cannot."""
    configure("WARNING")
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(options))
    except (NotReadyError, Problem) as error:
        raise click.ClickException(str(error)) from None


async def _run(options: Options) -> None:
    stop = stop_signal()
    settings, tls = _settings(options)
    seeds = await _prepared(settings, options)
    settings = settings.model_copy(update={"msale_secret": seeds.msale_secret})
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_msale(settings, seeds, options, tls))
        await stack.enter_async_context(serving(settings, tls))
        if options.callers:
            tokens = {company: seeds.tokens[company] for company in _CALLERS_COMPANIES}
            told = Callers(
                origin=settings.url, tokens=tokens, count=options.callers, certificate=tls.certificate if tls else None
            )
            await stack.enter_async_context(_callers(told))
        _tell(options, settings, seeds)
        await stop.wait()
        click.echo(guide.TEXTS[options.language]["ending"])


def _settings(options: Options) -> tuple[Settings, Tls | None]:
    """The settings as they are, with what makes a demo of them; HTTPS where the network is served."""
    options.data_dir.mkdir(parents=True, exist_ok=True)
    values: dict[str, object] = {
        "data_dir": options.data_dir,
        "port": options.port,
        "host": "127.0.0.1",
        "public_url": "",
        "msale_url": f"http://127.0.0.1:{options.msale_port}",
        "webhook_private": True,
        "ekyc_files": True,
    }
    tls = None
    if options.lan:
        address = lan_address()
        tls = certificate(options.data_dir, address)
        values |= {"host": "0.0.0.0", "public_url": f"https://{address}:{options.port}"}  # noqa: S104 - asked for
    return Settings().model_copy(update=values), tls


async def _prepared(settings: Settings, options: Options) -> Seeds:
    database = Database(settings.database)
    try:
        if drawn(settings.data_dir) is None and not await migrations.is_empty(database):
            raise not_a_demo()
        await migrations.upgrade(database)
        return await seed(database, settings, f"http://127.0.0.1:{options.msale_port}/results")
    finally:
        await database.close()


@asynccontextmanager
async def _msale(settings: Settings, seeds: Seeds, options: Options, tls: Tls | None) -> AsyncIterator[None]:
    core = MsaleCore(
        MsaleConfig(
            settings.data_dir / "msale",
            seeds.msale_secret,
            seeds.tokens,
            seeds.webhook_secret,
            port=options.msale_port,
            certificate=tls.certificate if tls else None,
        )
    )
    try:
        await core.start()
    except OSError as error:
        await core.close()
        raise NotReadyError(f"mSale Core cannot listen on port {options.msale_port}: {error.strerror}.") from None
    try:
        yield
    finally:
        await core.close()


@asynccontextmanager
async def _callers(told: Callers) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "signaling.demo.callers", stdin=asyncio.subprocess.PIPE
    )
    if process.stdin is None:
        raise RuntimeError("a process started with a pipe has none")
    process.stdin.write(told.model_dump_json().encode() + b"\n")
    await process.stdin.drain()
    try:
        yield
    finally:
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _tell(options: Options, settings: Settings, seeds: Seeds) -> None:
    click.echo(guide.text(options.language, settings.url, options.msale_port, options.callers, options.data_dir))
    click.echo("\n".join(seeds.lines()))
    if options.lan:
        click.echo("\n" + guide.TEXTS[options.language]["lan"].format(url=f"{settings.url}/ekyc"))
        click.echo(qr(f"{settings.url}/ekyc?lang={options.language}"))
    click.echo("\n" + guide.TEXTS[options.language]["stop"])
