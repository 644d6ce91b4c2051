"""What a state takes of memory, and what it looks like: without knowing what it is made of."""

from collections.abc import Hashable, Iterator
from sys import getsizeof
from typing import Any

_PLAIN = (bool, int, float, str, bytes, bytearray, type(None))
_FEW = 4
"""Values that are looked into; longer rows are stores."""


def octets(root: object) -> int:
    """Memory of everything that can be reached from `root`: octets."""
    return sum(getsizeof(each) for each in _reachable(root))


def features(root: object) -> set[Hashable]:
    """How the state stands, roughly: of each attribute of our own objects, its sign or the magnitude of its length."""
    found: set[Hashable] = set()
    waiting: list[object] = [root]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list) and len(each) <= _FEW:
            waiting += each.values() if isinstance(each, dict) else each
        elif type(each).__module__.startswith("media.") and not isinstance(each, tuple):
            for name, value in _attributes(each):
                found.add((type(each).__name__, name, _rough(value)))
                waiting.append(value)
    return found


def _rough(value: Any) -> Hashable:
    if isinstance(value, list | dict | set | tuple) or hasattr(value, "popleft"):
        return len(value).bit_length()
    if isinstance(value, bool | type(None)):
        return value
    return 0 if not isinstance(value, int) else (value > 0) - (value < 0)


def _attributes(each: object) -> list[tuple[str, Any]]:
    slots = [name for kind in type(each).__mro__ for name in getattr(kind, "__slots__", ())]
    own = [(name, getattr(each, name)) for name in slots if hasattr(each, name)]
    return [*getattr(each, "__dict__", {}).items(), *own]


def _reachable(root: object) -> Iterator[object]:
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen.add(id(each))
        yield each
        waiting += _inside(each)


def _inside(each: Any) -> list[Any]:
    if isinstance(each, _PLAIN):
        return []
    if isinstance(each, dict):
        return [*each.keys(), *each.values()]
    if isinstance(each, list | set | tuple | frozenset) or hasattr(each, "popleft"):
        return list(each)
    if type(each).__module__.startswith("media."):
        return [value for _, value in _attributes(each)]
    return []
