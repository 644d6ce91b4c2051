"""Encoded pictures and sound for recordings, and what stands in a recording when another reader opens it."""

from functools import cache
from io import BytesIO
from itertools import islice
from typing import NamedTuple

import av

from media import playable
from media.events import Kind
from media.synthetic import encode, encode_tone, moving_picture, read_counter

FPS = 15
FRAME = 66_667
"""Microseconds from picture to picture."""
SOUND = 20_000
"""Microseconds from packet to packet of sound."""


@cache
def pictures(count: int = 90, width: int = 320, height: int = 240, first: int = 0) -> tuple[bytes, ...]:
    """Pictures that carry their number from `first` on; a key frame each second."""
    encoded = encode(moving_picture(width, height, first=first), count=count, fps=FPS, bit_rate=150_000)
    return tuple(islice(encoded, count))


@cache
def tone() -> tuple[bytes, ...]:
    """One second of sound."""
    return tuple(encode_tone(count=50))


def is_key(picture: bytes) -> bool:
    """RFC 6386 §9.1."""
    return not picture[0] & 1


class Written(NamedTuple):
    """One packet of a file."""

    kind: Kind
    at: int
    """Microseconds."""
    data: bytes


class Shown(NamedTuple):
    """One picture of a file."""

    at: int
    """Microseconds."""
    size: tuple[int, int]
    number: int | None


def packets(file: bytes) -> list[Written]:
    """All that can be read, in the file's order."""
    found: list[Written] = []
    try:
        with av.open(BytesIO(file), "r", format="matroska") as opened:
            for packet in opened.demux():
                if packet.size and packet.pts is not None and not packet.is_corrupt:
                    kind: Kind = "video" if packet.stream.type == "video" else "audio"
                    found.append(Written(kind, packet.pts * 1_000, bytes(packet)))
    except av.FFmpegError:
        return found
    return found


def times(file: bytes, kind: Kind) -> list[int]:
    """When each packet of a kind plays: microseconds."""
    return [packet.at for packet in packets(file) if packet.kind == kind]


def shown(file: bytes) -> list[Shown]:
    """The decoded pictures."""
    found = []
    with av.open(BytesIO(file)) as opened:
        for frame in opened.decode(video=0):
            at = round((frame.time or 0) * 1_000_000)
            found.append(Shown(at, (frame.width, frame.height), read_counter(frame.to_ndarray(format="rgb24"))))
    return found


def length(file: bytes) -> int:
    """Microseconds."""
    return playable.length(BytesIO(file))
