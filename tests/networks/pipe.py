"""What one direction of a link does to the packets that pass it.

Pure: time comes in, chance is seeded; `link.py` moves the packets.
"""

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Wire:
    """The properties of one direction; they may change while packets are under way, which keep what they met."""

    delay: int = 0
    """How long each packet takes: microseconds."""
    loss: float = 0.0
    """Share of the packets that vanish, each by a draw of its own."""
    late: float = 0.0
    """Share of the packets that take `late_by` longer, so that others overtake them."""
    late_by: int = 0
    """Microseconds."""
    bits_per_s: int | None = None
    """What passes at most; None: as much as comes."""
    burst: int = 3_000
    """Octets that pass at once after a pause, however little passes otherwise."""
    queue: int = 64_000
    """Octets that may wait for their turn; whatever comes beyond is dropped."""
    cut: bool = False
    """Nothing passes at all."""


class Pipe:
    """Packets under way in one direction; the same seed drops the same ones."""

    def __init__(self, seed: int, wire: Wire | None = None) -> None:
        self.wire = wire or Wire()
        self._chance = random.Random(seed)  # noqa: S311 - it must be repeatable
        self._packets: list[tuple[int, int, bytes]] = []
        self._idle_at = 0
        """When all that was put has left the queue; the bucket's state as an instant, so that nothing ticks."""
        self.put_in = 0
        """Packets that came."""
        self.dropped = 0
        """Those of them that vanished."""

    def put(self, packet: bytes, now: int) -> None:
        """A packet enters at `now`, microseconds, which never goes back."""
        leaves = self._leaves(len(packet), now)
        self.put_in += 1
        # Drawn for each packet, so that the same ones fall whatever the other properties are.
        lost, late = self._chance.random() < self.wire.loss, self._chance.random() < self.wire.late
        if leaves is None or lost:
            self.dropped += 1
            return
        arrives = leaves + self.wire.delay + (self.wire.late_by if late else 0)
        heapq.heappush(self._packets, (arrives, self.put_in, packet))

    def due(self, now: int) -> Iterator[bytes]:
        """The packets that have arrived by `now`, in their order; each is given once."""
        while self._packets and self._packets[0][0] <= now:
            yield heapq.heappop(self._packets)[2]

    def next_at(self) -> int | None:
        """When the next packet arrives."""
        return self._packets[0][0] if self._packets else None

    def _leaves(self, octets: int, now: int) -> int | None:
        """When a packet has passed the limit; None where it is dropped (token bucket with a queue)."""
        wire = self.wire
        if wire.cut:
            return None
        if wire.bits_per_s is None:
            return now
        takes = octets * 8_000_000 // wire.bits_per_s
        saved = wire.burst * 8_000_000 // wire.bits_per_s
        if (self._idle_at - now) * wire.bits_per_s // 8_000_000 + octets > wire.queue:
            return None
        self._idle_at = max(self._idle_at, now - saved) + takes
        return max(now, self._idle_at)
