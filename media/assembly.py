"""Packets of one side's video made into whole frames, in their order. Pure.

What a browser could not show is no frame here either: after a packet that never comes nothing is whole until the next
key frame (RFC 6386 §9.1), which is jumped to when what lies before it has been waited for long enough.
"""

from typing import NamedTuple

MOST_WAITING = 1_024
"""Packets that may wait for one before them; with more the stream begins anew at its next key frame."""
PATIENCE = 60_000
"""What is merely overtaken on the way comes within this time: microseconds."""
LARGEST = 4 << 20
"""Octets of one frame; a larger one is no picture of a camera."""


class VideoPacket(NamedTuple):
    """One packet of a video stream, descriptor taken off."""

    sequence: int
    """Unwrapped sequence number."""
    timestamp: int
    """The source's own RTP timestamp."""
    starts_frame: bool
    """The first packet of its frame."""
    starts_key_frame: bool
    """The first packet of a key frame."""
    marker: bool
    """The last packet of its frame."""
    data: bytes
    """A piece of the encoded frame; empty for padding."""
    arrived: int
    """Microseconds on the worker's own clock."""


class EncodedFrame(NamedTuple):
    """One whole frame."""

    timestamp: int
    """The source's own RTP timestamp."""
    arrived: int
    """When its last packet arrived: microseconds on the worker's clock."""
    is_key: bool
    """It needs nothing before it."""
    data: bytes
    """The encoded picture."""


class FrameAssembler:
    """One peer connection's video; every frame that it gives follows the one before or is a key frame."""

    def __init__(self) -> None:
        self.frames = 0
        """How many it has given."""
        self._next: int | None = None
        """The sequence number that goes on; None: only a key frame does."""
        self._parts: list[VideoPacket] = []
        self._size = 0
        self._waiting: dict[int, VideoPacket] = {}
        self._key_at: int | None = None
        """Where the newest key frame among those that wait begins."""
        self._waits_since = 0

    def add(self, packet: VideoPacket) -> list[EncodedFrame]:
        """Take a packet that was not there before; gives the frames that are whole with it, mostly none or one."""
        if packet.sequence == self._next:
            frame = self._consume(packet)
            frames = [] if frame is None else [frame]
            return frames + self._go_on() if self._waiting else frames
        if self._next is not None and packet.sequence < self._next:
            return []
        self._wait(packet)
        key = self._key_at
        patient = self._next is not None and packet.arrived - self._waits_since < PATIENCE
        if key is None or patient or not self._is_whole(key):
            return []
        self._parts, self._size, self._next = [], 0, key
        return self._go_on()

    def _wait(self, packet: VideoPacket) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._begin_anew()
        if not self._waiting:
            self._waits_since = packet.arrived
        self._waiting[packet.sequence] = packet
        if packet.starts_key_frame and (self._key_at is None or packet.sequence > self._key_at):
            self._key_at = packet.sequence

    def _is_whole(self, sequence: int) -> bool:
        """Whether the frame that begins here waits with all its packets."""
        while (packet := self._waiting.get(sequence)) is not None:
            if packet.marker:
                return True
            sequence += 1
        return False

    def _go_on(self) -> list[EncodedFrame]:
        """Consume what waits as far as it goes."""
        frames: list[EncodedFrame] = []
        while self._next is not None and (packet := self._waiting.pop(self._next, None)) is not None:
            frame = self._consume(packet)
            if frame is not None:
                frames.append(frame)
        if self._next is not None:
            self._forget_before(self._next)
        return frames

    def _forget_before(self, sequence: int) -> None:
        for older in [each for each in self._waiting if each < sequence]:
            del self._waiting[older]
        if self._key_at is not None and self._key_at < sequence:
            self._key_at = None

    def _consume(self, packet: VideoPacket) -> EncodedFrame | None:
        """Take the packet that goes on; gives the frame that it ends."""
        self._next = packet.sequence + 1
        if not packet.data:
            return None
        self._size += len(packet.data)
        if packet.starts_frame == bool(self._parts) or self._size > LARGEST:
            # Its sender does not keep to the format: only a key frame can be trusted again.
            self._parts, self._size, self._next = [], 0, None
            return None
        self._parts.append(packet)
        return self._finish(packet) if packet.marker else None

    def _finish(self, last: VideoPacket) -> EncodedFrame:
        parts, self._parts, self._size = self._parts, [], 0
        self.frames += 1
        if len(parts) == 1:
            return EncodedFrame(last.timestamp, last.arrived, last.starts_key_frame, last.data)
        arrived = max(part.arrived for part in parts)
        return EncodedFrame(last.timestamp, arrived, parts[0].starts_key_frame, b"".join([part.data for part in parts]))

    def _begin_anew(self) -> None:
        self._waiting.clear()
        self._parts, self._size, self._next, self._key_at = [], 0, None, None
