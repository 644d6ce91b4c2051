"""A sorted sequence that shares most of itself with the one it was made from.

A floor of 10,000 agents keeps them sorted, and every step makes a new floor: copying a tuple of 10,000 would cost more
than the step. Here the items lie in short pieces, and a change copies one piece and the list of pieces.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

from routing.words import InvariantBrokenError

T = TypeVar("T")

_PIECE = 64
"""A piece is cut in two beyond this; about the square root of the largest floor, where both copies are short."""


class Ordered(Generic[T]):
    """Items in ascending order, each once; never changed. Equal to another that has the same items."""

    __slots__ = ("_pieces", "_size")

    def __init__(self, items: Iterable[T] = ()) -> None:
        ordered: list[Any] = sorted(items)
        self._pieces = tuple(tuple(ordered[at : at + _PIECE]) for at in range(0, len(ordered), _PIECE))
        self._size = len(ordered)

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[T]:
        for piece in self._pieces:
            yield from piece

    def __getitem__(self, place: int) -> T:
        """The item at a place from 0; IndexError where there is none."""
        if place < 0:
            raise IndexError(place)
        for piece in self._pieces:
            if place < len(piece):
                item: T = piece[place]
                return item
            place -= len(piece)
        raise IndexError(place)

    def __contains__(self, item: object) -> bool:
        number, at = self._find(item)
        return number < len(self._pieces) and at < len(self._pieces[number]) and self._pieces[number][at] == item

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ordered) and self._size == other._size and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Ordered({list(self)!r})"

    def place(self, item: T) -> int:
        """How many items are smaller: the item's place from 0, if it is there."""
        number, at = self._find(item)
        return sum(map(len, self._pieces[:number])) + at

    def add(self, item: T) -> "Ordered[T]":
        """With the item, which must not be there yet."""
        number, at = self._find(item)
        if number == len(self._pieces):
            return self._with(number, number, ((item,),), 1)
        piece = self._pieces[number]
        longer = (*piece[:at], item, *piece[at:])
        if len(longer) <= _PIECE:
            return self._with(number, number + 1, (longer,), 1)
        half = len(longer) // 2
        return self._with(number, number + 1, (longer[:half], longer[half:]), 1)

    def remove(self, item: T) -> "Ordered[T]":
        """Without the item. InvariantBrokenError where it is not there."""
        if item not in self:
            raise InvariantBrokenError("an index has lost an entry")
        number, at = self._find(item)
        piece = self._pieces[number]
        rest = (*piece[:at], *piece[at + 1 :])
        return self._with(number, number + 1, (rest,) if rest else (), -1)

    def _find(self, item: Any) -> tuple[int, int]:
        """The piece that holds the item or would take it, and the place within; the last one takes what is larger."""
        number = bisect_left(self._pieces, item, key=_last)
        if number == len(self._pieces) and number > 0:
            number -= 1
        return number, bisect_left(self._pieces[number], item) if self._pieces else 0

    def _with(self, start: int, end: int, pieces: tuple[tuple[T, ...], ...], more: int) -> "Ordered[T]":
        new: Ordered[T] = Ordered.__new__(Ordered)
        new._pieces = (*self._pieces[:start], *pieces, *self._pieces[end:])
        new._size = self._size + more
        return new


def _last(piece: tuple[Any, ...]) -> Any:
    return piece[-1]
