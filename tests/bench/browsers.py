"""Real browsers' cameras, weak uplinks and Firefox (`tests/e2e`, marked `devices`): too long for every `./dev test`.

Ends with one line of JSON: how many held, and which did not.
"""

import json
import sys

import pytest

from tests.bench.results import Results


def main() -> int:
    results = Results()
    code = pytest.main(["-m", "devices", "tests/e2e", *sys.argv[1:]], plugins=[results])
    held = sorted(results.measured.keys() - results.failed)
    told = {
        "bench": "browsers",
        "held": len(held),
        "failed": sorted(results.failed),
        "skipped": sorted(results.skipped),
    }
    print(json.dumps(told))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
