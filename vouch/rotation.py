"""What waits of several owners, taken one of each in turn: however many one has waiting, the others are not behind all.

Whoever keeps one says how many may wait; it decides nothing but the order.
"""

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Rotation(Generic[T]):
    """Items by owner; its length is how many wait in all."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, owner: str) -> int:
        """Return how many of an owner wait."""
        return len(self._waiting.get(owner, ()))

    def add(self, owner: str, item: T) -> None:
        """Put an item behind the others of its owner."""
        self._waiting.setdefault(owner, deque()).append(item)
        self._count += 1

    def next(self) -> T:
        """Take the item whose turn it is; its owner goes to the end. KeyError where none waits."""
        owner, items = self._waiting.popitem(last=False)
        item = items.popleft()
        self._count -= 1
        if items:
            self._waiting[owner] = items
        return item

    def remove(self, owner: str, item: T) -> None:
        """Take an item out before its turn. KeyError or ValueError where it does not wait."""
        items = self._waiting[owner]
        items.remove(item)
        self._count -= 1
        if not items:
            del self._waiting[owner]
