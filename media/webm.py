"""One WebM file written as it comes: VP8 and Opus, encoded already, in clusters that are given out as they are closed.

A file that was cut off anywhere plays to its last whole cluster. It has no duration and no index: `media.playable`
makes those for whoever wants to seek.
"""

import io
from fractions import Fraction
from functools import cache

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

from media.events import Kind

CLUSTER_MS = 500
"""Longest cluster: what the file lags behind at most, milliseconds."""
_MILLISECOND = Fraction(1, 1000)
_OPTIONS = {
    "cluster_time_limit": str(CLUSTER_MS),
    "cluster_size_limit": str(4 << 20),
    "flush_packets": "1",
    # Packets come sorted; without this the writer would hold one stream back for as long as the other is silent.
    "max_interleave_delta": "1",
}
_BUFFER = 1 << 16


class WebmWriter:
    """Writes one file into memory; `take` hands out what is finished."""

    def __init__(self, width: int, height: int) -> None:
        """`width` and `height` of the first picture, pixels; a later key frame may have others."""
        self._sink = _Sink()
        container = av.open(self._sink, "w", format="webm", options=_OPTIONS, buffer_size=_BUFFER)
        if not isinstance(container, OutputContainer):
            raise TypeError("the file cannot be written")
        self._container = container
        self._streams = {
            "video": container.add_mux_stream("vp8", width=width, height=height),
            "audio": container.add_stream_from_template(_opus()),
        }
        container.start_encoding()

    def write(self, kind: Kind, milliseconds: int, data: bytes, *, is_key: bool) -> bool:
        """Add one frame; of one kind the times never go back. True if everything before it is finished now."""
        before = self._sink.size
        packet = av.Packet(data)
        packet.stream = self._streams[kind]
        packet.time_base = _MILLISECOND
        packet.pts = packet.dts = milliseconds
        packet.is_keyframe = is_key
        self._container.mux_one(packet)
        return self._sink.size > before

    def take(self) -> bytes:
        """The octets that were finished since the last call."""
        return self._sink.take()

    def close(self) -> None:
        """Finish the last cluster; `take` then gives the rest."""
        self._container.close()


class _Sink(io.RawIOBase):
    """Where the writer puts its octets; it cannot seek, so nothing written is changed any more."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self.size = 0
        """Octets, those that were taken included."""

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._written.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        written, self._written = self._written, []
        return b"".join(written)


@cache
def _opus() -> AudioStream:
    """A stream with the header that every Opus track needs (RFC 7845 §5.1), as the library itself writes it."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as written:
        stream = written.add_stream("libopus", rate=48_000, layout="stereo")
        frame = av.AudioFrame(format="s16", layout="stereo", samples=960)
        frame.sample_rate, frame.pts = 48_000, 0
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        written.mux([*stream.encode(frame), *stream.encode(None)])
    file.seek(0)
    return av.open(file, "r").streams.audio[0]
