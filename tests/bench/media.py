"""What a call's media costs: ours beside aiortc's MediaRelay and Janus, on the same core, for the same robots.

    ./dev bench media [--calls 40] [--seconds 8] [--rounds 3] [--most 120] [--trials 50] [--only relay,janus,...]

*forwarding* is our worker without its evidence (no recording, kept groups, regular key frames, ledger): the work that
the others do. *whole* is what a real installation runs. The server has core 0 for itself, the robots core 1, windows of
the servers take turns and their medians count. Then calls are added until a receiver has fewer than 29.5 pictures a
second. `transit_ms` is a picture's way from robot to robot, `snapshot_p95_ms` from the request for the frame on the
agent's screen to its JPEG. The browsers' part has a file of its own, `tests.bench.media_browsers`. What is left out is
null. Ends with one line of JSON.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any

import uvloop

from media.packet_sender import Material, material
from tests.bench import media_browsers
from tests.bench.janus import is_there, janus
from tests.bench.media_load import OVERLOADED, Load, Window
from tests.bench.media_servers import Server, relay, worker
from tests.bench.media_wire import Wire, wire

PARTS = ("relay", "janus", "forwarding", "whole", "browsers")
RELAY_CALLS = 2
"""More than three do not fit on one core."""
ENOUGH_FPS = 29.5
FIRST, STEP = {"forwarding": 50, "whole": 35}, 5
PRESSES = 40
OTHERS = 35
"""Calls beside the one that a picture is asked of."""


_IN_BROWSERS = {
    "exact": "exact_frames",
    "trials": "exact_trials",
    "customer_back_camera_p95_ms": "video_back_p95_ms",
    **{f"snapshot_{share}_ms": f"page_snapshot_{share}_ms" for share in ("p50", "p95")},
}
"""The names of the browsers' figures among the others."""


@dataclass(frozen=True)
class Bench:
    """What is to be measured, and with what."""

    wire: Wire
    material: Material
    parts: tuple[str, ...]
    calls: int
    seconds: float
    rounds: int
    most: int
    windows: dict[str, list[Window]] = field(default_factory=dict)
    transit: dict[str, list[float]] = field(default_factory=dict)

    def server(self, part: str) -> AbstractAsyncContextManager[Server]:
        if part == "relay":
            return relay(self.wire)
        if part == "janus":
            return janus(self.wire)
        return worker(self.wire, evidence=part == "whole")

    @contextlib.asynccontextmanager
    async def load(self, part: str, calls: int) -> AsyncIterator[Load]:
        async with self.server(part) as server, Load(server, self.wire, self.material) as load:
            await load.grow(calls)
            yield load

    async def take_turns(self) -> None:
        """So many windows of each server, one server after the other."""
        for _ in range(self.rounds):
            for part in self.parts:
                async with self.load(part, RELAY_CALLS if part == "relay" else self.calls) as load:
                    self.windows.setdefault(part, []).append(told(part, await load.window(self.seconds)))
                    if (transit := load.probe.median()) is not None:
                        self.transit.setdefault(part, []).append(transit)

    async def most_calls(self, part: str) -> tuple[int | None, float | None]:
        """The greatest number of calls with enough pictures for everybody, and how many the slowest then had.

        None where the first number is too many already, or the robots are too slow to tell.
        """
        best: tuple[int | None, float | None] = None, None
        with contextlib.suppress(*OVERLOADED):
            async with self.load(part, min(FIRST[part], self.most)) as load:
                for calls in range(FIRST[part], self.most + 1, STEP):
                    await load.grow(calls)
                    window = told(f"{part}, most", await self._second_chance(load))
                    if window.fps_min < ENOUGH_FPS:
                        break
                    best = calls, window.fps_min
        return best

    async def _second_chance(self, load: Load) -> Window:
        """A stall of the machine is not the server's."""
        window = await load.window(self.seconds)
        return window if window.fps_min >= ENOUGH_FPS else await load.window(self.seconds)

    async def snapshots(self) -> dict[str, float]:
        """Of a call alone, and beside others; what the machine had no time for is absent."""
        found: dict[str, float] = {}
        with contextlib.suppress(*OVERLOADED):
            async with self.load("whole", 1) as load:
                found["snapshot_idle_p95_ms"], found["snapshots_exact"] = await load.pictures(PRESSES)
                await load.grow(1 + OTHERS)
                found["snapshot_p95_ms"], more = await load.pictures(PRESSES)
                found["snapshots_exact"] += more
        return found

    def median(self, part: str, name: str = "ms_per_call_s") -> float | None:
        windows = self.windows.get(part)
        return round(statistics.median(getattr(each, name) for each in windows), 2) if windows else None


def told(part: str, window: Window) -> Window:
    """Print a window as it comes."""
    limit = "  the robots are the limit, not the server" if window.is_limited_by_clients else ""
    print(
        f"{part:16} {window.calls:3} calls  {window.ms_per_call_s:7.2f} ms a call-second  core {window.server_busy:.0%}"
        f"  {window.fps_min:.2f} fps at least  robots {window.client_busy:.0%} ({window.client_ms_per_call_s} ms)"
        f"  lost {window.lost}{limit}",
        flush=True,
    )
    return window


async def measure(bench: Bench) -> dict[str, Any]:
    """What the servers cost and carry, by name."""
    await bench.take_turns()
    found: dict[str, Any] = {
        "bench": "media",
        "calls": bench.calls,
        "ms_per_call_s": bench.median("forwarding"),
        "full_ms_per_call_s": bench.median("whole"),
        "relay_ms_per_call_s": bench.median("relay"),
        "janus_ms_per_call_s": bench.median("janus"),
        "max_calls_per_core": None,
        "full_max_calls": None,
        "fps_min": bench.median("forwarding", "fps_min"),
        "full_fps_min": bench.median("whole", "fps_min"),
        "snapshot_p95_ms": None,
        "transit_ms": {part: round(statistics.median(each), 2) for part, each in bench.transit.items()},
        "robots_ms_per_call_s": bench.median("forwarding", "client_ms_per_call_s"),
    }
    if bench.most:
        if "forwarding" in bench.parts:
            found["max_calls_per_core"], found["max_fps_min"] = await bench.most_calls("forwarding")
        if "whole" in bench.parts:
            found["full_max_calls"], found["full_max_fps_min"] = await bench.most_calls("whole")
    if "whole" in bench.parts:
        found |= await bench.snapshots()
    return found


async def in_browsers(trials: int) -> dict[str, float]:
    """Their snapshots begin at the press in the page, not at the request to the worker; the customer's video is back
    when the agent sees it, counted from when the page that returned has its camera.
    """
    figures = await media_browsers.figures(trials)
    return {_IN_BROWSERS.get(name, name): each for name, each in figures.items()}


def tell_ratios(found: dict[str, Any]) -> None:
    """How ours stands to the others."""
    for ours in ("ms_per_call_s", "full_ms_per_call_s"):
        for other in ("relay_ms_per_call_s", "janus_ms_per_call_s"):
            if found[ours] and found[other]:
                print(f"{ours} / {other} = {found[ours] / found[other]:.3f}")


def options(words: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./dev bench media", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--calls", type=int, default=40, help="calls at once in the windows that are compared")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of each window")
    parser.add_argument("--rounds", type=int, default=3, help="windows of each server")
    parser.add_argument("--most", type=int, default=120, help="calls at which the search for the limit ends; 0: none")
    parser.add_argument("--trials", type=int, default=50, help="pictures that are compared in browsers")
    parser.add_argument("--only", default=",".join(PARTS), help="parts to measure, with commas")
    given = parser.parse_args(words)
    given.parts = tuple(part for part in PARTS if part in given.only.split(","))
    if unknown := set(given.only.split(",")) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    return given


def main() -> None:
    given = options()
    with wire() as laid:
        parts = tuple(part for part in given.parts if part != "browsers")
        if "janus" in parts and not is_there(laid):
            print("janus is left out: it takes the package, root and ip")
            parts = tuple(part for part in parts if part != "janus")
        bench = Bench(laid, material(), parts, given.calls, given.seconds, given.rounds, given.most)
        found = uvloop.run(measure(bench))
    found |= dict.fromkeys(("exact_frames", "exact_trials", "video_back_p95_ms", "first_frame_p95_ms"))
    if "browsers" in given.parts:
        # With both cores, as a real machine has them.
        found |= asyncio.run(in_browsers(given.trials))
    tell_ratios(found)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
