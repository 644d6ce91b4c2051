"""Which frame of the customer stands behind a timestamp that the agent's page saw. Pure.

The stream to the agent goes on without a break when the customer's peer connection is replaced; each stretch from one
source is a segment. One table belongs to one media number of the agent.
"""

from dataclasses import dataclass

from media.rtp import modular_distance

MOST = 64
"""Segments kept; older ones are far beyond the seconds that groups are kept for."""


@dataclass(slots=True)
class Segment:
    """A stretch of the outgoing stream that came from one peer connection."""

    media: int
    """The source's media number."""
    offset: int
    """What was added to its timestamps, modulo 2^32."""
    first: int
    """First timestamp sent."""
    last: int
    """Newest timestamp sent."""


class SegmentTable:
    """The segments sent under one media number, oldest first; timestamps are compared modulo 2^32."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []

    def open(self, media: int, offset: int, first: int) -> None:
        """A new source begins with the outgoing timestamp `first`."""
        self._segments.append(Segment(media, offset, first, first))
        del self._segments[:-MOST]

    def extend(self, timestamp: int) -> None:
        """A packet of the newest segment was sent with this timestamp; a late one changes nothing."""
        segment = self._segments[-1]
        if modular_distance(segment.last, timestamp) < 1 << 31:
            segment.last = timestamp

    def find(self, timestamp: int) -> tuple[int, int] | None:
        """The source's media number and its own timestamp for an outgoing one; None if that was never sent."""
        for segment in reversed(self._segments):
            length = modular_distance(segment.first, segment.last)
            if modular_distance(segment.first, timestamp) <= length:
                return segment.media, modular_distance(segment.offset, timestamp)
        return None

    def outgoing(self, media: int, timestamp: int) -> int | None:
        """The outgoing timestamp of a source's own; None if that was never sent."""
        for segment in reversed(self._segments):
            sent = (timestamp + segment.offset) % (1 << 32)
            if segment.media == media and self.find(sent) == (media, timestamp):
                return sent
        return None
