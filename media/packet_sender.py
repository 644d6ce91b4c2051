"""What a packet robot sends: pictures and sound that were encoded once, as RTP packets that need nothing but a header.

Pure: time comes in, packets go out; nothing is encrypted or sent here. The counterpart is `media.packet_receiver`.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from struct import Struct

from media import rtcp
from media.packet_sdp import Numbers, Sources
from media.rtp import ONE_BYTE_PROFILE as _ONE_BYTE
from media.synthetic import encode, encode_tone, moving_picture

FPS = 30
PICTURE_EVERY = 33_333
"""Between two pictures: microseconds."""
SOUND_EVERY = 20_000
"""Between two pieces of sound: microseconds."""
LARGEST_PIECE = 1_170
"""Octets of a picture in one packet, so that no packet is longer than a browser's."""
HISTORY = 512
"""Packets kept for being sent again; a power of two."""
RESEND_PACE = 20_000
"""A packet is sent again once in this time at most: microseconds."""
SENT_LOG = 64
"""Pictures whose time of sending is remembered."""

_EXTENDED = Struct("!BBHIIHHBHx")
_EXTENDED_VP8 = Struct("!BBHIIHHBHxBBH")
_PLAIN = Struct("!BBHII")
_PLAIN_VP8 = Struct("!BBHIIBBH")


@dataclass(frozen=True)
class Material:
    """What all robots of a set send, encoded: it is repeated without end, each robot from a place of its own."""

    pictures: tuple[tuple[bytes, ...], ...]
    """Each picture's pieces, of one length but for the last, which may be shorter."""
    sound: tuple[bytes, ...]
    """Pieces of 20 ms."""

    @cached_property
    def keys(self) -> tuple[int, ...]:
        """Which pictures are key frames (RFC 6386 §9.1: the first bit of the frame tag is 0)."""
        return tuple(n for n, pieces in enumerate(self.pictures) if not pieces[0][0] & 1)

    @cached_property
    def next_keys(self) -> tuple[int, ...]:
        """For each picture the first key frame after it."""
        return tuple(next((key for key in self.keys if key > n), self.keys[0]) for n in range(len(self.pictures)))

    @cached_property
    def places(self) -> dict[bytes, int]:
        """Which picture a piece is the last one of, by its last octets: forwarding does not change them."""
        return {pieces[-1][-16:]: n for n, pieces in enumerate(self.pictures)}


def material(seconds: int = 4, bit_rate: int = 870_000) -> Material:
    """Pictures of 640x480 with their numbers, a key frame every second, and a tone; takes a second to make."""
    pictures = encode(moving_picture(), count=seconds * FPS, fps=FPS, bit_rate=bit_rate)
    return Material(tuple(cut(each) for each in pictures), tuple(encode_tone()))


def cut(picture: bytes) -> tuple[bytes, ...]:
    """In pieces of about the same length."""
    pieces = -(-len(picture) // LARGEST_PIECE)
    size = -(-len(picture) // pieces)
    return tuple(picture[at : at + size] for at in range(0, len(picture), size))


@dataclass(frozen=True)
class Start:
    """Where a robot begins; drawn or reckoned by the caller."""

    sequence: int
    """First sequence number of each stream, below 2^15 (RFC 3711 §3.3.1)."""
    timestamp: int
    """First timestamp of each stream."""
    picture: int
    """Which picture comes first: a key frame."""


class PacketSender:
    """The streams of one robot."""

    def __init__(self, material: Material, sources: Sources, numbers: Numbers, start: Start) -> None:
        self._material, self._sources, self._numbers = material, sources, numbers
        self._base = start.timestamp
        self._picture, self._sound = start.picture, 0
        self._picture_id = 0
        self._jump = False
        self._video_sequence = self._audio_sequence = self._repeated_sequence = start.sequence
        self._transport_sequence = 0
        # Octets alone, which tell their own number: the cycle collector need not look at them.
        self._history: list[bytes] = [b""] * HISTORY
        self._resent_at: dict[int, int] = {}
        self._video_count = [0, 0]
        self._audio_count = [0, 0]
        self.sent: deque[tuple[int, int]] = deque(maxlen=SENT_LOG)
        """The newest pictures by their number in the material, and when each was given out: nanoseconds UTC."""
        self.key_requests = 0
        """How often the receiver asked for a key frame."""
        self.resent = 0
        """Packets that it got again."""

    def want_key(self) -> None:
        """The receiver cannot go on: the next picture is a key frame."""
        self.key_requests += 1
        self._jump = True

    def picture(self, now: int, wall: int) -> list[bytes]:
        """The next picture; `now` in microseconds becomes its timestamp, `wall` (nanoseconds UTC) is remembered."""
        if self._jump and self._picture not in self._material.keys:
            self._picture = self._material.next_keys[self._picture]
        self._jump = False
        pieces = self._material.pictures[self._picture]
        timestamp = (self._base + now * 9 // 100) & 0xFFFFFFFF
        packets: list[bytes] = []
        first, last = 0x90, len(pieces) - 1
        for n, piece in enumerate(pieces):
            second = self._numbers.video | (0x80 if n == last else 0)
            packet = self._video_header(second, timestamp, first) + piece
            first = 0x80
            self._history[self._video_sequence % HISTORY] = packet
            self._video_sequence = (self._video_sequence + 1) & 0xFFFF
            self._video_count[1] += len(piece) + 4
            packets.append(packet)
        self._video_count[0] += len(pieces)
        self.sent.append((self._picture, wall))
        self._picture = (self._picture + 1) % len(self._material.pictures)
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        return packets

    def sound(self, now: int) -> bytes:
        """The next 20 ms of sound."""
        piece = self._material.sound[self._sound]
        self._sound = (self._sound + 1) % len(self._material.sound)
        timestamp = (self._base + now * 48 // 1_000) & 0xFFFFFFFF
        header = self._header(self._numbers.audio, self._audio_sequence, timestamp, self._sources.audio)
        self._audio_sequence = (self._audio_sequence + 1) & 0xFFFF
        self._audio_count[0] += 1
        self._audio_count[1] += len(piece)
        return header + piece

    def resend(self, sequences: Iterable[int], now: int) -> list[bytes]:
        """The video packets of these 16-bit numbers once more, those that are still kept."""
        packets: list[bytes] = []
        for sequence in sequences:
            kept = self._history[sequence % HISTORY]
            if not kept or int.from_bytes(kept[2:4], "big") != sequence:
                continue
            if now - self._resent_at.get(sequence, -RESEND_PACE) < RESEND_PACE:
                continue
            self._resent_at[sequence] = now
            packets.append(kept if self._numbers.repeated is None else self._repeated(kept))
        if len(self._resent_at) > HISTORY:
            self._resent_at.clear()
        self.resent += len(packets)
        return packets

    def reports(self, now: int, ntp_time: int) -> list[bytes]:
        """Sender reports of both streams at `now`, which is `ntp_time` (32.32 bits of seconds since 1900)."""
        video = rtcp.SenderReport(self._sources.video, ntp_time, (self._base + now * 9 // 100) & 0xFFFFFFFF)
        audio = rtcp.SenderReport(self._sources.audio, ntp_time, (self._base + now * 48 // 1_000) & 0xFFFFFFFF)
        return [
            rtcp.sender_report(report, packets=count[0], octets=count[1], cname=self._sources.cname)
            for report, count in ((video, self._video_count), (audio, self._audio_count))
        ]

    def _video_header(self, second: int, timestamp: int, descriptor: int) -> bytes:
        """Up to the piece of picture: `descriptor` says whether it is the first (RFC 7741 §4.2)."""
        sequence, ssrc, picture = self._video_sequence, self._sources.video, 0x8000 | self._picture_id
        if not (extension := self._numbers.transport_sequence):
            return _PLAIN_VP8.pack(0x80, second, sequence, timestamp, ssrc, descriptor, 0x80, picture)
        self._transport_sequence = number = (self._transport_sequence + 1) & 0xFFFF
        return _EXTENDED_VP8.pack(
            0x90, second, sequence, timestamp, ssrc, _ONE_BYTE, 1, extension << 4 | 1, number, descriptor, 0x80, picture
        )

    def _header(self, second: int, sequence: int, timestamp: int, ssrc: int) -> bytes:
        if not (extension := self._numbers.transport_sequence):
            return _PLAIN.pack(0x80, second, sequence, timestamp, ssrc)
        self._transport_sequence = number = (self._transport_sequence + 1) & 0xFFFF
        # One word of one-byte extensions (RFC 8285 §4.2): id and length, two octets of number, one of padding.
        return _EXTENDED.pack(0x90, second, sequence, timestamp, ssrc, _ONE_BYTE, 1, extension << 4 | 1, number)

    def _repeated(self, packet: bytes) -> bytes:
        """Under the repetition's own stream, with the old number before the payload (RFC 4588 §4)."""
        self._repeated_sequence = (self._repeated_sequence + 1) & 0xFFFF
        size = _EXTENDED.size if self._numbers.transport_sequence else _PLAIN.size
        second = (self._numbers.repeated or 0) | packet[1] & 0x80
        timestamp = int.from_bytes(packet[4:8], "big")
        header = self._header(second, self._repeated_sequence, timestamp, self._sources.repeated)
        return header + packet[2:4] + packet[size:]
