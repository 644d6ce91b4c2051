"""Pictures that are made to cost much: many scans, many pixels, much air, many parts."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

MEGAPIXELS_24 = (6000, 4000)
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Adam7: first column and row, and the steps between them."""
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def progressive(scans: int, size: tuple[int, int] = (1600, 1200), mode: str = "RGB") -> bytes:
    """A progressive JPEG with so many scans more, each of ten octets and a walk over the whole picture."""
    buffer = io.BytesIO()
    Image.effect_noise((64, 64), 50).resize(size).convert(mode).save(buffer, "JPEG", progressive=True, quality=20)
    whole = buffer.getvalue()
    first = whole[whole.index(b"\xff\xda") + 5]
    scan = b"\xff\xda\x00\x08" + bytes((1, first, 0, 1, 63, 0x10))
    return whole[:-2] + scan * scans + b"\xff\xd9"


def png(size: tuple[int, int], depth: int = 8, colours: int = 6, *, interlaced: bool = False, air: int = 0) -> bytes:
    """A black PNG of few octets; with `air` so many mebibytes of zeros after the last row."""
    width, height = size
    packer, packed = zlib.compressobj(9), bytearray()
    for columns, rows in _parts(width, height) if interlaced else [(width, height)]:
        row = bytes(1 + (columns * _SAMPLES[colours] * depth + 7) // 8)
        for _ in range(rows):
            packed += packer.compress(row)
    for _ in range(air):
        packed += packer.compress(bytes(1 << 20))
    packed += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, int(interlaced))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", bytes(packed)) + chunk(b"IEND")


def chunk(name: bytes, body: bytes = b"") -> bytes:
    """A chunk of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, 2 + len(body)) + body


def frame(marker: int = 0xC0, width: int = 400, height: int = 400, components: int = 3, precision: int = 8) -> bytes:
    """A JPEG's frame header."""
    told = struct.pack(">BHHB", precision, height, width, components)
    return segment(marker, told + bytes((1, 0x11, 0)) * components)


def jpeg(*segments: bytes) -> bytes:
    """A JPEG of these segments, with one scan of nothing."""
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\xff\xd9"


def _parts(width: int, height: int) -> Iterator[tuple[int, int]]:
    for column, row, across, down in _PASSES:
        columns, rows = (width - column + across - 1) // across, (height - row + down - 1) // down
        if columns > 0 and rows > 0:
            yield columns, rows
