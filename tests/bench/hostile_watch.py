"""What `hostile` looks at while it attacks: memory, loop, calls that run, the log, and somebody who wants to work."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from signaling.demo.robots import Papers, browser, open_verification
from tests.chaos.machines import children
from tests.chaos.media_calls import RobotCall
from tests.load.pictures import tiny_papers

LOOK_S = 0.05
UNDISTURBED_S = 1.0
"""A call is disturbed when one of its sides sees no frame for longer."""
_BYSTANDER_EVERY_S = 0.5
_PATIENCE_S = 30.0


def resident_mib(pid: int) -> float:
    """Memory that a process holds; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [line.split()[1] for line in lines.splitlines() if line.startswith("VmRSS:")]
    return int(found[0]) / 1024 if found else 0.0


def is_worker(pid: int) -> bool:
    """Whether a child of the node is a media worker."""
    try:
        return b"media.worker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


@dataclass
class Peaks:
    """The highest of what was seen since `take`."""

    node_mib: float = 0.0
    worker_mib: float = 0.0
    helper_mib: float = 0.0
    """The largest of the node's other processes, those that decode pictures."""
    late_s: float = 0.0
    """How late this process itself was: what the figures of calls and answers cannot be better than."""

    def raise_to(self, other: "Peaks") -> None:
        for name, value in vars(other).items():
            setattr(self, name, max(getattr(self, name), value))


@dataclass
class Side:
    """One side of a call."""

    call: int
    frames: Callable[[], int]
    state: Callable[[], str]
    seen: int = 0
    since: float = 0.0


class Watch:
    """Looks twenty times a second. `disturbed` holds the numbers of the calls that were."""

    def __init__(self, node: int, calls: list[RobotCall]) -> None:
        self._node = node
        pages = [(number, page) for number, call in enumerate(calls) for page in call.pages]
        self._sides = [
            Side(number, lambda page=page: _frames(page), lambda page=page: page.call.get("state", ""))  # type: ignore[misc]
            for number, page in pages
        ]
        self.disturbed: dict[int, str] = {}
        self._peaks = Peaks()

    def take(self) -> Peaks:
        """The peaks since the last time."""
        taken, self._peaks = self._peaks, Peaks()
        return taken

    async def run(self) -> None:
        """Look until cancelled."""
        for side in self._sides:
            side.seen, side.since = side.frames(), time.monotonic()
        while True:
            due = time.monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            late = time.monotonic() - due
            await asyncio.to_thread(self._measure, late)
            for side in self._sides:
                self._look(side, late)

    def _measure(self, late: float) -> None:
        workers, helpers = [0.0], [0.0]
        for child in children(self._node):
            (workers if is_worker(child) else helpers).append(resident_mib(child))
        self._peaks.raise_to(Peaks(resident_mib(self._node), max(workers), max(helpers), late))

    def _look(self, side: Side, late: float) -> None:
        now, seen = time.monotonic(), side.frames()
        if seen != side.seen:
            side.seen, side.since = seen, now
        elif now - side.since > UNDISTURBED_S + late:
            self.disturbed.setdefault(side.call, f"no frame for {now - side.since:.1f} s")
        if side.state() in {"ended", ""}:
            self.disturbed.setdefault(side.call, "it ended")


def _frames(page: object) -> int:
    packets = getattr(page, "packets", None)
    return packets.video.frames if packets is not None else 0


@dataclass
class Bystander:
    """Somebody with a browser of their own that the node knows, and a system that opens verifications."""

    origin: str
    username: str
    password: str
    token: str
    times: list[float] = field(default_factory=list)
    """Of sign-ins and openings: seconds."""
    refused: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Work until cancelled."""
        number = 0
        async with browser(self.origin) as http:
            while True:
                number += 1
                await self._timed(self._sign_in(http))
                await self._timed(self._open(number))
                await asyncio.sleep(_BYSTANDER_EVERY_S)

    async def _timed(self, work: Awaitable[None]) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await work
        except (aiohttp.ClientError, OSError, RuntimeError, TimeoutError) as error:
            self.refused.append(f"{type(error).__name__}: {error}"[:160])
        self.times.append(time.monotonic() - began)

    async def _sign_in(self, http: aiohttp.ClientSession) -> None:
        body = {"username": self.username, "password": self.password}
        async with http.post(f"{self.origin}/api/console/session", json=body) as answer:
            if answer.status != 200:
                raise RuntimeError(f"sign-in: {answer.status} {await answer.text()}")

    async def _open(self, number: int) -> None:
        papers: Papers = tiny_papers(f"bystander-{number}")
        await open_verification(self.origin, self.token, papers)


class LogReader:
    """What the node has written since the last time: lines, octets, stalls of the loop."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = file.stat().st_size

    def take(self) -> tuple[list[str], float]:
        """New lines, and the longest stall that they tell of: milliseconds."""
        with self._file.open("rb") as file:
            file.seek(self._offset)
            new = file.read()
        self._offset += len(new)
        lines = new.decode(errors="replace").splitlines()
        return lines, max((_stall(line) for line in lines), default=0.0)


def _stall(line: str) -> float:
    if "the loop stood still" not in line and "longest stall of the loop" not in line:
        return 0.0
    try:
        return float(json.loads(line)["milliseconds"])
    except (ValueError, KeyError):
        return 0.0
