"""RTCP packets that a forwarder reads and writes (RFC 3550 §6, RFC 4585 §6, RFC 5104 §4.3.1). Pure.

`parse` never raises on what a peer sends: what cannot be read ends the compound packet. The feedback for congestion
control has its own file, `media.twcc`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from struct import Struct, pack, unpack_from

SENDER_REPORT = 200
RECEIVER_REPORT = 201
SOURCE_DESCRIPTION = 202
BYE = 203
TRANSPORT_FEEDBACK = 205
PAYLOAD_FEEDBACK = 206

GENERIC_NACK = 1
TRANSPORT_WIDE = 15
PICTURE_LOSS = 1
FULL_INTRA_REQUEST = 4
APPLICATION_LAYER = 15

MOST_FEEDBACK = 4
"""Transport-wide feedbacks that are read of one compound; each may speak of thousands of packets."""

_SENDER_INFO = Struct("!IQIII")
_REPORT_BLOCK = Struct("!IB3sIIII")
_CNAME = 1


@dataclass(frozen=True)
class SenderReport:
    """What its sender says of one stream's clock (RFC 3550 §6.4.1)."""

    ssrc: int
    """The stream."""
    ntp_time: int
    """The sender's wall clock, 32.32 bits of seconds since 1900."""
    rtp_timestamp: int
    """The same instant on the stream's clock, modulo 2^32."""


@dataclass(frozen=True)
class Nack:
    """Packets that the receiver misses (RFC 4585 §6.2.1)."""

    ssrc: int
    """The stream they belong to."""
    sequences: tuple[int, ...]
    """Their 16-bit sequence numbers."""


@dataclass(frozen=True)
class KeyFrameRequest:
    """The receiver cannot go on without a key frame: PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1)."""

    ssrc: int
    """The stream."""


@dataclass(frozen=True)
class ReportBlock:
    """What we received of one stream (RFC 3550 §6.4.1)."""

    ssrc: int
    """The stream."""
    fraction_lost: int
    """Share lost since the last report, in 1/256."""
    lost: int
    """Packets lost since the beginning; taken into 24 signed bits."""
    highest_sequence: int
    """Highest sequence number received, with the count of its rounds above it."""
    jitter: int
    """Interarrival jitter in units of the stream's clock."""
    last_report: int
    """Middle 32 bits of the last sender report's time; 0 before the first."""
    delay: int
    """Since that report, in 1/65536 s."""


@dataclass(frozen=True)
class TransportWide:
    """Feedback on packets of the whole transport, to be read by `media.twcc`."""

    data: bytes
    """The packet with its header."""


RtcpMessage = SenderReport | Nack | KeyFrameRequest | ReportBlock | TransportWide


def is_rtcp(data: bytes) -> bool:
    """Whether a packet of SRTP's port, of two octets or more, is RTCP and not RTP (RFC 5761 §4)."""
    return 192 <= data[1] <= 223


def parse(data: bytes) -> list[RtcpMessage]:
    """The messages of a compound packet that matter here, in order; whatever cannot be read is left out."""
    found: list[RtcpMessage] = []
    feedback_left = MOST_FEEDBACK
    for packet_type, count, body in _split(data):
        if packet_type == SENDER_REPORT and len(body) >= 24:
            ssrc, ntp_time, rtp_timestamp, _, _ = _SENDER_INFO.unpack_from(body)
            found.append(SenderReport(ssrc, ntp_time, rtp_timestamp))
            found.extend(_blocks(body, 24, count))
        elif packet_type == RECEIVER_REPORT:
            found.extend(_blocks(body, 4, count))
        elif packet_type == TRANSPORT_FEEDBACK and count == TRANSPORT_WIDE and feedback_left:
            feedback_left -= 1
            found.append(TransportWide(packet(packet_type, count, body)))
        elif packet_type == TRANSPORT_FEEDBACK and count == GENERIC_NACK and len(body) >= 12:
            found.append(Nack(unpack_from("!I", body, 4)[0], tuple(_lost(body[8:]))))
        elif packet_type == PAYLOAD_FEEDBACK and count == PICTURE_LOSS and len(body) >= 8:
            found.append(KeyFrameRequest(unpack_from("!I", body, 4)[0]))
        elif packet_type == PAYLOAD_FEEDBACK and count == FULL_INTRA_REQUEST:
            # The header's media source is unused here; each entry names its own (RFC 5104 §4.3.1.1).
            found.extend(KeyFrameRequest(unpack_from("!I", body, at)[0]) for at in range(8, len(body) - 7, 8))
    return found


def _blocks(body: bytes, start: int, count: int) -> Iterator[ReportBlock]:
    for at in range(start, min(len(body) - 23, start + 24 * count), 24):
        ssrc, fraction_lost, lost, highest, jitter, last_report, delay = _REPORT_BLOCK.unpack_from(body, at)
        total = int.from_bytes(lost, "big", signed=True)
        yield ReportBlock(ssrc, fraction_lost, total, highest, jitter, last_report, delay)


def _split(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Each packet of the compound as its type, its 5-bit count and its body without padding."""
    position = 0
    while position + 4 <= len(data):
        first, packet_type, words = unpack_from("!BBH", data, position)
        end = position + 4 + 4 * words
        if first >> 6 != 2 or end > len(data):
            return
        body = data[position + 4 : end]
        if first & 0x20 and body:
            body = body[: max(0, len(body) - body[-1])]
        yield packet_type, first & 0x1F, body
        position = end


def _lost(entries: bytes) -> Iterator[int]:
    for at in range(0, len(entries) - 3, 4):
        first, mask = unpack_from("!HH", entries, at)
        yield first
        for bit in range(16):
            if mask >> bit & 1:
                yield (first + bit + 1) & 0xFFFF


def packet(packet_type: int, count: int, body: bytes) -> bytes:
    """One packet with its header; `body` is a multiple of four octets long."""
    return pack("!BBH", 0x80 | count, packet_type, len(body) // 4) + body


def sender_report(report: SenderReport, *, packets: int, octets: int, cname: str) -> bytes:
    """A compound of the report, with what we sent so far, and the source's canonical name (RFC 3550 §6.5)."""
    info = _SENDER_INFO.pack(
        report.ssrc, report.ntp_time, report.rtp_timestamp, packets & 0xFFFFFFFF, octets & 0xFFFFFFFF
    )
    name = cname.encode()[:255]
    chunk = pack("!IBB", report.ssrc, _CNAME, len(name)) + name
    chunk += bytes(4 - len(chunk) % 4)
    return packet(SENDER_REPORT, 0, info) + packet(SOURCE_DESCRIPTION, 1, chunk)


def receiver_report(ssrc: int, blocks: Iterable[ReportBlock]) -> bytes:
    """What we, `ssrc`, received (RFC 3550 §6.4.2)."""
    body = [
        _REPORT_BLOCK.pack(
            block.ssrc,
            block.fraction_lost,
            max(-0x800000, min(block.lost, 0x7FFFFF)).to_bytes(3, "big", signed=True),
            block.highest_sequence & 0xFFFFFFFF,
            block.jitter,
            block.last_report,
            block.delay,
        )
        for block in blocks
    ]
    return packet(RECEIVER_REPORT, len(body), pack("!I", ssrc) + b"".join(body))


def nack(ssrc: int, media_ssrc: int, sequences: Iterable[int]) -> bytes:
    """Ask for packets again; `sequences` are 16-bit and in rising order (modulo 2^16)."""
    entries: list[tuple[int, int]] = []
    for sequence in sequences:
        distance = (sequence - entries[-1][0]) & 0xFFFF if entries else 0
        if 1 <= distance <= 16:
            entries[-1] = (entries[-1][0], entries[-1][1] | 1 << (distance - 1))
        else:
            entries.append((sequence, 0))
    body = pack("!II", ssrc, media_ssrc) + b"".join(pack("!HH", *entry) for entry in entries)
    return packet(TRANSPORT_FEEDBACK, GENERIC_NACK, body)


def picture_loss(ssrc: int, media_ssrc: int) -> bytes:
    """Ask for a key frame (PLI)."""
    return packet(PAYLOAD_FEEDBACK, PICTURE_LOSS, pack("!II", ssrc, media_ssrc))


def greatest_rate(ssrc: int, media_ssrc: int, bit_rate: int) -> bytes:
    """Bid a sender keep below this rate, bits a second (REMB, draft-alvestrand-rmcat-remb-03 §2.2).

    Browsers take it as an upper bound beside what they find out by transport-wide feedback, also where it was not
    negotiated.
    """
    exponent = max(0, bit_rate.bit_length() - 18)
    body = pack("!II", ssrc, 0) + b"REMB" + bytes([1])
    body += (exponent << 18 | bit_rate >> exponent).to_bytes(3, "big") + pack("!I", media_ssrc)
    return packet(PAYLOAD_FEEDBACK, APPLICATION_LAYER, body)
