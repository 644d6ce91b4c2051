"""The free agents whom one call may be offered to, without a list of them: thousands may be free.

Their order, in which a draw counts them: by skills (as sorted words), and those of the same skills as the team's
strategy ranks them, then by id. Made for one match and thrown away with it.
"""

from collections.abc import Collection, Iterator, Sequence

from routing.ordered import Ordered
from routing.state import Idle, InvariantBrokenError


class Candidates:
    """Those in `groups` (each of one set of skills) but those in `without`, some of whom may not be in any group."""

    def __init__(self, groups: Sequence[Ordered[Idle]], without: Collection[Idle]) -> None:
        self._groups = groups
        self._out = frozenset(without)
        self._without = [sorted(group.place(idle) for idle in without if idle in group) for group in groups]
        self._counts = [len(group) - len(out) for group, out in zip(groups, self._without, strict=True)]
        self.skilled = sum(map(len, groups))
        """How many there are with those who are out."""
        self.count = sum(self._counts)
        """How many they are."""

    def at(self, place: int) -> str:
        """The agent at a place from 0, below `count`."""
        for group, out, count in zip(self._groups, self._without, self._counts, strict=True):
            if place < count:
                return group[_past(place, out)].agent
            place -= count
        raise InvariantBrokenError("a draw beyond the candidates")

    def first(self) -> str:
        """The agent of the smallest rank, then id; there must be one."""
        with_one = zip(self._groups, self._without, self._counts, strict=True)
        return min(group[_past(0, out)] for group, out, count in with_one if count).agent

    def __contains__(self, idle: Idle) -> bool:
        return idle not in self._out and any(idle in group for group in self._groups)

    def __iter__(self) -> Iterator[str]:
        """All of them, in their order."""
        return (self.at(place) for place in range(self.count))


def _past(place: int, out: list[int]) -> int:
    """The place among all of the one at `place` among those who are not out; `out` is sorted."""
    for each in out:
        if each > place:
            break
        place += 1
    return place
