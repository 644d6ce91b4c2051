"""Whole calls over bad networks between robots, through a real media worker; the browsers' are in `test_calls.py`."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from media.plane import IceServer, Leg, MediaEvent, MediaPlane, MediaSettings
from media.robot import ReceivedFrame, RobotPeer
from media.synthetic import encode, moving_picture
from signaling.relays import credentials
from tests.networks.namespaces import Inside, within
from tests.networks.network import SERVER, Network
from tests.networks.pipe import Wire
from tests.turn import turn_server

MS = 1_000
FPS = 30
WATCH_S = 4.0


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    """Two seconds, encoded once."""
    return encode(moving_picture(320, 240), count=2 * FPS, fps=FPS)


class Calls:
    """A media plane in the server's place, and the peers of one call."""

    def __init__(self, net: Network, pictures: list[bytes]) -> None:
        self.customers, self.servers = Inside(net.customer), Inside(net.server)
        self._pictures = pictures
        self._robots: list[tuple[Inside, RobotPeer]] = []
        self.arrived: dict[Leg, list[float]] = {"customer": [], "agent": []}
        """When each side's page would have shown a frame of the other: seconds of a clock that never jumps."""

    async def start(self) -> None:
        self._plane = await self.servers.run(_started_plane())

    async def join(self, leg: Leg, ice_servers: tuple[IceServer, ...] = ()) -> None:
        """The customer in his place, the agent beside the server."""
        place = self.customers if leg == "customer" else self.servers
        peer = await place.run(self._peer(leg, ice_servers))
        self._robots.append((place, peer))
        offer = await place.run(peer.offer())
        worker = self._plane.choose() or ""
        await place.run(peer.accept(await self.servers.run(self._plane.negotiate(worker, "call", leg, 1, offer))))

    async def frames_a_second(self, leg: Leg, seconds: float) -> float:
        """What arrives at one side from now on."""
        before = len(self.arrived[leg])
        await asyncio.sleep(seconds)
        return (len(self.arrived[leg]) - before) / seconds

    async def until_seen(self, leg: Leg) -> None:
        """Wait for the first frame at one side."""
        async with asyncio.timeout(20):
            while not self.arrived[leg]:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        for place, peer in self._robots:
            await place.run(peer.close())
        await self.servers.run(self._plane.close())
        self.customers.close()
        self.servers.close()

    async def _peer(self, leg: Leg, ice_servers: tuple[IceServer, ...]) -> RobotPeer:
        def arrived(_: ReceivedFrame) -> None:
            self.arrived[leg].append(time.monotonic())

        return RobotPeer(itertools.cycle(self._pictures), fps=FPS, on_frame=arrived, ice_servers=ice_servers)


async def _started_plane() -> MediaPlane:
    plane = MediaPlane(MediaSettings(workers=1), _ignore)
    await plane.start()
    return plane


async def _ignore(_: MediaEvent) -> None:
    return


@pytest.fixture
async def calls(net: Network, pictures: list[bytes]) -> AsyncIterator[Calls]:
    made = Calls(net, pictures)
    await made.start()
    yield made
    await made.close()


async def test_with_three_of_a_hundred_packets_lost_both_see_each_other_move(net: Network, calls: Calls) -> None:
    net.both(Wire(delay=10 * MS, loss=0.03))
    await calls.join("agent")
    await calls.join("customer")
    for leg in ("agent", "customer"):
        await calls.until_seen(leg)
    rates = await asyncio.gather(*(calls.frames_a_second(leg, WATCH_S) for leg in ("agent", "customer")))
    passed = net.both(Wire())
    print(f"frames a second at the agent {rates[0]}, at the customer {rates[1]}; link: {passed}")
    assert passed["up"].dropped > 5
    assert min(rates) >= 25


@pytest.fixture
def relay(net: Network, tmp_path: Path) -> Iterator[IceServer]:
    """A relay beside the server, reached by TCP."""
    with turn_server(tmp_path, SERVER, 3478, SERVER, within=within(net.server)) as server:
        name, password = credentials(server.secret, "call", int(time.time()) + 60)
        yield IceServer((server.url("tcp"),), name, password)


async def test_where_udp_is_blocked_the_relay_carries_the_call(net: Network, calls: Calls, relay: IceServer) -> None:
    with net.udp_blocked():
        await calls.join("agent")
        await calls.join("customer", (relay,))
        await calls.until_seen("agent")
        assert await calls.frames_a_second("agent", 1) >= 20
