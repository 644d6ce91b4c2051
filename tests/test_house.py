"""The project's own hygiene: what is committed, how it is pinned, and the house rules that a machine can check."""

import ast
import hashlib
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from setuptools import find_packages

from vouch.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("routing", "media", "ekyc", "agent_console", "signaling", "vouch", "tools")
# Written in halves, so that this file passes its own checks.
REGISTRIES = [
    ".".join(parts) for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("yarnpkg", "com"))
]
UNFINISHED = re.compile(rf"\b({'|'.join(('TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'))})\b")
SOMEBODYS_FOLDER = re.compile(r"(?<![\w.$}])/(?:work|home/\w+|Users/\w+)/")
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n\w")
LONGEST_FILE = 400
# sha256 of the licence's text as its authors publish it.
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def _files() -> list[Path]:
    """What git keeps or would keep, so that a new file is checked before it is committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


FILES = _files()
SOURCES = [file for file in FILES if file.suffix == ".py"]


def _texts() -> Iterator[tuple[Path, str]]:
    for file in FILES:
        content = file.read_bytes()
        if b"\0" not in content:
            yield file.relative_to(ROOT), content.decode(errors="replace")


def _modules() -> list[Path]:
    return [file for file in SOURCES if file.relative_to(ROOT).parts[0] in PACKAGES]


def _pins(name: str) -> dict[str, str]:
    """Package and environment marker -> version, of requirements/NAME.txt."""
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    pins = [re.fullmatch(r"([\w.-]+)(\[[\w,]+\])?==(\S+?)( ; .+)? \\", line) for line in lines if line[:1].isalnum()]
    return {f"{pin[1]}{pin[4] or ''}": pin[3] for pin in pins if pin is not None}


def test_no_registry_is_named_anywhere() -> None:
    named = [f"{file}: {host}" for file, text in _texts() for host in REGISTRIES if host in text]
    assert named == []


def test_no_folder_of_somebodys_machine_is_named_anywhere() -> None:
    assert [f"{file}: {found[0]}" for file, text in _texts() if (found := SOMEBODYS_FOLDER.search(text))] == []


def test_nothing_is_left_unfinished() -> None:
    assert [f"{file}: {found[0]}" for file, text in _texts() if (found := UNFINISHED.search(text))] == []


def test_no_private_key_is_kept() -> None:
    assert [str(file) for file, text in _texts() if PRIVATE_KEY.search(text)] == []


def test_only_our_own_pins_lock_versions() -> None:
    locks = {"uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "yarn.lock", "pnpm-lock.yaml", "bun.lock"}
    assert [str(file) for file in FILES if file.name in locks] == []


@pytest.mark.parametrize("name", ["runtime", "develop", "uv", "faces"])
def test_every_python_package_is_pinned_by_hash_and_by_nothing_else(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    assert len(_pins(name)) == sum(not line.startswith("    --hash=sha256:") for line in lines)
    assert not [
        line for line in lines if not re.fullmatch(r"[\w.-]+.*==.* \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
    ]


@pytest.mark.parametrize("name", ["runtime", "uv"])
def test_what_runs_is_what_was_tested(name: str) -> None:
    developed = _pins("develop")
    assert {package: developed.get(package) for package in _pins(name)} == _pins(name)


@pytest.mark.parametrize("name", ["runtime", "develop", "uv", "faces"])
def test_every_package_asked_for_is_pinned(name: str) -> None:
    lines = (ROOT / "requirements" / f"{name}.in").read_text().splitlines()
    asked = {re.split(r"[\[<=> ]", line)[0] for line in lines if line[:1].isalnum()}
    assert asked <= {package.split(" ;")[0] for package in _pins(name)}


def test_web_packages_are_locked_by_hash_without_an_address() -> None:
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    bundled = {name: package for name, package in packages.items() if "node_modules/" in name}
    assert bundled
    assert [name for name, package in bundled.items() if "resolved" in package or "integrity" not in package] == []


def test_web_packages_are_asked_for_by_exact_version() -> None:
    manifests = [file for file in FILES if file.name == "package.json"]
    asked = [json.loads(file.read_text()) for file in manifests]
    versions = [
        version
        for one in asked
        for kind in ("dependencies", "devDependencies")
        for version in one.get(kind, {}).values()
    ]
    assert versions
    assert [version for version in versions if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []


def test_dev_asks_for_the_same_node_as_package_json() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["engines"]["node"]
    ranges = re.findall(r"at\((\d+), (\d+), (\d+)\)", (ROOT / "dev").read_text())
    newest = re.findall(r"major >= (\d+)", (ROOT / "dev").read_text())
    assert wanted == " || ".join(
        [*sorted(f"^{'.'.join(version)}" for version in ranges), *(f">={major}.0.0" for major in newest)]
    )


def test_help_lists_every_verb_of_dev() -> None:
    help_text = subprocess.run([ROOT / "dev", "help"], cwd="/", stdout=subprocess.PIPE, text=True, check=True).stdout
    listed = re.findall(r"^  \./dev (\w+)", help_text, re.MULTILINE)
    dispatched = re.findall(r"^(\w+)(?: \| [\w |-]+)?\)$", (ROOT / "dev").read_text(), re.MULTILINE)
    assert listed == dispatched


def test_dev_refuses_what_it_does_not_know() -> None:
    run = subprocess.run([ROOT / "dev", "frobnicate"], stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 1
    assert "no such verb: frobnicate" in run.stderr


@pytest.mark.parametrize("script", ["dev", ".ci/run", "tools/bare_machine.sh", "deploy/pin-images"])
def test_scripts_can_be_read_by_their_shell(script: str) -> None:
    shell = "bash" if (ROOT / script).read_text().startswith("#!/usr/bin/env bash") else "sh"
    subprocess.run([shell, "-n", ROOT / script], check=True)


@pytest.mark.parametrize("script", ["dev", ".ci/run", "deploy/pin-images"])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


def test_the_licence_is_apache_2_word_for_word() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2


@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "SECURITY.md", "docs/security.md"])
def test_the_documents_that_people_look_for_are_there(name: str) -> None:
    assert (ROOT / name).stat().st_size > 0


def test_every_setting_is_in_the_example() -> None:
    example = (ROOT / ".env.example").read_text()
    assert [name for name in Settings.model_fields if f"VOUCH_{name.upper()}=" not in example] == []


def test_the_example_shows_every_default(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = re.findall(r"^#(VOUCH_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    for name in [each for each in os.environ if each.startswith("VOUCH_")]:
        monkeypatch.delenv(name)
    usual = Settings(_env_file=None)
    differ = []
    for name, shown in lines:
        with monkeypatch.context() as environment:
            environment.setenv(name, shown)
            field = name.removeprefix("VOUCH_").lower()
            if getattr(Settings(_env_file=None), field) != getattr(usual, field):
                differ.append(name)
    assert differ == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {file.parent for file in SOURCES if file.is_relative_to(ROOT / "tests")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_every_package_of_the_product_is_installed_and_checked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    product = [name for name in PACKAGES if name != "tools"]
    top = {file.relative_to(ROOT).parts[0] for file in SOURCES if len(file.relative_to(ROOT).parts) > 1}
    assert top - {"tests", "tools"} == set(product)
    found = find_packages(str(ROOT), **project["setuptools"]["packages"]["find"])
    folders = {file.parent.relative_to(ROOT) for file in SOURCES if file.name == "__init__.py"}
    assert sorted(found) == sorted(".".join(folder.parts) for folder in folders if folder.parts[0] in product)
    assert sorted(project["mypy"]["packages"]) == sorted([*PACKAGES, "tests"])


def test_the_product_knows_neither_its_tests_nor_its_tools() -> None:
    imports = re.compile(r"^\s*(from|import) (tests|tools)\b", re.MULTILINE)
    product = [file for file in _modules() if not file.is_relative_to(ROOT / "tools")]
    assert [str(file.relative_to(ROOT)) for file in product if imports.search(file.read_text())] == []


def test_a_module_opens_with_what_it_is() -> None:
    modules = [file for file in _modules() if file.stat().st_size]
    assert [str(file.relative_to(ROOT)) for file in modules if not ast.get_docstring(ast.parse(file.read_text()))] == []


def test_no_file_of_code_is_longer_than_one_can_hold_in_the_head() -> None:
    code = [file for file in FILES if file.suffix in {".py", ".ts", ".tsx"}]
    lengths = {str(file.relative_to(ROOT)): file.read_text().count("\n") for file in code}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FILE} == {}


def test_tests_use_real_parts_and_fakes_but_no_mocks() -> None:
    mock = re.compile(
        r"^\s*(from|import) unittest\.mock|from unittest import mock|\bmocker\b|\bvi\.mock\(", re.MULTILINE
    )
    tests = [
        (file, text) for file, text in _texts() if "test" in file.as_posix() and file != Path("tests/test_house.py")
    ]
    assert [str(file) for file, text in tests if mock.search(text)] == []
