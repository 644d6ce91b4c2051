"""The client's half of the seam: sockets that are read on request."""

import socket
import time
from collections.abc import Iterator

import pytest
from aioice.ice import Connection, StunProtocol

from media.aiortc_client import Port, PortPoll


class Pair:
    """A port, and a plain socket that it is connected to."""

    def __init__(self, *, stamped: bool) -> None:
        self.poll = PortPoll()
        self.other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.other.bind(("127.0.0.1", 0))
        self.other.settimeout(5)
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        bound.bind(("127.0.0.1", 0))
        bound.setblocking(False)
        self.protocol = StunProtocol(Connection(ice_controlling=True))
        self.port = Port(bound, self.protocol, self.poll, stamped=stamped)
        self.protocol.connection_made(self.port)
        self.poll.add(self.port)
        self.came: list[tuple[bytes, int]] = []
        self.port.on_packet = lambda data, at: self.came.append((data, at))
        bound.connect(self.other.getsockname())
        self.other.connect(bound.getsockname())


@pytest.fixture(params=[False, True])
async def pair(request: pytest.FixtureRequest) -> Iterator[Pair]:
    pair = Pair(stamped=request.param)
    yield pair
    await pair.protocol.close()
    pair.poll.close()
    pair.other.close()


async def test_what_came_is_handed_over_when_somebody_looks(pair: Pair) -> None:
    packets = [bytes([0x80, n]) for n in range(5)]
    for data in packets:
        pair.other.send(data)
    assert pair.came == []
    pair.poll.drain()
    assert [data for data, _ in pair.came] == packets


async def test_the_kernels_time_is_told_where_it_was_asked_for(pair: Pair) -> None:
    before = time.time_ns()
    pair.other.send(b"\x80")
    pair.poll.drain()
    [(_, at)] = pair.came
    assert at == 0 or before <= at <= time.time_ns()


async def test_several_packets_leave_as_they_are(pair: Pair) -> None:
    packets = [bytes([n]) * 100 for n in range(3)] + [b"last"]
    pair.port.send_all(packets)
    assert [pair.other.recv(2_048) for _ in packets] == packets


async def test_a_packet_to_nobody_is_lost_and_no_error(pair: Pair) -> None:
    pair.other.close()
    for _ in range(3):
        pair.port.send_all([b"lost"])
        pair.poll.drain()
    assert pair.came == []


async def test_a_port_is_closed_once(pair: Pair) -> None:
    pair.port.close()
    pair.port.close()
    assert pair.port.is_closing()
    assert pair.port.get_extra_info("nothing", "default") == "default"
