"""The link does to real packets what was asked for."""

import asyncio
import itertools
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.networks.namespaces import entered
from tests.networks.network import CUSTOMER, ELSEWHERE, SERVER, Network
from tests.networks.pipe import Wire

MS = 1_000
PORT = 7_000


@dataclass
class Ends:
    """A socket in either place."""

    server: socket.socket
    customer: socket.socket


@pytest.fixture
def ends(net: Network) -> Iterator[Ends]:
    with bound(net.server, SERVER) as server, bound(net.customer, CUSTOMER) as customer:
        yield Ends(server, customer)


def bound(namespace: str, address: str) -> socket.socket:
    with entered(namespace):
        end = socket.socket(type=socket.SOCK_DGRAM)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    end.settimeout(2)
    try:
        end.bind((address, PORT))
    except OSError:
        end.close()
        raise
    return end


def round_trip_ms(ends: Ends) -> float:
    began = time.monotonic()
    ends.customer.sendto(b"ping", (SERVER, PORT))
    _, sender = ends.server.recvfrom(100)
    ends.server.sendto(b"pong", sender)
    ends.customer.recv(100)
    return (time.monotonic() - began) * 1_000


def arrived(end: socket.socket, patience_s: float = 0.3) -> list[int]:
    """The numbers of the packets that come until nothing comes."""
    numbers = []
    end.settimeout(patience_s)
    while True:
        try:
            numbers.append(int.from_bytes(end.recv(2_000)[:4]))
        except TimeoutError:
            return numbers


def send(ends: Ends, count: int, octets: int = 100, every_ms: float = 0.2) -> float:
    """Packets from the customer; gives how long it took, in seconds."""
    began = time.monotonic()
    for number in range(count):
        ends.customer.sendto(number.to_bytes(4) + bytes(octets - 4), (SERVER, PORT))
        time.sleep(max(0.0, began + (number + 1) * every_ms / 1_000 - time.monotonic()))
    return time.monotonic() - began


def test_the_delay_is_kept_to_a_few_milliseconds(net: Network, ends: Ends) -> None:
    # The shortest of several: what a busy machine adds to the others is not the link's.
    assert min(round_trip_ms(ends) for _ in range(10)) < 3
    net.both(Wire(delay=75 * MS))
    assert 150 <= min(round_trip_ms(ends) for _ in range(7)) < 154


def test_each_direction_loses_its_share_and_keeps_the_order(net: Network, ends: Ends) -> None:
    net.set(down=Wire(), up=Wire(loss=0.1))
    send(ends, 1_000)
    numbers = arrived(ends.server)
    passed = net.both(Wire())
    assert 860 < len(numbers) < 940
    assert numbers == sorted(numbers)
    # The system may have sent a packet or two of its own.
    assert 0 <= passed["up"].put_in - passed["up"].dropped - len(numbers) <= 3
    assert passed["down"].dropped == 0


def test_late_packets_are_overtaken(net: Network, ends: Ends) -> None:
    net.both(Wire(late=0.1, late_by=5 * MS))
    send(ends, 500)
    numbers = arrived(ends.server)
    assert len(numbers) == 500
    assert 20 < sum(late > follower for late, follower in itertools.pairwise(numbers)) < 80


def test_no_more_passes_than_the_limit(net: Network, ends: Ends) -> None:
    net.both(Wire(bits_per_s=1_000_000, queue=20_000))
    took = send(ends, 500, octets=972, every_ms=2)
    passed = len(arrived(ends.server)) * 1_000 * 8
    assert passed == pytest.approx(1_000_000 * took + 20_000 * 8, rel=0.05)


async def test_an_outage_begins_and_ends_at_once(net: Network, ends: Ends) -> None:
    with net.outage():
        await asyncio.to_thread(send, ends, 5)
        assert await asyncio.to_thread(arrived, ends.server) == []
    ends.server.settimeout(2)
    assert round_trip_ms(ends) < 50


def test_who_moves_has_another_address_and_not_the_one_before(net: Network, ends: Ends) -> None:
    with net.moved():
        with bound(net.customer, ELSEWHERE) as moved:
            moved.sendto(b"here", (SERVER, PORT))
            assert ends.server.recvfrom(100)[1] == (ELSEWHERE, PORT)
        with pytest.raises(OSError, match="Cannot assign"):
            bound(net.customer, CUSTOMER)


def test_where_udp_is_blocked_tcp_passes(net: Network, ends: Ends) -> None:
    with entered(net.server):
        listener = socket.create_server((SERVER, PORT))
    with entered(net.customer):
        caller = socket.socket()
    with net.udp_blocked(), listener, caller:
        send(ends, 5)
        assert arrived(ends.server) == []
        caller.settimeout(5)
        caller.connect((SERVER, PORT))
    send(ends, 5)
    assert len(arrived(ends.server)) == 5
