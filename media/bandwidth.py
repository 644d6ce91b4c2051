"""What the way to one peer bears, by its transport-wide feedback, and so what the other side should keep below. Pure.

We only forward, so the one thing to decide is an upper bound for whoever encodes. It follows what arrives when packets
queue up on the way (their delay stands above its least) or get lost in masses, and rises again by itself; the sender's
own estimate of *its* way stands beside it. Delay is taken against the least one of the last seconds instead of by its
slope (draft-ietf-rmcat-gcc-02): a forwarder cannot probe, and a standing queue is what callers notice.
"""

from collections import deque

from media.twcc import REFERENCE, Feedback

QUEUED = 120_000
"""A delay this far above the least one means that packets queue: microseconds."""
WINDOW = 1_000_000
"""What arrived is counted over this time: microseconds."""
LEAST_OVER = 10_000_000
"""The least delay is that of this time: microseconds."""
HEAVY_LOSS = 0.1
"""Share of packets lost above which less must be sent (draft-ietf-rmcat-gcc-02 §6)."""
DECREASE_EVERY = 300_000
"""Between two steps down: microseconds; the encoder needs a round trip to follow."""
DECREASE_TO = 0.85
"""A step down, as a part of what arrives."""
INCREASE = 1.08
"""What the bound may grow by in a second."""
LEAST, MOST = 80_000, 2_500_000
"""Bits a second; whoever is allowed more than `MOST` is not bound."""

_KEPT = 1 << 12
_TIME_MODULUS = REFERENCE << 24


class Downlink:
    """The way to one peer; times are microseconds on the worker's clock."""

    def __init__(self) -> None:
        self.limit: int | None = None
        """Bits a second that the peer's pictures should keep below; None while there is no reason for any."""
        self._next = 0
        # Columns, each packet at the place of its number: the cycle collector need not walk through plain values.
        self._sent: list[int | None] = [None] * _KEPT
        self._sent_at = [0] * _KEPT
        self._octets = [0] * _KEPT
        self._arrived: deque[tuple[int, int]] = deque()
        """Octets by the time of the report."""
        self._lost: deque[tuple[int, int, int]] = deque()
        """Lost and all packets by the time of the report."""
        self._least: deque[tuple[int, int]] = deque()
        """Candidates for the least delay, rising."""
        self._first_arrival: int | None = None
        self._lowered_at = 0
        self._raised_at = 0

    def number(self, octets: int, now: int) -> int:
        """A packet of so many octets is sent: its transport-wide number (16 bits)."""
        number = self._next
        self._next = (number + 1) & 0xFFFF
        at = number % _KEPT
        self._sent[at], self._sent_at[at], self._octets[at] = number, now, octets
        return number

    def heard(self, feedback: Feedback, now: int) -> None:
        """The peer's report; numbers that were never sent, or long ago, count for nothing."""
        delays: list[int] = []
        octets = lost = 0
        for place, arrival in enumerate(feedback.arrivals):
            number = (feedback.base_sequence + place) & 0xFFFF
            at = number % _KEPT
            if self._sent[at] != number:
                continue
            if arrival is None:
                lost += 1
                continue
            self._sent[at] = None
            octets += self._octets[at]
            delays.append(self._since_first(arrival) - self._sent_at[at])
        if not delays and not lost:
            return
        self._arrived.append((now, octets))
        self._lost.append((now, lost, lost + len(delays)))
        self._forget(now)
        self._decide(delays, now)

    def rate(self) -> int:
        """Bits a second that arrived lately."""
        if len(self._arrived) < 2:
            return 0
        span = max(WINDOW // 4, self._arrived[-1][0] - self._arrived[0][0])
        return sum(octets for _, octets in self._arrived) * 8 * 1_000_000 // span

    def _since_first(self, arrival: int) -> int:
        """The peer's clock counted from its first report, over its wrap."""
        if self._first_arrival is None:
            self._first_arrival = arrival
        half = _TIME_MODULUS // 2
        return (arrival - self._first_arrival + half) % _TIME_MODULUS - half

    def _decide(self, delays: list[int], now: int) -> None:
        lost = sum(each[1] for each in self._lost)
        share = lost / max(1, sum(each[2] for each in self._lost))
        queued = bool(delays) and self._delay_above_least(min(delays), now) > QUEUED
        if queued or share > HEAVY_LOSS:
            self._lower(share, now)
        elif self.limit is not None:
            self._raise(self.limit, now)

    def _lower(self, share: float, now: int) -> None:
        self._raised_at = now
        if now - self._lowered_at < DECREASE_EVERY:
            return
        self._lowered_at = now
        part = min(DECREASE_TO, 1 - share / 2)
        wanted = max(LEAST, int(self.rate() * part))
        self.limit = wanted if self.limit is None else min(self.limit, wanted)

    def _raise(self, limit: int, now: int) -> None:
        seconds = min(1.0, (now - self._raised_at) / 1_000_000)
        self._raised_at = now
        risen = int(limit * INCREASE**seconds) + 1
        self.limit = None if risen > MOST else risen

    def _delay_above_least(self, delay: int, now: int) -> int:
        while self._least and self._least[-1][1] >= delay:
            self._least.pop()
        self._least.append((now, delay))
        while now - self._least[0][0] > LEAST_OVER:
            self._least.popleft()
        return delay - self._least[0][1]

    def _forget(self, now: int) -> None:
        while now - self._arrived[0][0] > WINDOW:
            self._arrived.popleft()
        while now - self._lost[0][0] > WINDOW:
            self._lost.popleft()
