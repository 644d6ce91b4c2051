"""Datagrams as strangers forge them: whole in shape, and of nobody who has a key."""

from struct import pack

from aioice import stun

SHORT = [bytes([first, *([0x21] * (size - 1))]) if size else b"" for first in range(256) for size in range(14)]
"""Every first octet with every length below that of the longest header of DTLS, RTP and RTCP."""


def record(kind: int, body: bytes, *, epoch: int = 0, length: int | None = None) -> bytes:
    """A DTLS record (RFC 6347 §4.1); `length` is what it says of its own."""
    return pack("!BHHHIH", kind, 0xFEFD, epoch, 0, 0, len(body) if length is None else length) + body


def handshake(kind: int, body: bytes, *, number: int = 0, whole: int | None = None, offset: int = 0) -> bytes:
    """A record with one fragment of a handshake message (RFC 6347 §4.2.2)."""
    size = len(body).to_bytes(3, "big")
    total = size if whole is None else whole.to_bytes(3, "big")
    return record(22, bytes([kind]) + total + number.to_bytes(2, "big") + offset.to_bytes(3, "big") + size + body)


SERVER_HELLO = handshake(2, b"\xfe\xfd" + bytes(32) + b"\0\xc0\x2b\0")
COOKIE_WANTED = handshake(3, b"\xfe\xff\x08any one?")
FRAGMENT = handshake(11, bytes(8), whole=256)
NOT_FROM_OUTSIDE = {"server hello": SERVER_HELLO, "cookie wanted": COOKIE_WANTED, "fragment": FRAGMENT}
"""What a handshake cannot tell from the peer's own where it comes from the peer's address."""
HARMLESS = {
    "fatal alert": record(21, b"\x02\x28"),
    "goodbye": record(21, b"\x01\x00"),
    "goodbye behind a message": handshake(14, b"") + record(21, b"\x01\x00"),
    "change of cipher": record(20, b"\x01"),
    "no change of cipher": record(20, b"\x02"),
    "data in clear": record(23, bytes(40)),
    "data of the next epoch": record(23, bytes(40), epoch=1),
    "alert of the next epoch": record(21, bytes(40), epoch=1),
    "handshake of the next epoch": record(22, bytes(40), epoch=1),
    "acknowledgement": record(26, b"\0\0"),
    "encrypted as in DTLS 1.3": b"\x2f" + bytes(60),
    "message far ahead": handshake(11, bytes(40), number=9),
    "message of the other role": handshake(1, bytes(60)),
    "finished in clear": handshake(20, bytes(12)),
    "hello request": handshake(0, b""),
    "record longer than it is": record(22, bytes(40), length=400),
    "record shorter than it is": record(22, bytes(40), length=4),
    "empty record": record(22, b""),
    "fragment behind the end": handshake(11, bytes(8), whole=4),
    "fragment of megabytes": handshake(11, bytes(8), whole=0xFFFFFF),
    "half a fragment": record(22, b"\x0b\0\0\x09\0\0"),
    "no version": b"\x16\0\0" + bytes(40),
    "longer than any network bears": bytes([0x80]) + bytes(60_000),
    "media without keys": b"\x80\x61" + bytes(100),
    "report without keys": b"\x80\xc8\0\x06" + bytes(40),
}
"""What does nothing wherever it comes from."""


def check(name: str, password: str, **more: object) -> bytes:
    """A check as a peer sends it (RFC 8445 §7.1); with a password that may be wrong."""
    given: dict[str, object] = {"USERNAME": name, "PRIORITY": 1, "ICE-CONTROLLING": 1, **more}
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, attributes=given)
    request.add_message_integrity(password.encode())
    return bytes(request)


def malformed_checks(name: str) -> list[bytes]:
    """What bears a name that we know, and trips a parser or does not say what it must."""
    user = pack("!HH", 0x0006, len(name)) + name.encode() + bytes(-len(name) % 4)
    attributes = [
        user,
        user + pack("!HH", 0x0024, 2) + bytes(4),
        user + pack("!HH", 0x802A, 3) + bytes(4),
        user + pack("!HHI", 0x8028, 4, 0),
        user + pack("!HH", 0x0020, 8) + bytes(8),
        user + pack("!HH", 0x0009, 60_000),
        user + pack("!HH", 0x0006, 4) + b"\xff\xfe\xfd\xfc",
        user + pack("!HH", 0x0008, 20) + bytes(20),
        user + pack("!HHI", 0x0024, 4, 1) + pack("!HH", 0x0008, 20) + bytes(20),
    ]
    kinds = (0x0001, 0x0003, 0x0011, 0x0101, 0x0111, 0x03FF)
    head = b"\x21\x12\xa4\x42" + b"transaction1"
    return [pack("!HH", kind, len(each)) + head + each for each in attributes for kind in kinds]
