"""A whole call under hostile packets in any order: what goes out, what is kept, and what it costs."""

from collections.abc import Callable
from typing import get_args

from media import rtp
from media.assembly import MOST_WAITING
from media.call import CallMedia, Output
from media.errors import MediaRefused
from media.events import Leg
from media.evidence import Keeping
from media.incoming import StreamParameters
from media.leg import LegMedia, LegParameters, Numbering
from media.pacing import BURST, RATE
from tests.fuzz import footprint
from tests.fuzz.cases import Op
from tests.fuzz.targets import PACKET_S, Features, whole_rtcp, within

VIDEO, REPEATED, AUDIO = 97, 98, 96
EXTENSION = 3
MOST_OPS = 2_000
"""Things done in one execution, repetitions included."""
MOST_OCTETS = 64 << 20
"""What a call may take, whatever is sent: two sides' pictures of 16 MiB each, and what it costs to keep them."""
HALF = 13_000_000
"""A call must have all that it keeps after this time: microseconds; pictures are kept for ten seconds."""
LARGEST_WAITING = 2_000
"""Octets of a packet that waits: a datagram and what it costs to keep it."""
STEP = 1_000
"""Between two packets: microseconds."""
LONGEST_HEADER = 20
"""Of a packet that we write: octets."""
_NUMBERED = b"\xbe\xde\0\2" + bytes([EXTENSION << 4 | 1])


class Trial:
    """One call, everything that it says checked at once."""

    def __init__(self, *, records: bool) -> None:
        self.call = CallMedia("call", Keeping("kept", 0, records=records))
        self.now = self._began = 10_000_000
        self.features: Features = set()
        self._joined = self._done = 0
        self._again: dict[Leg, int] = {"customer": 0, "agent": 0}
        self._join("customer", b"\x03")
        self._join("agent", b"\x03")

    def do(self, op: Op, forward: int = 0) -> None:
        """One thing; a packet of RTP as one that comes so many sequence numbers later."""
        self.now += STEP
        self._done += 1
        who, _, what = op.verb.partition("-")
        leg: Leg = "agent" if who == "agent" else "customer"
        if what == "rtp":
            self._rtp(leg, _moved(op.data, forward))
        elif what == "rtcp":
            self._rtcp(leg, op.data)
        elif what == "join":
            self._join(leg, op.data)
        elif op.verb == "wait":
            self._wait(int.from_bytes(op.data[:3], "big"))
        elif op.verb == "frame":
            self._frame(int.from_bytes(op.data[:2], "big"), int.from_bytes(op.data[2:6], "big"))
        self._tell()

    def finish(self) -> Features:
        """The end of the call."""
        if self._done > MOST_OPS // 2:
            assert footprint.octets(self.call) < MOST_OCTETS
        self.features |= footprint.features(self.call)
        self.call.end(self.now)
        self._tell()
        self.call.summary(0)
        return self.features

    def _rtp(self, leg: Leg, data: bytes) -> None:
        with within(PACKET_S):
            output = self.call.rtp(self._leg(leg), data, self.now)
        assert len(output) <= 1
        for to, sent in output:
            assert to.leg != leg
            assert len(sent) <= len(data) + LONGEST_HEADER - 12 + 1
        self._check(output, f"{leg} rtp")

    def _rtcp(self, leg: Leg, data: bytes) -> None:
        with within(PACKET_S):
            output = self.call.rtcp(self._leg(leg), data, self.now)
        self._check(output, f"{leg} rtcp")
        self._count_repeated(output)

    def _wait(self, microseconds: int) -> None:
        self.now += microseconds
        with within(PACKET_S):
            output = self.call.tick(self.now)
        self._check(output, "tick")
        self._count_repeated(output)

    def _frame(self, media: int, timestamp: int) -> None:
        for ask in (
            lambda: self.call.frame(media, timestamp, live=False, now=self.now),
            lambda: self.call.nearest_frame(live=True, now=self.now),
        ):
            try:
                self.features.add(("frame", ask().exact))
            except MediaRefused as refused:
                self.features.add(refused.code)

    def _join(self, leg: Leg, data: bytes) -> None:
        flags = data[0] if data else 0
        self._joined += 1
        first = 1_000 * (1 + (leg == "agent"))
        video = StreamParameters("video", 90_000, VIDEO, REPEATED if flags & 2 else None, first, first + 1, "us")
        audio = StreamParameters("audio", 48_000, AUDIO, None, first + 2, first + 3, "us")
        agreed = LegParameters(video, audio, EXTENSION if flags & 1 else 0, timestamps_kept=not flags & 4)
        joined = LegMedia("call", leg, self._joined, agreed, Numbering(100, 5_000))
        self.call.join(joined, self.now)
        if not flags & 8:
            self.call.connected(joined, self.now)

    def _leg(self, leg: Leg) -> LegMedia:
        present = self.call.leg(leg)
        assert present is not None
        return present

    def _check(self, output: Output, cause: str) -> None:
        for to, data in output:
            if 192 <= data[1] <= 223:
                whole_rtcp(data)
                self.features.add((cause, to.leg, data[1], data[0] & 0x1F))
                continue
            packet = rtp.parse(data, to.parameters.transport_sequence_id)
            assert packet is not None
            ours = to.parameters.video, to.parameters.audio
            known = {(each.payload_type, each.ssrc) for each in ours}
            known.add((to.parameters.video.rtx_payload_type or 0, to.parameters.video.rtx_ssrc))
            assert (packet.payload_type, packet.ssrc) in known
            assert (packet.transport_sequence is None) == (not to.parameters.transport_sequence_id)
            self.features.add((cause, to.leg, packet.payload_type))

    def _count_repeated(self, output: Output) -> None:
        """Whoever asks for packets again gets some at once and the rest no faster than a stream."""
        for to, data in output:
            self._again[to.leg] += not 192 <= data[1] <= 223
        # Each connection of a leg begins with a burst of its own.
        allowed = (BURST + 1) * self._joined + RATE * (self.now - self._began) // 1_000_000
        assert all(count <= allowed for count in self._again.values())

    def _tell(self) -> None:
        for event in self.call.take_events():
            self.features.add(type(event).__name__)


def _moved(data: bytes, forward: int) -> bytes:
    """The packet with all its numbers moved forward, the transport's too."""
    if not forward or len(data) < 12:
        return data
    sequence = (int.from_bytes(data[2:4], "big") + forward) & 0xFFFF
    timestamp = (int.from_bytes(data[4:8], "big") + forward * 500) & 0xFFFFFFFF
    rest = bytearray(data[8:])
    if data[0] & 0x1F == 0x10 and rest[4:9] == _NUMBERED:
        rest[9:11] = ((int.from_bytes(rest[9:11], "big") + forward) & 0xFFFF).to_bytes(2, "big")
    return data[:2] + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big") + bytes(rest)


def perform(ops: tuple[Op, ...], trial: Trial) -> None:
    """All ops. `again` does those before it anew: how often, and by how many sequence numbers further on each time."""
    left = MOST_OPS
    before: list[Op] = []
    for op in ops:
        if op.verb != "again":
            before.append(op)
            trial.do(op)
            continue
        rounds, stride = int.from_bytes(op.data[:2], "big"), int.from_bytes(op.data[2:4], "big")
        for turn in range(1, min(rounds, left // max(1, len(before))) + 1):
            left -= len(before)
            for each in before:
                trial.do(each, turn * stride)


def target(*, records: bool) -> Callable[[tuple[Op, ...]], Features]:
    """The target with or without recordings, whose writer is not ours and costs more than all the rest."""

    def run(ops: tuple[Op, ...]) -> Features:
        trial = Trial(records=records)
        perform(ops, trial)
        return trial.finish()

    return run


def _waiting(call: CallMedia) -> int:
    """Octets that wait for a missing packet: they rise and fall, so that two moments cannot be compared."""
    legs = filter(None, map(call.leg, get_args(Leg)))
    return sum(footprint.octets(leg.evidence._assembler) for leg in legs if leg.evidence is not None)


def soak(ops: tuple[Op, ...]) -> Features:
    """Do the same over and over: a call that goes on takes no more memory for it."""
    trial = Trial(records=False)
    sizes: list[int] = []
    turn = 0
    for half in (1, 2):
        until = 10_000_000 + half * HALF
        while trial.now < until:
            turn += 1
            for op in ops:
                trial.do(op, turn * 7)
            trial.do(Op("wait", (20_000).to_bytes(3, "big")))
        waiting = _waiting(trial.call)
        assert waiting <= 2 * MOST_WAITING * LARGEST_WAITING
        sizes.append(footprint.octets(trial.call) - waiting)
    assert sizes[1] <= sizes[0] * 1.25 + 100_000, f"grew from {sizes[0]} to {sizes[1]} octets"
    return set()
