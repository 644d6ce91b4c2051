"""Moving pictures made of nothing, each with a number that can be read back after VP8 at 500 kbit/s.

The number stands in the top sixth of the picture as 32 large cells, black or white: 24 bits of the number and 8 of a
checksum, most significant first, in two rows of sixteen. Large means that halving the resolution does no harm either.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Height x width x 3 octets, RGB."""

COLUMNS, ROWS = 16, 2
MODULUS = 1 << 24
"""Numbers are taken modulo this."""


def draw_counter(image: Image, n: int) -> None:
    """Write the number into the picture, in place."""
    n %= MODULUS
    bits = n << 8 | _checksum(n)
    for index in range(COLUMNS * ROWS):
        top, bottom, left, right = _cell(image, index)
        image[top:bottom, left:right] = 235 if bits >> (COLUMNS * ROWS - 1 - index) & 1 else 16


def read_counter(image: Image) -> int | None:
    """Read the number back; None where there is none or it is damaged."""
    bits = 0
    for index in range(COLUMNS * ROWS):
        top, bottom, left, right = _cell(image, index)
        inset_y, inset_x = (bottom - top) // 4, (right - left) // 4
        middle = image[top + inset_y : bottom - inset_y, left + inset_x : right - inset_x]
        bits = bits << 1 | int(middle.mean() > 127)
    n, checksum = bits >> 8, bits & 0xFF
    return n if checksum == _checksum(n) else None


def moving_picture(width: int = 640, height: int = 480, *, first: int = 0) -> Iterator[Image]:
    """An endless picture: wandering bands of colour, a disc that circles, and the counter from `first` on."""
    background = _background(width, height)
    rows, columns = np.ogrid[:height, :width]
    n = first
    while True:
        image = np.roll(background, 3 * n, axis=1)
        turn = n / 20
        centre_x, centre_y = width * (0.5 + 0.25 * np.cos(turn)), height * (0.6 + 0.2 * np.sin(turn))
        image[(columns - centre_x) ** 2 + (rows - centre_y) ** 2 < (height / 8) ** 2] = (224, 172, 120)
        draw_counter(image, n)
        yield image
        n += 1


def encode(images: Iterator[Image], *, count: int, fps: int = 30, bit_rate: int = 900_000) -> list[bytes]:
    """The first `count` pictures as VP8, a key frame every second: for peers that must not spend time on encoding."""
    context = av.CodecContext.create("libvpx", "w")
    if not isinstance(context, av.VideoCodecContext):
        raise TypeError("the VP8 encoder is no video encoder")
    encoded: list[bytes] = []
    for n in range(count):
        frame = av.VideoFrame.from_ndarray(next(images), format="rgb24").reformat(format="yuv420p")
        if n == 0:
            context.width, context.height, context.pix_fmt = frame.width, frame.height, "yuv420p"
            context.bit_rate, context.gop_size, context.framerate = bit_rate, fps, Fraction(fps)
            context.options = {"deadline": "realtime", "cpu-used": "-6", "lag-in-frames": "0"}
        encoded += [bytes(packet) for packet in context.encode(frame)]
    return encoded


def encode_tone(frequency: float = 440.0, *, count: int = 50, bit_rate: int = 32_000) -> list[bytes]:
    """`count` pieces of 20 ms of a tone (hertz) as Opus; it has whole periods, so that a second can be repeated."""
    context = av.CodecContext.create("libopus", "w")
    if not isinstance(context, av.AudioCodecContext):
        raise TypeError("the Opus encoder is no sound encoder")
    context.sample_rate, context.layout, context.format, context.bit_rate = 48_000, "mono", "s16", bit_rate
    phase = 2 * np.pi * round(frequency) * np.arange(960 * count) / 48_000
    frame = av.AudioFrame.from_ndarray((8_000 * np.sin(phase)).astype(np.int16)[np.newaxis], "s16", "mono")
    frame.sample_rate, frame.pts = 48_000, 0
    encoded = [bytes(packet) for piece in (frame, None) for packet in context.encode(piece)]
    return encoded[:count]


def write_y4m(path: Path, images: Iterator[Image], *, count: int, fps: int = 30) -> None:
    """The first `count` pictures as an uncompressed YUV4MPEG2 file: what a browser's fake camera plays in a loop."""
    with path.open("wb") as file:
        for n in range(count):
            image = next(images)
            if n == 0:
                file.write(f"YUV4MPEG2 W{image.shape[1]} H{image.shape[0]} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
            planes = av.VideoFrame.from_ndarray(image, format="rgb24").to_ndarray(format="yuv420p")
            file.write(b"FRAME\n" + planes.tobytes())


def _cell(image: Image, index: int) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of a cell."""
    height, width = image.shape[:2]
    row, column = divmod(index, COLUMNS)
    cell_height = height // 12
    return row * cell_height, (row + 1) * cell_height, column * width // COLUMNS, (column + 1) * width // COLUMNS


def _checksum(n: int) -> int:
    """CRC-8 (polynomial 0x07) of the three octets, begun at 0xFF so that a black picture is no number."""
    remainder = 0xFF
    for octet in n.to_bytes(3, "big"):
        remainder ^= octet
        for _ in range(8):
            remainder = (remainder << 1 ^ 0x07) & 0xFF if remainder & 0x80 else remainder << 1
    return remainder


def _background(width: int, height: int) -> Image:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    bands = [127 + 80 * np.sin(2 * np.pi * (x * (1 + c) / width + y * c / height)) for c in range(3)]
    return np.stack(bands, axis=-1).astype(np.uint8)
