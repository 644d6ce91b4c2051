"""Who has announced himself in the database, and who of them is dead: the same reckoning for nodes and workers.

An identity is a name with the boot number of one process. It is dead when its row has another boot number or is gone,
which proves it, or when the row is 3 s old. The latter counts only for a node that has renewed its own row all that
time: after the database was away every row is old.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

from vouch.clock import SECOND

DEAD = 3 * SECOND
"""A row that was not renewed for this long is that of a dead process: microseconds."""

_REMEMBERED = 1_000


def identity(name: str, boot: str) -> str:
    """One process of this name."""
    return f"{name}.{boot}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the roll."""

    name: str
    boot: str
    renewed_at: int

    @property
    def id(self) -> str:
        """The process that the row speaks of."""
        return identity(self.name, self.boot)


class Roll:
    """The rows of one kind as they were read last."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._last: dict[str, int] = {}
        self._now = 0
        self._read_at = 0.0
        self._steady = False

    def read(self, entries: Iterable[Entry], now: int, *, steady: bool) -> None:
        """Take in the rows as they stand at `now`; `steady`: this node has renewed its own for 3 s without a gap."""
        self._entries = {entry.name: entry for entry in entries}
        for entry in self._entries.values():
            self.remember(entry)
        self._now, self._read_at, self._steady = now, time.monotonic(), steady

    def remember(self, entry: Entry) -> None:
        """Note when a process was renewed, before its row is overwritten."""
        self._last[entry.id] = entry.renewed_at
        while len(self._last) > _REMEMBERED:
            del self._last[next(iter(self._last))]

    def entry(self, process: str) -> Entry | None:
        """The row of a process; None where there is none, or one of another boot."""
        found = self._entries.get(process.rpartition(".")[0])
        return found if found is not None and found.id == process else None

    def names(self) -> frozenset[str]:
        """The names of those who live."""
        return frozenset(entry.name for entry in self._entries.values() if self._lives(entry))

    def living(self) -> frozenset[str]:
        """Those who live."""
        return frozenset(entry.id for entry in self._entries.values() if self._lives(entry))

    def dead_for(self, process: str) -> int | None:
        """How long ago a dead process was last renewed; None for one that lives, or may live."""
        found = self.entry(process)
        if found is not None and (self._lives(found) or not self._steady):
            return None
        since = self._last.get(process, self._now)
        return max(0, self._now - since) + int((time.monotonic() - self._read_at) * SECOND)

    def _lives(self, entry: Entry) -> bool:
        return self._now - entry.renewed_at <= DEAD


class Steadiness:
    """Whether this node has renewed its row for so long, without a gap, that old rows are no pause of its own."""

    def __init__(self) -> None:
        self._since = 0.0
        self._last = 0.0

    def renewed(self) -> bool:
        """Note a renewal; whether others' rows may be judged now."""
        now = time.monotonic()
        if now - self._last > DEAD / SECOND:
            self._since = now
        self._last = now
        return now - self._since > DEAD / SECOND
