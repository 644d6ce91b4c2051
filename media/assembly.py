"""Packets of one side's video made into whole frames, in their order. Pure.

What a browser could not show is no frame here either: after a packet that never comes nothing is whole until the next
key frame (RFC 6386 §9.1), which is jumped to as soon as it is whole. What lies before it may still come, because a
browser may show it: such frames are given late, and belong to the group before.
"""

from typing import NamedTuple

from media import vp8
from media.rtp import RtpPacket

MOST_WAITING = 1_024
"""Packets that may wait for one before them; with more the stream begins anew at its next key frame."""
LATE = 1_000_000
"""How long frames from before the newest group are waited for: microseconds; a browser does not wait longer."""
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


def video_packet(packet: RtpPacket, descriptor: vp8.Descriptor | None, now: int) -> VideoPacket:
    """A packet whose sequence number is unwrapped; `descriptor` is None for padding."""
    if descriptor is None:
        return VideoPacket(packet.sequence, packet.timestamp, False, False, packet.marker, b"", now)
    return VideoPacket(
        packet.sequence,
        packet.timestamp,
        descriptor.starts_frame,
        vp8.starts_key_frame(packet.payload, descriptor),
        packet.marker,
        packet.payload[descriptor.size :],
        now,
    )


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
    group: int
    """Of its key frame, the sequence number; those of one group follow each other."""


class _Run:
    """Frames that follow one key frame without a gap, over further key frames."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.next = first
        """The sequence number that goes on."""
        self._group = first
        self.broken = False
        """Its sender did not keep to the format: nothing more can be trusted before the next key frame."""
        self._parts: list[VideoPacket] = []
        self._size = 0

    def consume(self, packet: VideoPacket) -> EncodedFrame | None:
        """Take the packet that goes on; gives the frame that it ends."""
        self.next = packet.sequence + 1
        if not packet.data:
            return None
        if packet.starts_key_frame:
            self._group = packet.sequence
        self._size += len(packet.data)
        if packet.starts_frame == bool(self._parts) or self._size > LARGEST:
            self.broken = True
            return None
        self._parts.append(packet)
        return self._finish(packet) if packet.marker else None

    def _finish(self, last: VideoPacket) -> EncodedFrame:
        parts, self._parts, self._size = self._parts, [], 0
        if len(parts) == 1:
            return EncodedFrame(last.timestamp, last.arrived, last.starts_key_frame, last.data, self._group)
        arrived = max(part.arrived for part in parts)
        data = b"".join([part.data for part in parts])
        return EncodedFrame(last.timestamp, arrived, parts[0].starts_key_frame, data, self._group)


class FrameAssembler:
    """One peer connection's video; within a group every frame that it gives follows the one before."""

    def __init__(self) -> None:
        self.frames = 0
        """How many it has given."""
        self._run: _Run | None = None
        self._older: _Run | None = None
        """The run before it, where something of that is still missing."""
        self._jumped_at = 0
        self._waiting: dict[int, VideoPacket] = {}
        self._key_at: int | None = None
        """Where the newest key frame among those that wait begins."""

    @property
    def is_behind(self) -> bool:
        """Whether frames from before the newest group may still come."""
        return self._older is not None

    def add(self, packet: VideoPacket) -> list[EncodedFrame]:
        """Take a packet that was not there before; gives the frames that are whole with it, mostly none or one."""
        run = self._run
        if run is not None and packet.sequence == run.next and not run.broken and not self._waiting:
            frame = run.consume(packet)
            if frame is None:
                return []
            self.frames += 1
            return [frame]
        return self._add_out_of_order(packet)

    def _add_out_of_order(self, packet: VideoPacket) -> list[EncodedFrame]:
        begin = self._older or self._run
        if begin is not None and packet.sequence < begin.next:
            return []
        self._wait(packet)
        if self._older is not None and packet.arrived - self._jumped_at > LATE:
            self._older = None
        frames = [] if self._older is None else self._go_on(self._older)
        frames += [] if self._run is None else self._go_on(self._run)
        if self._key_at in self._waiting and self._is_whole(self._key_at):
            frames += self._go_on(self._begin(self._key_at, packet.arrived))
        self._forget()
        self.frames += len(frames)
        return frames

    def _wait(self, packet: VideoPacket) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.clear()
            self._run = self._older = self._key_at = None
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

    def _begin(self, key: int, now: int) -> _Run:
        """Jump to a key frame; what is missing before it may come late, unless its run is broken."""
        self._older = None if self._run is None or self._run.broken else self._run
        self._run, self._jumped_at = _Run(key), now
        return self._run

    def _go_on(self, run: _Run) -> list[EncodedFrame]:
        """Consume what waits as far as it goes; an older run ends where the newer one begins."""
        frames: list[EncodedFrame] = []
        end = self._run.first if run is self._older and self._run is not None else None
        while not run.broken and run.next != end and (packet := self._waiting.pop(run.next, None)) is not None:
            frame = run.consume(packet)
            if frame is not None:
                frames.append(frame)
        if run is self._older and (run.broken or run.next == end):
            self._older = None
        return frames

    def _forget(self) -> None:
        """Drop what no run needs any more."""
        begin = self._older or self._run
        if begin is None or not self._waiting:
            return
        for older in [each for each in self._waiting if each < begin.next]:
            del self._waiting[older]
        if self._key_at not in self._waiting:
            self._key_at = None
