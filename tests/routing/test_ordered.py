"""A sorted sequence that shares most of itself: whatever is added and removed, it is what is left, sorted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.ordered import Ordered
from routing.state import InvariantBrokenError

numbers = st.integers(0, 400)


@given(st.sets(numbers), st.lists(st.tuples(st.booleans(), numbers), max_size=300))
def test_it_is_the_sorted_list_of_what_it_holds(first: set[int], changes: list[tuple[bool, int]]) -> None:
    held, ordered = set(first), Ordered(first)
    for adds, number in changes:
        if adds and number not in held:
            held.add(number)
            ordered = ordered.add(number)
        elif not adds and number in held:
            held.remove(number)
            ordered = ordered.remove(number)
    expected = sorted(held)
    assert list(ordered) == expected
    assert ordered == Ordered(expected)
    assert hash(ordered) == hash(Ordered(expected))
    assert len(ordered) == len(expected)
    assert [ordered[place] for place in range(len(expected))] == expected
    assert all((number in ordered) == (number in held) for number in range(401))
    assert [ordered.place(number) for number in expected] == list(range(len(expected)))


def test_a_change_leaves_the_old_one_as_it_was() -> None:
    old = Ordered(range(1000))
    new = old.remove(500).add(5000)
    assert list(old) == list(range(1000))
    assert 500 not in new
    assert new[999] == 5000


def test_what_is_not_there() -> None:
    with pytest.raises(InvariantBrokenError, match="lost an entry"):
        Ordered([1, 3]).remove(2)
    for place in (-1, 2):
        with pytest.raises(IndexError):
            Ordered([1, 3])[place]
    assert Ordered([1, 3]) != (1, 3)
    assert 2 not in Ordered([1, 3])
    assert 4 not in Ordered([1, 3])
    assert repr(Ordered([3, 1])) == "Ordered([1, 3])"
