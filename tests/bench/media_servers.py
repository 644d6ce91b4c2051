"""The servers that `media` measures, each with the same robots as clients. Janus is in `tests.bench.janus`."""

import asyncio
import contextlib
import os
import secrets
import statistics
import sys
from abc import ABC, abstractmethod
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from json import loads
from pathlib import Path

import aiohttp

from media.packet_robot import PacketRobot, RobotSet
from media.packet_sender import Material
from media.plane import Leg, MediaEvent, MediaPlane, MediaSettings, RecordedPiece, WorkerUp, worker_settings
from tests.bench.media_wire import Wire

MEDIA = 2
"""Number of each leg's connection: with 1 the worker would turn calls away when its core is nearly full, and the bench
wants to know what comes after that."""
ROOT = Path(__file__).resolve().parents[2]
START_S = 20.0


@dataclass(frozen=True)
class Peer:
    """One side of a call, which may have two connections."""

    sends: PacketRobot
    receives: PacketRobot


class Probe:
    """How long pictures are on their way from one robot to another, by the clock of the machine that both are on."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self.sender: PacketRobot | None = None
        self.took: list[float] = []
        """Milliseconds, from being given out to the kernel's receipt of the last packet."""

    def arrived(self, payload: bytes, at: int) -> None:
        """A picture's last packet is here."""
        place = self._material.places.get(payload[-16:])
        sent = self.sender.sender.sent if self.sender and self.sender.sender else ()
        went = [wall for n, wall in sent if n == place and wall <= at]
        if went:
            self.took.append((at - went[-1]) / 1e6)

    def median(self) -> float | None:
        return round(statistics.median(self.took), 2) if self.took else None


class Server(ABC):
    """Something that joins two peers."""

    name = ""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    @abstractmethod
    async def open(self, call: str, robots: RobotSet, probe: Probe | None = None) -> tuple[Peer, Peer]:
        """Customer and agent of a new call, connected; `call` is a number. A probe watches what the agent gets."""


class AnsweringServer(Server):
    """One that answers an offer of each peer."""

    async def open(self, call: str, robots: RobotSet, probe: Probe | None = None) -> tuple[Peer, Peer]:
        peers: list[Peer] = []
        for leg in ("customer", "agent"):
            robot = robots.robot(on_arrival=probe.arrived if probe and leg == "agent" else None)
            await robot.accept(await self.negotiate(call, "customer" if leg == "customer" else "agent", robot))
            peers.append(Peer(robot, robot))
        return peers[0], peers[1]

    @abstractmethod
    async def negotiate(self, call: str, leg: Leg, robot: PacketRobot) -> str:
        """The answer to a robot's offer."""


class Worker(AnsweringServer):
    """Our media worker. `evidence` False: it forwards and does nothing else, as its competitors do."""

    name = "worker"

    def __init__(self, pid: int, plane: MediaPlane, worker: str) -> None:
        super().__init__(pid)
        self.plane, self.worker = plane, worker

    @property
    def admits(self) -> bool:
        """Whether a node would give it one more call."""
        return self.plane.choose() is not None

    async def negotiate(self, call: str, leg: Leg, robot: PacketRobot) -> str:
        return await self.plane.negotiate(self.worker, call, leg, MEDIA, await robot.offer())


class Relay(AnsweringServer):
    """aiortc's MediaRelay."""

    name = "relay"

    def __init__(self, pid: int, url: str, http: aiohttp.ClientSession) -> None:
        super().__init__(pid)
        self._url, self._http = url, http

    async def negotiate(self, call: str, leg: Leg, robot: PacketRobot) -> str:
        async with self._http.post(f"{self._url}/{call}/{leg}", data=await robot.offer()) as response:
            return await response.text()


class Told:
    """What the worker told: counted, and that it is up."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.recorded = 0
        """Octets of recordings."""

    async def take(self, event: MediaEvent) -> None:
        if isinstance(event, WorkerUp):
            self.up.set()
        elif isinstance(event, RecordedPiece):
            self.recorded += len(event.data)


@contextlib.asynccontextmanager
async def worker(wire: Wire, *, evidence: bool, calls: int = 400) -> AsyncIterator[Worker]:
    """A worker on the wire, and a plane that is connected to it."""
    secret, told = secrets.token_hex(16), Told()
    settings = MediaSettings(
        listen_host=wire.server,
        udp_addresses=(wire.server,),
        longest_calls=calls,
        memory_mib=16 * calls,  # what bounds it here is its core
        secret=secret,
        evidence=evidence,
    )
    async with _process(wire, "media.worker", first_line=worker_settings(settings, "bench", secret)) as process:
        address = f"{wire.server}:{loads(await _line(process))['listening']}"
        plane = MediaPlane(settings, told.take)
        await plane.start()
        try:
            await plane.dial({"bench": address})
            async with asyncio.timeout(START_S):
                await told.up.wait()
            yield Worker(process.pid, plane, plane.choose() or "")
        finally:
            await plane.close()


@contextlib.asynccontextmanager
async def relay(wire: Wire) -> AsyncIterator[Relay]:
    """The library's relay on the wire."""
    async with _process(wire, "tests.bench.media_relay", wire.server) as process, aiohttp.ClientSession() as http:
        yield Relay(process.pid, f"http://{wire.server}:{int(await _line(process))}", http)


@contextlib.asynccontextmanager
async def _process(wire: Wire, module: str, *words: str, first_line: str = "") -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *wire.prefix, sys.executable, "-m", module, *words,
        stdin=PIPE, stdout=PIPE, env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    )  # fmt: skip
    try:
        assert process.stdin is not None
        process.stdin.write(first_line.encode() + b"\n")
        await process.stdin.drain()
        yield process
    finally:
        process.kill()
        await process.wait()


async def _line(process: Process) -> bytes:
    assert process.stdout is not None
    async with asyncio.timeout(START_S):
        return await process.stdout.readline()
