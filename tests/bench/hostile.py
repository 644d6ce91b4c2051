"""Attacks on `vouch serve` while ten calls run.

    ./dev bench hostile [--calls 10] [--seconds 8] [--scale 10] [--only NAME ...]

Every attack of `hostile_attacks` in turn, at ten times the size that once broke something, by a process of its own.
While it lasts, robots see each other in ten calls, and a bystander signs in and opens verifications. Told for each
attack: what the attacker was answered, the highest memory of the node, of its media workers and of its other processes,
how long the loop stood still, calls that were disturbed (a second without a frame, or ended), the bystander's times,
and the log's lines a second. A stall is told by the node itself (`vouch.stalls`), which sees none below 50 ms; only
those of a quarter of a second have a line. The last line is one line of JSON; the exit code is 1 where a bound is
passed or an attack could not be carried out.
"""

import argparse
import asyncio
import json
import math
import socket
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from signaling.demo.robots import open_verification
from tests.bench.hostile_attacks import ATTACKS
from tests.bench.hostile_watch import Bystander, LogReader, Peaks, Watch
from tests.bench.media_browsers_stage import COMPANY, house_in
from tests.chaos.machines import children
from tests.chaos.media_calls import RobotCall, robot_calls
from tests.e2e.house import House
from tests.load.pictures import tiny_papers
from vouch import logs
from vouch.tasks import TaskSet

MOST = {
    "calls_disturbed": 0,
    "node_peak_mib": 600,
    "worker_peak_mib": 400,
    "loop_stall_max_ms": 500,
    "bystander_p95_s": 2.0,
    "log_lines_per_s": 20.0,
}
_SETTINGS = {
    "VOUCH_MEDIA_WORKERS": "1",
    "VOUCH_RECORDING": "true",
    "VOUCH_LONGEST_CALL_S": "7200",
    "VOUCH_OFFICE_HOURS": "always",
    # As it is run: every request is a line of its own, those of strangers too.
    "VOUCH_LOG_LEVEL": "INFO",
}
_LINKS = 40
_CALM_S = 3.0
"""Between two attacks, so that what one left behind is not the next one's."""
_LONGEST_ATTACK_S = 90.0


@dataclass
class Found:
    """What a run has shown."""

    attacks: int = 0
    peaks: Peaks = field(default_factory=Peaks)
    stall_ms: float = 0.0
    times: list[float] = field(default_factory=list)
    lines_per_s: float = 0.0
    disturbed: dict[int, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    """Attacks that could not be carried out."""

    def last_line(self) -> dict[str, Any]:
        return {
            "bench": "hostile",
            "attacks": self.attacks,
            "calls_disturbed": len(self.disturbed),
            "node_peak_mib": round(self.peaks.node_mib),
            "worker_peak_mib": round(self.peaks.worker_mib),
            "helper_peak_mib": round(self.peaks.helper_mib),
            "loop_stall_max_ms": round(self.stall_ms),
            "bystander_p95_s": round(_p95(self.times), 3),
            "log_lines_per_s": round(self.lines_per_s, 1),
            "bench_late_max_s": round(self.peaks.late_s, 2),
            "not_carried_out": len(self.failed),
        }

    @property
    def is_good(self) -> bool:
        told = self.last_line()
        return not self.failed and all(told[name] <= most for name, most in MOST.items())


class Bench:
    """One house under attack."""

    def __init__(self, house: House, calls: list[RobotCall], seconds: float, scale: int) -> None:
        self._house, self._seconds, self._scale = house, seconds, scale
        self._watch = Watch(house.pid, calls)
        seeds = house.seeds
        self._bystander = Bystander(house.origin, "supervisor1", seeds.passwords["supervisor1"], seeds.tokens[COMPANY])
        self._log = LogReader(house.log)
        self._links: list[str] = []
        self.found = Found()

    async def run(self, names: list[str]) -> None:
        """All attacks, one after the other."""
        tasks = TaskSet("hostile")
        tasks.spawn("watch", self._watch.run())
        tasks.spawn("bystander", self._bystander.run())
        try:
            await asyncio.sleep(_CALM_S)
            self._tell("nothing", self._seconds, "", 0)
            for name in names:
                await self._attack(name)
        finally:
            await tasks.close()
            self.found.disturbed = self._watch.disturbed

    async def _attack(self, name: str) -> None:
        self.found.attacks += 1
        refused, began = len(self._bystander.refused), time.monotonic()
        before = set(self._watch.disturbed)
        told = await self._carry_out(name)
        seconds = time.monotonic() - began
        await asyncio.sleep(_CALM_S)
        self._tell(name, seconds + _CALM_S, told, refused)
        for number in sorted(set(self._watch.disturbed) - before):
            print(f"    call {number} was disturbed: {self._watch.disturbed[number]}")
        if "ended by" in told or not told:
            self.found.failed.append(f"{name}: {told or 'it said nothing'}")

    async def _carry_out(self, name: str) -> str:
        target = {
            "host": "127.0.0.1",
            "port": self._house.port,
            "udp": media_sockets(self._house.pid),
            "token": self._house.seeds.tokens["CTKV2"],
            "links": [await self._link() for _ in range(2)],
            "dealer": ["dealer2", self._house.seeds.passwords["dealer2"]],
            "seconds": self._seconds,
            "scale": self._scale,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.bench.hostile_attacks", name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(_LONGEST_ATTACK_S):
                said, _ = await process.communicate(json.dumps(target).encode() + b"\n")
        except TimeoutError:
            process.kill()
            await process.wait()
            return '{"stopped by the bench": 1}'
        return said.decode().strip()

    async def _link(self) -> str:
        if not self._links:
            for number in range(_LINKS):
                papers = tiny_papers(f"attacker-{number}")
                opened = await open_verification(self._house.origin, self._house.seeds.tokens["CTKV2"], papers)
                self._links.append(opened["join_token"])
        return self._links.pop()

    def _tell(self, name: str, seconds: float, told: str, refused: int) -> None:
        peaks, (lines, stall) = self._watch.take(), self._log.take()
        times, self._bystander.times = self._bystander.times, []
        self.found.peaks.raise_to(peaks)
        self.found.stall_ms = max(self.found.stall_ms, stall)
        self.found.times += times
        rate = len([line for line in lines if '"event": "request"' not in line]) / seconds
        self.found.lines_per_s = max(self.found.lines_per_s, rate)
        print(
            f"{name:22} {seconds:5.1f} s  node {peaks.node_mib:4.0f}, worker {peaks.worker_mib:4.0f}, "
            f"helper {peaks.helper_mib:4.0f} MiB  stall {stall:5.0f} ms  disturbed {len(self._watch.disturbed)}  "
            f"bystander p95 {_p95(times):5.2f} s of {len(times)}, {len(self._bystander.refused) - refused} refused  "
            f"{rate:5.1f} lines/s besides requests  late {peaks.late_s:4.2f} s  {told}",
            flush=True,
        )
        for line in self._bystander.refused[refused : refused + 2]:
            print(f"    a bystander was refused: {line}")


def media_sockets(node: int) -> list[tuple[str, int]]:
    """The UDP sockets of the node's media workers, by what the kernel tells of their handles (proc(5))."""
    held: set[str] = set()
    for child in children(node):
        for handle in Path(f"/proc/{child}/fd").iterdir():
            try:
                link = str(handle.readlink())
            except OSError:
                continue
            if link.startswith("socket:["):
                held.add(link[8:-1])
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    found = [row[1].split(":") for row in rows if row[9] in held]
    return [(socket.inet_ntoa(int(host, 16).to_bytes(4, "little")), int(port, 16)) for host, port in found]


def _p95(times: list[float]) -> float:
    return sorted(times)[math.ceil(0.95 * len(times)) - 1] if times else 0.0


async def bench(calls: int, seconds: float, scale: int, names: list[str], home: Path) -> Found:
    """One run in an empty folder."""
    async with AsyncExitStack() as stack:
        house = await stack.enter_async_context(house_in(home, _SETTINGS))
        under_way = [call for call in await robot_calls(stack, house, calls) if isinstance(call, RobotCall)]
        made = Bench(house, under_way, seconds, scale)
        await made.run(names)
    # The node has ended, and its last lines tell the longest stall of all.
    lines = house.log.read_text().splitlines()
    stalls = [json.loads(line)["milliseconds"] for line in lines if '"longest stall of the loop"' in line]
    made.found.stall_ms = max(made.found.stall_ms, *stalls, 0.0)
    return made.found


def main(arguments: list[str] | None = None) -> int:
    """Run as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="./dev bench hostile", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--calls", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=8.0, help="of an attack that has no end of its own")
    parser.add_argument("--scale", type=int, default=10, help="how many times what once broke it")
    parser.add_argument("--only", nargs="+", choices=sorted(ATTACKS), default=list(ATTACKS), metavar="NAME")
    given = parser.parse_args(arguments)
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="vouch-hostile-") as temporary:
        found = asyncio.run(bench(given.calls, given.seconds, given.scale, given.only, Path(temporary)))
    for line in found.failed:
        print(f"not carried out: {line}")
    print(json.dumps(found.last_line()))
    return 0 if found.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
