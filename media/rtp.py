"""RTP packets as bytes and values (RFC 3550 §5.1, header extensions of RFC 8285). Pure: no socket, no clock.

What is not here: RTCP (`media.rtcp`) and what stands inside a VP8 payload (`media.vp8`).
"""

from dataclasses import dataclass
from struct import Struct

_FIXED_HEADER = Struct("!BBHII")
_EXTENSION_HEADER = Struct("!HH")
_UINT16 = Struct("!H")
_NUMBERED_HEADER = Struct("!BBHIIHHBHB")

ONE_BYTE_PROFILE = 0xBEDE
"""Profile of one-byte header extensions (RFC 8285 §4.2)."""
TWO_BYTE_PROFILE = 0x1000
"""Profile of two-byte header extensions, its four free bits cleared (RFC 8285 §4.3)."""


@dataclass(slots=True)
class RtpPacket:
    """One packet, read."""

    payload_type: int
    """Which codec, as negotiated (7 bits)."""
    marker: bool
    """For VP8: the last packet of a frame (RFC 7741 §4.1)."""
    sequence: int
    """Sequence number: 16 bits from the wire, or longer once unwrapped."""
    timestamp: int
    """In units of the codec's clock, modulo 2^32."""
    ssrc: int
    """Which stream."""
    payload: bytes
    """What follows the header, padding taken off; empty for a packet of padding alone."""
    transport_sequence: int | None
    """Transport-wide sequence number (16 bits), where the packet carries one."""


def parse(data: bytes, transport_sequence_id: int) -> RtpPacket | None:
    """Read one packet; None if it is not a whole RTP packet.

    `transport_sequence_id` is the negotiated id of the transport-wide sequence number's extension, 0 for none.
    """
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    first, second, sequence, timestamp, ssrc = _FIXED_HEADER.unpack_from(data)
    start = 12 + 4 * (first & 0x0F)
    end = len(data)
    transport_sequence = None
    if first & 0x10:
        if end < start + 4:
            return None
        profile, words = _EXTENSION_HEADER.unpack_from(data, start)
        body = start + 4
        start = body + 4 * words
        if transport_sequence_id and start <= end:
            # It mostly stands first, being all that is agreed.
            if words and profile == ONE_BYTE_PROFILE and data[body] == transport_sequence_id << 4 | 1:
                transport_sequence = data[body + 1] << 8 | data[body + 2]
            else:
                transport_sequence = _find_uint16(data[body:start], profile, transport_sequence_id)
    if first & 0x20:
        end -= data[-1]
        if not data[-1]:
            return None
    if start > end:
        return None
    return RtpPacket(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[start:end], transport_sequence)


def serialize(payload_type: int, *, marker: bool, sequence: int, timestamp: int, ssrc: int, payload: bytes) -> bytes:
    """A packet without extensions, contributing sources or padding."""
    second = payload_type | 0x80 if marker else payload_type
    return _FIXED_HEADER.pack(0x80, second, sequence, timestamp, ssrc) + payload


def serialize_numbered(
    payload_type: int,
    *,
    marker: bool,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    extension: int,
    number: int,
) -> bytes:
    """The same with a transport-wide sequence number under this extension id (1 to 14)."""
    second = payload_type | 0x80 if marker else payload_type
    header = _NUMBERED_HEADER.pack(
        0x90, second, sequence, timestamp, ssrc, ONE_BYTE_PROFILE, 1, extension << 4 | 1, number, 0
    )
    return header + payload


def _find_uint16(body: bytes, profile: int, wanted: int) -> int | None:
    """The two-byte value of extension `wanted`; None where it is absent, cut off or of another length."""
    one_byte = profile == ONE_BYTE_PROFILE
    if not one_byte and profile & 0xFFF0 != TWO_BYTE_PROFILE:
        return None
    position = 0
    while position < len(body) - 1:
        octet = body[position]
        if octet == 0:
            position += 1
            continue
        found, length = (octet >> 4, (octet & 0x0F) + 1) if one_byte else (octet, body[position + 1])
        position += 1 if one_byte else 2
        if found == wanted and length == 2 and position + 2 <= len(body):
            value: int = _UINT16.unpack_from(body, position)[0]
            return value
        position += length
    return None


class Unwrapper:
    """Makes numbers that wrap at 2^bits into ones that do not, each taken as the nearest to the newest one seen.

    The first starts in the second round, so that one which is late by less than half a round stays positive.
    """

    def __init__(self, bits: int) -> None:
        self._modulus = 1 << bits
        self._newest: int | None = None

    def unwrap(self, value: int) -> int:
        """`value` as a number that does not wrap; the newest moves only forward."""
        if self._newest is None:
            self._newest = self._modulus + value
            return self._newest
        forward = (value - self._newest) % self._modulus
        if forward < self._modulus // 2:
            self._newest += forward
            return self._newest
        return self._newest + forward - self._modulus


def modular_distance(first: int, last: int, bits: int = 32) -> int:
    """How far `last` lies after `first`, counted forward modulo 2^bits."""
    return (last - first) % (1 << bits)
