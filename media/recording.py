"""What one peer connection sends, as a file that grows: the encoded frames on one axis of time, in pieces.

The clock of each stream is the sender's (RTP timestamps); where it stands to ours is told by the packets that came
fastest, so that sound and picture, and both sides of a call, stand on the same axis.
"""

from dataclasses import dataclass
from operator import attrgetter, itemgetter
from typing import NamedTuple

from media import vp8
from media.assembly import EncodedFrame
from media.events import Kind, Leg, RecordedPiece
from media.rtp import Unwrapper
from media.webm import WebmWriter

EVERY = 500_000
"""Between two pieces: microseconds."""
PUT_OFF = 400_000
"""How much later a piece may come for frames that are late: microseconds."""
BEGIN_WITHOUT_PICTURE = 1_000_000
"""How long a first key frame is waited for before the file begins with sound alone: microseconds."""
STRAYED = 2_000_000
"""A stream whose packets all come this much later than they should has turned back its clock: microseconds."""
STEP, STEP_AFTER = 1_000, 1_000_000
"""A clock that is slower than ours is followed by so much, after so much time: microseconds."""
VIDEO_CLOCK, AUDIO_CLOCK = 90_000, 48_000
"""Ticks of the timestamps in a second (RFC 7741 §4.1, RFC 7587 §4.1)."""
USUAL_SIZE = (640, 480)
"""Pixels that a file without a first picture announces."""
SOUND_LENGTH = 20_000
"""Of one packet of Opus, as browsers send it: microseconds."""


@dataclass(frozen=True)
class Recorded:
    """Whose recording it is."""

    call: str
    """The call's id."""
    leg: Leg
    """Whose."""
    media: int
    """The media number."""
    wall_offset: int
    """What makes microseconds UTC of the worker's clock, the same for both legs."""


class _Item(NamedTuple):
    """A frame or a packet of sound that waits to be written."""

    sent: int
    """Microseconds on its stream's own clock."""
    kind: Kind
    data: bytes
    is_key: bool
    group: int


class _Axis:
    """From one stream's timestamps to the worker's clock.

    Nothing arrives before it was sent, so the packet that came fastest tells where the sender's clock stands. Those
    that are late at the beginning or after an outage change nothing; a clock that is slower than ours is followed in
    small steps.
    """

    def __init__(self, clock_rate: int) -> None:
        self._clock_rate = clock_rate
        self._unwrapper = Unwrapper(32)
        self._offset: int | None = None
        """What makes our time of the stream's own."""
        self._least: int | None = None
        """Of the offsets since the last step."""
        self._since = 0
        self._newest = 0

    def take(self, timestamp: int, arrived: int) -> int:
        """Something of this timestamp came; gives its time on the stream's own clock, to be placed when it is due."""
        own = self._unwrapper.unwrap(timestamp) * 1_000_000 // self._clock_rate
        self._follow(arrived - own, arrived)
        return own

    def place(self, own: int) -> int:
        """When that was sent, as near as can be told by now; never earlier than what was placed before."""
        self._newest = max(self._newest, own + (self._offset or 0))
        return self._newest

    def _follow(self, offset: int, arrived: int) -> None:
        if self._offset is None or offset <= self._offset:
            self._offset, self._least = offset, None
            return
        if self._least is None:
            self._least, self._since = offset, arrived
        self._least = min(self._least, offset)
        if arrived - self._since >= STEP_AFTER:
            behind = self._least - self._offset
            self._offset += behind if behind > STRAYED else min(behind, STEP)
            self._least = None


class Recording:
    """One connection's file; times are microseconds on the worker's clock."""

    def __init__(self, whose: Recorded) -> None:
        self._whose = whose
        self._axes: dict[Kind, _Axis] = {"video": _Axis(VIDEO_CLOCK), "audio": _Axis(AUDIO_CLOCK)}
        self._items: list[_Item] = []
        self._size: tuple[int, int] | None = None
        self._first_at: int | None = None
        self._due = 0
        self._writer: WebmWriter | None = None
        self._began_at = 0
        self._until = 0
        """The end of what was written, since the beginning."""
        self._finished = 0
        """The end of what the writer can hand out: it holds a cluster back until the next one begins."""
        self._told = 0
        self._group = 0
        """The newest group of which something is written."""
        self._offset = 0
        self._ended = False

    def video(self, frame: EncodedFrame) -> None:
        """A whole frame came."""
        if self._size is None and frame.is_key:
            self._size = vp8.picture_size(frame.data)
        if frame.group < self._group:
            # Too late: newer ones are written already, and it would stand between a picture and what that rests on.
            return
        sent = self._axes["video"].take(frame.timestamp, frame.arrived)
        self._add(_Item(sent, "video", frame.data, frame.is_key, frame.group), frame.arrived)

    def audio(self, timestamp: int, data: bytes, now: int) -> None:
        """A packet of sound came; one that was overtaken on the way is written where it came."""
        if data:
            self._add(_Item(self._axes["audio"].take(timestamp, now), "audio", data, is_key=True, group=0), now)

    def due(self, now: int, *, behind: bool = False) -> RecordedPiece | None:
        """The next piece, about every half second while something comes; None before that.

        While the stream is `behind`, with frames that may still come before the newest ones, it is put off a little.
        """
        if now < self._due + (PUT_OFF if behind else 0) or self._first_at is None or self._ended:
            return None
        self._due = now + EVERY
        if self._writer is None and self._size is None and now - self._first_at < BEGIN_WITHOUT_PICTURE:
            return None
        if self._items:
            self._write()
        else:
            self._finish()
        if self._writer is None or self._finished == self._told:
            return None
        return self._piece(self._writer.take(), last=False)

    def end(self) -> RecordedPiece | None:
        """The last piece; None where nothing ever came or it has ended before."""
        if self._ended or self._first_at is None:
            return None
        self._ended = True
        self._write()
        self._finish()
        return None if self._writer is None else self._piece(self._writer.take(), last=True)

    def _add(self, item: _Item, now: int) -> None:
        if self._first_at is None:
            self._first_at = now
            self._due = now + EVERY
        self._items.append(item)

    def _write(self) -> None:
        if not self._items:
            return
        # Frames that came late stand in their own group; among each other streams are sorted once they are placed.
        ordered = sorted(self._items, key=attrgetter("group"))
        placed = sorted(((self._axes[item.kind].place(item.sent), item) for item in ordered), key=itemgetter(0))
        self._items = []
        if self._writer is None:
            self._began_at = placed[0][0]
            self._writer = WebmWriter(*(self._size or USUAL_SIZE))
        for time, item in placed:
            at = max(0, time - self._began_at)
            if self._writer.write(item.kind, at // 1_000, item.data, is_key=item.is_key):
                self._finished = self._until
            self._until = max(self._until, at + SOUND_LENGTH)
            self._group = max(self._group, item.group)

    def _finish(self) -> None:
        """Nothing comes any more, or not for now: what the writer holds back must not wait for the next cluster."""
        if self._writer is not None:
            self._writer.finish()
            self._finished = self._until

    def _piece(self, data: bytes, *, last: bool) -> RecordedPiece:
        offset, self._offset = self._offset, self._offset + len(data)
        self._told = self._finished
        return RecordedPiece(
            self._whose.call,
            self._whose.leg,
            self._whose.media,
            offset,
            data,
            self._began_at + self._whose.wall_offset,
            self._finished,
            last,
        )
