"""Recordings made fit for players: what a worker writes while a call runs has neither length nor index.

Nothing is decoded: packets are copied, so it takes about as long as reading the file does. Everything here blocks.
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

import av
from av.container import InputContainer

SECOND = 1_000_000
_SAME = {"fflags": "+bitexact"}
"""Nothing drawn by chance: two nodes make the same copy, so that a player may ask now the one, now the other."""


def length(file: BinaryIO) -> int:
    """How long a recording is: microseconds, to the end of its last packet that can be read; 0 where there is none."""
    found = 0
    try:
        with av.open(file, "r", format="matroska") as recording:
            for packet in _packets(recording):
                found = max(found, _end(packet))
    except av.FFmpegError:  # what was cut off before its head was whole
        return found
    return found


def make_seekable(source: BinaryIO, target: BinaryIO) -> None:
    """Write the same packets to `target`, which must be seekable, as a WebM with length and index (cues).

    ValueError where nothing of `source` can be read.
    """
    try:
        with av.open(source, "r", format="matroska") as recording, av.open(target, "w", "webm", _SAME) as made:
            ours = {stream.index: made.add_stream_from_template(stream) for stream in recording.streams}
            for packet in _packets(recording):
                packet.stream = ours[packet.stream_index]
                made.mux(packet)
    except av.FFmpegError as error:
        raise ValueError("no part of the recording can be read") from error


def _packets(recording: InputContainer) -> "Iterator[av.Packet[Any]]":
    """Up to the end, or to where a worker that died left off in the middle of one."""
    try:
        for packet in recording.demux():
            if packet.is_corrupt:
                return
            if packet.size:
                yield packet
    except av.FFmpegError:
        return


def _end(packet: "av.Packet[Any]") -> int:
    if packet.pts is None:
        return 0
    return int((packet.pts + (packet.duration or 0)) * (packet.time_base or Fraction(0)) * SECOND)
