"""When what is broken: drawn from a seed, spread over the run, so that a run can be repeated."""

import random
from dataclasses import dataclass
from typing import Literal

Fault = Literal["kill", "database", "redis"]
PHASES = ("waiting", "ringing", "connecting", "active", "deciding", "wrap_up")
"""In turn the kills are held until a call is in one of these."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One fault."""

    at_s: float
    """Seconds from the begin of the run."""
    fault: Fault
    phase: str
    """Of a kill: what it waits for; empty for the others."""
    down_s: float
    """How long it stays away."""


def plan(seconds: float, kills: int, stops: int, restarts: int, seed: int) -> list[Planned]:
    """The faults of a run in their order; none in its first or last twentieth."""
    chance = random.Random(seed)  # noqa: S311 - repeatable
    planned: list[Planned] = []
    kinds: tuple[tuple[Fault, int], ...] = (("kill", kills), ("database", stops), ("redis", restarts))
    for fault, count in kinds:
        width = seconds * 0.9 / max(count, 1)
        for number in range(count):
            at = seconds * 0.05 + (number + chance.uniform(0.1, 0.9)) * width
            phase = PHASES[number % len(PHASES)] if fault == "kill" else ""
            down = chance.uniform(0.2, 4.0) if fault != "redis" else chance.uniform(0.2, 2.0)
            planned.append(Planned(round(at, 2), fault, phase, round(down, 2)))
    return sorted(planned, key=lambda each: each.at_s)
