"""Every state of small floors: no law is broken in any, nor by any step; and the explorer itself misses nothing."""

from typing import get_args

import pytest

from routing import events as e
from routing.state import Floor
from tests.model import scopes
from tests.model.alphabet import Scope
from tests.model.canonical import Canon
from tests.model.explorer import Explorer, Origin, outcomes

SMALL = (*scopes.ONE_AND_ONE, *scopes.ONE_AND_TWO, *scopes.TWO_AND_ONE)


# One worker of pytest takes one of them: together they need about a minute on two cores.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scope", SMALL, ids=lambda scope: scope.name)
def test_every_state_of_a_small_floor_and_every_step(scope: Scope) -> None:
    result = Explorer(scope).run()
    assert result.violations == []
    assert result.is_complete
    assert set(result.events) == set(get_args(e.Event))


class Doubter(Explorer):
    """Remembers the first floor of every state, and some of the others that were taken for the same."""

    def __init__(self, scope: Scope, *, states: int, every: int) -> None:
        super().__init__(scope, states=states)
        self.first: dict[int, Floor] = {}
        self.same: list[tuple[Floor, Floor]] = []
        self._every = every
        self._known = 0

    def _note(self, floor: Floor, origin: Origin | None) -> tuple[int, bool]:
        number, is_new = super()._note(floor, origin)
        if is_new:
            self.first[number] = floor
        else:
            self._known += 1
            if self._known % self._every == 0:
                self.same.append((self.first[number], floor))
        return number, is_new


def ways_on(explorer: Explorer, canon: Canon, floor: Floor) -> set[tuple[int, ...]]:
    """The states that events and time lead to from here, by whatever draw."""
    moves = [(letter.event, now) for letter, now in explorer.moves(floor) if not letter.is_old]
    return {canon(after.floor) for event, now in moves for after, _ in outcomes(floor, event, now)}


@pytest.mark.parametrize("name", ["1x1, strict, without a worker", "1x2", "2x1"])
def test_what_a_form_leaves_out_is_not_missed(name: str) -> None:
    """Two floors of one form go on to the same forms."""
    scope = next(scope for scope in SMALL if scope.name == name)
    doubter = Doubter(scope, states=400, every=60)
    doubter.run()
    canon = Canon(scope)
    assert len(doubter.same) > 20
    for first, other in doubter.same:
        assert canon(first) == canon(other)
        assert ways_on(doubter, canon, first) == ways_on(doubter, canon, other)
