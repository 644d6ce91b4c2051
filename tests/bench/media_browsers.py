"""The exact frame and what it takes, with Chromium on both sides of a real `vouch serve`.

    ./dev bench media_browsers [--trials 50] [--load 0]

Every call has two trials: an extra picture and its verdict. A trial pauses the customer's picture in the very callback
that names it, presses, and compares what stood on the screen with what was kept: the same number, the same picture.
Calls take turns: nothing happens before, the customer's page is loaded again before the picture, the agent's before the
verdict. Prints one line of JSON.

`snapshot` runs from the press in the page to the file of the clean picture: the press's way, the floor's transaction,
the worker's decoding, the JPEG's way back, the stamp. `first_frame` runs from the click on Accept to the customer's
first frame, `*_back` from the moment when a page that was loaded again sent its offer to the agent's next frame,
`*_back_camera` from the moment when that page had its camera.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from media.synthetic import read_counter
from tests.bench.media_browsers_stage import (
    Kept,
    Pressed,
    Shown,
    Stage,
    first_frame_after,
    likeness,
    press,
    shown,
    stage,
    told,
)
from tests.chaos.media_calls import robot_calls
from tests.e2e.pages import Agent, Customer

SETTINGS = {"VOUCH_MEDIA_WORKERS": "1", "VOUCH_LONGEST_CALL_S": "3600", "VOUCH_LOG_LEVEL": "WARNING"}
TURNS = ("nothing", "customer", "agent", "both")
"""Whose page is loaded again, call by call."""
LONGEST_PAUSE_S = 1.5
MOST_PRESSES = 3
LEAST_LIKENESS = 27.0
"""Decibels. One frame decoded twice has some 43; right after a poor key frame Chromium smooths what it shows, which
leaves 33; its neighbours have some 20."""


@dataclass
class Findings:
    """What the trials have shown."""

    exact: int = 0
    trials: int = 0
    passed_over: int = 0
    moved_on: int = 0
    """Pictures that did not stand still; they count all the same, by the frame that was proved."""
    likeness: list[float] = field(default_factory=list)
    took: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """Milliseconds, by name."""
    wrong: list[str] = field(default_factory=list)

    def judge(self, name: str, pressed: Pressed, stood: Shown, kept: Kept) -> None:
        """Compare what stood on the screen with what was kept."""
        number, stored = read_counter(stood.image), read_counter(kept.image)
        alike = likeness(stood.image, kept.image)
        exact = kept.exact and number is not None and number == stored and alike >= LEAST_LIKENESS
        self.trials += 1
        self.exact += exact
        self.passed_over += pressed.passed_over
        self.moved_on += not stood.stood_still
        self.likeness.append(alike)
        self.took["snapshot"].append(kept.written_at - pressed.at)
        if not exact:
            self.wrong.append(f"{name}: shown {number}, kept {stored}, exact {kept.exact}, {alike:.1f} dB")

    def refuse(self, name: str, told: list[str]) -> None:
        """Nothing was kept; `told` is what the page says of it."""
        self.trials += 1
        self.wrong.append(f"{name}: nothing was kept; {told}")

    def figures(self) -> dict[str, float]:
        """By name."""
        counts = {"trials": self.trials, "exact": self.exact, "passed_over": self.passed_over}
        counts |= {"moved_on": self.moved_on, "likeness_min_db": round(min(self.likeness, default=0.0), 1)}
        times: dict[str, float] = {}
        for name, took in sorted(self.took.items()):
            times |= {f"{name}_n": len(took), f"{name}_p50_ms": round(statistics.median(took))}
            times[f"{name}_p95_ms"] = round(percentile_95(took))
        return counts | times


def percentile_95(values: list[float]) -> float:
    """Of few values the largest."""
    return statistics.quantiles(values, n=20, method="inclusive")[18] if len(values) >= 20 else max(values)


class Calls:
    """Calls on a stage, one after the other."""

    def __init__(self, on: Stage, agent: Agent, chance: random.Random) -> None:
        self._stage = on
        self._agent = agent
        self._chance = chance
        self.findings = Findings()

    async def call(self, number: int, trials: int) -> None:
        """One call with its verdict, and before it an extra picture where two trials are wanted."""
        reloaded = TURNS[number % len(TURNS)]
        customer, verification = await self._stage.customer()
        await self._accept(customer)
        if reloaded in {"customer", "both"}:
            await self._reload(customer, "customer")
        if trials > 1:
            await self._try(f"{number} picture", "take-picture", verification, 1)
        if reloaded in {"agent", "both"}:
            await self._reload(self._agent, "agent")
        button = await self._make_ready_to_decide(number, again=reloaded in {"customer", "both"})
        await self._try(f"{number} verdict", button, verification, trials)
        await self._agent.until("ended")
        await self._agent.press("wrap-up-end")
        await customer.page.context.close()

    async def _accept(self, customer: Customer) -> None:
        await self._agent.accept()
        clicked = await told(self._agent, "clicks.accept")
        self._note("first_frame", await first_frame_after(self._agent, clicked) - clicked)
        await self._agent.until("active")
        await customer.until("active")

    async def _reload(self, side: Agent | Customer, name: str) -> None:
        """Load a page again and wait for what the agent sees of it."""
        await side.page.reload()
        offered, camera = await told(side, "offers.at(-1)"), await told(side, "cameras.at(-1)")
        came = await first_frame_after(self._agent, offered)
        self._note(f"{name}_back", came - offered)
        self._note(f"{name}_back_camera", came - camera)
        await self._agent.until("active")

    async def _make_ready_to_decide(self, number: int, *, again: bool) -> str:
        """Confirms and rejections in turns; gives the button that now decides at once."""
        if number % 3:
            await self._agent.tick("data", "faces", *(["recheck"] if again else []))
            await self._agent.page.locator("[data-testid=confirm]:enabled").wait_for()
            return "confirm"
        await self._agent.press("reject")
        await self._agent.page.get_by_test_id("reason").select_option(index=1)
        return "reject"

    async def _try(self, name: str, button: str, verification: str, number: int) -> None:
        await asyncio.sleep(self._chance.uniform(0, LONGEST_PAUSE_S))
        for _ in range(MOST_PRESSES):
            pressed = await press(self._agent, button)
            kept = await self._stage.kept(verification, number)
            stood = await shown(self._agent)
            if kept is not None:
                return self.findings.judge(name, pressed, stood, kept)
            self.findings.refuse(name, await self._agent.page.get_by_role("alert").all_inner_texts())
        raise RuntimeError(f"{name}: nothing was kept of {MOST_PRESSES} presses")

    def _note(self, name: str, milliseconds: float) -> None:
        self.findings.took[name].append(milliseconds)


async def measure(trials: int = 50, load: int = 0, seed: int = 1) -> Findings:
    """So many trials, two a call, with `load` other calls on the worker."""
    with tempfile.TemporaryDirectory(prefix="vouch-bench-") as temporary:
        async with AsyncExitStack() as stack:
            on = await stack.enter_async_context(stage(Path(temporary), SETTINGS))
            await robot_calls(stack, on.house, load)
            calls = Calls(on, await on.agent(), random.Random(seed))  # noqa: S311 - repeatable
            for number in range((trials + 1) // 2):
                await calls.call(number, min(2, trials - 2 * number))
            return calls.findings


async def figures(trials: int = 50) -> dict[str, float]:
    """Figures by name; times in milliseconds."""
    return (await measure(trials)).figures()


def main() -> int:
    """Run as the command line says; 1 where a kept picture was not the one on the screen."""
    parser = argparse.ArgumentParser(prog="./dev bench media_browsers")
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--load", type=int, default=0, help="calls of robots on the same worker meanwhile")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    found = asyncio.run(measure(given.trials, given.load, given.seed))
    for line in found.wrong:
        print(f"not the picture on the screen: {line}")
    print(json.dumps({"bench": "media_browsers", "load": given.load, **found.figures()}))
    return int(found.exact < found.trials)


if __name__ == "__main__":
    sys.exit(main())
