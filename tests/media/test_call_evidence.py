"""What a call tells beside its packets, in virtual time: recordings, gates, facts; and what it asks of its senders."""

from itertools import pairwise

import pytest
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, unpack_remb_fci

from media import rtcp, twcc
from media.bandwidth import LEAST, MOST
from media.call import CallEvent, CallMedia, Output
from media.events import Gate, GateChanged, Leg, LegFacts, RecordedPiece
from media.evidence import Keeping
from media.gates import BEHIND
from media.ledger import FROZEN_AFTER
from media.leg import LegMedia
from media.pacing import BURST, RATE
from media.rtp import RtpPacket, parse
from tests.media.packets import REPEATED, Camera, leg, sound

SECOND = 1_000_000
FRAME = 33_333
FIRST_PIECE = 3 * SECOND
"""Within this time both legs have pieces."""


class Call:
    """Two peers that send, and a disk that acknowledges at once unless told otherwise."""

    def __init__(self, *, records: bool = True, evidence: bool = True, transport_sequence_id: int = 0) -> None:
        self.media = CallMedia("call", Keeping("kept", 0, evidence=evidence, records=records))
        self.now = 0
        self.legs: dict[Leg, LegMedia] = {}
        self.cameras: dict[Leg, Camera] = {}
        self.events: list[CallEvent] = []
        self.sent: list[tuple[int, LegMedia, bytes]] = []
        self.disk = True
        self._waiting: list[RecordedPiece] = []
        self._transport_sequence_id = transport_sequence_id
        self._sounds = 0
        self.join("customer")
        self.join("agent")

    def join(self, name: Leg, media: int = 1) -> None:
        joins = self.legs[name] = leg(name, media, transport_sequence_id=self._transport_sequence_id)
        self.cameras[name] = Camera(ssrc=1_000 * media + (name == "agent"))
        self.media.join(joins, self.now)
        self.media.connected(joins, self.now)
        self._take()

    def run(self, microseconds: int, *, of: tuple[Leg, ...] = ("customer", "agent"), whole: bool = True) -> "Call":
        """These legs send; `whole`: all packets of their pictures."""
        end = self.now + microseconds
        while self.now < end:
            self.now += FRAME
            self._sounds += 1
            for name in of:
                packets = self.cameras[name].frame(key=self.cameras[name].picture_id % 30 == 0)
                for data in packets if whole else packets[1:]:
                    self.send(name, data)
                self.send(name, sound(self._sounds, self._sounds * 1_600))
            self._give(self.media.tick(self.now))
            self._take()
        return self

    def send(self, name: Leg, data: bytes) -> None:
        self._give(self.media.rtp(self.legs[name], data, self.now))

    def control(self, name: Leg, data: bytes) -> None:
        self._give(self.media.rtcp(self.legs[name], data, self.now))

    def let_disk_work(self) -> None:
        self.disk = True
        self._take()

    def gates(self, gate: Gate) -> list[bool]:
        """How it was told to stand, one after the other."""
        return [event.shut for event in self.events if isinstance(event, GateChanged) and event.gate == gate]

    def pieces(self, name: Leg, media: int = 1) -> list[RecordedPiece]:
        told = [event for event in self.events if isinstance(event, RecordedPiece)]
        return [piece for piece in told if (piece.leg, piece.media) == (name, media)]

    def _give(self, output: Output) -> None:
        self.sent += [(self.now, receiver, data) for receiver, data in output]

    def _take(self) -> None:
        while told := self.media.take_events():
            self.events += told
            self._waiting += [event for event in told if isinstance(event, RecordedPiece)]
            while self.disk and self._waiting:
                self.media.kept(self._waiting.pop(0), self.now)
        while self.disk and self._waiting:
            self.media.kept(self._waiting.pop(0), self.now)
        self.events += self.media.take_events()


def test_the_gate_opens_once_both_legs_are_on_disk() -> None:
    call = Call()
    call.disk = False
    call.run(FIRST_PIECE)
    assert call.pieces("customer")
    assert call.pieces("agent")
    assert call.gates("recording") == []
    call.let_disk_work()
    assert call.gates("recording") == [False]


def test_the_gate_does_not_open_for_one_leg() -> None:
    assert Call().run(10 * SECOND, of=("customer",)).gates("recording") == []


def test_the_gate_shuts_when_a_piece_waits_too_long_and_opens_when_it_is_on_disk() -> None:
    call = Call().run(FIRST_PIECE)
    call.disk = False
    call.run(BEHIND - SECOND // 2)
    assert call.gates("recording") == [False]
    call.run(2 * SECOND)
    assert call.gates("recording") == [False, True]
    call.let_disk_work()
    assert call.gates("recording") == [False, True, False]


def test_a_reconnect_shuts_the_gate_until_the_new_file_is_on_disk() -> None:
    call = Call().run(FIRST_PIECE)
    call.join("customer", 2)
    call.run(FRAME)
    assert call.gates("recording") == [False, True]
    call.run(FIRST_PIECE)
    assert call.gates("recording") == [False, True, False]
    assert call.pieces("customer", 1)[-1].last
    assert call.pieces("customer", 2)[0].offset == 0
    assert not call.pieces("customer", 2)[-1].last


def test_a_leg_that_falls_silent_leaves_the_gate_open() -> None:
    call = Call().run(FIRST_PIECE).run(10 * SECOND, of=("agent",))
    assert call.gates("recording") == [False]


def test_packets_without_pictures_shut_the_other_gate_until_one_comes() -> None:
    call = Call().run(SECOND).run(FROZEN_AFTER - SECOND // 2, whole=False)
    assert call.gates("frozen") == []
    call.run(SECOND, whole=False)
    assert call.gates("frozen") == [True]
    call.cameras["customer"].picture_id = 0
    call.run(4 * FRAME)
    assert call.gates("frozen") == [True, False]


def test_sound_alone_of_a_leg_that_had_a_picture_is_a_frozen_one() -> None:
    call = Call().run(SECOND)
    for n in range(200):
        call.send("customer", sound(1_000 + n, n * 960))
        call.run(FRAME, of=("agent",))
    assert call.gates("frozen") == [True]


def test_a_silent_leg_is_not_frozen_and_stays_what_it_was() -> None:
    assert Call().run(SECOND).run(20 * SECOND, of=("agent",)).gates("frozen") == []
    frozen = Call().run(SECOND).run(4 * SECOND, whole=False)
    assert frozen.run(10 * SECOND, of=("agent",)).gates("frozen") == [True]


def test_the_agents_picture_shuts_nothing_but_is_noted() -> None:
    call = Call().run(SECOND)
    end = call.now + 12 * SECOND
    while call.now < end:
        for data in call.cameras["agent"].frame()[1:]:
            call.send("agent", data)
        call.run(FRAME, of=("customer",))
    assert call.gates("frozen") == []
    facts = [event for event in call.events if isinstance(event, LegFacts)]
    assert any(second.frozen for each in facts if each.leg == "agent" for second in each.seconds)
    assert not any(second.frozen for each in facts if each.leg == "customer" for second in each.seconds)


def test_every_change_has_an_id_of_its_own() -> None:
    call = Call().run(FIRST_PIECE)
    call.join("customer", 2)
    call.run(FIRST_PIECE).run(4 * SECOND, whole=False).run(4 * SECOND)
    changes = [event for event in call.events if isinstance(event, GateChanged)]
    assert len(changes) >= 5
    assert len({change.id for change in changes}) == len(changes)
    for gate in ("recording", "frozen"):
        shut = [change.shut for change in changes if change.gate == gate]
        assert all(earlier != later for earlier, later in pairwise(shut))


def test_a_call_that_is_not_recorded_has_no_pieces_and_no_such_gate() -> None:
    call = Call(records=False).run(12 * SECOND)
    assert [event for event in call.events if isinstance(event, RecordedPiece)] == []
    assert call.gates("recording") == []
    assert any(isinstance(event, LegFacts) for event in call.events)


def test_a_call_without_evidence_tells_nothing_of_it() -> None:
    call = Call(evidence=False, records=False).run(12 * SECOND, whole=False)
    assert not [event for event in call.events if isinstance(event, RecordedPiece | LegFacts | GateChanged)]


def test_the_end_of_a_call_tells_the_last_piece_and_the_last_seconds_of_both_legs() -> None:
    call = Call().run(5 * SECOND)
    call.events.clear()
    call.media.end(call.now)
    told = call.media.take_events()
    pieces = [event for event in told if isinstance(event, RecordedPiece)]
    assert [(piece.leg, piece.last) for piece in pieces] == [("customer", True), ("agent", True)]
    facts = [event for event in told if isinstance(event, LegFacts)]
    assert [(each.leg, len(each.seconds)) for each in facts] == [("customer", 4), ("agent", 4)]


def test_pieces_of_both_legs_stand_on_the_workers_clock() -> None:
    call = Call().run(FIRST_PIECE)
    began = {name: call.pieces(name)[0].began_at for name in call.legs}
    assert began == pytest.approx({"customer": FRAME, "agent": FRAME}, abs=100)


def test_what_is_asked_for_after_an_outage_goes_out_spread() -> None:
    call = Call().run(10 * SECOND)
    call.sent.clear()
    call.run(5 * SECOND)
    missed = [packet.sequence for packet in packets_to(call, "agent") if packet.ssrc == 31]
    assert len(missed) > 300
    call.sent.clear()
    call.control("agent", rtcp.nack(9, 31, missed))
    assert len(call.sent) == BURST
    for _ in range(50):
        before = len(call.sent)
        call.run(FRAME, of=())
        assert len(packets_to(call, "agent", before)) <= RATE * FRAME // SECOND + 1
    again = packets_to(call, "agent")
    assert {packet.payload_type for packet in again} == {REPEATED}
    assert [int.from_bytes(packet.payload[:2], "big") for packet in again] == missed


def packets_to(call: Call, name: Leg, since: int = 0) -> list[RtpPacket]:
    """What went to a leg, reports left out, of what was sent after the first so many."""
    sent = [data for _, receiver, data in call.sent[since:] if receiver is call.legs[name]]
    packets = [parse(data, 3) for data in sent if data[1] not in range(rtcp.SENDER_REPORT, 208)]
    return [packet for packet in packets if packet is not None]


def bounds(call: Call, name: Leg) -> list[tuple[int, int]]:
    """What a leg was bidden to keep below, and when; read by another implementation."""
    found = []
    for at, receiver, data in call.sent:
        if receiver is call.legs[name] and data[1] == rtcp.PAYLOAD_FEEDBACK:
            for packet in RtcpPacket.parse(data):
                if isinstance(packet, RtcpPsfbPacket) and packet.fmt == rtcp.APPLICATION_LAYER:
                    rate, sources = unpack_remb_fci(packet.fci)
                    assert sources == [call.cameras[name].ssrc]
                    found.append((at, rate))
    return found


def test_what_the_way_to_one_side_bears_bounds_the_other() -> None:
    """The agent tells of much loss: the customer has to keep below what came through."""
    call = Call(transport_sequence_id=3).run(SECOND)
    told = 0
    for _ in range(40):
        call.run(3 * FRAME)
        numbers = [packet.transport_sequence for packet in packets_to(call, "agent", told)]
        told = len(call.sent)
        recorder = twcc.ArrivalRecorder()
        for n, number in enumerate(numbers):
            if n % 3 and number is not None:
                recorder.add(number, call.now)
        for data in recorder.flush(9, 31):
            call.control("agent", data)
    assert bounds(call, "customer")[0][1] == LEAST
    assert bounds(call, "agent") == []


def test_a_bound_is_told_at_once_and_again_each_second_and_that_there_is_none_as_well() -> None:
    call = Call(transport_sequence_id=3).run(SECOND)
    downlink = call.legs["agent"].downlink
    assert downlink is not None
    assert bounds(call, "customer") == []
    downlink.limit = 500_000
    began = call.now
    call.run(2 * SECOND)
    assert [rate // 1_000 for _, rate in bounds(call, "customer")] == [500, 500]
    assert bounds(call, "customer")[0][0] - began <= FRAME
    call.sent.clear()
    downlink.limit = 300_000
    call.run(FRAME)
    assert [rate // 1_000 for _, rate in bounds(call, "customer")] == [300], "lower ones do not wait"
    call.sent.clear()
    downlink.limit = None
    call.run(2 * SECOND)
    assert all(MOST * 0.99 < rate <= MOST for _, rate in bounds(call, "customer"))
    assert bounds(call, "customer")


def test_the_round_trip_is_that_of_the_peers_reports() -> None:
    call = Call().run(SECOND)
    report = rtcp.sender_report(rtcp.SenderReport(1_000, 77 << 16, 90), packets=2, octets=9, cname="x")
    call.control("customer", report)
    call.run(2 * FRAME)
    block = rtcp.ReportBlock(31, 5, 1, 0, 0, 77, 26_000 * 65_536 // SECOND)
    call.control("agent", rtcp.receiver_report(9, [block]))
    call.run(10 * SECOND)
    (facts,) = [event for event in call.events if isinstance(event, LegFacts) and event.leg == "agent"]
    assert facts.seconds[0].round_trip is None
    assert facts.seconds[-1].round_trip == pytest.approx(2 * FRAME - 26_000, abs=20)
    assert facts.seconds[-1].sent_lost == 5


def test_a_cut_ends_the_recording_once_and_the_summary_has_each_connection_once() -> None:
    call = Call().run(FIRST_PIECE)
    for _ in range(2):
        call.media.cut("agent", call.now)
    call.run(FIRST_PIECE)
    call.media.end(call.now)
    call.run(0)
    call._take()
    assert [piece.last for piece in call.pieces("agent")].count(True) == 1
    assert call.pieces("agent")[-1].last
    assert call.pieces("agent")[-1].length == pytest.approx(FIRST_PIECE, abs=SECOND // 5)
    assert call.pieces("customer")[-1].length > FIRST_PIECE + SECOND
    assert sorted((each.leg, each.media) for each in call.media.summary(0).legs) == [("agent", 1), ("customer", 1)]


def test_a_call_of_which_both_legs_are_cut_tells_nothing_of_its_gates() -> None:
    call = Call().run(FIRST_PIECE)
    told = call.gates("recording")
    for name in ("customer", "agent"):
        call.media.cut(name, call.now)
    call.run(BEHIND + SECOND)
    assert call.gates("recording") == told == [False]
    assert call.gates("frozen") == []
