"""The licences of what Vouch runs on, as the packages themselves say: docs/dependencies.md, and what may stand in it.

Only what is installed says its licence: packages that another system alone needs are counted, not passed over.
"""

import json
import re
from importlib.metadata import Distribution, distribution
from importlib.metadata import PackageNotFoundError as NotInstalled
from pathlib import Path

from tools.advisories import pins

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "dependencies.md"
BEGIN = "<!-- the tables below are written by ./dev audit --licences -->\n"
FREE = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "CC0-1.0", "ISC", "MIT", "MIT-0",
    "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Zlib",
}  # fmt: skip
"""What a package may be under: nothing that would bind Vouch's own code (MPL-2.0 binds its own files alone)."""
_SPELT = {
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD",
    "mit license": "MIT",
    "python software foundation license": "PSF-2.0",
}


_UNSAID = {"xmlhttprequest-ssl": "MIT"}
"""Whose entry in the lock says nothing, because their manifests use npm's older field `licenses`."""


def python_licences() -> tuple[dict[tuple[str, str], str], list[str]]:
    """Return the licence by (package, version) of all that a running Vouch needs, and what is not installed here."""
    found, missing = {}, []
    for name in sorted(pins(["runtime"])):
        try:
            package = distribution(name)
        except NotInstalled:
            missing.append(name)
            continue
        found[name, package.version] = _licence(package)
    return found, missing


def web_licences() -> dict[tuple[str, str], str]:
    """Return the licence by (package, version) of all that the pages are built with."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return {
        (path.rpartition("node_modules/")[2], package["version"]): package.get("license")
        or _UNSAID.get(path.rpartition("node_modules/")[2], "")
        for path, package in packages.items()
        if path
    }


def named(licence: str) -> set[str]:
    """Return the single licences that an expression (SPDX) names."""
    return {part for part in re.split(r"[()\s]+|AND|OR|WITH", licence) if part}


def tables() -> str:
    """Return both tables as they stand in the document."""
    of_python, missing = python_licences()
    count = f"{len(of_python)} packages; {len(missing)} more on other systems alone."
    parts = ["\n## What runs (Python)\n", f"\n{count}\n\n", _table(of_python), "\n## What the pages are built with\n\n"]
    return "".join([*parts, _table(web_licences())])


def store() -> None:
    """Write the tables into the document, below its own words."""
    words = DOCUMENT.read_text().partition(BEGIN)[0]
    DOCUMENT.write_text(words + BEGIN + tables())


def _table(found: dict[tuple[str, str], str]) -> str:
    rows = [f"| {name} | {version} | {licence} |\n" for (name, version), licence in sorted(found.items())]
    return "".join(["| package | version | licence |\n| --- | --- | --- |\n", *rows])


def _licence(package: Distribution) -> str:
    told = package.metadata
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classified = [each.rpartition(" :: ")[2] for each in told.get_all("Classifier", []) if each.startswith("License")]
    names = {_spelt(each) for each in classified} or {_spelt(str(told["License"]))}
    return " OR ".join(sorted(names))


def _spelt(name: str) -> str:
    return _SPELT.get(name.lower(), name)
