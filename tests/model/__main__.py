"""`python -m tests.model`: explore small floors, plant faults, and tell what was seen, at last as a line of JSON.

With --large the floor of two agents and two callers instead, for at most 30 minutes and 8 GiB. Exit status 1 unless all
is explored that should be, without a violation, and every fault is caught.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

from tests.model import scopes
from tests.model.explorer import Explorer, Result, explored, report
from tests.model.planting import Verdict, judge
from tests.model.plants import PLANTS

CORES = 2
LARGE_SECONDS, LARGE_BYTES = 30 * 60, 8 * 2**30


def main() -> int:
    """Explore, plant, tell."""
    parser = argparse.ArgumentParser(prog="./dev model", description="Explores small floors and plants faults.")
    parser.add_argument("--large", action="store_true", help="two agents and two callers, 30 minutes and 8 GiB at most")
    parser.add_argument("--no-mutants", action="store_true", help="plant no faults")
    options = parser.parse_args()
    if options.large:
        results = [_large()]
        name, done = "2x2", True
    else:
        results = list(_small())
        name, done = "1x1 1x2 2x1", all(result.is_complete for result in results)
    violations = sum(len(result.violations) for result in results)
    # A fault that is there already would be taken for every planted one.
    verdicts = [] if options.large or options.no_mutants or violations else list(_planted())
    caught = sum(verdict.caught_by != "" for verdict in verdicts)
    states = sum(result.states for result in results)
    line = {"model": name, "states": states, "violations": violations, "mutants": len(verdicts)}
    line["mutants_caught"] = caught
    if options.large:
        line["complete"] = results[0].is_complete
    sys.stdout.write(json.dumps(line) + "\n")
    return 0 if done and violations == 0 and caught == len(verdicts) else 1


def _small() -> Iterator[Result]:
    """The small floors, the largest first, so that both cores are done at the same time."""
    every = (*scopes.TWO_AND_ONE, *scopes.ONE_AND_TWO, *scopes.ONE_AND_ONE)
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        for result in pool.map(explored, every):
            report(result)
            yield result


def _large() -> Result:
    (scope,) = scopes.TWO_AND_TWO
    result = Explorer(scope, seconds=LARGE_SECONDS, memory=LARGE_BYTES).run()
    report(result)
    return result


def _planted() -> Iterator[Verdict]:
    with ThreadPoolExecutor(CORES) as pool:
        for verdict in pool.map(judge, PLANTS):
            by = f"caught by {verdict.caught_by}" if verdict.caught_by else "LIVES"
            sys.stdout.write(f"{verdict.plant.file}: {verdict.plant.breaks}: {by} ({verdict.words})\n")
            sys.stdout.flush()
            yield verdict


if __name__ == "__main__":
    sys.exit(main())
