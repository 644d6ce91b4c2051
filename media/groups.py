"""The last seconds of one side's video, kept encoded as groups of pictures, so that any one frame can be decoded. Pure.

A group begins with a key frame and needs nothing before it (RFC 6386 §9.1). Groups of an older peer connection stay
beside those of the newer one; nothing is decoded here (`media.picture` does that).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

KEPT = 10_000_000
"""How far back groups are kept, counted from the newest packet: microseconds."""
MOST_BYTES = 16 << 20
"""What one side may occupy; a sender of more loses its oldest groups, then its pictures, never the machine's memory."""
MOST_GROUPS = 64
"""Groups kept of one side, against a sender of key frames alone."""
OVERHEAD = 64
"""Octets reckoned for a packet beside its data, so that empty ones count too."""


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


@dataclass(frozen=True)
class EncodedPicture:
    """All that is needed to decode one frame."""

    media: int
    """The sender's media number."""
    timestamp: int
    """The frame's own RTP timestamp at its sender."""
    arrived: int
    """When its last packet arrived: microseconds on the worker's clock."""
    frames: tuple[bytes, ...]
    """The key frame and all frames after it, the wanted one last."""


class _Frame(NamedTuple):
    timestamp: int
    arrived: int
    data: bytes


class _Group:
    def __init__(self, media: int, first: int) -> None:
        self.media = media
        self.first = first
        self.packets: dict[int, VideoPacket] = {}
        self.timestamps: set[int] = set()
        self.newest = 0
        self.size = 0

    def add(self, packet: VideoPacket) -> None:
        self.packets[packet.sequence] = packet
        self.timestamps.add(packet.timestamp)
        self.newest = max(self.newest, packet.arrived)
        self.size += len(packet.data) + OVERHEAD

    def split(self, first: int) -> "_Group":
        """The group that begins at `first`, with what has arrived of it before its first packet did."""
        later = _Group(self.media, first)
        for packet in [each for each in self.packets.values() if each.sequence > first]:
            del self.packets[packet.sequence]
            self.size -= len(packet.data) + OVERHEAD
            later.add(packet)
        self.timestamps = {packet.timestamp for packet in self.packets.values()}
        return later

    def frames(self) -> Iterator[_Frame]:
        """Complete frames from the key frame on, up to the first that lacks a packet."""
        parts: list[VideoPacket] = []
        sequence = self.first
        while (packet := self.packets.get(sequence)) is not None:
            sequence += 1
            if not packet.data:
                continue
            if packet.starts_frame == bool(parts):
                return
            parts.append(packet)
            if packet.marker:
                arrived = max(part.arrived for part in parts)
                yield _Frame(packet.timestamp, arrived, b"".join(part.data for part in parts))
                parts = []

    def picture(self, timestamp: int) -> EncodedPicture | None:
        """The frame of this timestamp with all that it rests on; None if a packet of them is missing."""
        frames: list[bytes] = []
        for frame in self.frames():
            frames.append(frame.data)
            if frame.timestamp == timestamp:
                return EncodedPicture(self.media, timestamp, frame.arrived, tuple(frames))
        return None


class GroupStore:
    """The kept groups of one side of a call, over all its media numbers."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._size = 0

    def add(self, media: int, packet: VideoPacket) -> None:
        """Keep a packet; what belongs to no key frame that is kept is dropped."""
        if packet.starts_key_frame:
            self._open(media, packet.sequence)
        for group in reversed(self._groups):
            if group.media == media and group.first <= packet.sequence:
                group.add(packet)
                self._size += len(packet.data) + OVERHEAD
                break
        while self._groups and self._is_surplus(packet.arrived):
            self._size -= self._groups.pop(0).size

    def named(self, media: int, timestamp: int) -> EncodedPicture | None:
        """The frame of this name, if it and all that it rests on are here whole."""
        for group in reversed(self._groups):
            if group.media == media and timestamp in group.timestamps:
                return group.picture(timestamp)
        return None

    def last(self) -> EncodedPicture | None:
        """The newest frame that can be decoded."""
        for group in reversed(self._groups):
            if frames := list(group.frames()):
                return group.picture(frames[-1].timestamp)
        return None

    def nearest(self, arrived: int) -> EncodedPicture | None:
        """The frame whose arrival lies nearest to `arrived` (microseconds on the worker's clock)."""
        frames = [(group, frame) for group in self._groups for frame in group.frames()]
        found = [(abs(frame.arrived - arrived), frame.timestamp, group) for group, frame in frames]
        if not found:
            return None
        _, timestamp, group = min(found, key=lambda each: each[0])
        return group.picture(timestamp)

    def _open(self, media: int, first: int) -> None:
        """Begin a group; one that began to arrive before its first packet did is cut off the group before it."""
        after = [index for index, group in enumerate(self._groups) if group.media == media and group.first >= first]
        if after and self._groups[after[0]].first == first:
            return
        at = after[0] if after else len(self._groups)
        before = self._groups[at - 1] if at else None
        cut = before is not None and before.media == media
        self._groups.insert(at, before.split(first) if before is not None and cut else _Group(media, first))

    def _is_surplus(self, now: int) -> bool:
        """Whether the oldest group must go; the newest stays, however old, because a call's last frame may be asked."""
        if self._size > MOST_BYTES or len(self._groups) > MOST_GROUPS:
            return True
        return len(self._groups) > 1 and now - self._groups[0].newest > KEPT
