"""Takes the metadata off a JPEG or PNG file before anything decodes it, and tells which way up its picture is.

What is left are the parts that hold pixels. A decoder that never meets EXIF, XMP, profiles or comments cannot be
tripped by damaged ones. Formats: JPEG (ITU-T T.81, annex B), PNG (third edition, 5), EXIF's TIFF (CIPA DC-008, 4.6).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ekyc.darkroom.bounds import Refused

MOST_PARTS = 10_000
"""Segments or chunks. A PNG of 8 MiB in chunks of 1 KiB has 8,192."""
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_PIXELS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_JPEG = b"\xff\xd8"
_EXIF = b"Exif\0\0"
_SCAN, _END, _EXIF_SEGMENT, _ADOBE, _COMMENT = 0xDA, 0xD9, 0xE1, 0xEE, 0xFE
_APPLICATION = range(0xE0, 0xF0)
_END_MARKER = bytes((0xFF, _END))
_ORIENTATION, _SHORT = 0x0112, 3


@dataclass(frozen=True, slots=True)
class Bare:
    """A file that holds nothing but a picture."""

    data: bytes
    orientation: int
    """EXIF's Orientation, 1 (as it should be) to 8."""


def strip(data: bytes) -> Bare:
    """`data` without metadata, and without what follows a JPEG's end.

    ValueError where it is neither JPEG nor PNG or its structure is damaged; Refused `picture_too_complex` where it is
    in more than 10,000 parts.
    """
    try:
        if data.startswith(_JPEG):
            return _jpeg(data)
        if data.startswith(_PNG):
            return _png(data)
    except struct.error:
        raise ValueError("the file ends too early") from None
    raise ValueError("neither JPEG nor PNG")


def _jpeg(data: bytes) -> Bare:
    kept, orientation = [_JPEG], 1
    for marker, segment in _segments(data):
        if marker == _EXIF_SEGMENT and segment[4:].startswith(_EXIF):
            orientation = _orientation(segment[4 + len(_EXIF) :])
        # Adobe's segment tells how colours are coded; the other application segments tell nothing of pixels.
        if marker == _ADOBE or (marker not in _APPLICATION and marker != _COMMENT):
            kept.append(segment)
    return Bare(b"".join(kept), orientation)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The segments after the start marker, each with its marker; all scans, up to the end marker, as the last one."""
    at = len(_JPEG)
    for _ in range(MOST_PARTS):
        prefix, marker = struct.unpack_from(">BB", data, at)
        if prefix != 0xFF or marker in {0, _END}:
            raise ValueError("not a JPEG segment")
        if marker == 0xFF:
            # Fill bytes may stand before any marker (B.1.1.2).
            at += 1
            continue
        if marker == _SCAN:
            # Within a scan's data the end marker cannot stand (B.1.1.5); what other pictures follow is not looked at.
            end = data.find(_END_MARKER, at)
            yield marker, data[at:] if end < 0 else data[at : end + len(_END_MARKER)]
            return
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, data[at : at + 2 + length]
        at += 2 + max(length, 2)
    raise Refused("picture_too_complex")


def _png(data: bytes) -> Bare:
    kept, orientation = [_PNG], 1
    at = len(_PNG)
    for _ in range(MOST_PARTS):
        length, name = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if name == b"eXIf":
            orientation = _orientation(data[at + 8 : end - 4])
        if name in _PNG_PIXELS:
            kept.append(data[at:end])
        if name == b"IEND":
            return Bare(b"".join(kept), orientation)
        at = end
    raise Refused("picture_too_complex")


def _orientation(tiff: bytes) -> int:
    """The Orientation of the first directory; 1 where there is none or the metadata is damaged."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, at)
        for entry in range(at + 2, at + 2 + 12 * entries, 12):
            tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
            if (tag, kind) == (_ORIENTATION, _SHORT):
                return int(value) if value in range(1, 9) else 1
    except struct.error:
        pass
    return 1
