"""`vouch serve`: checks that it may start, serves until a signal, ends in order."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
from aiohttp import web

from signaling.composition import Node
from vouch import migrations
from vouch.logs import logger
from vouch.settings import Settings

log = logger(__name__)


class NotReadyError(Exception):
    """Vouch cannot start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Tls:
    """What HTTPS is served with, PEM files."""

    certificate: Path
    """The chain, the server's own first."""
    key: Path

    def context(self) -> ssl.SSLContext:
        """For a server's socket."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


def stop_signal() -> asyncio.Event:
    """Set by SIGINT or SIGTERM from now on."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    return stop


@asynccontextmanager
async def serving(settings: Settings, tls: Tls | None = None) -> AsyncIterator[Node]:
    """A node that serves while this lasts. NotReadyError where it may not start: no schema, no account, port taken."""
    node = Node(settings)
    try:
        await _check(node)
        await node.start()
        runner = web.AppRunner(node.app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            context = tls.context() if tls else None
            await _listen(runner, settings, context)
            log.info("serving", host=settings.host, port=settings.port, tls=tls is not None)
            yield node
            log.info("stopping")
        finally:
            await runner.cleanup()
    finally:
        await node.close()


def run(settings: Settings, tls: Tls | None = None) -> None:
    """Serve until SIGINT or SIGTERM, on uvloop, which halves the cost of sockets; NotReadyError as `serving`."""

    async def until_stopped() -> None:
        stop = stop_signal()
        async with serving(settings, tls):
            await stop.wait()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_stopped())


async def _check(node: Node) -> None:
    try:
        await migrations.check(node.database)
    except migrations.SchemaMismatchError as error:
        raise NotReadyError(str(error)) from None
    if not await node.accounts.any():
        raise NotReadyError(
            "There is no account yet. Add the first: `vouch user add NAME --role administrator --name 'FULL NAME'`."
        )


async def _listen(runner: web.AppRunner, settings: Settings, context: ssl.SSLContext | None) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
    except OSError as error:
        raise NotReadyError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror or error}. Choose another --port."
        ) from None
