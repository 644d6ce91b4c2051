"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1). Pure.

It tells the sender when each of its packets arrived, so that the *sender* estimates the bandwidth. Chromium ramps up
within seconds on it; on the older receiver-side estimate it stays at 320x240.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from struct import error, pack, unpack_from

from media.rtcp import TRANSPORT_FEEDBACK, packet
from media.rtp import Unwrapper

FORMAT = 15
DELTA = 250
"""Unit of receive deltas: microseconds."""
REFERENCE = 64_000
"""Unit of the reference time: microseconds."""
LONGEST = 4_096
"""Sequence numbers that a peer's packet may cover."""
MOST_WAITING = 1 << 16
"""Arrivals that wait to be reported; further ones are taken for lost."""
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
        self._came: list[tuple[int, int]] = []
        self._next_base: int | None = None
        self._count = 0

    def add(self, transport_sequence: int, now: int) -> None:
        """A packet with this 16-bit number arrived at `now` (microseconds, never going back)."""
        if len(self._came) < MOST_WAITING:
            self._came.append((transport_sequence, now))

    def flush(self, ssrc: int, media_ssrc: int) -> list[bytes]:
        """The packets that report all that arrived since the last call; none if nothing did."""
        arrivals: dict[int, int] = {}
        for transport_sequence, arrived in self._came:
            arrivals.setdefault(self._unwrapper.unwrap(transport_sequence), arrived)
        self._came.clear()
        return [self._packet(ssrc, media_ssrc, base, run) for base, run in self._runs(arrivals)]

    def _runs(self, arrivals: dict[int, int]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
        """What came, in stretches that fit one packet each: the first number covered, numbers and ticks of 250 µs."""
        if not arrivals:
            return
        numbers = sorted(arrivals)
        base = self._next_base
        if base is None or not 0 <= numbers[0] - base < COVERED:
            base = numbers[0]
        run: list[tuple[int, int]] = []
        for number in numbers:
            tick = arrivals[number] // DELTA
            if run and (number - base >= COVERED or not -0x8000 <= tick - run[-1][1] <= 0x7FFF):
                yield base, run
                run, base = [], number
            run.append((number, tick))
        self._next_base = max(numbers[-1] + 1, self._next_base or 0)
        yield base, run

    def _packet(self, ssrc: int, media_ssrc: int, base: int, run: list[tuple[int, int]]) -> bytes:
        reference = run[0][1] * DELTA // REFERENCE
        symbols: list[tuple[int, int]] = []
        deltas = bytearray()
        expected, previous = base, reference * (REFERENCE // DELTA)
        for number, tick in run:
            delta = tick - previous
            small = 0 <= delta <= 0xFF
            if number > expected:
                symbols.append((_NOT_RECEIVED, number - expected))
            symbols.append((_SMALL if small else _LARGE, 1))
            if small:
                deltas.append(delta)
            else:
                deltas += pack("!h", delta)
            expected, previous = number + 1, tick
        body = pack("!IIHH", ssrc, media_ssrc, base & 0xFFFF, expected - base)
        body += (reference & 0xFFFFFF).to_bytes(3, "big") + bytes([self._count])
        body += b"".join(_chunks(symbols)) + deltas
        self._count = (self._count + 1) & 0xFF
        return packet(TRANSPORT_FEEDBACK, FORMAT, body + bytes(-len(body) % 4))


def _chunks(symbols: list[tuple[int, int]]) -> Iterator[bytes]:
    """Status chunks of symbols, each with how often it stands: vectors of seven two-bit ones, long runs by length."""
    vector: list[int] = []
    for symbol, together in groupby(symbols, key=itemgetter(0)):
        left = sum(count for _, count in together)
        if vector:
            fitting = min(left, 7 - len(vector))
            vector += [symbol] * fitting
            left -= fitting
        if len(vector) == 7:
            yield _vector(vector)
            vector = []
        if left >= 7:
            yield pack("!H", symbol << 13 | left)
        else:
            vector += [symbol] * left
    if len(set(vector)) == 1:
        yield pack("!H", vector[0] << 13 | len(vector))
    elif vector:
        yield _vector(vector + [_NOT_RECEIVED] * (7 - len(vector)))


def _vector(symbols: list[int]) -> bytes:
    chunk = 0b11
    for symbol in symbols:
        chunk = chunk << 2 | symbol
    return pack("!H", chunk)


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
        try:
            if symbol == _SMALL:
                tick += data[position]
                position += 1
            else:
                tick += unpack_from("!h", data, position)[0]
                position += 2
        except (IndexError, error) as cut:
            raise ValueError("receive deltas are cut off") from cut
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
