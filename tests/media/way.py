"""The way from a worker to a peer in virtual time: a queue of a given rate in front of a given delay."""

import random
from dataclasses import dataclass, field
from itertools import count

from media.bandwidth import Downlink
from media.twcc import Feedback

SECOND = 1_000_000
REPORT = 80_000
"""Between two reports of the peer: microseconds."""
FRAME = 33_333
KEY_FRAMES = 60
"""Every so many frames there is one, and it is four times as large."""


@dataclass
class Way:
    """A bottleneck, and an encoder behind it that keeps below the bound as soon as it hears of it."""

    rate: int
    """Of the bottleneck: bits a second."""
    wanted: int = 1_200_000
    """What the encoder would send: bits a second."""
    delay: int = 25_000
    """One way, without the queue: microseconds."""
    buffer: int = 2 * SECOND
    """What the queue holds before packets are dropped: microseconds of its rate."""
    loss: float = 0.0
    """Share of packets lost at random."""
    peer_clock: int = 0
    """What the peer's clock shows at our zero."""
    hears: bool = True
    """Whether the encoder follows the bound."""

    downlink: Downlink = field(default_factory=Downlink)
    now: int = 0
    arrived: list[tuple[int, int]] = field(default_factory=list)
    """Octets by their time of arrival."""
    queues: list[tuple[int, int]] = field(default_factory=list)
    """How long each packet waited, by the time of its sending."""
    limits: list[tuple[int, int | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311 - losses, the same in every run
        self._free_at = 0
        self._unreported: dict[int, int | None] = {}
        self._known: list[tuple[int, int | None]] = [(0, None)]
        self._frames = count()
        self._report_due = REPORT

    def run(self, seconds: float, *, silent: bool = False) -> "Way":
        """Go on for so long; `silent`: everything is lost, and nothing told."""
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            self._send_frame(silent=silent)
            self.now += FRAME
            if self.now >= self._report_due:
                self._report_due = self.now + REPORT
                if not silent:
                    self._report()
            self.limits.append((self.now, self.downlink.limit))
        return self

    def bound(self) -> int:
        """What the encoder sends now: bits a second. It hears of the bound a little later."""
        known = [limit for since, limit in self._known if since + 100_000 <= self.now]
        limit = known[-1] if known and self.hears else None
        return self.wanted if limit is None else min(self.wanted, max(50_000, limit - 32_000))

    def use(self, seconds: float) -> float:
        """Of the bottleneck's rate, in the last seconds."""
        since = self.now - int(seconds * SECOND)
        return sum(octets for at, octets in self.arrived if at > since) * 8 / seconds / self.rate

    def standing(self, seconds: float, share: float = 0.5) -> int:
        """What that share of the packets of the last seconds waited in the queue at most: microseconds."""
        waits = sorted(wait for at, wait in self.queues if at > self.now - int(seconds * SECOND))
        return waits[int(len(waits) * share)]

    def _send_frame(self, *, silent: bool) -> None:
        # The rest of a second's octets, when each second has half a key frame of four.
        size = int(self.bound() * FRAME / SECOND / 8 / (1 + 3 / KEY_FRAMES))
        size *= 4 if next(self._frames) % KEY_FRAMES == 0 else 1
        parts = -(-size // 1_100)
        for octets in [size // parts] * parts + [80, 80]:
            self._send(octets, silent=silent)

    def _send(self, octets: int, *, silent: bool) -> None:
        number = self.downlink.number(octets, self.now)
        wait = max(0, self._free_at - self.now)
        if silent or wait > self.buffer or self._random.random() < self.loss:
            self._unreported[number] = None
            return
        self._free_at = self.now + wait + octets * 8 * SECOND // self.rate
        self.queues.append((self.now, wait))
        at = self._free_at + self.delay
        self.arrived.append((at, octets))
        self._unreported[number] = at

    def _report(self) -> None:
        """What came until half a round trip ago; what is still on its way is told later."""
        until = self.now - self.delay
        come = [number for number, at in self._unreported.items() if at is not None and at <= until]
        if not come:
            return
        numbers = list(self._unreported)
        told = numbers[: numbers.index(come[-1]) + 1]
        arrivals = tuple(self._told(self._unreported.pop(number)) for number in told)
        self.downlink.heard(Feedback(told[0], 0, arrivals), self.now)
        self._known.append((self.now, self.downlink.limit))

    def _told(self, at: int | None) -> int | None:
        return None if at is None else (at + self.peer_clock) // 250 * 250 % ((1 << 24) * 64_000)
