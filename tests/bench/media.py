"""What forwarding costs: processor time per call-second of our worker and of aiortc's own relay, in the same run.

Synthetic peers send the same pre-encoded pictures (640x480, 30 a second) and a tone to both. It also presses for a
picture now and then and measures how long that takes. Prints one line of JSON.
"""

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaRelay

from media.plane import Leg, MediaEvent, MediaPlane, MediaSettings
from media.robot import ReceivedFrame, RobotPeer
from media.synthetic import encode, moving_picture

FPS = 30
Negotiate = Callable[[str, Leg, str], Awaitable[str]]


class Traffic:
    """Calls between synthetic peers, and what arrived in them."""

    def __init__(self, pictures: list[bytes]) -> None:
        self._pictures = pictures
        self._robots: list[RobotPeer] = []
        self.frames: list[int] = []
        """Frames received, one count for each peer."""
        self.newest: dict[tuple[str, Leg], int] = {}
        """Timestamp of the newest frame of each peer."""

    async def start(self, calls: int, negotiate: Negotiate) -> None:
        legs: tuple[Leg, Leg] = ("customer", "agent")
        for call, leg in itertools.product(map(str, range(calls)), legs):
            robot = RobotPeer(itertools.cycle(self._pictures), fps=FPS, on_frame=self._counter(call, leg))
            self._robots.append(robot)
            await robot.accept(await negotiate(call, leg, await robot.offer()))
        async with asyncio.timeout(30):
            while not all(self.frames):
                await asyncio.sleep(0.1)

    def _counter(self, call: str, leg: Leg) -> Callable[[ReceivedFrame], None]:
        index = len(self.frames)
        self.frames.append(0)

        def count(frame: ReceivedFrame) -> None:
            self.frames[index] += 1
            self.newest[call, leg] = frame.rtp_timestamp

        return count

    async def close(self) -> None:
        for robot in self._robots:
            await robot.close()


async def measure(pid: int, traffic: Traffic, seconds: float, calls: int) -> dict[str, float]:
    """Processor time and the slowest peer's frames per second over a stretch of time."""
    used, began, frames = processor_s(pid), time.monotonic(), list(traffic.frames)
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    rates = [(after - before) / took for before, after in zip(frames, traffic.frames, strict=True)]
    return {
        "cpu_ms_per_call_second": round(1_000 * (processor_s(pid) - used) / took / calls, 1),
        "slowest_fps": round(min(rates), 1),
    }


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process has used, its threads included (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def forward(pictures: list[bytes], calls: int, seconds: float) -> dict[str, object]:
    """Our worker."""

    async def ignore(_: MediaEvent) -> None:
        return

    plane = MediaPlane(MediaSettings(workers=1), ignore)
    await plane.start()
    traffic = Traffic(pictures)
    worker = plane.choose() or ""
    try:
        await traffic.start(calls, lambda call, leg, offer: plane.negotiate(worker, call, leg, 1, offer))
        cost = await measure(plane.pid("node-w0") or 0, traffic, seconds, calls)
        return {**cost, "picture_ms": await press(plane, worker, traffic)}
    finally:
        await traffic.close()
        await plane.close()


async def press(plane: MediaPlane, worker: str, traffic: Traffic, times: int = 20) -> dict[str, float]:
    """From asking for the agent's newest frame to having its JPEG."""
    took: list[float] = []
    for n in range(times):
        await asyncio.sleep(0.13)
        began = time.monotonic()
        await plane.frame(worker, "0", 1, traffic.newest["0", "agent"], live=True)
        took.append(1_000 * (time.monotonic() - began))
        if n == 0:
            first = took.pop()
    return {
        "first": round(first, 1),
        "median": round(statistics.median(took), 1),
        "p95": round(statistics.quantiles(took, n=20)[18], 1),
    }


async def relay(pictures: list[bytes], calls: int, seconds: float) -> dict[str, object]:
    """The library's relay, which decodes and encodes, in a process of its own."""
    async with relay_process() as (pid, port), aiohttp.ClientSession() as session:

        async def negotiate(call: str, leg: Leg, offer: str) -> str:
            async with session.post(f"http://127.0.0.1:{port}/{call}/{leg}", data=offer) as response:
                return await response.text()

        traffic = Traffic(pictures)
        try:
            await traffic.start(calls, negotiate)
            return dict(await measure(pid, traffic, seconds, calls))
        finally:
            await traffic.close()


@contextlib.asynccontextmanager
async def relay_process() -> AsyncIterator[tuple[int, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.media", "--relay", stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output to read the port from")
        yield process.pid, int(await process.stdout.readline())
    finally:
        process.kill()
        await process.wait()


async def serve_relay() -> None:
    """Answers offers; each side gets the other's tracks through a MediaRelay."""
    tracks: dict[tuple[str, str, str], asyncio.Future[object]] = {}
    relays, peers = MediaRelay(), []

    def track(call: str, leg: str, kind: str) -> asyncio.Future[object]:
        return tracks.setdefault((call, leg, kind), asyncio.get_running_loop().create_future())

    async def answer(request: web.Request) -> web.Response:
        call, leg = request.match_info["call"], request.match_info["leg"]
        other = {"customer": "agent", "agent": "customer"}[leg]
        peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        peers.append(peer)
        peer.on("track", lambda found: track(call, leg, found.kind).set_result(relays.subscribe(found, buffered=False)))
        await peer.setRemoteDescription(RTCSessionDescription(await request.text(), "offer"))
        for transceiver in peer.getTransceivers():
            transceiver.direction = "sendrecv"
            sender = transceiver.sender
            track(call, other, transceiver.kind).add_done_callback(
                lambda ready, sender=sender: sender.replaceTrack(ready.result())
            )
        await peer.setLocalDescription(await peer.createAnswer())
        return web.Response(text=peer.localDescription.sdp)

    application = web.Application()
    application.router.add_post("/{call}/{leg}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def compare(calls: int, seconds: float) -> None:
    pictures = await asyncio.to_thread(encode, moving_picture(), count=2 * FPS, fps=FPS)
    forwarder = await forward(pictures, calls, seconds)
    relayed = await relay(pictures, 1, seconds)
    print(json.dumps({"bench": "media", "calls": calls, "forwarder": forwarder, "relay_of_one_call": relayed}))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=3, help="calls that the forwarder carries at once")
    arguments.add_argument("--seconds", type=float, default=8.0, help="length of each measurement")
    arguments.add_argument("--relay", action="store_true", help=argparse.SUPPRESS)
    given = arguments.parse_args()
    asyncio.run(serve_relay() if given.relay else compare(given.calls, given.seconds))


if __name__ == "__main__":
    main()
