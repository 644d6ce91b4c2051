"""What the way to one peer bears, by its transport-wide feedback, and so what the other side should keep below. Pure.

We only forward, so the one thing to decide is an upper bound for whoever encodes. It follows what arrives when packets
queue up on the way (their delay stands above its least) or get lost in masses, and rises again by itself; the sender's
own estimate of *its* way stands beside it. Delay is taken against the least one of the last seconds instead of by its
slope (draft-ietf-rmcat-gcc-02): a forwarder cannot probe, and a standing queue is what callers notice. What stands is
the least delay of a stretch longer than a key frame takes to pass (the idea of RFC 8289 §3.2).
"""

from array import array
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from media.twcc import REFERENCE, Feedback

QUEUED = 80_000
"""A standing delay this far above the least one means that packets queue: microseconds."""
URGENT = 500_000
"""So long a queue is no key frame: it need not stand first, microseconds."""
EMPTY = 40_000
"""A delay less than this above the least one means that no queue is left: microseconds."""
STANDS = 400_000
"""What is above the least delay for so long stands: microseconds."""
TOGETHER = 20_000
"""Reports that come closer together count as one, so that a peer who sends thousands costs no more: microseconds."""
LEAST_OVER = 10_000_000
"""The least delay is that of this time: microseconds."""
COUNTED = 600_000
"""What arrives is counted over this time: microseconds."""
LOST_OVER = 1_000_000
"""What is lost is counted over this time: microseconds."""
HEAVY_LOSS = 0.1
"""Share of packets lost above which less must be sent (draft-ietf-rmcat-gcc-02 §6)."""
FEWEST = 40
"""Of fewer packets no share is taken."""
HOLE = 30
"""More packets lost in a row than these were lost with the network itself, not by a queue that ran over."""
LOWERED_EVERY = 500_000
"""Between two steps down: microseconds; the encoder needs a round trip to follow."""
KEPT_OF = 0.85
"""A step down, as a part of what arrives; and what is gone on with when the queue is empty."""
DRAINED_IN = 2_000_000
"""A long queue makes a larger step, by which it is gone after about this time: microseconds."""
FLAT = 60_000
"""A delay that moves less than this while less is sent is no queue but the way itself: microseconds."""
FLAT_FOR = 2_000_000
"""For so long: microseconds."""
INCREASE = 1.08
"""What the bound may grow by in a second."""
LEAST, MOST = 80_000, 2_500_000
"""Bits a second; whoever is allowed more than `MOST` is not bound."""

_KEPT = 1 << 11
_TIME_MODULUS = REFERENCE << 24


class _Report(NamedTuple):
    """What one report told."""

    heard: int
    last_arrival: int
    octets: int
    delay: int
    """The least of its packets; the zero means nothing."""


class Downlink:
    """The way to one peer; times are microseconds on the worker's clock."""

    def __init__(self) -> None:
        self.limit: int | None = None
        """Bits a second that the peer's pictures should keep below; None while there is no reason for any."""
        self._next = 0
        # Columns, each packet at the place of its number: see the history of `media.outgoing`.
        self._sent = array("l", [-1]) * _KEPT
        self._sent_at = array("q", [0]) * _KEPT
        self._octets = array("l", [0]) * _KEPT
        self._missed = bytearray(_KEPT)
        """Whether it was said to be lost."""
        self._reports: deque[_Report] = deque()
        """Those of the last `FLAT_FOR`."""
        self._lost: deque[tuple[int, int, int]] = deque()
        """Lost and all packets by the time of the report."""
        self._least: deque[tuple[int, int]] = deque()
        """Candidates for the least delay, rising."""
        self._first_arrival: int | None = None
        self._borne = 0
        """What arrived while packets queued: bits a second; 0 when there is no queue to get rid of."""
        self._before: int | None = None
        """The bound before that."""
        self._usual_loss = 0.0
        """The share that was lost when less was to be sent because of it."""
        self._lowered_at = -LOWERED_EVERY
        self._raised_at = 0

    def number(self, octets: int, now: int) -> int:
        """A packet of so many octets is sent: its transport-wide number (16 bits)."""
        number = self._next
        self._next = (number + 1) & 0xFFFF
        at = number % _KEPT
        self._sent[at], self._sent_at[at], self._octets[at], self._missed[at] = number, now, octets, False
        return number

    def heard(self, feedback: Feedback, now: int) -> None:
        """The peer's report; numbers that were never sent, or long ago, or told before, count for nothing."""
        arrived, lost, report = self._read(feedback, now)
        if not arrived and not lost:
            return
        self._count_lost(lost, lost + arrived, now)
        if arrived:
            self._count(report)
            self._decide(self._above_least(report.delay, now), now)

    def rate(self) -> int | None:
        """Bits a second that arrived lately; None where too little is known, as after a pause."""
        octets = before = span = 0
        for each in self._latest(COUNTED):
            octets, before = octets + before, each.octets
            span = self._reports[-1].last_arrival - each.last_arrival
        # What the oldest told arrived before the time that is counted.
        return None if span < COUNTED // 2 else octets * 8 * 1_000_000 // span

    def _latest(self, span: int) -> Iterator[_Report]:
        """The reports of the last `span` before the newest, that one first."""
        for each in reversed(self._reports):
            if self._reports[-1].heard - each.heard > span:
                return
            yield each

    def _read(self, feedback: Feedback, now: int) -> tuple[int, int, _Report]:
        """How many packets came, how many more than before are lost, and what is told of those that came."""
        arrived = lost = row = octets = 0
        last = delay = 0
        for number, arrival in enumerate(feedback.arrivals, feedback.base_sequence):
            at = number % _KEPT
            if self._sent[at] != number & 0xFFFF:
                continue
            if arrival is None:
                row += not self._missed[at]
                self._missed[at] = True
                continue
            self._sent[at] = -1
            lost += (row if row <= HOLE else 0) - self._missed[at]
            row = 0
            since = self._since_first(arrival)
            took = since - self._sent_at[at]
            last, delay = (max(last, since), min(delay, took)) if arrived else (since, took)
            octets += self._octets[at]
            arrived += 1
        return arrived, lost + (row if row <= HOLE else 0), _Report(now, last, octets, delay)

    def _count(self, report: _Report) -> None:
        """Remember a report, as one with that before it where they come together."""
        before = self._reports[-1] if self._reports else None
        if before is not None and report.heard - before.heard < TOGETHER:
            self._reports[-1] = _Report(
                before.heard,
                max(before.last_arrival, report.last_arrival),
                before.octets + report.octets,
                min(before.delay, report.delay),
            )
        else:
            self._reports.append(report)
        while report.heard - self._reports[0].heard > FLAT_FOR:
            self._reports.popleft()

    def _count_lost(self, lost: int, every: int, now: int) -> None:
        if self._lost and now - self._lost[-1][0] < TOGETHER:
            now, lost_before, every_before = self._lost.pop()
            lost, every = lost + lost_before, every + every_before
        self._lost.append((now, lost, every))
        while now - self._lost[0][0] > LOST_OVER:
            self._lost.popleft()

    def _since_first(self, arrival: int) -> int:
        """The peer's clock counted from its first report, over its wrap."""
        if self._first_arrival is None:
            self._first_arrival = arrival
        half = _TIME_MODULUS // 2
        return (arrival - self._first_arrival + half) % _TIME_MODULUS - half

    def _decide(self, above: int, now: int) -> None:
        rate = self.rate()
        if rate is None:
            return
        standing = above
        if above > QUEUED:
            standing += min(each.delay for each in self._latest(STANDS)) - self._reports[-1].delay
        if self._loses(now):
            self._lower(rate, standing, now)
        elif standing > QUEUED or above > URGENT:
            if not self._take_for_way(now):
                self._lower(rate, above, now)
        elif self.limit is not None and above < EMPTY:
            self._raise(self.limit, now)
        else:
            self._raised_at = now

    def _loses(self, now: int) -> bool:
        """Whether a queue runs over: much is lost, and not as much as before less was sent."""
        if now - self._lowered_at < LOWERED_EVERY:
            self._lost.clear()
        every = sum(each[2] for each in self._lost)
        if every < FEWEST:
            return False
        share = sum(each[1] for each in self._lost) / every
        if share < HEAVY_LOSS / 4:
            self._usual_loss = 0.0
        if share < HEAVY_LOSS or 0.5 * self._usual_loss < share < 2 * self._usual_loss:
            return False
        self._usual_loss = share
        return True

    def _lower(self, rate: int, queue: int, now: int) -> None:
        self._raised_at = now
        if now - self._lowered_at < LOWERED_EVERY:
            return
        self._lowered_at = now
        if not self._borne:
            self._before = self.limit
        self._borne = max(self._borne, rate)
        wanted = max(LEAST, int(rate * min(KEPT_OF, max(0.5, 1 - queue / DRAINED_IN))))
        self.limit = wanted if self.limit is None else min(self.limit, wanted)

    def _take_for_way(self, now: int) -> bool:
        """Whether the delay does not move although less is sent, so that the way itself must have become longer."""
        if not self._borne or now - self._reports[0].heard < FLAT_FOR - STANDS:
            return False
        delays = [each.delay for each in self._reports]
        if max(delays) - min(delays) > FLAT:
            return False
        self._least = deque([(now, min(delays))])
        self.limit, self._borne = self._before, 0
        return True

    def _raise(self, limit: int, now: int) -> None:
        """No queue is left: go on with what was borne, and then a little more each second."""
        seconds = min(1.0, (now - self._raised_at) / 1_000_000)
        self._raised_at = now
        risen = max(int(limit * INCREASE**seconds) + 1, int(self._borne * KEPT_OF))
        self._borne = 0
        self.limit = None if risen > MOST else risen

    def _above_least(self, delay: int, now: int) -> int:
        while self._least and self._least[-1][1] >= delay:
            self._least.pop()
        self._least.append((now, delay))
        while now - self._least[0][0] > LEAST_OVER:
            self._least.popleft()
        return delay - self._least[0][1]
