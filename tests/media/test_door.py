"""What strangers can do at a worker's port, and that nodes come in all the same."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from media import door, protocol
from media.aiortc_seam import PeerLink
from media.door import MOST_BEFORE_PROOF, MOST_UNPROVED
from media.errors import BadOffer
from media.exchange import Exchange
from media.link import connect
from media.plane import MediaSettings, worker_settings
from media.process import start_worker
from media.server import WorkerServer
from media.worker_settings import UdpSettings
from tests.media.between import ANY
from vouch.tasks import TaskSet

SECRET = "of both"
POST = "POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n"
UPGRADE = (
    "GET / HTTP/1.1\r\nHost: w\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nVouch-Nonce: n\r\n"
)

GARBAGE = (
    b"",
    os.urandom(3),
    b"\0\xff\r\n\r\n",
    b"GET /x HTTP/1.1\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\0\5hello",
)


@pytest.fixture(params=["127.0.0.1", ANY], ids=["plain", "tls"])
async def port(request: pytest.FixtureRequest) -> AsyncIterator[int]:
    server = WorkerServer("w", SECRET, on_abandoned=lambda: None, capacity=1)
    exchange = Exchange(
        make_link=PeerLink, udp=UdpSettings(), ice_servers=(), longest_calls=1, on_event=server.on_event
    )
    yield await server.start(exchange, request.param, 0)
    await exchange.close()
    await server.close()


@pytest.fixture
async def plain() -> AsyncIterator[tuple[WorkerServer, int]]:
    server = WorkerServer("w", SECRET, on_abandoned=lambda: None, capacity=1)
    exchange = Exchange(
        make_link=PeerLink, udp=UdpSettings(), ice_servers=(), longest_calls=1, on_event=server.on_event
    )
    yield server, await server.start(exchange, "127.0.0.1", 0)
    await exchange.close()
    await server.close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PROOF_S", 0.3)


async def ends(reader: asyncio.StreamReader) -> bytes:
    """What comes until the other side hangs up."""
    async with asyncio.timeout(4):
        try:
            return await reader.read()
        except ConnectionError:
            return b""


async def is_let_in(port: int) -> bool:
    """Whether a node comes in and is answered."""
    link = await connect("127.0.0.1", port, SECRET)
    reading = TaskSet("test").spawn("read", link.run(lambda _: None))
    request = protocol.CloseCall(id="1", call="c", time_left=5_000_000)
    answered = (await link.request(request, protocol.Summary)).summary.call == "c"
    await link.close()
    await reading
    return answered


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("says", ["", "GET / HT", UPGRADE, UPGRADE + "\r\n", POST])
async def test_who_does_not_prove_anything_in_time_is_left(port: int, says: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(says.encode())
    await ends(reader)
    writer.close()
    assert await is_let_in(port)


@pytest.mark.usefixtures("impatient")
async def test_who_sends_a_header_letter_by_letter_has_no_longer(plain: tuple[WorkerServer, int]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain[1])

    async def dribble() -> None:
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.02)

    tasks = TaskSet("test")
    writer.write(b"GET / HTTP/1.1\r\nA: ")
    tasks.spawn("dribble", dribble())
    await ends(reader)
    await tasks.close()
    writer.close()


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "flood",
    [
        UPGRADE.encode() + b"\r\n" + bytes([0x81, 0xFF]) + (1 << 19).to_bytes(8, "big") + bytes(4) + b"x" * (1 << 17),
        UPGRADE.encode() + b"".join(b"A%d: %s\r\n" % (n, b"x" * 1_000) for n in range(64)),
        POST.encode() + b"x" * (1 << 17),
    ],
    ids=["message", "header", "body"],
)
async def test_before_a_proof_a_few_kibibytes_are_taken(plain: tuple[WorkerServer, int], flood: bytes) -> None:
    taken: list[int] = []
    server, port = plain
    assert server._runner is not None
    assert server._door is not None
    make = server._door._factory

    def counting() -> asyncio.Protocol:
        inner = make()
        return Counting(inner, taken)

    server._door._factory = counting
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(flood)
    await ends(reader)
    writer.close()
    assert sum(taken) <= MOST_BEFORE_PROOF
    server._door._factory = make
    assert await is_let_in(port)


class Counting(asyncio.Protocol):
    """Counts what reaches the protocol behind it."""

    def __init__(self, inner: asyncio.Protocol, taken: list[int]) -> None:
        self._inner, self._taken = inner, taken
        self.connection_made = inner.connection_made  # type: ignore[method-assign]
        self.connection_lost = inner.connection_lost  # type: ignore[method-assign]

    def data_received(self, data: bytes) -> None:
        self._taken.append(len(data))
        self._inner.data_received(data)


async def test_a_node_that_is_known_may_say_more_than_a_stranger(port: int) -> None:
    link = await connect("127.0.0.1", port, SECRET)
    reading = TaskSet("test").spawn("read", link.run(lambda _: None))
    offer = "x" * 20 * MOST_BEFORE_PROOF
    request = protocol.Negotiate(id="1", call="c", time_left=5_000_000, leg="agent", media=1, offer_sdp=offer)
    with pytest.raises(BadOffer):
        await link.request(request, protocol.Answer)
    await link.close()
    await reading


async def test_those_who_hold_connections_keep_no_node_out_and_the_log_short(port: int) -> None:
    with ExitStack() as held, capture_logs() as lines:
        for _ in range(2):
            for _ in range(MOST_UNPROVED):
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                await asyncio.sleep(0)
            assert await is_let_in(port)
    told = [line for line in lines if "turned away" in line["event"]]
    assert len(told) == 1, "of some hundred connections"


async def test_no_burst_holds_more_of_them_than_may_be_held(
    plain: tuple[WorkerServer, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_UNPROVED", 16)
    server, port = plain
    own = server._door
    assert own is not None
    most = 0
    with ExitStack() as held:
        for _ in range(100):
            held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        for _ in range(200):
            await asyncio.sleep(0)
            most = max(most, len(own._unproved))
        assert await is_let_in(port)
        most = max(most, len(own._unproved))
    assert most == 16


async def test_a_health_check_that_connects_and_goes_is_not_told_of(port: int) -> None:
    with capture_logs() as lines:
        for _ in range(20):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        assert await is_let_in(port)
    assert [line for line in lines if "turned away" in line["event"]] == []


async def test_a_line_in_a_minute_says_how_many_were_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0]
    monkeypatch.setattr("media.door.clock.now", lambda: now[0])
    one = door.Door(asyncio.Protocol, None)
    with capture_logs() as lines:
        for now[0] in range(0, 2 * door.TELL_EVERY + 1, door.TELL_EVERY // 4):
            one.turned_away("no proof")
    assert [line["count"] for line in lines] == [1, 4, 4]


@pytest.mark.parametrize("host", ["127.0.0.1", ANY], ids=["plain", "tls"])
async def test_the_workers_own_loop_holds_them_off_too(host: str, capfd: pytest.CaptureFixture[str]) -> None:
    """As it runs: in a process of its own, on its own kind of loop."""
    settings = MediaSettings(listen_host=host, secret=SECRET)
    worker = await start_worker(worker_settings(settings, "w", SECRET))
    assert await is_let_in(worker.port)
    before = descriptors(worker.pid)
    for _ in range(20):
        socket.create_connection(("127.0.0.1", worker.port), timeout=5).close()
    assert await is_let_in(worker.port)
    assert capfd.readouterr().err == "", "health checks"
    with ExitStack() as held:
        for number in range(120):
            connection = held.enter_context(socket.create_connection(("127.0.0.1", worker.port), timeout=5))
            with suppress(ConnectionError):  # those that were held the longest have been left by now
                connection.sendall(GARBAGE[number % len(GARBAGE)])
        assert await is_let_in(worker.port)
        await until(lambda: descriptors(worker.pid) <= before + MOST_UNPROVED)
    await until(lambda: descriptors(worker.pid) <= before)
    assert await is_let_in(worker.port)
    await worker.end()
    assert await worker.wait() == 0
    assert capfd.readouterr().err.count("\n") == 1, "what a stranger can cause in a minute is one line"


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.05)
