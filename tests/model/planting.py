"""Plants one fault in a copy of routing and sees whether it is caught, and by what."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.model.catching import CAUGHT
from tests.model.plants import Plant

ROOT = Path(__file__).parents[2]
UNJUDGED = ("codes.py", "commands.py", "explain.py", "laws.py", "presses.py", "rules.py", "strategies/")
"""Files of words, numbers and chance, which the explorer takes as they are: scenarios judge these."""

FEW_STATES = 400
"""Of each small floor: where most faults show, within seconds."""
ALL_STATES = 100_000
"""More than any of them has."""

CONFTEST = """
import hypothesis

hypothesis.settings.register_profile("quick", derandomize=True, database=None, deadline=None, max_examples=40)
hypothesis.settings.load_profile("quick")
"""


class Verdict(NamedTuple):
    """What became of one plant."""

    plant: Plant
    caught_by: str
    """explorer, walk or scenarios; empty: it lives."""
    words: str


def apply(plant: Plant, routing: Path) -> None:
    """Change the one place. ValueError unless it is there exactly once."""
    file = routing / plant.file
    text = file.read_text()
    if text.count(plant.old) != 1:
        raise ValueError(f"{plant.file} has {text.count(plant.old)} of {plant.old!r}")
    file.write_text(text.replace(plant.old, plant.new))


def judge(plant: Plant) -> Verdict:
    """Plant one fault in a copy and look for it: by the explorer, then by all that tests/routing has."""
    with tempfile.TemporaryDirectory(prefix="routing-") as folder:
        copy(Path(folder))
        apply(plant, Path(folder) / "routing")
        return hunt(Path(folder), plant)


def copy(folder: Path) -> None:
    """What is needed of the repository."""
    kept = shutil.ignore_patterns("__pycache__")
    for name in ("routing", "tests/model", "tests/routing"):
        shutil.copytree(ROOT / name, folder / name, ignore=kept)
    (folder / "tests" / "__init__.py").touch()
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\naddopts = --import-mode=importlib\n")


def hunt(folder: Path, plant: Plant) -> Verdict:
    """Look for the fault in a copy: where it shows soonest first, and in all states of the small floors at last."""
    judged = not plant.file.startswith(UNJUDGED)
    machine = "tests/routing/test_machine.py"
    return (
        (_explored(folder, plant, FEW_STATES) if judged else None)
        or _tested(folder, plant, "scenarios", "tests/routing", "--ignore", machine)
        or _tested(folder, plant, "walk", machine)
        or (_explored(folder, plant, ALL_STATES) if judged else None)
        or Verdict(plant, "", "nobody noticed")
    )


def _explored(folder: Path, plant: Plant, states: int) -> Verdict | None:
    status, output = _run(folder, "-m", "tests.model.catching", str(states))
    if status == 0:
        return None
    words = output.splitlines()[-1] if output else ""
    return Verdict(plant, "explorer", words if status == CAUGHT else f"broke down: {words}")


def _tested(folder: Path, plant: Plant, name: str, *arguments: str) -> Verdict | None:
    status, output = _run(folder, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *arguments)
    if status == 0:
        return None
    failed = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return Verdict(plant, name, (failed or output.splitlines() or [""])[0])


def _run(folder: Path, *arguments: str) -> tuple[int, str]:
    # Nothing of the caller's Python path: the copy must be found before the repository.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-B", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    return done.returncode, done.stdout + done.stderr
