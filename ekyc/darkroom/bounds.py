"""What a picture's file may promise and hold, looked up in its markers before a pixel of it is decoded. Pure.

Takes files that `ekyc.metadata.strip` has bared, so that what is counted here is all that a decoder meets. Formats:
JPEG (ITU-T T.81, annex B), PNG (third edition, 5 and 11.2).
"""

import struct

LARGEST_PIXELS = 24_000_000
LONGEST_SIDE = 65_500
"""What libjpeg can write; a PNG may be longer."""
SHORTEST_SIDE = 200
"""Below it no face and no print can be made out."""
MOST_SCANS = 40
"""Encoders of progressive pictures write ten, thrifty ones some twenty; each costs a walk over all the pixels."""
_JPEG, _PNG = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_SCAN_MARKER = b"\xff\xda"
_BASELINE, _EXTENDED, _PROGRESSIVE = 0xC0, 0xC1, 0xC2
_TABLES = frozenset({0xC4, 0xDB, 0xDD, 0xEE})
"""Huffman tables, quantization tables, restart interval, Adobe's segment: all that may stand before the frame."""
_DEPTHS = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
"""Bits a sample by PNG's colour type."""


class Refused(Exception):  # noqa: N818 - it is the sender's, not an error of ours
    """A picture that is not taken; `code` is that of the problem which its sender is told."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check(bare: bytes) -> None:
    """Refuse what promises or costs too much.

    Raises Refused: `picture_broken` (arithmetic coding and other forms that no camera and no browser writes, too),
    `picture_too_large` (24 megapixels), `picture_too_small`, `picture_too_complex` (scans).
    """
    try:
        width, height = _jpeg(bare) if bare.startswith(_JPEG) else _png(bare)
    except struct.error:
        raise Refused("picture_broken") from None
    if width == 0 or height == 0:
        # A JPEG's height may come after its first scan (B.2.5): nobody writes it so.
        raise Refused("picture_broken")
    if width * height > LARGEST_PIXELS or max(width, height) > LONGEST_SIDE:
        raise Refused("picture_too_large")
    if min(width, height) < SHORTEST_SIDE:
        raise Refused("picture_too_small")


def _jpeg(data: bytes) -> tuple[int, int]:
    frame, scans_at = _frame(data)
    # No scan's data can hold the marker (B.1.1.5): whatever a decoder takes for a scan is counted, and perhaps more.
    if data.count(_SCAN_MARKER, scans_at) > MOST_SCANS:
        raise Refused("picture_too_complex")
    return frame


def _frame(data: bytes) -> tuple[tuple[int, int], int]:
    """Width and height, and where the first scan begins."""
    at, size = len(_JPEG), None
    while True:
        prefix, marker = struct.unpack_from(">BB", data, at)
        if prefix != 0xFF:
            raise Refused("picture_broken")
        if marker == 0xFF:
            at += 1
            continue
        if marker == _SCAN_MARKER[1]:
            if size is None:
                raise Refused("picture_broken")
            return size, at
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker not in _TABLES:
            if size is not None:
                raise Refused("picture_broken")
            size = _frame_header(marker, data, at + 4)
        at += 2 + max(length, 2)


def _frame_header(marker: int, data: bytes, at: int) -> tuple[int, int]:
    if marker not in {_BASELINE, _EXTENDED, _PROGRESSIVE}:
        # Lossless, hierarchical and arithmetic forms, and what is no frame at all.
        raise Refused("picture_broken")
    precision, height, width, components = struct.unpack_from(">BHHB", data, at)
    if precision != 8 or components not in {1, 3, 4}:
        raise Refused("picture_broken")
    return width, height


def _png(data: bytes) -> tuple[int, int]:
    length, name, width, height, depth, colours, packing, filters, interlace = struct.unpack_from(
        ">I4sIIBBBBB", data, len(_PNG)
    )
    if (length, name) != (13, b"IHDR") or depth not in _DEPTHS.get(colours, ()):
        raise Refused("picture_broken")
    if (packing, filters) != (0, 0) or interlace not in {0, 1}:
        raise Refused("picture_broken")
    return width, height
