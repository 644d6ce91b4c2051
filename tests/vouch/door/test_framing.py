"""Octets that say nothing, which no count of headers, bodies or messages sees: their sender is ended, others go on."""

import asyncio
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import aiohttp
import pytest
from aiohttp.web_protocol import RequestHandler

from tests.vouch.conftest import LogLines
from tests.vouch.door.conftest import House, Peer, house

_MOST_TAKEN = 8 << 20
"""What one peer gets rid of at most: what we take, and what systems hold of a connection that nobody reads."""
_UPGRADE = (
    b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
_KEY = b"\x00\x00\x00\x00"
_BEGUN, _EMPTY_PART = b"\x01\x81" + _KEY + b"4", b"\x00\x80" + _KEY
"""A text whose last part never comes, and a part of it that holds nothing."""
_CHUNKED = b" HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
_TINY = b"1\r\na\r\n"
FLOODS = {
    "empty parts of a message": (_UPGRADE + _BEGUN, _EMPTY_PART),
    "line ends before a request": (b"", b"\r\n"),
    "chunks of an octet that nobody reads": (b"GET /healthz" + _CHUNKED, _TINY),
    "chunks of an octet to no route": (b"POST /nowhere" + _CHUNKED, _TINY),
    "chunks of an octet that are read": (b"PUT /picture" + _CHUNKED, _TINY),
    "chunks of a request that aiohttp answers": (b"PUT /picture HTTP/1.1\r\nExpect: more" + _CHUNKED[9:], _TINY),
    "a chunk's extension": (b"GET /healthz" + _CHUNKED + b"5;", b"a"),
    "a chunk's extension while we are busy": (b"GET /wait" + _CHUNKED + b"5;", b"a"),
}


@pytest.mark.parametrize("name", FLOODS)
async def test_octets_that_say_nothing_end_their_connection(name: str, log_lines: LogLines) -> None:
    first, again = FLOODS[name]
    async with house() as running:
        peer = await running.peer()
        await peer.send(first)
        sent = await flood(peer, again * (65_536 // len(again)))
        assert sent < _MOST_TAKEN
        await running.until(lambda: len(running.crowd) == 0)
        assert await (await running.peer()).ask() == 200
    assert len([line for line in log_lines() if line["event"] == "connection ended"]) == 1


async def flood(peer: Peer, data: bytes) -> int:
    """Send until the other side has had enough; gives how many octets went out."""
    sent = 0
    with suppress(ConnectionError):
        async with asyncio.timeout(20):
            while True:
                await peer.send(data)
                sent += len(data)
    return sent


async def test_others_have_their_turn_after_each_piece_of_what_one_peer_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, turn, by_turn = asyncio.get_running_loop(), itertools.count(), Counter[int]()
    taken = RequestHandler.data_received

    def took(self: RequestHandler, data: bytes) -> None:
        by_turn[now[0]] += len(data)
        taken(self, data)

    def tick() -> None:
        now[0] = next(turn)
        ticking[0] = loop.call_soon(tick)

    monkeypatch.setattr(RequestHandler, "data_received", took)
    now, ticking = [0], [loop.call_soon(tick)]
    async with house() as running:
        try:
            await asyncio.to_thread(upload, running, 8 << 20)
        finally:
            ticking[0].cancel()
    assert by_turn.total() > 8 << 20
    assert max(by_turn.values()) <= 64 << 10


def upload(running: House, octets: int) -> None:
    """Send a body as fast as the system takes it, in a thread of its own, and wait for the answer."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=20) as line:
        head = f"PUT /picture HTTP/1.1\r\nHost: x\r\nContent-Length: {octets}\r\n\r\n"
        line.sendall(head.encode() + b"x" * octets)
        assert line.recv(65_536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("octets", [100, 1_000, 65_536])
async def test_a_body_in_chunks_of_any_honest_size_comes_whole(octets: int) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range((2 << 20) // octets):
            yield b"x" * octets

    async with (
        house() as running,
        aiohttp.ClientSession() as http,
        http.put(f"http://127.0.0.1:{running.port}/picture", data=pieces()) as told,
    ):
        assert (await told.json())["octets"] == (2 << 20) // octets * octets


async def test_a_page_that_says_much_at_once_is_heard() -> None:
    async with (
        house() as running,
        aiohttp.ClientSession() as http,
        http.ws_connect(f"http://127.0.0.1:{running.port}/socket", compress=0) as page,
    ):
        for _ in range(2):
            await page.send_str("x" * 90_000)
            assert len(await page.receive_str()) == 90_000
