"""System programs that tests and some verbs of `./dev` run: where they are, and how this machine gets them.

Run as `python -m tools.programs NAME...` it installs what is missing where it may (root, apt-get) and ends well even
where it may not: a test that needs a missing program is skipped, in CI it fails (`tests/services.py`).
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Program:
    """One program of the system."""

    package: str
    """Debian's and Ubuntu's name of the package that holds it."""
    executables: tuple[str, ...]
    """Names it goes by, the first found is taken."""
    folders: tuple[str, ...] = ()
    """Where it may lie outside PATH, as patterns below the root; the last in order of version is taken."""


PROGRAMS = {
    "chromium": Program("chromium", ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")),
    "postgresql": Program("postgresql", ("initdb",), ("usr/lib/postgresql/*/bin", "usr/local/pgsql/bin")),
    "redis": Program("redis-server", ("redis-server",)),
    "coturn": Program("coturn", ("turnserver",)),
    "ip": Program("iproute2", ("ip",)),
    "nft": Program("nftables", ("nft",)),
    "janus": Program("janus", ("janus",)),
    "firefox": Program("firefox-esr", ("firefox-esr", "firefox")),
}


def find(name: str) -> Path | None:
    """The executable of a program in PROGRAMS, or None where it is not installed.

    For postgresql it is `initdb`; behind links, the server's other programs lie beside it.
    """
    program = PROGRAMS[name]
    folders = [folder for pattern in program.folders for folder in sorted(Path("/").glob(pattern), key=_version)]
    # Debian keeps PostgreSQL's server programs off PATH; a folder of its own also has all of them side by side.
    path = os.pathsep.join([*map(str, reversed(folders)), os.environ.get("PATH", os.defpath)])
    found = (shutil.which(executable, path=path) for executable in program.executables)
    return next((Path(executable) for executable in found if executable), None)


def how_to_get(name: str) -> str:
    """One sentence for whoever lacks the program."""
    return f"{name} is not installed: as root, apt-get install {PROGRAMS[name].package}"


def install(names: Iterable[str]) -> None:
    """Install what is missing of these with apt-get where this process may; a failure shows apt-get's own words."""
    missing = [PROGRAMS[name].package for name in names if find(name) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {', '.join(missing)} ...", file=sys.stderr)
        # A stale list is no reason to stop: the install that follows says what is wrong, if anything is.
        _quietly("apt-get", "update")
        _quietly("apt-get", "install", "--yes", "--no-install-recommends", *missing)


def _quietly(*command: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if run.returncode:
        print(run.stdout.decode(errors="replace"), file=sys.stderr)


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.parts if part.isdigit())


if __name__ == "__main__":
    install(sys.argv[1:])
    for wanted in sys.argv[1:]:
        if find(wanted) is None:
            print(how_to_get(wanted), file=sys.stderr)
