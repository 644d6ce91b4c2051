"""One of each owner in turn, in the order in which they came."""

import pytest

from vouch.rotation import Rotation


def filled(items: str) -> Rotation[str]:
    rotation = Rotation[str]()
    for number, owner in enumerate(items):
        rotation.add(owner, f"{owner}{number}")
    return rotation


def test_owners_take_turns_and_each_ones_items_keep_their_order() -> None:
    rotation = filled("aaabbc")
    assert len(rotation) == 6
    assert [rotation.next() for _ in range(6)] == ["a0", "b3", "c5", "a1", "b4", "a2"]
    assert len(rotation) == 0


def test_who_comes_to_a_crowd_is_behind_one_of_it_at_most() -> None:
    rotation = filled("a" * 100)
    rotation.add("b", "b")
    assert [rotation.next(), rotation.next()] == ["a0", "b"]


def test_what_is_taken_out_is_not_counted_and_leaves_no_empty_place() -> None:
    rotation = filled("ab")
    rotation.remove("a", "a0")
    assert (len(rotation), rotation.of("a"), rotation.of("b")) == (1, 0, 1)
    assert rotation.next() == "b1"


def test_nothing_comes_out_of_nothing() -> None:
    with pytest.raises(KeyError):
        Rotation[str]().next()
