"""docs/security.md as far as a machine can tell: every requirement stands once, each test is there, counts are true."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple, TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "security.md"
# How many requirements of levels 1 and 2 each section of ASVS 5.0 has; they come first in each. Of V4.4, V5.2 and V17
# level 3 too.
_COUNTED = """
1.1:2 1.2:9 1.3:11 1.4:3 1.5:2  2.1:3 2.2:3 2.3:4 2.4:1  3.2:2 3.3:4 3.4:6 3.5:5 3.7:2  4.1:3 4.2:1 4.3:2 4.4:4
5.1:1 5.2:6 5.3:2 5.4:3  6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4  7.1:3 7.2:4 7.3:2 7.4:5 7.5:2 7.6:2  8.1:2
8.2:3 8.3:1 8.4:1  9.1:3 9.2:4  10.1:2 10.2:2 10.3:4 10.4:11 10.5:5 10.6:2 10.7:3  11.1:2 11.2:3 11.3:3 11.4:4
11.5:1 11.6:1  12.1:3 12.2:2 12.3:4  13.1:1 13.2:5 13.3:2 13.4:5  14.1:2 14.2:4 14.3:3  15.1:3 15.2:3 15.3:7
16.1:1 16.2:5 16.3:4 16.4:3 16.5:3  17.1:2 17.2:8 17.3:2
"""
SECTIONS = {name: int(last) for name, last in (each.split(":") for each in _COUNTED.split())}
LEVEL_3 = {"5.2.4", "5.2.5", "5.2.6", "17.1.2", "17.2.5", "17.2.6", "17.2.7", "17.2.8"}
HOLDS, FAILS, APART = "holds", "does not hold", "does not apply"
MOST_WORDS = 10
TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")
NUMBER = r"\d+\.\d+\.\d+"


class Row(NamedTuple):
    numbers: tuple[str, ...]
    meaning: str
    state: str
    by: str


def _numbers(text: str) -> tuple[str, ...]:
    """Those of a row: one, or a stretch of one section."""
    first, _, last = text.partition("-")
    if not last:
        return (first,)
    section, _, begin = first.rpartition(".")
    assert last.rpartition(".")[0] == section
    return tuple(f"{section}.{number}" for number in range(int(begin), int(last.rpartition(".")[2]) + 1))


def _rows(text: str) -> list[Row]:
    found = re.findall(rf"^\| ({NUMBER}(?:-{NUMBER})?) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    return [Row(_numbers(number), *rest) for number, *rest in found]


TEXT = DOCUMENT.read_text()
ROWS = _rows(TEXT)


def _kind(row: Row) -> str:
    return f"{row.state} by reading" if row.state == HOLDS and not TEST.search(row.by) else row.state


@cache
def _tests_of(file: str) -> frozenset[str]:
    """Tests of a file, those in classes as `Class::test`."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    names: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{each.name}" for each in node.body if _is_test(each)}
        elif _is_test(node):
            names.add(node.name)
    return frozenset(names)


def _is_test(node: ast.AST) -> TypeGuard[ast.FunctionDef | ast.AsyncFunctionDef]:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")


def _missing(text: str) -> list[str]:
    """Tests that a text names and that are not there; what looks like a test's name but is none too."""
    named = TEST.findall(text)
    mentioned = len(re.findall(r"tests/[\w/]+\.py::", text))
    loose = [] if mentioned == len(named) else ["a name that is not written as `file::test`"]
    return [f"{file}::{name}" for file, name in named if name not in _tests_of(file)] + loose


def test_every_requirement_stands_once() -> None:
    asked = Counter(f"{section}.{number + 1}" for section, last in SECTIONS.items() for number in range(last))
    assert Counter(number for row in ROWS for number in row.numbers) == asked
    assert set(asked) >= LEVEL_3
    assert len(asked) - len(LEVEL_3) == 253


def test_every_row_of_a_number_is_read() -> None:
    assert len(re.findall(r"^\|? *\d+\.\d+\.\d+\b", TEXT, re.MULTILINE)) == len(ROWS)


def test_requirements_of_level_3_say_so() -> None:
    said = {row.numbers[0] for row in ROWS if "(level 3)" in row.meaning}
    assert said == LEVEL_3


def test_every_state_is_one_of_three_words() -> None:
    assert {row.state for row in ROWS} == {HOLDS, FAILS, APART}


def test_what_is_meant_is_said_in_few_words() -> None:
    told = [row.meaning.replace("(level 3)", "") for row in ROWS]
    assert [each for each in told if len(each.split()) > MOST_WORDS] == []


def test_what_holds_names_a_test_or_says_that_it_was_read() -> None:
    assert [
        row.numbers for row in ROWS if row.state == HOLDS and not TEST.search(row.by) and "By reading" not in row.by
    ] == []


def test_every_test_that_is_named_is_there() -> None:
    assert _missing(TEXT) == []


@pytest.mark.parametrize(
    "text", ["`tests/test_house.py::test_of_nothing`", "`tests/no/test_x.py::test_y`", "tests/test_house.py::test_x"]
)
def test_a_test_that_is_not_there_is_found(text: str) -> None:
    assert len(_missing(text)) == 1


def test_the_counts_are_true() -> None:
    counted = Counter[str]()
    for row in ROWS:
        counted[_kind(row)] += len(row.numbers)
    said = re.search(
        r"Of (\d+) requirements (\d+) hold with a test, (\d+) hold by reading, (\d+) do not hold, (\d+) do not apply\.",
        TEXT.replace("\n", " "),
    )
    assert said is not None
    kinds = (HOLDS, f"{HOLDS} by reading", FAILS, APART)
    assert [int(number) for number in said.groups()] == [counted.total(), *(counted[kind] for kind in kinds)]


def test_every_chapter_has_its_heading() -> None:
    assert re.findall(r"^## V(\d+) ", TEXT, re.MULTILINE) == [str(chapter) for chapter in range(1, 18)]


@pytest.mark.parametrize("document", ["docs/security.md", "SECURITY.md"])
def test_what_documents_point_to_is_there(document: str) -> None:
    text = (ROOT / document).read_text()
    links = [each for each in re.findall(r"\]\(([^)#]+)", text) if "://" not in each]
    files = re.findall(
        r"`((?:docs|deploy|vouch|ekyc|media|signaling|agent_console|requirements|tests)/[\w./-]+\.\w+)`", text
    )
    base = (ROOT / document).parent
    assert [each for each in links if not (base / each).exists()] == []
    assert [each for each in files if not (ROOT / each).exists()] == []


def test_every_setting_that_documents_name_exists() -> None:
    example = (ROOT / ".env.example").read_text() + (ROOT / "docker-compose.yml").read_text()
    for document in (DOCUMENT, ROOT / "SECURITY.md"):
        named = set(re.findall(r"\bVOUCH_[A-Z_]+\b", document.read_text()))
        assert {name for name in named if f"{name}=" not in example and f"{name}:" not in example} == set()
