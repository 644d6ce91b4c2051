"""What a packet robot receives: counted by the headers, which SRTP leaves readable, and opened only on request. Pure.

A frame counts when all its packets have come, which their numbers tell: from the one after the last marker up to the
next (RFC 7741 §4.1); where a last packet is lost the following frame counts as little. The counterpart is
`media.packet_sender`.
"""

from collections.abc import Callable
from struct import Struct

from media import rtp, vp8
from media.rtcp import ReportBlock

KEPT = 256
"""Packets of video kept for decoding the newest frame; a power of two, and more than a second of them."""
OPENED_EVERY = 64
"""One packet of each so many is decrypted, so that keys and round counts are known to be right."""
ASK_EVERY = 50_000
"""Between two requests for the same packet: microseconds."""
TRIES = 8
"""Requests before a packet is given up."""
LONGEST_GAP = 512
"""A jump longer than this is a new stream, not loss."""

_HEADER = Struct("!xBHII")
_ROUND = 1 << 16
_HOLE = -1

Open = Callable[[bytes], bytes | None]
"""Decrypts one packet; None where it is damaged or was opened before."""


class StreamReceiver:
    """One incoming stream: order, loss, frames. Times are microseconds of a clock that never goes back."""

    def __init__(self, clock_rate: int, open_packet: Open, *, keeps: bool) -> None:
        """`keeps` for video, whose newest frame can be asked for."""
        self.packets = 0
        """Received, repetitions included."""
        self.octets = 0
        """Of them, headers and tags included."""
        self.frames = 0
        """Whole ones; of sound, packets in their order."""
        self.lost = 0
        """Packets that never came."""
        self.damaged = 0
        """Packets that could not be decrypted, of those that were tried."""
        self.newest_timestamp = 0
        """Of the newest whole frame."""
        self.newest_at: int | None = None
        """When its last packet was read."""
        self.longest_pause = 0
        """Between two whole frames; may be set to 0 by who watches it."""
        self.ssrc: int | None = None
        self._rate, self._open = clock_rate, open_packet
        self._next: int | None = None
        self._rounds = 0
        self._first = 0
        self._whole = True
        self._ahead: dict[int, tuple[int, int]] = {}
        self._asked: dict[int, tuple[int, int]] = {}
        # Octets alone, which tell their own number: the cycle collector need not look at them.
        self._kept: list[bytes] = [b""] * KEPT if keeps else []
        self._is_open = bytearray(KEPT)
        self._reported = (0, 0)
        self._report = (0, 0)
        self._transit = 0
        self._jitter = 0.0

    def take(self, data: bytes, now: int) -> None:
        """One packet, encrypted."""
        second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        self.octets += len(data)
        self.packets += 1
        if ssrc != self.ssrc:
            self._begin(ssrc, sequence)
        if self._kept:
            self._kept[sequence % KEPT] = data
            self._is_open[sequence % KEPT] = 0
        if self.packets % OPENED_EVERY == 1:
            self._check(sequence, data)
        self._arrive(sequence, second, timestamp, now)

    def take_repeated(self, data: bytes, now: int) -> None:
        """A packet under the repetitions' payload type (RFC 4588 §4); it must be opened to know what it repeats."""
        opened = self._open(data)
        packet = None if opened is None else rtp.parse(opened, 0)
        if packet is None or len(packet.payload) < 2 or self.ssrc is None or not self._kept:
            return
        self.octets += len(data)
        self.packets += 1
        sequence = int.from_bytes(packet.payload[:2], "big")
        second = 0x80 if packet.marker else 0
        plain = rtp.serialize(
            0,
            marker=packet.marker,
            sequence=sequence,
            timestamp=packet.timestamp,
            ssrc=self.ssrc,
            payload=packet.payload[2:],
        )
        self._kept[sequence % KEPT], self._is_open[sequence % KEPT] = plain, 1
        self._arrive(sequence, second, packet.timestamp, now)

    def missing(self, now: int) -> list[int]:
        """Numbers (16 bits) to ask for now; those that were asked for too often are given up."""
        asked: list[int] = []
        for sequence, (tries, due) in list(self._asked.items()):
            if due > now:
                continue
            if tries >= TRIES:
                del self._asked[sequence]
                self.lost += 1
                self._give_up(sequence, now)
            else:
                self._asked[sequence] = (tries + 1, now + ASK_EVERY)
                asked.append(sequence)
        return asked

    def heard_report(self, ntp_time: int, now: int) -> None:
        """The sender's report of its clock (32.32 bits of seconds since 1900)."""
        self._report = (ntp_time >> 16 & 0xFFFFFFFF, now)

    def block(self, now: int) -> ReportBlock | None:
        """What to tell the sender; None before its first packet. Begins the next interval."""
        if self.ssrc is None or self._next is None:
            return None
        highest = self._rounds * _ROUND + self._next - 1
        expected = highest - self._first + 1
        interval, lost = expected - self._reported[0], self.lost - self._reported[1]
        self._reported = (expected, self.lost)
        last, at = self._report
        return ReportBlock(
            self.ssrc,
            fraction_lost=min(255, (lost << 8) // interval) if interval > 0 and lost > 0 else 0,
            lost=self.lost,
            highest_sequence=highest,
            jitter=int(self._jitter),
            last_report=last,
            delay=(now - at) * 65_536 // 1_000_000 if last else 0,
        )

    def newest(self) -> tuple[bytes, ...]:
        """The encoded frames from the newest key frame that is here to the newest frame; empty where none is whole."""
        if not self._kept or self._next is None:
            return ()
        frames: list[bytes] = []
        parts: list[bytes] = []
        for offset in range(KEPT, 0, -1):
            packet = self.opened((self._next - offset) % _ROUND)
            descriptor = None if packet is None else vp8.parse(packet.payload)
            if packet is None or descriptor is None:
                frames, parts = [], []
                continue
            if descriptor.starts_frame:
                parts = []
                if vp8.starts_key_frame(packet.payload, descriptor):
                    frames = []
                elif not frames:
                    continue
            elif not parts:
                continue
            parts.append(packet.payload[descriptor.size :])
            if packet.marker:
                frames.append(b"".join(parts))
                parts = []
        return tuple(frames)

    def _begin(self, ssrc: int, sequence: int) -> None:
        self.ssrc, self._next, self._first = ssrc, sequence, sequence
        self._rounds = 0
        self._ahead.clear()
        self._asked.clear()

    def _arrive(self, sequence: int, second: int, timestamp: int, now: int) -> None:
        if sequence == self._next:
            self._asked.pop(sequence, None)
            self._advance(second, timestamp, now)
            if self._ahead:
                self._go_on(now)
            return
        distance = (sequence - (self._next or 0)) % _ROUND
        if distance >= _ROUND // 2:
            return
        if distance > LONGEST_GAP:
            self.lost += distance
            self._next, self._whole = sequence, False
            self._ahead.clear()
            self._asked.clear()
            self._advance(second, timestamp, now)
            return
        self._ahead[sequence] = (second, timestamp)
        self._asked.pop(sequence, None)
        for missing in ((sequence - back) % _ROUND for back in range(distance, 0, -1)):
            if missing not in self._ahead:
                self._asked.setdefault(missing, (0, now))

    def _advance(self, second: int, timestamp: int, now: int) -> None:
        """The next packet in order is here."""
        following = ((self._next or 0) + 1) % _ROUND
        self._next = following
        if not following:
            self._rounds += 1
        if second == _HOLE:
            self._whole = False
        elif not self._kept:
            self.frames += 1
        elif second & 0x80:
            if self._whole:
                self._frame(timestamp, now)
            self._whole = True

    def _frame(self, timestamp: int, now: int) -> None:
        self.frames += 1
        if self.newest_at is not None:
            self.longest_pause = max(self.longest_pause, now - self.newest_at)
            change = abs(now * self._rate // 1_000_000 - timestamp - self._transit)
            # The timestamps' own wrap makes one huge difference, which is not jitter.
            if change < 1 << 24:
                self._jitter += (change - self._jitter) / 16
        self._transit = now * self._rate // 1_000_000 - timestamp
        self.newest_timestamp, self.newest_at = timestamp, now

    def _go_on(self, now: int) -> None:
        while self._next is not None and (waiting := self._ahead.pop(self._next, None)) is not None:
            self._advance(*waiting, now)

    def _give_up(self, sequence: int, now: int) -> None:
        """The packet never came: its frame does not count."""
        self._ahead[sequence] = (_HOLE, 0)
        self._go_on(now)

    def _check(self, sequence: int, data: bytes) -> None:
        opened = self._open(data)
        if opened is None:
            self.damaged += 1
        elif self._kept:
            self._kept[sequence % KEPT], self._is_open[sequence % KEPT] = opened, 1

    def opened(self, sequence: int) -> rtp.RtpPacket | None:
        """The kept packet of this 16-bit number decrypted, and kept so, because it can be opened once."""
        place = sequence % KEPT
        kept = self._kept[place]
        if int.from_bytes(kept[2:4], "big") != sequence or not kept:
            return None
        if not self._is_open[place]:
            opened = self._open(kept)
            self._kept[place], self._is_open[place] = opened or b"", 1
            if opened is None:
                return None
        return rtp.parse(self._kept[place], 0)
