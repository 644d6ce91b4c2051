"""What a step with a match costs, by the number of free agents: `./dev bench step`.

Every agent is free; a caller joins, is offered to one of them, is accepted and hangs up again; with each strategy, and
for a caller whom twenty agents have declined. The peer is the floor of 100 agents; sizes take turns, three times, and
the best of the three medians counts, because other work on the machine only ever adds. Ends with one line of JSON.
"""

import json
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from routing import events as e
from routing.index import build
from routing.state import SECOND, Agent, CallRules, Floor, Seed, Strategy, TeamRules
from routing.step import step

SIZES = (100, 300, 1_000, 3_000, 10_000)
TURNS = 3
CALLS = 200
SKILLS = (frozenset[str](), frozenset({"english"}), frozenset({"english", "passport"}))
RULES = CallRules()


def floor_of(size: int, strategy: Strategy) -> Floor:
    """A floor of agents who are free, some of whom know more than others."""
    agents = (
        Agent(f"agent-{n:06}", SKILLS[n % 3], ready=True, pause_reason="", since=n, socket=1, socket_up=True)
        for n in range(size)
    )
    return build(
        "floor", TeamRules(strategy=strategy, wrap_up=0, pair_cap=None), Seed("2026-11-21", "00ff"), agents, now=SECOND
    )


def offers(size: int, strategy: Strategy) -> float:
    """Median microseconds of a step that makes an offer."""
    floor, took = floor_of(size, strategy), []
    for number in range(CALLS):
        id_, at = f"call-{number}", floor.now
        request = e.CallRequested(f"r{number}", id_, f"v-{number}", "c", 1, 0, frozenset(), RULES, "n", "dealer")
        floor = step(floor, request, at).floor
        began = time.perf_counter()
        floor = step(floor, e.CallerConnected(id_, "n", "t"), at).floor
        took.append(time.perf_counter() - began)
        offer = floor.calls[id_].offer
        assert offer is not None
        floor = step(floor, e.OfferAccepted(offer.agent, id_, 1, "w", f"a{number}"), at + 1).floor
        floor = step(floor, e.CallerHungUp(id_, 1, f"h{number}"), at + 2).floor
    return statistics.median(took) * 1e6


def offers_after_refusals(size: int) -> float:
    """The same for a caller whom twenty agents have declined."""
    request = e.CallRequested("r", "call", "v", "c", 1, 0, frozenset(), RULES, "n", "dealer")
    joined = step(floor_of(size, Strategy.RANDOM), request, SECOND).floor
    call = replace(joined.calls["call"], declined=frozenset(f"agent-{n:06}" for n in range(20)))
    floor = build(joined.id, joined.rules, joined.seed, joined.agents.values(), [call], now=SECOND)
    took = []
    for _ in range(CALLS):
        began = time.perf_counter()
        step(floor, e.CallerConnected("call", "n", "t"), SECOND)
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1e6


def main() -> None:
    measured: dict[str, Callable[[int], float]] = {
        strategy.value: lambda size, strategy=strategy: offers(size, strategy) for strategy in Strategy
    }
    measured["random, 20 declined"] = offers_after_refusals
    curves = {name: dict.fromkeys(SIZES, float("inf")) for name in measured}
    for _ in range(TURNS):
        for name, measure in measured.items():
            for size in SIZES:
                curves[name][size] = min(curves[name][size], measure(size))
    print(f"{'microseconds of a step with a match, free agents:':<50}" + "".join(f"{size:>8}" for size in SIZES))
    for name, curve in curves.items():
        times = "".join(f"{curve[size]:>8.0f}" for size in SIZES)
        print(f"{name:<50}{times}  ratio {curve[SIZES[-1]] / curve[SIZES[0]]:.2f}")
    curve = curves[Strategy.RANDOM.value]
    print(json.dumps({"bench": "step", "step_us_100": round(curve[100]), "step_us_10000": round(curve[10_000])}))


if __name__ == "__main__":
    main()
