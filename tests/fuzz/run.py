"""Hostile input for everything in the media worker that reads what strangers and nodes send.

    ./dev fuzz [--minutes 2] [--seed N]

An input that shows something new, of the state or of what was said, is kept for this run and changed further. What
breaks something is made small and stored in tests/fuzz/corpus, which `./dev test` goes through; give it a name then.
The last line is one line of JSON; the exit code is 1 where something broke.
"""

import argparse
import gc
import json
import logging
import sys
import time
import traceback
from collections.abc import Hashable
from pathlib import Path
from random import Random

from tests.fuzz import call, port, targets
from tests.fuzz.cases import CORPUS, Case, Op, stored, write
from tests.fuzz.mutation import Mutator
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import Features, Slow, Target

TARGETS: dict[str, Target] = {
    "wire": targets.wire,
    "messages": targets.messages,
    "offers": targets.offers,
    "port": port.port,
    "call": call.target(records=False),
    "recorded": call.target(records=True),
    "soak": call.soak,
}
SHARES = {"wire": 4, "messages": 2, "offers": 1, "port": 2, "call": 8, "recorded": 1}
"""How often each is chosen; connections and files cost a hundred times more than packets."""
TRIES = 3
"""Times that something must be slow to be called so."""
SOAK_EVERY_S = 10.0
"""Between two runs that look for memory that is never given back."""
SOAKED_SEEDS = 8
"""Cases of the beginning that are looked at so."""
SMALLER_S = 5.0
"""What making a case smaller that breaks something may take: seconds."""


class Fuzzer:
    """The cases worth going on from, and what they have shown."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - to be had again, not to be secret
        self._mutator = Mutator(self._random)
        self._pools: dict[str, list[Case]] = {name: [] for name in TARGETS}
        self._shown: set[Hashable] = set()
        self._causes: set[str] = set()
        self.executions = 0
        self.crashes = 0

    def __len__(self) -> int:
        return sum(map(len, self._pools.values()))

    def begin(self) -> None:
        """Everything that is known, as it is."""
        for case in [*seeds(), *stored().values()]:
            self._pools[case.target].append(case)
            self.execute(case)
        for case in self._pools["call"][:SOAKED_SEEDS]:
            self.soak(case)

    def step(self) -> None:
        """One new case."""
        name = self._random.choices(list(SHARES), list(SHARES.values()))[0]
        pool = self._pools[name]
        # What was found last is nearest to what was not found yet.
        at = max(self._random.randrange(len(pool)) for _ in range(2))
        self.execute(self._mutator.mutate(pool[at], pool))

    def execute(self, case: Case) -> None:
        """Do a case; keep it if it shows something new or breaks something."""
        self.executions += 1
        features, broken = attempt(case)
        if broken is not None:
            self._store(case, broken)
        elif not features <= self._shown and case.target in SHARES:
            self._shown |= features
            self._pools[case.target].append(case)

    def any_call(self) -> Case:
        """One of a call, whichever."""
        return self._random.choice(self._pools["call"])

    def soak(self, case: Case) -> None:
        """What a case does, over and over."""
        self.execute(Case("soak", tuple(op for op in case.ops if op.verb not in {"again", "wait"})[:40]))

    def _store(self, case: Case, broken: BaseException) -> None:
        cause = where(broken)
        if cause in self._causes:
            return
        self._causes.add(cause)
        self.crashes += 1
        small = smaller(case, cause)
        sys.stderr.write("".join(traceback.format_exception(broken)) + write(small))
        (CORPUS / f"{small.target}-{small.name}.txt").write_text(write(small, cause))


def attempt(case: Case) -> tuple[Features, BaseException | None]:
    """What a case showed, or what it broke; what seems slow is measured well, several times."""
    features, broken = _attempt(case)
    for _ in range(TRIES):
        if not isinstance(broken, Slow):
            break
        gc.collect()
        with targets.measured_well():
            features, broken = _attempt(case)
    return features, broken


def _attempt(case: Case) -> tuple[Features, BaseException | None]:
    try:
        return targets.run(case, TARGETS), None
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return set(), error


def where(broken: BaseException) -> str:
    """The kind of an error and the lines that it came through last: the same cause is stored once."""
    frames = [frame for frame in traceback.extract_tb(broken.__traceback__) if frame.name not in {"__exit__", "within"}]
    lines = " < ".join(f"{Path(frame.filename).name}:{frame.name}:{frame.line}" for frame in reversed(frames[-2:]))
    return f"{type(broken).__name__} {lines}"


def smaller(case: Case, cause: str) -> Case:
    """A case with fewer ops and octets that breaks the same."""
    best = case
    until = time.monotonic() + SMALLER_S
    size = max(1, len(best.ops) // 2)
    while size:
        at = 0
        while at < len(best.ops) and time.monotonic() < until:
            shorter = Case(best.target, best.ops[:at] + best.ops[at + size :])
            if _breaks(shorter, cause):
                best = shorter
            else:
                at += size
        size //= 2
    for at in range(len(best.ops)):
        op = best.ops[at]
        shorter = Case(best.target, (*best.ops[:at], Op(op.verb, op.data[: len(op.data) // 2]), *best.ops[at + 1 :]))
        best = shorter if _breaks(shorter, cause) else best
    return best


def _breaks(case: Case, cause: str) -> bool:
    _, broken = attempt(case)
    return broken is not None and where(broken) == cause


def fuzz(minutes: float, seed: int) -> Fuzzer:
    """Fuzz for so long."""
    fuzzer = Fuzzer(seed)
    until = time.monotonic() + minutes * 60
    soak_at = time.monotonic() + SOAK_EVERY_S
    # The collector's pauses would be taken for slowness.
    gc.disable()
    gc.freeze()
    fuzzer.begin()
    while time.monotonic() < until:
        fuzzer.step()
        if fuzzer.executions % 200 == 0:
            gc.collect()
        if time.monotonic() > soak_at:
            fuzzer.soak(fuzzer.any_call())
            soak_at = time.monotonic() + SOAK_EVERY_S
    gc.unfreeze()
    gc.enable()
    return fuzzer


def main() -> None:
    """Read the options, fuzz, and say what came of it."""
    arguments = argparse.ArgumentParser(prog="./dev fuzz", description=__doc__)
    arguments.add_argument("--minutes", type=float, default=2.0, help="how long")
    arguments.add_argument("--seed", type=int, default=1, help="of the random numbers")
    given = arguments.parse_args()
    # The library's remarks on each hostile offer.
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    fuzzer = fuzz(given.minutes, given.seed)
    found = {"executions": fuzzer.executions, "seconds": round(time.monotonic() - began, 1)}
    print(json.dumps({"fuzz": "media", **found, "crashes": fuzzer.crashes, "corpus": len(fuzzer)}))
    sys.exit(1 if fuzzer.crashes else 0)


if __name__ == "__main__":
    main()
