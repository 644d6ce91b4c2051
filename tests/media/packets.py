"""Streams of RTP packets as a peer would send them, with frames whose data is easy to tell apart."""

from struct import pack

from media.evidence import Keeping
from media.incoming import StreamParameters
from media.leg import LegMedia, LegParameters, Numbering
from media.plane import Leg
from media.rtp import RtpPacket, parse, serialize

VIDEO, REPEATED, AUDIO = 97, 98, 96
KEEPING = Keeping("kept", wall_offset=0, records=False)
"""Frames and facts are kept, nothing is recorded."""
FRAME = 3_000
"""Ticks of 90 kHz between frames."""


def parameters(kind: str = "video", *, ssrc: int = 1, rtx: bool = True) -> StreamParameters:
    if kind == "video":
        return StreamParameters("video", 90_000, VIDEO, REPEATED if rtx else None, ssrc, ssrc + 1, "caller")
    return StreamParameters("audio", 48_000, AUDIO, None, ssrc, ssrc + 1, "caller")


def leg(leg: Leg, media: int = 1, *, transport_sequence_id: int = 0) -> LegMedia:
    """A leg whose streams from us are 11 and 21 (customer) or 31 and 41 (agent)."""
    first = 11 if leg == "customer" else 31
    agreed = LegParameters(parameters(ssrc=first), parameters("audio", ssrc=first + 10), transport_sequence_id)
    return LegMedia("call", leg, media, agreed, Numbering(100, 5_000))


class Camera:
    """A video stream; every frame has two packets."""

    def __init__(self, *, ssrc: int = 1_000, sequence: int = 0, timestamp: int = 0, picture_id: int = 0) -> None:
        self.ssrc, self.sequence, self.timestamp, self.picture_id = ssrc, sequence, timestamp, picture_id

    def frame(self, *, key: bool = False) -> list[bytes]:
        """The next frame."""
        tag = b"\x10" if key else b"\x11"
        packets = [self._packet(True, tag + b"head"), self._packet(False, b"tail", marker=True)]
        self.timestamp = (self.timestamp + FRAME) % (1 << 32)
        self.picture_id = (self.picture_id + 1) % (1 << 15)
        return packets

    def _packet(self, start: bool, data: bytes, *, marker: bool = False) -> bytes:
        head = pack("!BBHB", 0x90 if start else 0x80, 0xC0, 0x8000 | self.picture_id, self.picture_id & 0xFF)
        packet = serialize(
            VIDEO,
            marker=marker,
            sequence=self.sequence,
            timestamp=self.timestamp,
            ssrc=self.ssrc,
            payload=head + data,
        )
        self.sequence = (self.sequence + 1) & 0xFFFF
        return packet


def sound(sequence: int, timestamp: int, ssrc: int = 2_000) -> bytes:
    return serialize(AUDIO, marker=False, sequence=sequence, timestamp=timestamp, ssrc=ssrc, payload=b"sound")


def repeated(packet: bytes, sequence: int = 7) -> bytes:
    """The packet as a retransmission (RFC 4588)."""
    read = whole(packet)
    payload = pack("!H", read.sequence) + read.payload
    return serialize(
        REPEATED,
        marker=read.marker,
        sequence=sequence,
        timestamp=read.timestamp,
        ssrc=read.ssrc + 1,
        payload=payload,
    )


def whole(data: bytes) -> RtpPacket:
    packet = parse(data, 0)
    assert packet is not None
    return packet
