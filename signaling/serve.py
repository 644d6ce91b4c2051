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
from vouch import collector, migrations
from vouch.database import is_gone
from vouch.logs import logger
from vouch.settings import Settings
from vouch.tasks import TaskSet

log = logger(__name__)

_DATABASE_TRIES = 30


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
    """Serve until SIGINT or SIGTERM, on uvloop, which halves the cost of sockets.

    NotReadyError as `serving`, and where another process has started under this node's name.
    """

    async def until_stopped() -> None:
        stop = stop_signal()
        async with serving(settings, tls) as node:
            collector.calm()
            waiting = TaskSet("serve")
            first = [waiting.spawn(name, event.wait()) for name, event in (("stop", stop), ("other", node.replaced))]
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            await waiting.close()
        if node.replaced.is_set():
            raise NotReadyError(
                f"Another process has started as node {settings.node} on this database, so this one has stopped. "
                "Give each node a VOUCH_NODE of its own."
            )

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(until_stopped())


async def _check(node: Node) -> None:
    try:
        await _when_there(node)
    except migrations.SchemaMismatchError as error:
        raise NotReadyError(str(error)) from None
    if not await node.accounts.any():
        raise NotReadyError(
            "There is no account yet. Add the first: `vouch user add NAME --role administrator --name 'FULL NAME'`."
        )


async def _when_there(node: Node) -> None:
    """Check the schema; a database that is just being started is waited for, one that does not come is raised."""
    for _ in range(_DATABASE_TRIES):
        try:
            return await migrations.check(node.database)
        except Exception as error:
            if not is_gone(error):
                raise
            log.warning("waiting for the database", error=type(error).__name__)
        await asyncio.sleep(1)
    raise NotReadyError("The database does not answer; see VOUCH_DATABASE_URL.")


async def _listen(runner: web.AppRunner, settings: Settings, context: ssl.SSLContext | None) -> None:
    try:
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
    except OSError as error:
        raise NotReadyError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror or error}. Choose another --port."
        ) from None
