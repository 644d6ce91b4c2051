"""Who stands between a node and a worker: a TCP proxy that keeps what passes, perhaps with a certificate of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import SSLContext

from vouch.tasks import TaskSet

ANY = "0.0.0.0"  # noqa: S104 - a worker that listens there serves TLS
REMOTE = ANY
"""Leads to this machine, but a node takes it for an address like any other."""


class Between:
    """What passed, by direction."""

    def __init__(self) -> None:
        self.port = 0
        self.to_worker, self.to_node = bytearray(), bytearray()

    @property
    def seen(self) -> bytes:
        return bytes(self.to_worker + self.to_node)


@asynccontextmanager
async def between(port: int, own: SSLContext | None = None, onward: SSLContext | None = None) -> AsyncIterator[Between]:
    """Stand before 127.0.0.1:port; `own` ends the node's TLS here, and `onward` begins another to the worker."""
    one, tasks = Between(), TaskSet("between")

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray) -> None:
        try:
            while data := await source.read(1 << 16):
                kept += data
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        worker_reader, worker_writer = await asyncio.open_connection("127.0.0.1", port, ssl=onward)
        tasks.spawn("up", pump(reader, worker_writer, one.to_worker))
        tasks.spawn("down", pump(worker_reader, writer, one.to_node))

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=own)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await tasks.close()
        await server.wait_closed()
