"""The last seconds of one side's video, kept encoded as groups of pictures, so that any one frame can be decoded. Pure.

A group begins with a key frame and needs nothing before it (RFC 6386 §9.1). Groups of an older peer connection stay
beside those of the newer one; nothing is decoded here (`media.picture` does that).
"""

from dataclasses import dataclass

from media.assembly import EncodedFrame

KEPT = 10_000_000
"""How far back groups are kept, counted from the newest packet: microseconds."""
MOST_BYTES = 16 << 20
"""What one side may occupy; a sender of more loses its oldest groups, then its pictures, never the machine's memory."""
MOST_GROUPS = 64
"""Groups kept of one side, against a sender of key frames alone."""
OVERHEAD = 200
"""Octets reckoned for a frame beside its data, so that tiny ones count too."""


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


class _Group:
    def __init__(self, media: int, number: int) -> None:
        self.media, self.number = media, number
        self.frames: list[EncodedFrame] = []
        self.places: dict[int, int] = {}
        """Of each timestamp, the place among the frames."""
        self.size = 0

    def add(self, frame: EncodedFrame) -> None:
        self.places[frame.timestamp] = len(self.frames)
        self.frames.append(frame)
        self.size += len(frame.data) + OVERHEAD

    def picture(self, timestamp: int) -> EncodedPicture:
        """The frame of this timestamp with all that it rests on."""
        place = self.places[timestamp]
        frames = tuple(frame.data for frame in self.frames[: place + 1])
        return EncodedPicture(self.media, timestamp, self.frames[place].arrived, frames)


class GroupStore:
    """The kept groups of one side of a call, over all its media numbers."""

    def __init__(self) -> None:
        self._groups: list[_Group] = []
        self._size = 0

    def add(self, media: int, frame: EncodedFrame) -> None:
        """Keep a frame, which follows the one of its group before or is its key frame; without that it is dropped."""
        group = self._group(media, frame)
        if group is None:
            return
        group.add(frame)
        self._size += len(frame.data) + OVERHEAD
        while self._groups and self._is_surplus(frame.arrived):
            self._size -= self._groups.pop(0).size

    def _group(self, media: int, frame: EncodedFrame) -> _Group | None:
        if frame.is_key:
            self._groups.append(_Group(media, frame.group))
            return self._groups[-1]
        # Mostly the newest; a late frame belongs to the one before.
        wanted = media, frame.group
        return next((each for each in reversed(self._groups) if (each.media, each.number) == wanted), None)

    def named(self, media: int, timestamp: int) -> EncodedPicture | None:
        """The frame of this name, if it is here."""
        for group in reversed(self._groups):
            if group.media == media and timestamp in group.places:
                return group.picture(timestamp)
        return None

    def nearest(self, arrived: int) -> EncodedPicture | None:
        """The frame whose arrival lies nearest to `arrived` (microseconds on the worker's clock)."""
        frames = [(group, frame) for group in self._groups for frame in group.frames]
        if not frames:
            return None
        group, frame = min(frames, key=lambda each: abs(each[1].arrived - arrived))
        return group.picture(frame.timestamp)

    def _is_surplus(self, now: int) -> bool:
        """Whether the oldest group must go; the newest stays, however old, because a call's last frame may be asked."""
        if self._size > MOST_BYTES or len(self._groups) > MOST_GROUPS:
            return True
        return len(self._groups) > 1 and now - self._groups[0].frames[-1].arrived > KEPT
