"""Known weaknesses of the packages that are pinned: a list in the repository, checked without a network.

`requirements/advisories.json` holds, for every package of the requirements, the advisories that are known of it,
whether or not the pinned version has them: so a pin that goes back to a version with a known hole fails a test. It is
written from a folder of OSV files (such as a checkout of the Python Packaging Advisory Database), as `./dev audit`
says. Its counterpart `tools.audit` asks the services that know today's.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "requirements" / "advisories.json"
PINS = ("develop", "faces")
"""The lists that hold every package: `runtime` and `uv` are parts of `develop`."""
_PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[[\w,]+\])?==(\S+?)(?: ;.*)? \\")


@dataclass(frozen=True)
class Advisory:
    """One weakness of one package."""

    id: str
    aliases: tuple[str, ...]
    """Such as its CVE number."""
    ranges: tuple[tuple[str, str | None], ...]
    """From this version on, up to and without that one; None: every later one."""

    def concerns(self, version: str) -> bool:
        """Return whether the version has the weakness."""
        given = Version(version)
        return any(Version(first) <= given and (end is None or given < Version(end)) for first, end in self.ranges)


Advisories = dict[str, list[Advisory]]


def normal(name: str) -> str:
    """Return a package's name as indexes compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(names: Iterable[str] = PINS) -> dict[str, set[str]]:
    """Return the pinned versions by package; one list may pin a package twice, for different systems."""
    found: dict[str, set[str]] = {}
    for name in names:
        for line in (ROOT / "requirements" / f"{name}.txt").read_text().splitlines():
            if pin := _PIN.fullmatch(line):
                found.setdefault(normal(pin[1]), set()).add(pin[2])
    return found


def load() -> tuple[str, Advisories]:
    """Return the day of the list's source, and the advisories by package."""
    kept = json.loads(LIST.read_text())
    return kept["source_of"], {name: [_read(each) for each in listed] for name, listed in kept["advisories"].items()}


def affected(advisories: Advisories, versions: dict[str, set[str]]) -> list[str]:
    """Return a sentence for every pinned version that has a known weakness."""
    return [
        f"{name} {version} has {each.id} ({', '.join(each.aliases) or 'no other name'})"
        for name, pinned in sorted(versions.items())
        for version in sorted(pinned)
        for each in advisories.get(name, [])
        if each.concerns(version)
    ]


def collect(folder: Path, names: Iterable[str]) -> Advisories:
    """Read what a folder of OSV files (https://ossf.github.io/osv-schema/) knows of these packages."""
    wanted = set(names)
    found: Advisories = {}
    for file in sorted(folder.rglob("*.yaml")):
        if normal(file.parent.name) in wanted:
            for name, advisory in _advisories(yaml.safe_load(file.read_text())):
                if name in wanted:
                    found.setdefault(name, []).append(advisory)
    return found


def store(day: str, advisories: Advisories) -> None:
    """Write the list; what it held by hand beyond the folder's stays."""
    _, kept = load() if LIST.exists() else ("", {})
    for name, listed in kept.items():
        known = {each.id for each in advisories.get(name, [])}
        advisories.setdefault(name, []).extend(each for each in listed if each.id not in known)
    rows = {name: [asdict(each) for each in sorted(found, key=_by_id)] for name, found in sorted(advisories.items())}
    lines = [
        f"  {json.dumps(name)}: [\n    " + ",\n    ".join(map(json.dumps, each)) + "\n  ]"
        for name, each in rows.items()
    ]
    body = ",\n".join(lines)
    LIST.write_text(f'{{\n"source_of": {json.dumps(day)},\n"advisories": {{\n{body}\n}}\n}}\n')


def _by_id(advisory: Advisory) -> str:
    return advisory.id


def _read(kept: dict[str, Any]) -> Advisory:
    return Advisory(kept["id"], tuple(kept["aliases"]), tuple((first, end) for first, end in kept["ranges"]))


def _advisories(osv: dict[str, Any]) -> Iterator[tuple[str, Advisory]]:
    if "withdrawn" in osv:
        return
    for affects in osv.get("affected", ()):
        spans = [span for each in affects.get("ranges", ()) if each["type"] == "ECOSYSTEM" for span in _spans(each)]
        if spans:
            advisory = Advisory(osv["id"], tuple(osv.get("aliases", ())), tuple(spans))
            yield normal(affects["package"]["name"]), advisory


def _spans(each: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    first: str | None = None
    for event in each["events"]:
        if "introduced" in event:
            first = str(event["introduced"])
        elif "fixed" in event and first is not None:
            yield first, str(event["fixed"])
            first = None
    if first is not None:
        yield first, None
