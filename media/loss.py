"""What is missing from a stream that comes in, when to ask for it again, and when a key frame must help instead. Pure.

Asking is paced: the first time at once, then every 50 ms, eight times at most. Asking for the whole list at each new
gap, as is common, multiplies the load at the very moment when there is too much of it.
"""

from dataclasses import dataclass
from itertools import islice

PACE = 50_000
"""Between two requests for the same packet: microseconds."""
TRIES = 8
"""Requests for one packet before it is given up."""
LONGEST_GAP = 512
"""A jump longer than this is a restart of the stream, not loss."""
MOST_MISSING = 1_024
"""Packets that are waited for; with more the oldest are given up, as a sender that jumps on purpose misses all."""
MOST_ASKED = 256
"""Packets asked for at once, so that the request fits one datagram; the others are asked for the next time."""


@dataclass(slots=True)
class _Missing:
    tries: int
    next_at: int


class LossList:
    """Tells new, late and repeated packets apart by their unwrapped sequence numbers, and lists what is to be asked."""

    def __init__(self) -> None:
        self.given_up = 0
        """Packets that never came."""
        self._newest: int | None = None
        self._missing: dict[int, _Missing] = {}

    def take(self, sequence: int, now: int) -> bool:
        """Note a packet's arrival; False if it was here before, was given up, or is older than the first."""
        if self._newest is None or sequence == self._newest + 1:
            self._newest = sequence
            return True
        if sequence <= self._newest:
            return self._missing.pop(sequence, None) is not None
        if sequence - self._newest <= LONGEST_GAP:
            for missing in range(self._newest + 1, sequence):
                self._missing[missing] = _Missing(0, now)
            self._give_up(len(self._missing) - MOST_MISSING)
        else:
            self.given_up += len(self._missing)
            self._missing.clear()
        self._newest = sequence
        return True

    def _give_up(self, oldest: int) -> None:
        for sequence in list(islice(self._missing, max(0, oldest))):
            del self._missing[sequence]
            self.given_up += 1

    def due(self, now: int) -> list[int]:
        """The unwrapped numbers to ask for now, rising; each counts as asked, those asked too often are given up."""
        if not self._missing:
            return []
        asked: list[int] = []
        for sequence in sorted(each for each, state in self._missing.items() if state.next_at <= now)[:MOST_ASKED]:
            state = self._missing[sequence]
            if state.tries >= TRIES:
                del self._missing[sequence]
                self.given_up += 1
                continue
            state.tries += 1
            state.next_at = now + PACE
            asked.append(sequence)
        return asked


class KeyFrameAsker:
    """When to ask a sender for a key frame: on request, not too often, again until it comes, and every so often anyway.

    The regular ones bound how much must be decoded to get at one picture.
    """

    SPACING = 500_000
    """Between two requests: microseconds. A key frame needs a round trip and its own time on the wire."""
    REGULAR = 2_000_000
    """Longest time without a key frame while both legs are there: microseconds."""

    def __init__(self) -> None:
        self._wanted = False
        self._asked_at: int | None = None
        self._arrived_at: int | None = None

    def want(self) -> None:
        """Somebody cannot go on without a key frame."""
        self._wanted = True

    def arrived(self, now: int) -> None:
        """A key frame has begun to arrive."""
        self._wanted = False
        self._arrived_at = now

    def due(self, now: int, *, regular: bool) -> bool:
        """Whether to ask now; the caller then must. `regular` adds the wish for one every two seconds."""
        overdue = regular and (self._arrived_at is None or now - self._arrived_at >= self.REGULAR)
        if not self._wanted and not overdue:
            return False
        if self._asked_at is not None and now - self._asked_at < self.SPACING:
            return False
        self.asked(now)
        return True

    def asked(self, now: int) -> None:
        """It is asked for now, and so not again for a while."""
        self._asked_at = now
