"""What one leg carried, second by second: the facts by which a call's quality can be judged afterwards. Pure.

It only takes differences of counters that the streams keep anyway, so that a packet costs nothing here.
"""

from dataclasses import dataclass

from media.events import Leg, LegFacts, SecondFacts

SECOND = 1_000_000
"""Length of one entry: microseconds."""
TOLD_AFTER = 10
"""Entries that are told together."""
FROZEN_AFTER = 2_000_000
"""A picture that stands for this long while packets come is frozen: microseconds."""


@dataclass(frozen=True)
class Counters:
    """How a leg's counters stand at one moment; all of them only rise."""

    video_octets: int
    audio_octets: int
    frames: int
    repeated: int
    lost: int
    sent_octets: int


@dataclass
class Gauges:
    """What is not counted but measured in the second that runs; units as in `SecondFacts`."""

    size: tuple[int, int] = (0, 0)
    jitter: int = 0
    silence: int = 0
    round_trip: int | None = None
    sent_lost: int = 0
    frozen: bool = False


class Ledger:
    """The entries of one peer connection; times are microseconds on the worker's clock."""

    def __init__(self, call: str, leg: Leg, media: int, wall_offset: int) -> None:
        self._name = call, leg, media
        self._wall_offset = wall_offset
        self._before: Counters | None = None
        self._due = 0
        self._first_at = 0
        self._seconds: list[SecondFacts] = []

    def is_due(self, now: int) -> bool:
        """Whether a second has passed."""
        return now >= self._due

    def add(self, counters: Counters, gauges: Gauges, now: int) -> LegFacts | None:
        """Enter the second that ends now; gives the entries when there are enough of them.

        Begins with the first call, which enters nothing. After a pause of the caller a second is simply longer.
        """
        before, self._before = self._before, counters
        self._due = now + SECOND if before is None else max(self._due + SECOND, now + SECOND // 2)
        if before is None:
            self._first_at = now
            return None
        width, height = gauges.size
        self._seconds.append(
            SecondFacts(
                video_bits=8 * (counters.video_octets - before.video_octets),
                audio_bits=8 * (counters.audio_octets - before.audio_octets),
                frames=counters.frames - before.frames,
                width=width,
                height=height,
                repeated=counters.repeated - before.repeated,
                lost=counters.lost - before.lost,
                jitter=gauges.jitter,
                silence=gauges.silence,
                round_trip=gauges.round_trip,
                sent_bits=8 * (counters.sent_octets - before.sent_octets),
                sent_lost=gauges.sent_lost,
                frozen=gauges.frozen,
            )
        )
        return self._told(now) if len(self._seconds) >= TOLD_AFTER else None

    def rest(self, now: int) -> LegFacts | None:
        """What was not told yet; None if there is nothing."""
        return self._told(now) if self._seconds else None

    def _told(self, now: int) -> LegFacts:
        call, leg, media = self._name
        first_at, self._first_at = self._first_at, now
        seconds, self._seconds = tuple(self._seconds), []
        return LegFacts(call, leg, media, first_at + self._wall_offset, seconds)
