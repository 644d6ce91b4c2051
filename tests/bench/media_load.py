"""Calls between robots through a server, and what a stretch of time in them cost and carried."""

import asyncio
import gc
import io
import random
import statistics
import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from media.errors import MediaRefused
from media.packet_robot import RobotSet
from media.packet_sender import Material
from media.synthetic import read_counter
from tests.bench.media_servers import MEDIA, Peer, Probe, Server, Worker
from tests.bench.media_wire import Wire, processor_s

FLOWING_S = 30.0
OVERLOADED = (MediaRefused, ConnectionError, TimeoutError)
"""What opening one more call ends in where the server's core has no time left."""
SETTLE_S = 2.0
BUSY = 0.9
"""With more than this share of their core the clients are what is measured."""


@dataclass(frozen=True)
class Window:
    """What a stretch of time has shown."""

    calls: int
    ms_per_call_s: float
    """Processor time of the server, its threads included."""
    fps_min: float
    """Of the receiver with the fewest whole pictures in a second."""
    fps_mean: float
    server_busy: float
    """Share of a core."""
    client_busy: float
    """Share of a core."""
    client_ms_per_call_s: float
    lost: int
    """Packets that never came to the robots."""
    stalls: int
    """Pictures and sound that the robots could not send in time: they were slow, not the server."""

    @property
    def is_limited_by_clients(self) -> bool:
        """Whether it says nothing of the server."""
        return self.client_busy > BUSY or self.stalls > self.calls


class Load:
    """Calls through one server; grows, and never shrinks."""

    def __init__(self, server: Server, wire: Wire, material: Material) -> None:
        self.server = server
        self.peers: list[tuple[Peer, Peer]] = []
        self.probe = Probe(material)
        self._robots = RobotSet(material, (wire.client,))

    async def __aenter__(self) -> "Load":
        self._robots.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._robots.close()

    async def grow(self, calls: int) -> None:
        """Have so many calls, all of whose streams flow."""
        while len(self.peers) < calls:
            first = not self.peers
            peers = await self.server.open(str(len(self.peers)), self._robots, self.probe if first else None)
            if first:
                self.probe.sender = peers[0].sends
            self.peers.append(peers)
        async with asyncio.timeout(FLOWING_S):
            for peer in (peer for pair in self.peers for peer in pair):
                await peer.receives.flows.wait()
        # What stays is not looked through again and again: clients must not be what is measured.
        gc.collect()
        gc.freeze()
        await asyncio.sleep(SETTLE_S)

    async def window(self, seconds: float) -> Window:
        """Watch for so long."""
        receivers = [peer.receives.video for pair in self.peers for peer in pair]
        used, mine, stalls = processor_s(self.server.pid), time.process_time(), self._robots.stalls
        frames, lost, began = (
            [each.frames for each in receivers],
            sum(each.lost for each in receivers),
            time.monotonic(),
        )
        await asyncio.sleep(seconds)
        took, calls = time.monotonic() - began, len(self.peers)
        server, client = processor_s(self.server.pid) - used, time.process_time() - mine
        rates = [(each.frames - before) / took for each, before in zip(receivers, frames, strict=True)]
        return Window(
            calls,
            ms_per_call_s=round(1_000 * server / took / calls, 2),
            fps_min=round(min(rates), 2),
            fps_mean=round(statistics.mean(rates), 2),
            server_busy=round(server / took, 2),
            client_busy=round(client / took, 2),
            client_ms_per_call_s=round(1_000 * client / took / calls, 2),
            lost=sum(each.lost for each in receivers) - lost,
            stalls=self._robots.stalls - stalls,
        )

    async def pictures(self, times: int) -> tuple[float, int]:
        """Press for the picture that the first call's agent sees: 95 of 100 take at most so long, milliseconds.

        From the request to its JPEG; beside it how many held the frame that was named. At uneven moments.
        """
        worker = self.server
        assert isinstance(worker, Worker)
        chance, took, exact = random.Random(1), [], 0  # noqa: S311 - the same moments each time
        agent = self.peers[0][1].receives
        for n in range(times + 1):
            await asyncio.sleep(chance.uniform(0.05, 0.3))
            began = time.monotonic()
            try:
                kept = await worker.plane.frame(worker.worker, "0", MEDIA, agent.video.newest_timestamp, live=True)
            except MediaRefused as refused:
                print(f"no picture: {type(refused).__name__}", flush=True)
                continue
            if n:
                took.append(1_000 * (time.monotonic() - began))
                number = read_counter(np.asarray(Image.open(io.BytesIO(kept.jpeg)).convert("RGB")))
                exact += number is not None and kept.exact
        return round(statistics.quantiles(took, n=20)[18], 1) if len(took) > 1 else float("nan"), exact
