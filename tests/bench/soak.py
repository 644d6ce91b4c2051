"""Calls that come and go for minutes through one worker: is every recording there, and does the worker stay as it is?

    ./dev bench soak [--minutes 10] [--calls 20] [--seed 1]

So many calls at a time, of 3 to 60 s, between packet robots. What the worker tells of its recordings is written into
files, each piece at its place; after its call every file must open, hold both streams, and last as long as its leg from
the first to the last valid packet. Memory, threads and file handles of the worker are read every few seconds (proc(5));
their slopes are those of straight lines through all but the first fifth. A loaded machine makes calls fail to connect:
these are counted apart, and where `stalls` is not 0 (packets that the robots had no time to send) neither lengths nor
slopes say much of the worker. Ends with one line of JSON, and with 1 where a recording or a slope is not as it must.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import uvloop

from media.errors import MediaRefused
from media.packet_robot import PacketRobot, RobotSet
from media.packet_sender import material
from media.plane import Leg, LegSummary, MediaEvent, MediaPlane, MediaSettings, RecordedPiece
from vouch import collector
from vouch.tasks import TaskSet

LEGS: tuple[Leg, Leg] = ("customer", "agent")
SHORTEST_S, LONGEST_S = 3.0, 60.0
TOLERANCE_S = 0.2
LAST_PIECE_S = 20.0
SAMPLE_S = 5.0
MOST_SLOPE = {"rss_mib": 1.0, "threads": 0.5, "handles": 1.0}
"""What may be added in a minute."""
PAGE = 4_096


class Files:
    """Recordings as the worker tells them, one file for each leg."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ended: dict[tuple[str, Leg], asyncio.Event] = {}
        self._sizes: dict[tuple[str, Leg], int] = {}
        self.began_at: dict[tuple[str, Leg], int] = {}
        """The zero of each file's times: microseconds UTC."""
        self.wrong: list[str] = []
        """Pieces that left a gap, or came after the last."""

    async def take(self, event: MediaEvent) -> None:
        """Write a piece at its place; one that is told again lies where it lay."""
        if not isinstance(event, RecordedPiece):
            return
        key = event.call, event.leg
        if event.offset > self._sizes.get(key, 0):
            self.wrong.append(f"{key}: a gap before {event.offset}")
        path = self.path(*key)
        with path.open("r+b" if path.exists() else "wb") as file:
            file.seek(event.offset)
            file.write(event.data)
        self.began_at[key] = event.began_at
        self._sizes[key] = max(self._sizes.get(key, 0), event.offset + len(event.data))
        if event.last:
            self.ended(*key).set()

    def path(self, call: str, leg: Leg) -> Path:
        return self._folder / f"{call}-{leg}.webm"

    def ended(self, call: str, leg: Leg) -> asyncio.Event:
        """Set when the last piece is there."""
        return self._ended.setdefault((call, leg), asyncio.Event())

    def forget(self, call: str, leg: Leg) -> int:
        """The size; nothing stays."""
        self.path(call, leg).unlink(missing_ok=True)
        self._ended.pop((call, leg), None)
        self.began_at.pop((call, leg), None)
        return self._sizes.pop((call, leg), 0)


@dataclass
class Findings:
    """What the soak has shown."""

    calls: int = 0
    unconnected: Counter[str] = field(default_factory=Counter)
    """How many calls did not come about, by what was told of it."""
    stalls: int = 0
    recordings: int = 0
    mebibytes: float = 0.0
    differences: list[float] = field(default_factory=list)
    """Between each recording's length and its leg's: seconds."""
    wrong: list[str] = field(default_factory=list)
    samples: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    """Seconds since the beginning, and what the worker then held."""

    def slopes(self) -> dict[str, float]:
        """What is added in a minute, by name."""
        kept = self.samples[len(self.samples) // 5 :]
        if len(kept) < 3:
            return {}
        minutes = [at / 60 for at, _ in kept]
        return {
            name: round(statistics.linear_regression(minutes, [held[name] for _, held in kept]).slope, 3)
            for name in kept[0][1]
        }


def held(pid: int) -> dict[str, float]:
    """What a process holds."""
    root = Path(f"/proc/{pid}")
    pages = int((root / "statm").read_text().split()[1])
    return {
        "rss_mib": round(pages * PAGE / (1 << 20), 1),
        "threads": len(list((root / "task").iterdir())),
        "handles": len(list((root / "fd").iterdir())),
    }


def look(path: Path, began_at: int, leg: LegSummary) -> tuple[float, list[str]]:
    """How far the file's length is from its leg's, seconds, and what is wrong with it."""
    times: dict[str, list[float]] = {"video": [], "audio": []}
    try:
        with av.open(str(path)) as file:
            for packet in file.demux():
                if packet.pts is not None:
                    times[packet.stream.type].append(float(packet.pts * packet.time_base))
        with av.open(str(path)) as file:
            first = next(file.decode(video=0))
    except (av.FFmpegError, OSError, IndexError, StopIteration) as error:
        return 0.0, [f"does not open: {type(error).__name__}"]
    if leg.first_packet_at is None or leg.last_packet_at is None or not all(times.values()):
        return 0.0, ["a stream is empty"]
    every = [*times["video"], *times["audio"]]
    late = min(every) + (began_at - leg.first_packet_at) / 1e6
    early = (leg.last_packet_at - began_at) / 1e6 - max(every)
    difference = late + early
    wrong = []
    if abs(difference) > TOLERANCE_S:
        wrong.append(f"shorter than its leg: it begins {late:.2f} s late and ends {early:.2f} s early")
    if (first.width, first.height) != (640, 480):
        wrong.append(f"{first.width}x{first.height}")
    return difference, wrong


class Soak:
    """The run."""

    def __init__(self, plane: MediaPlane, robots: RobotSet, files: Files, found: Findings, seed: int) -> None:
        self._plane, self._robots, self._files, self._found = plane, robots, files, found
        self._chance = random.Random(seed)  # noqa: S311 - the same lengths each time
        self._number = 0

    async def keep_calling(self, until: float) -> None:
        """One call after the other."""
        while time.monotonic() < until:
            self._number += 1
            length = min(self._chance.uniform(SHORTEST_S, LONGEST_S), max(SHORTEST_S, until - time.monotonic()))
            await self._call(f"c{self._number}", length)

    async def sample(self, pid: int) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(SAMPLE_S)
            self._found.samples.append((time.monotonic() - began, held(pid)))
            at, now = self._found.samples[-1]
            print(f"{at:5.0f} s  {self._found.calls} calls  {now}  wrong {len(self._found.wrong)}", flush=True)

    async def _call(self, call: str, length: float) -> None:
        worker, robots = self._plane.choose(), list[PacketRobot]()
        try:
            if worker is None:
                raise ConnectionError("the worker is full")
            for leg in LEGS:
                robots.append(self._robots.robot())
                offer = await robots[-1].offer()
                await robots[-1].accept(await self._plane.negotiate(worker, call, leg, 1, offer))
            await asyncio.sleep(length)
            summary = await self._plane.close_call(worker, call)
        except (ConnectionError, MediaRefused) as error:
            self._found.unconnected[f"{type(error).__name__}: {error}, after {len(robots)} robots"] += 1
            await asyncio.sleep(1)
            return
        finally:
            for robot in robots:
                await robot.close()
        self._found.calls += 1
        for leg in summary.legs:
            await self._check(call, leg)

    async def _check(self, call: str, leg: LegSummary) -> None:
        name = f"{call} {leg.leg}"
        try:
            async with asyncio.timeout(LAST_PIECE_S):
                await self._files.ended(call, leg.leg).wait()
        except TimeoutError:
            self._found.wrong.append(f"{name}: its last piece never came")
            return
        difference, wrong = await asyncio.to_thread(
            look, self._files.path(call, leg.leg), self._files.began_at[call, leg.leg], leg
        )
        self._found.recordings += 1
        self._found.differences.append(difference)
        self._found.wrong += [f"{name}: {each}" for each in wrong]
        self._found.mebibytes += self._files.forget(call, leg.leg) / (1 << 20)


async def run(minutes: float, calls: int, seed: int) -> Findings:
    """The soak, against a worker of its own."""
    found = Findings()
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        plane = MediaPlane(MediaSettings(node="soak", workers=1, udp_addresses=("127.0.0.1",)), files.take)
        robots, tasks = RobotSet(await asyncio.to_thread(material), ("127.0.0.1",)), TaskSet("soak")
        await plane.start()
        robots.start()
        collector.calm()
        soak = Soak(plane, robots, files, found, seed)
        try:
            tasks.spawn("sample", soak.sample(plane.pid("soak-w0") or 0))
            until = time.monotonic() + 60 * minutes
            await asyncio.gather(*(tasks.spawn("call", soak.keep_calling(until)) for _ in range(calls)))
        finally:
            await tasks.close()
            await robots.close()
            await plane.close()
        found.wrong += files.wrong
        found.stalls = robots.stalls
    return found


def told(found: Findings, calls: int) -> dict[str, Any]:
    """The figures, by name."""
    slopes = found.slopes()
    return {
        "bench": "soak",
        "calls_at_once": calls,
        "calls": found.calls,
        "unconnected": found.unconnected.total(),
        "stalls": found.stalls,
        "recordings": found.recordings,
        "recorded_mib": round(found.mebibytes, 1),
        "longest_difference_s": round(max(map(abs, found.differences), default=0.0), 3),
        "wrong": len(found.wrong),
        **{f"{name}_last": each for name, each in (found.samples[-1][1] if found.samples else {}).items()},
        **{f"{name}_per_minute": each for name, each in slopes.items()},
        "flat": bool(slopes) and all(slopes[name] <= most for name, most in MOST_SLOPE.items()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--calls", type=int, default=20, help="at a time")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = uvloop.run(run(given.minutes, given.calls, given.seed))
    for line in found.wrong:
        print(line)
    for why, count in found.unconnected.items():
        print(f"{count} calls did not come about: {why}")
    figures = told(found, given.calls)
    print(json.dumps(figures))
    return int(bool(found.wrong) or not found.recordings or not figures["flat"])


if __name__ == "__main__":
    sys.exit(main())
