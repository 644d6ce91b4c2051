"""`vouch serve`: checks that it may start, serves until a signal, ends in order."""

import asyncio
import signal
import ssl
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


async def serve_node(settings: Settings, certificate: Path | None = None, key: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM. NotReadyError where the database or the accounts are not there yet."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    node = Node(settings)
    try:
        await _check(node)
        await node.start()
        runner = web.AppRunner(node.app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            site = web.TCPSite(runner, settings.host, settings.port, ssl_context=_tls(certificate, key))
            await site.start()
            log.info("serving", host=settings.host, port=settings.port, tls=certificate is not None)
            await stop.wait()
            log.info("stopping")
        finally:
            await runner.cleanup()
    finally:
        await node.close()


def run(settings: Settings, certificate: Path | None = None, key: Path | None = None) -> None:
    """`serve_node` on uvloop, which halves the cost of sockets."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve_node(settings, certificate, key))


async def _check(node: Node) -> None:
    try:
        await migrations.check(node.database)
    except migrations.SchemaMismatchError as error:
        raise NotReadyError(str(error)) from None
    if not await node.accounts.any():
        raise NotReadyError(
            "There is no account yet. Add the first: `vouch user add NAME --role administrator --name 'FULL NAME'`."
        )


def _tls(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
