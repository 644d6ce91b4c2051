"""Where programs of the system are found, and how they are installed."""

import os
import re
from pathlib import Path

import pytest

from tools import programs
from tools.programs import Program

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The only folder on PATH, but for the shell's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def executable(file: Path, script: str = "") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}")
    file.chmod(0o755)
    return file


def known(monkeypatch: pytest.MonkeyPatch, program: Program) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", {"it": program})


def test_a_program_is_found_on_path_under_any_of_its_names(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    known(monkeypatch, Program("it", ("vouch-it", "vouch-it-too")))
    assert programs.find("it") is None
    there = executable(path / "vouch-it-too")
    assert programs.find("it") == there


def test_of_several_versions_beside_path_the_newest_is_taken(
    monkeypatch: pytest.MonkeyPatch, path: Path, tmp_path: Path
) -> None:
    executable(path / "vouch-it")
    executable(tmp_path / "9" / "bin" / "vouch-it")
    newest = executable(tmp_path / "15" / "bin" / "vouch-it")
    known(monkeypatch, Program("it", ("vouch-it",), (f"{tmp_path.relative_to('/')}/*/bin",)))
    assert programs.find("it") == newest


def test_what_is_missing_is_installed_once_with_a_fresh_list(
    monkeypatch: pytest.MonkeyPatch, path: Path, tmp_path: Path
) -> None:
    executable(path / "apt-get", f'echo "$*" >>{tmp_path}/calls\n')
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    known(monkeypatch, Program("vouch-package", ("vouch-it",)))
    programs.install(["it"])
    assert (tmp_path / "calls").read_text().splitlines() == [
        "update",
        "install --yes --no-install-recommends vouch-package",
    ]


@pytest.mark.parametrize(("user", "present"), [(1000, False), (0, True)])
def test_nothing_is_installed_by_others_than_root_nor_what_is_there(
    monkeypatch: pytest.MonkeyPatch, path: Path, tmp_path: Path, user: int, present: bool
) -> None:
    executable(path / "apt-get", f"touch {tmp_path}/called\n")
    if present:
        executable(path / "vouch-it")
    monkeypatch.setattr(os, "geteuid", lambda: user)
    known(monkeypatch, Program("vouch-package", ("vouch-it",)))
    programs.install(["it"])
    assert not (tmp_path / "called").exists()


def test_a_failed_installation_shows_why_and_goes_on(
    monkeypatch: pytest.MonkeyPatch, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    executable(path / "apt-get", "echo no such package; exit 100\n")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    known(monkeypatch, Program("vouch-package", ("vouch-it",)))
    programs.install(["it"])
    assert "no such package" in capsys.readouterr().err


def test_what_tests_run_is_installed_before_them() -> None:
    dev = (ROOT / "dev").read_text()
    set_up = re.search(r"^set_up_tests\(\) \{.*?^\}", dev, re.MULTILINE | re.DOTALL)
    assert set_up is not None
    installed = re.findall(r"^ *programs (.*)$", set_up[0], re.MULTILINE)
    asked = {
        name
        for file in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r'\bprogram\("([a-z]+)"\)', file.read_text())
        if name in programs.PROGRAMS
    }
    assert asked <= set(installed[0].split())
