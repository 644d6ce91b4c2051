"""What turns one view into the next: pure functions of JSON values. Counterpart of `client/src/changes.ts`.

A change is a path and the value that stands there from now on. Law: `apply(old, difference(old, new)) == new`.
"""

from collections.abc import Iterable
from typing import Any

Json = Any
"""What `json.loads` gives: dict, list, str, int, float, bool, None."""
Path = tuple[str | int, ...]
"""Keys of records and places in lists, from the outermost; empty: the whole."""
Change = tuple[Path, Json]


def difference(old: Json, new: Json) -> list[Change]:
    """The changes that turn `old` into `new`; none where they are equal.

    Records with the same keys are compared field by field, lists of the same length item by item; all else is replaced
    whole. So is a list of which item by item more would be said than it has items.
    """
    found: list[Change] = []
    _compare(old, new, (), found)
    return found


def apply(view: Json, changes: Iterable[Change]) -> Json:
    """The view after the changes; what they do not touch is shared with `view`, which stays as it is.

    LookupError or TypeError for a path that the view does not have.
    """
    for path, value in changes:
        view = _replaced(view, path, 0, value)
    return view


def _compare(old: Json, new: Json, path: Path, found: list[Change]) -> None:
    if old is new:
        return
    kind = type(new)
    if type(old) is not kind:  # also 1 and True, which Python calls equal
        found.append((path, new))
    elif kind is dict:
        _compare_records(old, new, path, found)
    elif kind is list:
        _compare_lists(old, new, path, found)
    elif old != new:
        found.append((path, new))


def _compare_records(old: dict[str, Json], new: dict[str, Json], path: Path, found: list[Change]) -> None:
    if old.keys() != new.keys():
        found.append((path, new))
        return
    for key, value in new.items():
        before = old[key]
        if before is not value:
            _compare(before, value, (*path, key), found)


def _compare_lists(old: list[Json], new: list[Json], path: Path, found: list[Change]) -> None:
    if len(old) != len(new):
        found.append((path, new))
        return
    known = len(found)
    for place, value in enumerate(new):
        before = old[place]
        if before is not value:
            _compare(before, value, (*path, place), found)
    if len(found) - known > len(new):
        found[known:] = [(path, new)]


def _replaced(value: Json, path: Path, depth: int, new: Json) -> Json:
    if depth == len(path):
        return new
    key = path[depth]
    inner = _replaced(value[key], path, depth + 1, new)
    copy = value.copy()
    copy[key] = inner
    return copy
