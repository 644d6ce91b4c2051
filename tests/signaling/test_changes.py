"""What is said of a view's change makes the next view of it, here and in the pages (`changes.test.ts`, same cases)."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from signaling import messages as wire
from signaling.changes import apply, difference
from signaling.wall_messages import FloorView

CASES = Path(__file__).parents[2] / "signaling" / "client" / "src" / "changes.cases.json"
VIEWS: tuple[type[BaseModel], ...] = (wire.CallerView, wire.AgentView, FloorView)

plain = st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from((0.0, 1.0, 2.5)) | st.text(max_size=3)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=4)
)


def record(value: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A record of fixed fields, as a view is."""
    return st.fixed_dictionaries({"version": st.integers(), "call": value, "lost": st.lists(value, max_size=3)})


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, where 1, 1.0 and true are three values."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@given(anything, anything)
def test_any_value_becomes_any_other(old: Any, new: Any) -> None:
    assert same(apply(old, difference(old, new)), new)


@given(record(anything), record(anything))
def test_records_of_the_same_fields_become_each_other(old: Any, new: Any) -> None:
    assert same(apply(old, difference(old, new)), new)


@pytest.mark.parametrize("view", VIEWS)
@given(data=st.data())
def test_every_view_becomes_every_other(view: type[BaseModel], data: st.DataObject) -> None:
    old, new = (data.draw(st.builds(view)).model_dump(mode="json") for _ in range(2))
    assert same(apply(old, difference(old, new)), new)


@given(record(anything), record(anything))
def test_the_old_view_stays_as_it_was_and_nothing_is_said_of_what_is_equal(old: Any, new: Any) -> None:
    before = copy.deepcopy(old)
    apply(old, difference(old, new))
    assert same(old, before)
    assert difference(old, before) == []


@given(anything, anything)
def test_changes_are_told_as_json_and_read_back(old: Any, new: Any) -> None:
    told = json.loads(json.dumps(difference(old, new)))
    assert same(apply(old, told), new)


def test_one_field_of_a_call_is_one_change() -> None:
    old = {"call": {"state": "ringing", "lost": []}, "agent": {"ready": True}}
    new = {"call": {"state": "active", "lost": []}, "agent": {"ready": True}}
    assert difference(old, new) == [(("call", "state"), "active")]
    assert apply(old, difference(old, new))["agent"] is old["agent"]


def test_a_list_of_which_everything_moves_is_sent_whole() -> None:
    old, new = [{"id": 1, "at": 1}, {"id": 2, "at": 2}], [{"id": 2, "at": 2}, {"id": 3, "at": 4}]
    assert difference(old, new) == [((), new)]


@pytest.mark.parametrize("path", [("cal", "state"), ("call", "state"), ("teams", 1)])
def test_a_path_that_the_view_does_not_have_is_an_error(path: tuple[str | int, ...]) -> None:
    with pytest.raises((LookupError, TypeError)):
        apply({"call": None, "teams": [{}]}, [(path, 1)])


@pytest.mark.parametrize("case", json.loads(CASES.read_text()), ids=lambda case: case["name"])
def test_the_cases_that_the_pages_are_tested_with_are_our_own(case: dict[str, Any]) -> None:
    assert same(difference(case["old"], case["new"]), case["changes"])
    assert same(apply(case["old"], case["changes"]), case["new"])
