"""When packets that were asked for again are sent: a few at once, the rest spread. Pure.

A receiver that comes back from an outage asks for everything at the same moment; all of that at once, on top of what
is being sent, would be lost again.
"""

from collections.abc import Iterable

BURST = 24
"""Packets that may go at once."""
RATE = 300
"""Packets a second afterwards: about twice what a stream of 1.2 Mbit/s has."""
MOST_WAITING = 512
"""Packets that may wait; what is asked for beyond is asked for again by the receiver."""


class ResendQueue:
    """The 16-bit sequence numbers that one receiver asked for; times are microseconds on the worker's clock."""

    def __init__(self) -> None:
        self._waiting: dict[int, None] = {}
        self._credit = float(BURST)
        self._counted_at = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def ask(self, sequences: Iterable[int]) -> None:
        """Somebody misses these."""
        for sequence in sequences:
            if len(self._waiting) >= MOST_WAITING:
                return
            self._waiting[sequence] = None

    def due(self, now: int) -> list[int]:
        """Those to be sent now, in the order in which they were asked for."""
        self._credit = min(float(BURST), self._credit + (now - self._counted_at) * RATE / 1_000_000)
        self._counted_at = now
        chosen = list(self._waiting)[: int(self._credit)]
        for sequence in chosen:
            del self._waiting[sequence]
        self._credit -= len(chosen)
        return chosen
