"""How much may be logged of what strangers can cause: a few lines of each kind, and then how many were left out.

It decides and counts; `logs.py` writes. A kind is a text of ours, never of a stranger's.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_KINDS = 256


@dataclass(slots=True)
class _Window:
    ends: float
    written: int = 0
    left_out: int = 0


class Allowance:
    """Up to `lines` lines of each kind in `per_s` seconds, and up to `in_all` of all kinds together."""

    def __init__(
        self, lines: int, per_s: float, in_all: int | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        """`now` is a clock in seconds that never goes back; `in_all` is twenty times `lines` where it is left out."""
        self.per_s = per_s
        self._lines, self._in_all = lines, in_all or 20 * lines
        self._now = now
        self._kinds: dict[Hashable, _Window] = {}
        self._all = _Window(now() + per_s)

    def take(self, kind: Hashable) -> int | None:
        """Ask to write one line of a kind: None: leave it out. Else how many were left out of it since the last one."""
        now = self._now()
        window = self._window(kind, now)
        if now >= self._all.ends:
            self._all = _Window(now + self.per_s)
        if window.written >= self._lines or self._all.written >= self._in_all:
            window.left_out += 1
            return None
        window.written += 1
        self._all.written += 1
        left_out, window.left_out = window.left_out, 0
        return left_out

    def settle(self, kind: Hashable) -> int:
        """How many lines of a kind were left out and told by no line yet; from here on they count as told."""
        window = self._kinds.get(kind)
        if window is None:
            return 0
        left_out, window.left_out = window.left_out, 0
        return left_out

    def _window(self, kind: Hashable, now: float) -> _Window:
        window = self._kinds.get(kind)
        if window is None:
            if len(self._kinds) >= _KINDS:
                self._forget(now)
            window = self._kinds.setdefault(kind, _Window(now + self.per_s))
        elif now >= window.ends:
            window.ends, window.written = now + self.per_s, 0
        return window

    def _forget(self, now: float) -> None:
        """Make room: of the kinds whose time is over, else of the one that came first. Its count is lost."""
        over = [kind for kind, window in self._kinds.items() if now >= window.ends and not window.left_out]
        for kind in over or [next(iter(self._kinds))]:
            del self._kinds[kind]
