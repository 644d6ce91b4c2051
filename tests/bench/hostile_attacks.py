"""The attacks of `hostile`, each one that once worked or a relation of it, at ten times its size.

    python -m tests.bench.hostile_attacks NAME    with a line of JSON (`Target`) on standard input

Runs as a process of its own and at the lowest priority, because a real attacker brings a machine of their own. Prints
what was answered as a line of JSON.
"""

import json
import os
import resource
import sys

import uvloop

from tests.bench import hostile_packets, hostile_pictures, hostile_requests, hostile_sockets
from tests.bench.hostile_target import Attack, Target

ATTACKS: dict[str, Attack] = {
    **hostile_packets.ATTACKS,
    **hostile_requests.ATTACKS,
    **hostile_pictures.ATTACKS,
    **hostile_sockets.ATTACKS,
}


async def run(name: str, target: Target) -> None:
    """One attack; what went wrong for the attacker is theirs, and told."""
    try:
        await ATTACKS[name](target)
    except Exception as error:  # noqa: BLE001 - told, and judged by whoever reads it
        target.said[f"ended by {type(error).__name__}: {error}"[:100]] += 1


def main() -> None:
    os.nice(19)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    target = Target.read(sys.stdin.readline())
    uvloop.run(run(sys.argv[1], target))
    print(json.dumps(target.said))


if __name__ == "__main__":
    main()
