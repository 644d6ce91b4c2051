"""One WebM file written as it comes: VP8 and Opus, encoded already, in clusters that are given out as they are closed.

A file that was cut off anywhere plays to its last whole cluster. It has no duration and no index: `media.playable`
makes those for whoever wants to seek. Written by hand (EBML: RFC 8794, Matroska: RFC 9559), because FFmpeg's writer
holds sound back for as long as no VP8 comes, and a recording that waits in memory is none.
"""

from struct import pack

from media.events import Kind

CLUSTER_MS = 500
"""Longest cluster: what the file lags behind at most, milliseconds."""
CLUSTER_SIZE = 4 << 20
"""A cluster with more octets than this is closed before its time."""

_TRACK: dict[Kind, int] = {"video": 1, "audio": 2}
_VIDEO, _AUDIO = 1, 2
"""Types of tracks (RFC 9559 §5.1.4.1.3)."""
_RATE, _CHANNELS = 48_000, 2
"""Opus in RTP is always declared so (RFC 7587 §4.1, §7)."""
_PRE_ROLL = 80_000_000
"""What a decoder of Opus must run before its sound is right (RFC 7845 §4.6): nanoseconds."""
_LARGEST_SIZE = (1 << 28) - 2
"""Of an element whose size takes four octets (RFC 8794 §4)."""


class WebmWriter:
    """Writes one file into memory; `take` hands out what is finished."""

    def __init__(self, width: int, height: int) -> None:
        """`width` and `height` of the first picture, pixels; a later key frame may have others."""
        self._finished = [_head(width, height)]
        self._cluster: list[bytes] = []
        self._size = 0
        self._began = 0

    def write(self, kind: Kind, milliseconds: int, data: bytes, *, is_key: bool) -> bool:
        """Add one frame; of one kind the times never go back. True if everything before it is finished now."""
        since = milliseconds - self._began
        closes = bool(self._cluster) and not (-0x8000 <= since < CLUSTER_MS and self._size < CLUSTER_SIZE)
        if closes:
            self.finish()
        if not self._cluster:
            self._began, since = milliseconds, 0
            self._cluster.append(_unsigned(0xE7, milliseconds))
        block = pack("!BhB", 0x80 | _TRACK[kind], since, 0x80 if is_key else 0)
        self._cluster += (b"\xa3" + _size(len(block) + len(data)) + block, data)
        self._size += len(data)
        return closes

    def finish(self) -> None:
        """Close the present cluster, so that everything that was written can be taken."""
        if self._cluster:
            self._finished.append(_element(0x1F43B675, b"".join(self._cluster)))
            self._cluster, self._size = [], 0

    def take(self) -> bytes:
        """The octets that were finished since the last call."""
        finished, self._finished = self._finished, []
        return b"".join(finished)


def _head(width: int, height: int) -> bytes:
    """What stands before the first cluster; the segment is of unknown size."""
    kind = _element(
        0x1A45DFA3,
        _unsigned(0x4286, 1),  # EBMLVersion
        _unsigned(0x42F7, 1),  # EBMLReadVersion
        _unsigned(0x42F2, 4),  # EBMLMaxIDLength
        _unsigned(0x42F3, 8),  # EBMLMaxSizeLength
        _element(0x4282, b"webm"),  # DocType
        _unsigned(0x4287, 4),  # DocTypeVersion
        _unsigned(0x4285, 2),  # DocTypeReadVersion
    )
    info = _element(
        0x1549A966,
        _unsigned(0x2AD7B1, 1_000_000),  # TimestampScale: milliseconds
        _element(0x4D80, b"Vouch"),  # MuxingApp
        _element(0x5741, b"Vouch"),  # WritingApp
    )
    tracks = _element(0x1654AE6B, _video_track(width, height), _audio_track())
    return kind + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + info + tracks


def _video_track(width: int, height: int) -> bytes:
    size = _element(0xE0, _unsigned(0xB0, width), _unsigned(0xBA, height))  # PixelWidth, PixelHeight
    return _track(_TRACK["video"], _VIDEO, b"V_VP8", size)


def _audio_track() -> bytes:
    # No samples are to be skipped: whoever is recorded began to speak before us (RFC 7845 §5.1, pre-skip).
    private = b"OpusHead" + pack("<BBHIhB", 1, _CHANNELS, 0, _RATE, 0, 0)
    sound = _element(0xE1, _element(0xB5, pack("!d", _RATE)), _unsigned(0x9F, _CHANNELS))
    rest = _element(0x63A2, private) + _unsigned(0x56BB, _PRE_ROLL) + sound  # CodecPrivate, SeekPreRoll, Audio
    return _track(_TRACK["audio"], _AUDIO, b"A_OPUS", rest)


def _track(number: int, kind: int, codec: bytes, rest: bytes) -> bytes:
    return _element(
        0xAE,
        _unsigned(0xD7, number),  # TrackNumber
        _unsigned(0x73C5, number),  # TrackUID
        _unsigned(0x9C, 0),  # FlagLacing
        _unsigned(0x83, kind),  # TrackType
        _element(0x86, codec),  # CodecID
        rest,
    )


def _element(identifier: int, *content: bytes) -> bytes:
    body = b"".join(content)
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big") + _size(len(body)) + body


def _unsigned(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _size(octets: int) -> bytes:
    """A size in four octets, the marker of that length in front (RFC 8794 §4)."""
    if octets > _LARGEST_SIZE:
        raise ValueError("no element is as large as that")
    return (octets | 1 << 28).to_bytes(4, "big")
