"""Looks for faults in the routing that is imported: `python -m tests.model.catching STATES`, so many of each floor.

Exit status 3 and one line about it: a fault was found; 0: none was.
"""

import sys
from typing import get_args

from routing import events as e
from tests.model import scopes
from tests.model.explorer import Explorer

CAUGHT = 3


def main(states: int) -> int:
    """Explore the beginnings of all small floors, until something is found."""
    every = (*scopes.ONE_AND_ONE, *scopes.TWO_AND_ONE, *scopes.ONE_AND_TWO)
    tried: set[type] = set()
    # Trying all at the deadline too takes longest.
    for scope in sorted(every, key=lambda scope: scope.at_deadline):
        result = Explorer(scope, states=states).run()
        tried.update(result.events)
        if result.violations:
            sys.stdout.write(f"{scope.name}: {result.violations[0].splitlines()[0]}\n")
            return CAUGHT
    if missing := tried ^ set(get_args(e.Event)):
        sys.stdout.write(f"event types: {sorted(kind.__name__ for kind in missing)}\n")
        return CAUGHT
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
