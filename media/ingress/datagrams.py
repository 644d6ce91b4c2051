"""What a datagram is, by its shape alone (RFC 7983). Pure; nothing here knows keys or who sent it."""

from enum import Enum

from media import rtcp

LONGEST = 2_048
"""Octets of a datagram; every path's limit is below it, and browsers keep to 1,200."""
LONGEST_STUN = 1_280
"""Octets of a STUN message; with the longest names that ICE allows one has some 700."""
MOST_ATTRIBUTES = 16
"""Of a STUN message; checks have six or so. The library's parser takes a millisecond for what holds a hundred."""
LONGEST_HANDSHAKE = 16_384
"""Octets of one DTLS handshake message, all fragments together; browsers' certificates have some 300."""
SHORTEST_RTP = 12
SHORTEST_RTCP = 8

_STUN_HEADER, _STUN_COOKIE = 20, b"\x21\x12\xa4\x42"
_RECORD_HEADER, _FRAGMENT_HEADER = 13, 12
_CHANGE_CIPHER_SPEC, _HANDSHAKE = 20, 22
_IN_CLEAR = b"\0\0"

BY_CLIENT = frozenset({1, 11, 15, 16})
"""Handshake messages that a DTLS client may send in clear: hello, certificate, its proof, key (RFC 5246 §7.4)."""
BY_SERVER = frozenset({2, 3, 11, 12, 13, 14})
"""Those of a server: hello, the wish for a cookie, certificate, key, the wish for a certificate, done."""
BY_EITHER = BY_CLIENT | BY_SERVER


class Kind(Enum):
    """What goes over a media port."""

    STUN = "stun"
    DTLS = "dtls"
    MEDIA = "media"
    """SRTP and SRTCP."""


def kind(data: bytes, expected: frozenset[int] = BY_EITHER) -> Kind | None:
    """What a datagram is; None where it is nothing of use, cut short, or its lengths are not true.

    `expected`: the DTLS handshake messages that may come in clear.
    """
    if not data or len(data) > LONGEST:
        return None
    first = data[0]
    if first < 4:
        return Kind.STUN if _is_stun(data) else None
    if 19 < first < 64:
        return Kind.DTLS if _is_dtls(data, expected) else None
    if 127 < first < 192:
        return Kind.MEDIA if len(data) >= SHORTEST_RTCP and (len(data) >= SHORTEST_RTP or rtcp.is_rtcp(data)) else None
    return None


def _is_stun(data: bytes) -> bool:
    size = len(data)
    return (
        _STUN_HEADER <= size <= LONGEST_STUN
        and data[4:8] == _STUN_COOKIE
        and int.from_bytes(data[2:4], "big") == size - _STUN_HEADER
        and size % 4 == 0
    )


def has_few_attributes(data: bytes) -> bool:
    """Whether a STUN message's attributes are whole (RFC 8489 §14), and no more than any browser writes."""
    at = _STUN_HEADER
    for _ in range(MOST_ATTRIBUTES):
        if at == len(data):
            return True
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        at += 4 + size + -size % 4
        if at > len(data):
            return False
    return at == len(data)


def _is_dtls(data: bytes, expected: frozenset[int]) -> bool:
    """Whether all of it is records that the peer may send (RFC 6347 §4.1, RFC 9147 §4).

    Alerts may not come in clear, nor acknowledgements: whoever can write a sender's address could end a handshake.
    """
    if len(data) < _RECORD_HEADER:
        return False
    at = 0
    while at < len(data):
        if data[at] >> 5 == 1:
            # Encrypted by DTLS 1.3: its header has as many forms as there are ways to leave the length out.
            return True
        body = at + _RECORD_HEADER
        end = body + int.from_bytes(data[at + 11 : at + 13], "big")
        if not body < end <= len(data) or data[at + 1] != 0xFE:
            return False
        if data[at + 3 : at + 5] == _IN_CLEAR and not _may_be_in_clear(data[at], data[body:end], expected):
            return False
        at = end
    return True


def _may_be_in_clear(record: int, body: bytes, expected: frozenset[int]) -> bool:
    if record == _HANDSHAKE:
        return _is_handshake(body, expected)
    return record == _CHANGE_CIPHER_SPEC and body == b"\x01"


def _is_handshake(body: bytes, expected: frozenset[int]) -> bool:
    """Whether a record is fragments of such messages, each whole in itself (RFC 6347 §4.2.2)."""
    at = 0
    while at < len(body):
        begin = at + _FRAGMENT_HEADER
        whole, offset, size = (int.from_bytes(body[at + n : at + n + 3], "big") for n in (1, 6, 9))
        if begin + size > len(body) or offset + size > whole or whole > LONGEST_HANDSHAKE or body[at] not in expected:
            return False
        at = begin + size
    return True
