"""A server of ours behind a door, with time-outs that a test need not wait for, and peers who write octets to it."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop
from aiohttp import web
from pydantic import BaseModel

from signaling.demo.lan import certificate
from vouch.door import door as door_module
from vouch.door import guard as guard_module
from vouch.door.crowd import Crowd
from vouch.door.door import Door, bind
from vouch.door.guard import Times
from vouch.http import answer, middlewares, read, takes
from vouch.http.bodies import chunks
from vouch.logs import Thinned, logger
from vouch.settings import Settings

QUICK = Times(header_s=0.05, idle_s=0.05, slow_reader_s=0.05, closing_s=0.05)
PATIENT = Times(header_s=60, idle_s=60, slow_reader_s=60, closing_s=60)
GET = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Peer:
    """One connection to it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def close(self) -> None:
        self.writer.close()
        self.writer.transport.abort()
        with suppress(OSError):
            await self.writer.wait_closed()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers by lower-case name, and body of the next answer."""
        async with asyncio.timeout(10):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            status, *lines = head.split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return int(status.split()[1]), headers, body

    async def is_ended(self) -> bool:
        """Wait until the other side has ended the connection; whatever came before is thrown away."""
        try:
            async with asyncio.timeout(10):
                while await self.reader.read(65536):
                    pass
        except ConnectionError:
            return True
        except TimeoutError:
            return False
        return True

    async def ask(self, data: bytes = GET) -> int:
        """Send a request and give the answer's status."""
        await self.send(data)
        return (await self.answer())[0]


@dataclass
class House:
    """A running server."""

    crowd: Crowd
    port: int
    waiting: asyncio.Event
    """Set: the handler of /wait answers."""
    arrived: list[str] = field(default_factory=list)
    """Paths of requests that have reached a handler."""
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def peer(self, tls: ssl.SSLContext | None = None) -> Peer:
        """A new connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=tls, limit=1 << 20)
        peer = Peer(reader, writer)
        self.stack.push_async_callback(peer.close)
        return peer

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the loop run until something is so."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0)


class Note(BaseModel):
    """What /notes takes."""

    text: str


@asynccontextmanager
async def house(
    times: Times = PATIENT,
    crowd: Crowd | None = None,
    tls: ssl.SSLContext | None = None,
    settings: Settings | None = None,
) -> AsyncIterator[House]:
    """Run one; of its connections all are counted apart where no crowd is given."""
    crowd = Crowd(1_000, 1_000, apart=lambda _: True) if crowd is None else crowd
    app = web.Application(middlewares=middlewares(settings or Settings(_env_file=None)))
    waiting = asyncio.Event()
    arrived: list[str] = []

    async def health(request: web.Request) -> web.StreamResponse:
        arrived.append(request.path)
        return web.json_response({"status": "ready"})

    async def wait(request: web.Request) -> web.StreamResponse:
        arrived.append(request.path)
        await waiting.wait()
        return web.Response(text="waited")

    async def notes(request: web.Request) -> web.StreamResponse:
        return answer(await read(request, Note), 201)

    async def much(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * (64 << 20))

    @takes(8 << 20)
    async def picture(request: web.Request) -> web.StreamResponse:
        arrived.append(request.path)
        return web.json_response({"octets": sum([len(chunk) async for chunk in chunks(request)])})

    async def socket(request: web.Request) -> web.StreamResponse:
        response = web.WebSocketResponse()
        await response.prepare(request)
        async for message in response:
            await response.send_str(message.data)
        return response

    app.add_routes(
        [
            web.get("/healthz", health),
            web.get("/wait", wait),
            web.post("/notes", notes),
            web.get("/much", much),
            web.put("/picture", picture),
            web.get("/socket", socket),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, auto_decompress=False, lingering_time=2)
    await runner.setup()
    sockets = bind("127.0.0.1", 0)
    assert runner.server is not None
    door = Door(sockets, runner.server, crowd, times, tls, look_s=0.01)
    door.open()
    made = House(crowd, sockets[0].getsockname()[1], waiting, arrived)
    try:
        async with made.stack:
            yield made
    finally:
        waiting.set()
        await door.close()
        await runner.cleanup()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Each test runs on uvloop, on which `vouch serve` runs, and on Python's own loop."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def nothing_left_out_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with all the lines that strangers may cause."""
    for module in (door_module, guard_module):
        monkeypatch.setattr(module, "strangers", Thinned(logger(module.__name__)))


@pytest.fixture
def tls_pair(tmp_path: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's side that trust each other."""
    tls = certificate(tmp_path, "127.0.0.1")
    return tls.context(), ssl.create_default_context(cafile=str(tls.certificate))
