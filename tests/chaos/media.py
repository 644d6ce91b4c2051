"""A media worker is killed under ten calls: all of them go on with another worker, and next to nothing is unrecorded.

    ./dev chaos media [--calls 10] [--browsers 1]

One `vouch serve` with two workers: its own, on which all calls begin, and one that runs by itself and is started then.
Its own is killed (SIGKILL). A call is resumed when both sides show new frames, the agent's page
was not loaded again, and its verdict names a frame from after the kill. What is lost of a recording is what lies
between its end and the kill, between the next picture that the other side saw and the beginning of the next recording,
and before the call's end. The last line is one line of JSON; the exit code is 1 where a call was not resumed within
15 s or more than 2 s of a recording are missing.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.media_browsers_stage import Stage, browsers_in, house_in
from tests.chaos.media_calls import LiveCall, browser_call, robot_calls
from tests.chaos.media_records import Records, Stretch, worker_processes
from tests.e2e.house import House
from tests.ports import free_port
from tests.services import die_with_us
from vouch import logs

LONGEST_BACK_S = 15.0
MOST_LOST_S = 2.0
_BEFORE_S, _AFTER_S = 4.0, 4.0
"""How long all calls run before the kill, and after they are back."""
_LAST_PIECES_S = 3.0
_SETTINGS = {
    "VOUCH_MEDIA_WORKERS": "1",
    "VOUCH_RECORDING": "true",
    "VOUCH_LONGEST_CALL_S": "600",
    "VOUCH_LOG_LEVEL": "WARNING",
}


@dataclass
class Outcome:
    """What a run has shown."""

    calls: int
    back_s: list[float] = field(default_factory=list)
    """From the kill to the frame that came last, call by call; only of those that came back."""
    lost_s: list[float] = field(default_factory=list)
    """Of each leg's recording."""
    resumed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether the run shows what it must."""
        late = max(self.back_s, default=0.0) > LONGEST_BACK_S or max(self.lost_s, default=0.0) > MOST_LOST_S
        return self.resumed == self.calls and not late

    def last_line(self) -> dict[str, object]:
        """The figures."""
        return {
            "chaos": "media",
            "calls": self.calls,
            "resumed": self.resumed,
            "recording_loss_s_max": round(max(self.lost_s, default=0.0), 2),
            "back_s_max": round(max(self.back_s, default=0.0), 2),
        }


async def chaos(calls: int, browsers: int, home: Path) -> Outcome:
    """One run in an empty folder."""
    name, listen = "further", f"127.0.0.1:{free_port()}"
    async with AsyncExitStack() as stack:
        settings = _SETTINGS | {"VOUCH_MEDIA_WORKER_ADDRESSES": f"{name}={listen}"}
        house = await stack.enter_async_context(house_in(home, settings))
        records = Records(house.installation)
        stack.push_async_callback(records.close)
        under_way = await _begin(stack, house, calls, browsers, home)
        await stack.enter_async_context(_further_worker(house, listen, name))
        await records.until_workers(2)
        await asyncio.sleep(_BEFORE_S)
        (worker,) = worker_processes(house.pid)
        os.kill(worker, signal.SIGKILL)
        return await _judge(under_way, records, time.time())


@asynccontextmanager
async def _further_worker(house: House, listen: str, name: str) -> AsyncIterator[None]:
    """A worker that runs by itself."""
    environment = os.environ | {"VOUCH_DATA_DIR": str(house.installation.folder), "VOUCH_LOG_LEVEL": "WARNING"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "signaling.main", "media-worker", "--name", name, "--listen", listen),
        env=environment,
        preexec_fn=die_with_us,
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _begin(stack: AsyncExitStack, house: House, calls: int, browsers: int, home: Path) -> list[LiveCall]:
    begun = await robot_calls(stack, house, calls - browsers)
    if browsers:
        stage = Stage(house, *await stack.enter_async_context(browsers_in(home)))
        stack.push_async_callback(stage.close)
        begun.append(await browser_call(stage))
    return begun


async def _judge(calls: list[LiveCall], records: Records, killed_at: float) -> Outcome:
    outcome = Outcome(len(calls))
    back = await asyncio.gather(*(_back(call, killed_at) for call in calls))
    outcome.back_s = [max(seen.values()) - killed_at for seen in back if seen]
    await asyncio.sleep(_AFTER_S)
    for call, seen in zip(calls, back, strict=True):
        trouble = await _trouble(call, records, killed_at) if seen else "its picture did not come back"
        outcome.resumed += not trouble
        if trouble:
            outcome.wrong.append(f"{call.verification}: {trouble}")
    await asyncio.sleep(_LAST_PIECES_S)
    for call, seen in zip(calls, back, strict=True):
        recorded = await records.recorded(call.verification)
        ended_at = await records.ended_at(call.verification)
        outcome.lost_s += [_lost(leg, recorded, killed_at, seen.get(leg), ended_at) for leg in ("customer", "agent")]
    return outcome


async def _back(call: LiveCall, killed_at: float) -> dict[str, float]:
    """By leg, when it was seen again; empty where that takes too long."""
    try:
        return await asyncio.wait_for(call.back_at(killed_at), 2 * LONGEST_BACK_S)
    except TimeoutError:
        return {}


async def _trouble(call: LiveCall, records: Records, killed_at: float) -> str:
    """What is wrong with the verdict; empty where nothing is."""
    try:
        await call.decide()
    except (AssertionError, TimeoutError) as error:
        return f"no verdict: {str(error)[:300]}"
    at = await records.picture_at(call.verification)
    if at is None:
        return "the verdict's picture is not the exact one"
    return "" if at > killed_at else "the verdict's picture is older than the kill"


def _lost(leg: str, recorded: list[Stretch], killed_at: float, seen_at: float | None, ended_at: float) -> float:
    """Seconds of a leg that no recording holds, though somebody could have recorded them."""
    before = [each.ends for each in recorded if each.leg == leg and each.begins < killed_at]
    after = [each for each in recorded if each.leg == leg and each.begins >= killed_at]
    lost = killed_at - max(before, default=killed_at - _BEFORE_S)
    if seen_at is None:
        return lost
    begins = min((each.begins for each in after), default=ended_at)
    ends = max((each.ends for each in after), default=ended_at)
    return sum(max(0.0, part) for part in (lost, begins - seen_at, ended_at - ends))


def main(arguments: list[str] | None = None) -> int:
    """Run as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="./dev chaos media")
    parser.add_argument("--calls", type=int, default=10, help="at once, all on the worker that is killed")
    parser.add_argument("--browsers", type=int, choices=(0, 1), default=1, help="how many of them between browsers")
    given = parser.parse_args(arguments)
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="vouch-chaos-") as temporary:
        outcome = asyncio.run(chaos(given.calls, given.browsers, Path(temporary)))
    for line in outcome.wrong:
        print(line)
    print(f"back after: {', '.join(f'{seconds:.2f} s' for seconds in outcome.back_s)}")
    print(f"unrecorded, leg by leg: {', '.join(f'{seconds:.2f} s' for seconds in outcome.lost_s)}")
    print(json.dumps(outcome.last_line()))
    return 0 if outcome.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
