"""Calls between real browsers over bad networks (`tests/networks/test_calls.py`): what each side sees of the other.

Three of a hundred packets lost, a long way, 3G, outages, a customer who moves, no UDP. Prints what was measured as it
comes and, at last, as one line of JSON: for each network frames a second, freezes (longer than 0.2 s), the longest of
them, and after an interruption the seconds until the picture moved again; and which of them were not good enough.
"""

import argparse
import json
import sys

import pytest

from tests.bench.results import Results

TESTS = "tests/networks/test_calls.py"


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", default="", help="part of a network's name, as in pytest -k")
    given = arguments.parse_args()
    results = Results()
    options = ["-q", "--capture=no", "-m", "networks", TESTS, *(["-k", given.only] if given.only else [])]
    code = pytest.main(options, plugins=[results])
    told = {"bench": "networks", **results.measured, "failed": sorted(results.failed)}
    print(json.dumps(told | ({"skipped": sorted(results.skipped)} if results.skipped else {})))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
