"""Real connections, against a door whose time-outs are fractions of a second."""

import asyncio
import json
import socket
import ssl
import struct
from contextlib import suppress

import pytest

from tests.vouch.conftest import LogLines
from tests.vouch.door.conftest import GET, PATIENT, QUICK, House, house
from vouch.door.crowd import Crowd
from vouch.door.door import bind
from vouch.door.guard import Times
from vouch.settings import Settings

Pair = tuple[ssl.SSLContext, ssl.SSLContext]


def crowd(most: int = 1_000, most_of_one: int = 1_000, reserve: int = 2) -> Crowd:
    return Crowd(most, most_of_one, apart=lambda _: True, reserve=reserve)


# How long things may take


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", b"\r\n\r\n", b"GET / HT", GET[:-2], b"POST /notes HTTP/1.1\r\nHost: x\r\n"]
)
async def test_a_header_that_does_not_come_whole_ends_its_connection(sent: bytes) -> None:
    async with house(QUICK) as running:
        peer = await running.peer()
        await peer.send(sent)
        assert await peer.is_ended()
        await running.until(lambda: len(running.crowd) == 0)


async def test_a_header_that_comes_an_octet_at_a_time_is_not_waited_for_longer() -> None:
    async with house(QUICK) as running:
        peer = await running.peer()
        with suppress(ConnectionError):
            async with asyncio.timeout(10):
                while not peer.reader.at_eof():
                    await peer.send(b"X")
                    await asyncio.sleep(0)
        assert await peer.is_ended()


async def test_a_connection_that_waits_for_its_next_request_for_too_long_is_ended() -> None:
    async with house(QUICK) as running:
        peer = await running.peer()
        assert await peer.ask() == 200
        assert await peer.is_ended()


async def test_a_request_that_takes_its_time_on_our_side_is_not_ended() -> None:
    async with house(QUICK) as running:
        peer = await running.peer()
        await peer.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        silent = await running.peer()
        assert await silent.is_ended()
        running.waiting.set()
        assert (await peer.answer())[2] == b"waited"


async def test_a_socket_lives_on_though_nothing_is_said() -> None:
    async with house(QUICK) as running:
        peer = await running.peer()
        await peer.send(
            b"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert (await peer.answer())[0] == 101
        silent = await running.peer()
        assert await silent.is_ended()
        for _ in range(2):  # more than a header's octets in all
            text = b"x" * 30_000
            await peer.send(b"\x81\xfe" + struct.pack(">H", len(text)) + bytes(4) + text)
            async with asyncio.timeout(10):
                assert await peer.reader.readexactly(len(text) + 4) == b"\x81\x7e" + struct.pack(">H", 30_000) + text


async def test_a_peer_that_reads_nothing_of_a_long_answer_is_let_go() -> None:
    times = Times(header_s=60, idle_s=60, slow_reader_s=0.05, closing_s=0.05)
    async with house(times) as running:
        peer = await running.peer()
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]
        await peer.send(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        await running.until(lambda: len(running.crowd) == 0)


async def test_a_tls_handshake_that_does_not_come_is_not_waited_for(tls_pair: Pair) -> None:
    server, client = tls_pair
    async with house(QUICK, tls=server) as running:
        silent, garbage = await running.peer(), await running.peer()
        await garbage.send(b"GET / HTTP/1.1\r\n\r\n")
        assert await garbage.is_ended()
        assert await silent.is_ended()
        await running.until(lambda: len(running.crowd) == 0)
        assert await (await running.peer(client)).ask() == 200


@pytest.mark.parametrize("log_lines", ["INFO"], indirect=True)
async def test_of_broken_handshakes_a_few_short_lines_are_written(tls_pair: Pair, log_lines: LogLines) -> None:
    async with house(QUICK, tls=tls_pair[0]) as running:
        for _ in range(30):
            peer = await running.peer()
            await peer.send(b"\x16\x03\x01\xff\xff" + b"x" * 50)
            assert await peer.is_ended()
    lines = log_lines()
    assert 0 < len(lines) <= 10
    assert max(len(json.dumps(line)) for line in lines) < 400


# How much


async def test_a_header_has_a_bound_in_all_whatever_its_lines_are() -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        try:
            for number in range(100):
                await peer.send(b"X-%d: %s\r\n" % (number, b"a" * 4_000))
        except ConnectionError:
            pass
        assert await peer.is_ended()
        assert not running.arrived


async def test_requests_that_are_sent_ahead_have_a_bound() -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await running.until(lambda: running.arrived == ["/wait"])
        try:
            for _ in range(100):
                await peer.send(GET * 100)
        except ConnectionError:
            pass
        assert await peer.is_ended()


async def test_a_few_requests_that_are_sent_ahead_are_answered_in_their_order() -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(GET * 3)
        assert [(await peer.answer())[0] for _ in range(3)] == [200, 200, 200]


async def test_a_large_body_comes_whole_and_is_no_header() -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(b"PUT /picture HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n" + b"x" * 8_000_000)
        status, _, body = await peer.answer()
        assert (status, json.loads(body)) == (200, {"octets": 8_000_000})
        assert await peer.ask() == 200


# How many


async def test_idle_connections_of_strangers_shut_nobody_out() -> None:
    async with house(PATIENT, crowd(most=40)) as running:
        idle = [await running.peer() for _ in range(400)]
        assert await (await running.peer()).ask() == 200
        assert len(running.crowd) <= 40
        assert await idle[0].is_ended()


async def test_idle_connections_of_one_address_make_room_for_its_own_alone() -> None:
    async with house(PATIENT, crowd(most_of_one=5)) as running:
        first = [await running.peer() for _ in range(5)]
        busy = first[0]
        await busy.send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await running.until(lambda: running.arrived == ["/wait"])
        assert await (await running.peer()).ask() == 200
        assert await first[1].is_ended()
        running.waiting.set()
        assert (await busy.answer())[0] == 200


async def keep_busy(running: House, number: int) -> None:
    for _ in range(number):
        await (await running.peer()).send(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
    await running.until(lambda: len(running.arrived) == number)


async def test_one_address_whose_connections_are_all_busy_gets_no_further_one(log_lines: LogLines) -> None:
    async with house(PATIENT, crowd(most_of_one=3)) as running:
        await keep_busy(running, 3)
        for _ in range(50):
            assert await (await running.peer()).is_ended()
        refused = [line for line in log_lines() if line["event"] == "connection refused"]
        assert (len(refused), refused[0]["reason"]) == (5, "too many of one address")


async def test_where_all_are_busy_the_health_check_is_answered_and_others_are_told_to_come_again() -> None:
    async with house(PATIENT, crowd(most=3)) as running:
        await keep_busy(running, 3)
        squatters = [await running.peer() for _ in range(20)]  # of the reserve, too, nobody can keep others out
        watcher = await running.peer()
        assert await watcher.ask() == 200
        assert await watcher.is_ended()
        peer = await running.peer()
        await peer.send(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        status, headers, body = await peer.answer()
        assert (status, headers["retry-after"], json.loads(body)["code"]) == (503, "1", "too_many_connections")
        assert await squatters[0].is_ended()
        running.waiting.set()
        assert len(running.crowd) <= 5


async def test_behind_a_proxy_requests_under_way_are_counted_by_the_address_that_it_names() -> None:
    settings = Settings(_env_file=None, trusted_proxies=1, connections_per_address=2)

    def wait(address: str) -> bytes:
        return b"GET /wait HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: %s\r\n\r\n" % address.encode()

    async with house(settings=settings) as running:
        for address in ("2001:db8::1", "2001:db8::2"):
            await (await running.peer()).send(wait(address))
        await running.until(lambda: len(running.arrived) == 2)
        assert await (await running.peer()).ask(wait("2001:db8::3")) == 503
        other = await running.peer()
        await other.send(wait("2001:db8:0:1::1"))
        running.waiting.set()
        assert (await other.answer())[0] == 200
        assert await (await running.peer()).ask(wait("2001:db8::3")) == 200


# The address


def test_an_address_that_is_taken_is_refused_while_its_owner_goes_on() -> None:
    (first,) = bind("127.0.0.1", 0)
    with first, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", first.getsockname()[1])


def test_a_name_with_two_addresses_is_listened_to_on_both(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("127.0.0.1", "127.0.0.2")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    sockets = bind("both.example", 0)
    assert [each.getsockname()[0] for each in sockets] == ["127.0.0.1", "127.0.0.2"]
    for each in sockets:
        each.close()
