"""Faults under load: nodes are killed, the database stopped, Redis restarted, and no call, result or agent is lost.

    ./dev chaos routing [--minutes 5] [--rate 5] [--kills 20] [--stops 5] [--redis 3] [--nodes 3] [--seed 1] ...

Three nodes on a PostgreSQL of the run's own, a Redis, a synthetic media worker; robots call without media. The last
line is one line of JSON; the exit code is 1 where a call or result was lost, a result doubled or an agent stuck.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.house import House
from tests.chaos.plan import plan
from tests.chaos.run import Outcome, Run
from vouch import logs


@dataclass(frozen=True)
class Options:
    """What a run is made of."""

    minutes: float = 5.0
    rate: float = 5.0
    """Calls that begin in a second."""
    kills: int = 20
    stops: int = 5
    redis: int = 3
    nodes: int = 3
    agents: int = 0
    """0: nine for each call in a second."""
    seed: int = 1
    patience: float = 90.0
    """Seconds in which every result must reach its receiver; a message claimed by a killed node is free after 60."""

    @property
    def seconds(self) -> float:
        """How long calls begin."""
        return self.minutes * 60

    @property
    def agent_count(self) -> int:
        """Agents of all teams."""
        return self.agents or max(9, round(self.rate * 9))


async def chaos(options: Options, home: Path) -> Outcome:
    """One run in an empty folder, to its verdict."""
    house = House(home, options.nodes)
    await house.open(options.agent_count)
    try:
        faults = plan(options.seconds, options.kills, options.stops, options.redis, options.seed)
        return await Run(house, options.seconds, options.rate, faults, options.seed, options.patience).to_the_end()
    finally:
        await house.close()


def report(outcome: Outcome, seconds: float) -> None:
    """The figures in words, then what is wrong, then the last line."""
    print(f"{len(outcome.stories)} callers, of whom {outcome.calls} called; {seconds:.0f} s in all")
    print(f"ends: {_counted(outcome.ends)}")
    print(f"callers: {_counted(Counter(story.behaviour for story in outcome.stories if story.ready == 'ok'))}")
    refused = Counter(story.trouble or story.ready for story in outcome.stories if story.ready != "ok")
    print(f"callers who could not call: {_counted(refused) or 'none'}")
    print(f"faults: {_counted(outcome.faults)}")
    print(f"kills that met calls in this phase: {_counted(outcome.met)}")
    print(f"presses of verdict or end: {_counted(outcome.pressed)}")
    print(f"latest deadline that fired outside of outages: {outcome.latest_deadline_s:.2f} s")
    print(f"processors: {', '.join(f'{name} {share:.2f}' for name, share in outcome.processor.items())}")
    for name, lines in vars(outcome.findings).items():
        for line in lines[:20]:
            print(f"{name}: {line}")
        if len(lines) > 20:
            print(f"{name}: ... and {len(lines) - 20} more")


def last_line(outcome: Outcome) -> dict[str, object]:
    """What the run has shown."""
    findings = outcome.findings
    return {
        "chaos": "routing",
        "calls": outcome.calls,
        "kills": outcome.faults["kill"],
        "lost_calls": len(findings.lost_calls),
        "lost_results": len(findings.lost_results),
        "doubled_results": len(findings.doubled_results),
        "stuck_agents": len(findings.stuck_agents),
    }


def _counted(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


def main(arguments: list[str] | None = None) -> int:
    """Run as the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="./dev chaos routing")
    default = Options()
    for name, kind in Options.__annotations__.items():
        parser.add_argument(f"--{name}", type=kind, default=getattr(default, name))
    parser.add_argument("--keep", type=Path, help="an empty folder for the run, which then stays")
    given = vars(parser.parse_args(arguments))
    keep = given.pop("keep")
    logs.configure("ERROR")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="vouch-chaos-") as temporary:
        home = keep or Path(temporary)
        home.mkdir(exist_ok=True)
        home.chmod(0o755)  # PostgreSQL runs as somebody else, and must get through
        outcome = asyncio.run(chaos(Options(**given), home))
    report(outcome, time.monotonic() - began)
    line = last_line(outcome)
    print(json.dumps(line))
    return 1 if any(line[name] for name in ("lost_calls", "lost_results", "doubled_results", "stuck_agents")) else 0


if __name__ == "__main__":
    sys.exit(main())
