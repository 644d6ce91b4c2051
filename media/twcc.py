"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). Pure.

It tells the sender when each of its packets arrived, so that the *sender* estimates the bandwidth. Chromium ramps up
within seconds on it; on the older receiver-side estimate it stays at 320x240.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import pack, unpack_from

from media.rtcp import TRANSPORT_FEEDBACK, packet
from media.rtp import Unwrapper

FORMAT = 15
DELTA = 250
"""Unit of receive deltas: microseconds."""
REFERENCE = 64_000
"""Unit of the reference time: microseconds."""
LONGEST = 4_096
"""Sequence numbers that a peer's packet may cover."""
COVERED = 512
"""Those that one of ours does, so that it fits a datagram; a gap that is as long is a restart, not reported as loss."""

_NOT_RECEIVED, _SMALL, _LARGE = 0, 1, 2


@dataclass(frozen=True)
class Feedback:
    """One feedback packet, read."""

    base_sequence: int
    """The first transport-wide sequence number covered (16 bits)."""
    count: int
    """Counts feedback packets, modulo 256."""
    arrivals: tuple[int | None, ...]
    """For each number from the base on: microseconds on the receiver's clock (modulo 2^24 x 64 ms), None if lost."""


class ArrivalRecorder:
    """Collects arrivals of one transport and writes the feedback for them."""

    def __init__(self) -> None:
        self._unwrapper = Unwrapper(16)
        self._arrivals: dict[int, int] = {}
        self._next_base: int | None = None
        self._count = 0

    def add(self, transport_sequence: int, now: int) -> None:
        """A packet with this 16-bit number arrived at `now` (microseconds, never going back)."""
        self._arrivals.setdefault(self._unwrapper.unwrap(transport_sequence), now)

    def flush(self, ssrc: int, media_ssrc: int) -> list[bytes]:
        """The packets that report all that arrived since the last call; none if nothing did."""
        packets = [self._packet(ssrc, media_ssrc, run) for run in self._runs()]
        self._arrivals.clear()
        return packets

    def _runs(self) -> Iterator[list[tuple[int, int | None]]]:
        """Stretches of consecutive numbers with their arrival in ticks of 250 µs, each fit for one packet."""
        if not self._arrivals:
            return
        numbers = sorted(self._arrivals)
        run: list[tuple[int, int | None]] = []
        expected = self._next_base
        if expected is None or not 0 <= numbers[0] - expected < COVERED:
            expected = numbers[0]
        previous: int | None = None
        for number in numbers:
            tick = self._arrivals[number] // DELTA
            jump = previous is not None and not -0x8000 <= tick - previous <= 0x7FFF
            if run and (jump or number - run[0][0] >= COVERED):
                yield run
                run, expected = [], number
            run.extend((missing, None) for missing in range(expected, number))
            run.append((number, tick))
            expected, previous = number + 1, tick
        self._next_base = max(expected, self._next_base or 0)
        yield run

    def _packet(self, ssrc: int, media_ssrc: int, run: list[tuple[int, int | None]]) -> bytes:
        first = next(tick for _, tick in run if tick is not None)
        reference = first * DELTA // REFERENCE
        symbols: list[int] = []
        deltas = bytearray()
        previous = reference * (REFERENCE // DELTA)
        for _, tick in run:
            if tick is None:
                symbols.append(_NOT_RECEIVED)
                continue
            delta, previous = tick - previous, tick
            small = 0 <= delta <= 0xFF
            symbols.append(_SMALL if small else _LARGE)
            deltas += pack("!B", delta) if small else pack("!h", delta)
        body = pack("!IIHH", ssrc, media_ssrc, run[0][0] & 0xFFFF, len(run))
        body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([self._count])
        body += b"".join(_chunks(symbols)) + deltas
        self._count = (self._count + 1) & 0xFF
        return packet(TRANSPORT_FEEDBACK, FORMAT, body + bytes(-len(body) % 4))


def _chunks(symbols: list[int]) -> Iterator[bytes]:
    """Status chunks: a run-length chunk where seven or more are equal, else a vector of seven two-bit symbols."""
    position = 0
    while position < len(symbols):
        end = position + 1
        while end < len(symbols) and symbols[end] == symbols[position]:
            end += 1
        if end - position >= 7 or end == len(symbols):
            yield pack("!H", symbols[position] << 13 | end - position)
            position = end
        else:
            vector = 0
            for symbol in (symbols[position : position + 7] + [_NOT_RECEIVED] * 7)[:7]:
                vector = vector << 2 | symbol
            yield pack("!H", 0xC000 | vector)
            position += 7


def parse(data: bytes) -> Feedback:
    """Read one feedback packet with its RTCP header; raises ValueError where it is cut off or is something else.

    One that covers more than `LONGEST` numbers is as good as cut off: 30 octets of it would cost as much as 60,000.
    """
    if len(data) < 20 or data[0] & 0x1F != FORMAT or data[1] != TRANSPORT_FEEDBACK:
        raise ValueError("not transport-wide feedback")
    base, length = unpack_from("!HH", data, 12)
    if length > LONGEST:
        raise ValueError("too much is covered")
    reference = int.from_bytes(data[16:19], "big")
    symbols, position = _parse_chunks(data, length)
    arrivals: list[int | None] = []
    tick = reference * (REFERENCE // DELTA)
    for symbol in symbols:
        if symbol == _NOT_RECEIVED:
            arrivals.append(None)
            continue
        size = 1 if symbol == _SMALL else 2
        if position + size > len(data):
            raise ValueError("receive deltas are cut off")
        tick += int.from_bytes(data[position : position + size], "big", signed=size == 2)
        position += size
        arrivals.append(tick * DELTA)
    return Feedback(base, data[19], tuple(arrivals))


def _parse_chunks(data: bytes, length: int) -> tuple[list[int], int]:
    symbols: list[int] = []
    position = 20
    while len(symbols) < length:
        if position + 2 > len(data):
            raise ValueError("status chunks are cut off")
        chunk: int = unpack_from("!H", data, position)[0]
        position += 2
        if not chunk & 0x8000:
            symbols += [chunk >> 13] * min(chunk & 0x1FFF, length - len(symbols))
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 0x03 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 0x01 for shift in range(13, -1, -1)]
    return symbols[:length], position
