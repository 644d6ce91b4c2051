"""Recordings as a worker makes them: WebM with VP8 and Opus, written on and on, without length and index."""

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from io import BytesIO, RawIOBase
from itertools import chain

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from media.synthetic import Image, encode, moving_picture, read_counter

FPS = 15
_RATE = 48_000
_SAMPLES = 960
_TONE_HZ = 440


class _Pipe(RawIOBase):
    """Takes bytes in their order alone, as the growing file of a call does."""

    def __init__(self) -> None:
        self.bytes = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        taken = bytes(data)  # type: ignore[call-overload]
        self.bytes += taken
        return len(taken)


@cache
def recorded(seconds: int = 3, first: int = 0, tone_hz: int = _TONE_HZ) -> bytes:
    """A recording of a moving picture, numbered from `first` on, and a tone."""
    return record(moving_picture(320, 240, first=first), seconds, tone_hz)


def record(images: Iterator[Image], seconds: int, tone_hz: int = _TONE_HZ) -> bytes:
    """A recording of these pictures and a tone."""
    pipe = _Pipe()
    with av.open(pipe, "w", format="webm", options={"live": "1"}) as container:
        video = container.add_stream("libvpx", rate=FPS)
        audio = container.add_stream("libopus", rate=_RATE)
        assert isinstance(audio, AudioStream)
        assert isinstance(video, VideoStream)
        audio.layout = "mono"
        first = next(images)
        video.height, video.width = first.shape[:2]
        video.pix_fmt = "yuv420p"
        pictures = encode(chain([first], images), count=FPS * seconds, fps=FPS, bit_rate=300_000)
        packets = [*_video(pictures, video), *_audio(audio, seconds, tone_hz)]
        for packet in sorted(packets, key=lambda one: one.pts * one.time_base):
            container.mux(packet)
    return bytes(pipe.bytes)


def numbers(webm: bytes) -> list[int | None]:
    """What the pictures of a recording say, in their order."""
    with av.open(BytesIO(webm)) as container:
        return [read_counter(frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def _video(pictures: list[bytes], stream: VideoStream) -> list[av.Packet]:
    packets = []
    for n, picture in enumerate(pictures):
        packet = av.Packet(picture)
        packet.stream = stream
        packet.time_base = Fraction(1, 1000)
        packet.pts = packet.dts = n * 1000 // FPS
        packet.is_keyframe = not picture[0] & 1  # RFC 6386, 9.1
        packets.append(packet)
    return packets


def _audio(stream: AudioStream, seconds: int, tone_hz: int) -> list[av.Packet]:
    packets: list[av.Packet] = []
    for n in range(seconds * _RATE // _SAMPLES):
        times = (np.arange(_SAMPLES) + n * _SAMPLES) / _RATE
        wave = (np.sin(2 * math.pi * tone_hz * times) * 4_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave[np.newaxis], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = _RATE, n * _SAMPLES, Fraction(1, _RATE)
        packets += stream.encode(frame)
    return [packet for packet in packets if packet.size]
