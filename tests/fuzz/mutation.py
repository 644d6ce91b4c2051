"""New inputs out of old ones: octets, fields of headers, and the order of things are changed by chance."""

from collections.abc import Callable
from random import Random

from tests.fuzz.cases import Case, Op

LONGEST_PACKET = 1_472
"""Octets that fit a datagram on Ethernet."""
MOST_OPS = 200
"""Things done in one case, repetitions left out; lines of an offer may be more."""
MOST_LINES = 4_000
AGAIN = 0.1
"""How often a case that repeats itself goes on doing so; it takes the time of a hundred others."""

_INTERESTING = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_VERBS: dict[str, tuple[str, ...]] = {
    "wire": ("packet",),
    "messages": ("worker", "node", "octets"),
    "offers": ("line",),
    "port": ("stranger", "peer", "proved", "pair"),
    "call": (
        *("customer-rtp", "agent-rtp", "customer-rtcp", "agent-rtcp", "customer-join", "agent-join"),
        *("wait", "frame", "again"),
    ),
}
_VERBS["recorded"] = _VERBS["call"]


class Mutator:
    """Makes cases; the same random numbers make the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def mutate(self, case: Case, pool: list[Case]) -> Case:
        """Another case for the same target, a few steps away; `pool` lends pieces of others."""
        ops = [op for op in case.ops if op.verb != "again" or self._random.random() < AGAIN]
        for _ in range(self._random.choice((1, 1, 2, 3, 6))):
            if ops and self._random.random() < 0.7:
                at = self._random.randrange(len(ops))
                ops[at] = Op(ops[at].verb, self._data(ops[at]))
            else:
                self._order(case.target, ops, pool)
        return Case(case.target, tuple(ops[: MOST_LINES if case.target == "offers" else MOST_OPS]))

    def _order(self, target: str, ops: list[Op], pool: list[Case]) -> None:
        """Change what is done rather than to what."""
        random = self._random
        other = random.choice(pool).ops
        at = random.randrange(len(ops) + 1)
        match random.randrange(6):
            case 0 if ops:
                del ops[at : at + random.choice((1, 1, 2, 8))]
            case 1 if ops:
                ops[at:at] = [random.choice(ops)] * random.choice((1, 1, 2, 16, 128))
            case 2 if other:
                first = random.randrange(len(other))
                ops[at:at] = other[first : first + random.choice((1, 2, 8))]
            case 3 if target in {"call", "recorded"}:
                ops.insert(at, self._time())
            case 4 if ops:
                one = random.choice(ops)
                ops[at:at] = [Op(random.choice(_VERBS[target]), one.data)]
            case _ if ops:
                other_at = random.randrange(len(ops))
                ops[at - 1], ops[other_at] = ops[other_at], ops[at - 1]
            case _:
                ops += other[:1]

    def _time(self) -> Op:
        random = self._random
        if random.random() < 0.1:
            rounds, stride = random.choice((2, 10, 50, 500)), random.choice((0, 1, 7, 400, 512, 40_000))
            return Op("again", rounds.to_bytes(2, "big") + stride.to_bytes(2, "big"))
        return Op("wait", random.choice((0, 40_000, 100_000, 1_000_000, 4_000_000, 16_000_000)).to_bytes(3, "big"))

    def _data(self, op: Op) -> bytes:
        changes: list[Callable[[bytearray], None]] = [self._flip, self._set, self._cut, self._grow, self._add]
        if op.verb.endswith("rtp") or op.verb == "packet":
            changes += [self._header, self._header, self._header, self._size]
        if op.verb.endswith("rtcp") or op.verb == "packet":
            changes += [self._compound, self._lengths, self._lengths]
        data = bytearray(op.data)
        self._random.choice(changes)(data)
        return bytes(data[:LONGEST_PACKET]) if op.verb not in {"line", "worker", "node", "octets"} else bytes(data)

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._random.randrange(len(data))] ^= 1 << self._random.randrange(8)

    def _set(self, data: bytearray) -> None:
        """A field of one, two or four octets to a value at the edge."""
        size = self._random.choice((1, 2, 4))
        if len(data) >= size:
            at = self._random.randrange(len(data) - size + 1)
            value = self._random.choice(_INTERESTING) & ((1 << 8 * size) - 1)
            data[at : at + size] = value.to_bytes(size, "big")

    def _add(self, data: bytearray) -> None:
        """A little more or less in one field."""
        size = self._random.choice((1, 2, 4))
        if len(data) >= size:
            at = self._random.randrange(len(data) - size + 1)
            value = int.from_bytes(data[at : at + size], "big") + self._random.choice((-600, -35, -1, 1, 35, 600))
            data[at : at + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "big")

    def _cut(self, data: bytearray) -> None:
        at = self._random.randrange(len(data) + 1)
        del data[at : at + self._random.choice((1, 1, 4, 16, 2_000))]

    def _grow(self, data: bytearray) -> None:
        at = self._random.randrange(len(data) + 1)
        first = self._random.randrange(len(data) + 1)
        piece = bytes(data[first : first + self._random.choice((1, 4, 16, 64))]) or b"\0"
        data[at:at] = piece * self._random.choice((1, 1, 2, 30))

    def _header(self, data: bytearray) -> None:
        """A field of the RTP header."""
        if len(data) < 12:
            return
        random = self._random
        match random.randrange(6):
            case 0:
                step = random.choice((1, 2, 500, 512, 513, 0x7FFF, 0x8000, 0xFFFF))
                data[2:4] = ((int.from_bytes(data[2:4], "big") + step) & 0xFFFF).to_bytes(2, "big")
            case 1:
                data[4:8] = random.choice(_INTERESTING).to_bytes(4, "big")
            case 2:
                data[8:12] = random.choice((1, 11, 12, 22, 1_000, 2_000)).to_bytes(4, "big")
            case 3:
                data[1] = random.choice((96, 97, 98, 0, 127)) | random.choice((0, 0x80))
            case 4:
                data[0] ^= random.choice((0x10, 0x20, 0x01, 0x0F, 0x40))
            case _:
                data[12:16] = bytes(random.choice((0x80, 0x90, 0xF0, 0x10, 0xFF, 0)) for _ in range(4))

    def _size(self, data: bytearray) -> None:
        """Width or height of a key frame."""
        at = data.find(b"\x9d\x01\x2a") + 3 + self._random.choice((0, 2))
        if 3 <= at <= len(data) - 2:
            data[at : at + 2] = self._random.choice((0, 1, 0x3FFF, 0xFFFF)).to_bytes(2, "little")

    def _compound(self, data: bytearray) -> None:
        """The packet many times in one compound."""
        data *= self._random.choice((2, 4, 200))
        del data[LONGEST_PACKET - LONGEST_PACKET % 4 :]

    def _lengths(self, data: bytearray) -> None:
        """The first length, or the count of what feedback covers, to something that fits or does not."""
        if len(data) < 4:
            return
        if self._random.random() < 0.5:
            data[2:4] = (max(0, len(data) // 4 - 1) & 0xFFFF).to_bytes(2, "big")
        elif len(data) >= 24:
            data[14:16] = self._random.choice((0, 1, 512, 4_096, 8_191, 0xFFFF)).to_bytes(2, "big")
            chunk = self._random.choice((0x1FFF, 0x3FFF, 0x5FFF, 0xFFFF, 0xD555)).to_bytes(2, "big")
            data[20:22] = chunk * self._random.choice((1, 1, 8, 16))
            del data[len(data) - len(data) % 4 :]
            data[2:4] = (len(data) // 4 - 1).to_bytes(2, "big")
