"""The list of known weaknesses: what it finds, how it is written, and that no pin of today has one."""

from pathlib import Path

import pytest

from tools import advisories
from tools.advisories import Advisory, affected, collect

OSV = """
id: PYSEC-1
aliases: [CVE-1]
modified: "2026-01-02T03:04:05Z"
affected:
- package: {ecosystem: PyPI, name: Some_Package}
  ranges:
  - type: GIT
    events: [{introduced: "0"}, {fixed: abcdef}]
  - type: ECOSYSTEM
    events: [{introduced: "0"}, {fixed: 1.4.2}, {introduced: 2.0}, {fixed: 2.0.1}, {introduced: 3.0b1}]
"""


def test_no_pin_has_a_known_weakness() -> None:
    _, known = advisories.load()
    assert affected(known, advisories.pins()) == []


def test_the_list_speaks_of_packages_that_strangers_reach() -> None:
    day, known = advisories.load()
    assert day >= "2024-10-10"
    assert {"aiohttp", "pillow", "cryptography", "python-socketio"} <= set(known)


def test_a_pin_that_goes_back_to_a_hole_is_found() -> None:
    _, known = advisories.load()
    assert affected(known, {"python-socketio": {"5.13.0"}, "pillow": {"12.1.0", "13.0.0"}}) == [
        "pillow 12.1.0 has CVE-2026-40192 (no other name)",
        "pillow 12.1.0 has CVE-2026-42311 (no other name)",
        "python-socketio 5.13.0 has PYSEC-2026-1854 (CVE-2025-61765)",
    ]


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ("1.4.1", True),
        ("1.4.2", False),
        ("2.0", True),
        ("2.0.1", False),
        ("3.0b1", True),
        ("4.0", True),
        ("3.0a9", False),
    ],
)
def test_versions_are_compared_as_versions(version: str, has_it: bool) -> None:
    assert Advisory("X", (), (("0", "1.4.2"), ("2.0", "2.0.1"), ("3.0b1", None))).concerns(version) is has_it


def test_a_folder_of_osv_files_is_read(tmp_path: Path) -> None:
    for package in ("some-package", "another"):
        (tmp_path / package).mkdir()
        (tmp_path / package / "PYSEC-1.yaml").write_text(OSV)
    withdrawn = tmp_path / "some-package" / "PYSEC-2.yaml"
    withdrawn.write_text(OSV.replace("PYSEC-1", "PYSEC-2") + 'withdrawn: "2026-02-01T00:00:00Z"\n')
    assert collect(tmp_path, ["some-package"]) == {
        "some-package": [Advisory("PYSEC-1", ("CVE-1",), (("0", "1.4.2"), ("2.0", "2.0.1"), ("3.0b1", None)))]
    }


def test_every_pinned_package_is_seen_whatever_its_marker() -> None:
    lines = sum(
        line[:1].isalnum()
        for name in advisories.PINS
        for line in (advisories.ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    )
    by_list = [sum(map(len, advisories.pins([name]).values())) for name in advisories.PINS]
    assert sum(by_list) == lines
