"""Methods of the libraries' objects: whether they are there, and replaced in one object for a while."""

from collections.abc import Sequence
from typing import Any


def require(private: Sequence[tuple[type, Sequence[str]]]) -> None:
    """Raise RuntimeError where the libraries' classes lack any of these names."""
    missing = [f"{owner.__name__}.{name}" for owner, names in private for name in names if not hasattr(owner, name)]
    if missing:
        raise RuntimeError(f"aiortc lacks {', '.join(missing)}")


class Replaced:
    """What was replaced in single objects; their classes stay as they are."""

    def __init__(self) -> None:
        self._replaced: list[tuple[object, str]] = []

    def put(self, owner: object, name: str, ours: Any) -> None:
        """From now on `owner` does this instead."""
        setattr(owner, name, ours)
        self._replaced.append((owner, name))

    def undo(self) -> None:
        """Put everything back. What is not put back leads round in a circle and waits for the cycle collector."""
        for owner, name in self._replaced:
            vars(owner).pop(name, None)
        self._replaced.clear()
