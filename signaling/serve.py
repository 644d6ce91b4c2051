"""`vouch serve`: checks that it may start, serves until a signal, ends in order."""

import asyncio
import signal
import socket
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
from vouch.door.crowd import Crowd, is_stranger
from vouch.door.door import Door, bind
from vouch.door.guard import Times
from vouch.door.watch import LOOK_S, Watch, raise_descriptors, seats
from vouch.logs import logger
from vouch.settings import Settings
from vouch.tasks import TaskSet

log = logger(__name__)

_DATABASE_TRIES = 30
_LINGERING_S = 2.0
"""How long the rest of a body that was refused is read away, so that its sender can read why."""
_READ_BUFFER = 32 << 10
"""Octets of one body that wait for whoever reads it; of them a connection holds about twice as many."""


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
        # Of TLS 1.2 what has forward secrecy and authenticates as it encrypts; every browser of ten years has it.
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
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
    # The address first: who cannot have it must not announce itself, for that ends the process that serves there.
    sockets = _bind(settings)
    try:
        node = Node(settings)
        try:
            await _check(node)
            await node.start()
            async with _open(node, sockets, tls):
                log.info("serving", host=settings.host, port=settings.port, tls=tls is not None)
                yield node
                log.info("stopping")
        finally:
            await node.close()
    finally:
        for each in sockets:
            each.close()


@asynccontextmanager
async def _open(node: Node, sockets: list[socket.socket], tls: Tls | None) -> AsyncIterator[None]:
    """Let connections in while this lasts, and end them in order afterwards."""
    settings = node.settings
    # Bodies are taken as they are: what is packed grows a thousandfold (`vouch/http`).
    runner = web.AppRunner(
        node.app,
        access_log=None,
        shutdown_timeout=2,
        auto_decompress=False,
        lingering_time=_LINGERING_S,
        read_bufsize=_READ_BUFFER,
        keepalive_timeout=settings.idle_s + 2 * LOOK_S,
    )
    await runner.setup()
    descriptors = raise_descriptors()
    # Behind a proxy every connection is its own: then requests are counted by the address that it names.
    apart = _nobody if settings.trusted_proxies else is_stranger
    crowd = Crowd(seats(settings.connections, descriptors), settings.connections_per_address, apart=apart)
    assert runner.server is not None  # noqa: S101 - for the type checker
    door = Door(sockets, runner.server, crowd, Times.of(settings), tls.context() if tls else None)
    watch = Watch(crowd, descriptors, settings.memory_warn_bytes)
    door.open()
    watch.start()
    try:
        yield
    finally:
        await watch.close()
        await door.close()
        await runner.cleanup()


def _nobody(_address: str) -> bool:
    return False


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


def _bind(settings: Settings) -> list[socket.socket]:
    try:
        return bind(settings.host, settings.port)
    except OSError as error:
        raise NotReadyError(
            f"Cannot listen on {settings.host} port {settings.port}: {error.strerror or error}. Choose another --port."
        ) from None
