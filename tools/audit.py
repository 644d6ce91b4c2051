"""`./dev audit`: what is known of the packages that Vouch is made of, and under which licences they come.

    ./dev audit                        today's advisories, asked of the services that pip-audit and npm audit ask
    ./dev audit --advisories FOLDER    take over what a folder of OSV files knows, with the day of its newest
    ./dev audit --licences             write docs/dependencies.md anew, from what is installed

A package that a service could not say anything about is not one that is well: it is counted, and the exit code is 1.
"""

import argparse
import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from tools import advisories, licences

ROOT = Path(__file__).resolve().parent.parent


def python_packages(name: str) -> tuple[list[str], int, int]:
    """Ask pip-audit about requirements/NAME.txt; gives findings, packages asked about, and how many nobody knew."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    command += ["--format", "json", "--requirement", str(ROOT / "requirements" / f"{name}.txt")]
    run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    listed: list[dict[str, Any]] = json.loads(run.stdout)["dependencies"]
    found = [f"{each['name']} {each['version']} has {hole['id']}" for each in listed for hole in each.get("vulns", ())]
    return found, len(listed), sum("skip_reason" in each for each in listed)


def web_packages() -> tuple[list[str], bool]:
    """Ask npm's service about package-lock.json; gives findings, and whether it answered."""
    run = subprocess.run(["npm", "audit", "--json"], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    told = json.loads(run.stdout or "{}")
    if "vulnerabilities" not in told:
        return [], False
    return [f"{name}: {each['severity']}" for name, each in told["vulnerabilities"].items()], True


def ask() -> int:
    """Ask both services and print what they say; gives the exit code."""
    wrong = advisories.affected(advisories.load()[1], advisories.pins())
    for name in advisories.PINS:
        found, asked, unknown = python_packages(name)
        print(f"requirements/{name}.txt: {len(found)} advisories; {asked} packages, {unknown} of them not answered for")
        wrong += [*found, *([f"{unknown} packages of {name} were not looked at"] if unknown else [])]
    found, answered = web_packages()
    print(
        f"package-lock.json: {len(found)} advisories" if answered else "package-lock.json: the service did not answer"
    )
    wrong += [*found, *([] if answered else ["the web packages were not looked at"])]
    for line in wrong:
        print(line)
    return int(bool(wrong))


def take_over(folder: Path) -> None:
    """Write requirements/advisories.json from a folder of OSV files."""
    found = advisories.collect(folder, advisories.pins())
    advisories.store(_newest(folder), found)
    print(f"{sum(map(len, found.values()))} advisories of {len(found)} packages")


def _newest(folder: Path) -> str:
    """The day on which the newest of the files was changed, by its own word."""
    days = [yaml.safe_load(file.read_text()).get("modified", "") for file in folder.rglob("*.yaml")]
    told = [day.isoformat() if isinstance(day, datetime) else str(day) for day in days]
    return max(told, default="")[:10]


def main() -> int:
    """Do what the command line says; gives the exit code."""
    parser = argparse.ArgumentParser(prog="./dev audit", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--advisories", type=Path, metavar="FOLDER")
    parser.add_argument("--licences", action="store_true")
    given = parser.parse_args()
    if given.advisories is not None:
        take_over(given.advisories)
    elif given.licences:
        licences.store()
    else:
        return ask()
    return 0


if __name__ == "__main__":
    sys.exit(main())
