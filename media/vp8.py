"""The VP8 payload descriptor (RFC 7741 §4.2) and the little of the frame header (RFC 6386 §9.1) that forwarding needs.

Rewriting keeps every other bit as it came. Pure.
"""

from dataclasses import dataclass

PICTURE_ID_MODULUS = 1 << 15
"""Picture ids that we send are always the long, 15-bit kind."""


@dataclass(slots=True)
class Descriptor:
    """Where things stand in one payload."""

    starts_frame: bool
    """The payload begins a frame: S is set and the partition is the first."""
    size: int
    """Octets of the descriptor; the frame's data follows."""
    picture_id: int | None
    """7 or 15 bits, None where it is left out."""
    picture_id_at: int
    """Its offset, where there is one."""
    long_picture_id: bool
    """Whether it takes two octets."""
    tl0picidx: int | None
    """Running index of temporal base layer frames (8 bits), None where it is left out."""
    tl0picidx_at: int
    """Its offset, where there is one."""


def parse(payload: bytes) -> Descriptor | None:
    """Read the descriptor; None if the payload ends inside it or holds nothing after it."""
    try:
        descriptor = _parse(payload)
    except IndexError:
        return None
    return descriptor if descriptor.size < len(payload) else None


def _parse(payload: bytes) -> Descriptor:
    first = payload[0]
    starts_frame, size = first & 0x17 == 0x10, 1
    picture_id = tl0picidx = None
    picture_id_at = tl0picidx_at = 0
    long_picture_id = False
    if first & 0x80:
        extension, size = payload[1], 2
        if extension & 0x80:
            picture_id_at, picture_id, size = 2, payload[2], 3
            if picture_id & 0x80:
                long_picture_id, picture_id, size = True, (picture_id & 0x7F) << 8 | payload[3], 4
        if extension & 0x40:
            tl0picidx_at, tl0picidx, size = size, payload[size], size + 1
        if extension & 0x30:
            size += 1
    return Descriptor(starts_frame, size, picture_id, picture_id_at, long_picture_id, tl0picidx, tl0picidx_at)


def starts_key_frame(payload: bytes, descriptor: Descriptor) -> bool:
    """Whether this payload begins a key frame (RFC 6386 §9.1: the first bit of the frame tag is 0)."""
    return descriptor.starts_frame and not payload[descriptor.size] & 0x01


def picture_size(key_frame: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that an encoded key frame tells (RFC 6386 §9.1); None if cut off, damaged or empty."""
    if len(key_frame) < 10 or key_frame[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(key_frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(key_frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None


def rewrite(payload: bytes, descriptor: Descriptor, picture_id: int, tl0picidx: int) -> bytes:
    """The same payload under another picture id (taken modulo 2^15) and TL0PICIDX (modulo 2^8), where it has them.

    A 7-bit picture id becomes a 15-bit one, because one stream may not change between the two.
    """
    changed = bytearray(payload)
    if descriptor.tl0picidx is not None:
        changed[descriptor.tl0picidx_at] = tl0picidx & 0xFF
    if descriptor.picture_id is not None:
        at = descriptor.picture_id_at
        new = (picture_id % PICTURE_ID_MODULUS | 0x8000).to_bytes(2, "big")
        changed[at : at + (2 if descriptor.long_picture_id else 1)] = new
    return bytes(changed)
