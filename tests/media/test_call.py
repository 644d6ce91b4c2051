import pytest

from media import rtcp, twcc
from media.call import OLDEST_LIVE, CallMedia, Output
from media.errors import FrameTooOld, FrameUnknown
from media.leg import LOOK_AFTER, SILENT_AFTER, LegMedia
from media.plane import LegHeard, LegSilent, MediaFlowing
from media.rtp import RtpPacket, parse, serialize
from tests.media.packets import KEEPING, VIDEO, Camera, leg, repeated, sound, whole

SECOND = 1_000_000


class Joined:
    """A call with both legs, and their cameras."""

    def __init__(self) -> None:
        self.call = CallMedia("call", KEEPING)
        self.customer, self.agent = leg("customer"), leg("agent")
        self.call.join(self.customer, 0)
        self.call.join(self.agent, 0)
        for joined in (self.customer, self.agent):
            self.call.connected(joined, 0)
        self.camera, self.agents_camera = Camera(), Camera(ssrc=3_000, timestamp=70_000)

    def show(self, *, key: bool = False, now: int = 0) -> list[RtpPacket]:
        """The customer's next frame, as the agent gets it."""
        packets = self.camera.frame(key=key)
        return to(self.agent, [each for data in packets for each in self.rtp(self.customer, data, now)])

    def rtp(self, leg: LegMedia, data: bytes, now: int = 0) -> Output:
        return self.call.rtp(leg, data, now)


def to(leg: LegMedia, output: Output) -> list[RtpPacket]:
    assert all(receiver is leg for receiver, _ in output)
    return [whole(data) for _, data in output]


def messages(leg: LegMedia, output: Output) -> list[rtcp.RtcpMessage]:
    """What RTCP says to a leg, reports left out."""
    told = [message for receiver, data in output if receiver is leg for message in rtcp.parse(data)]
    return [each for each in told if not isinstance(each, rtcp.ReportBlock | rtcp.TransportWide)]


def test_packets_go_to_the_other_side() -> None:
    joined = Joined()
    assert [packet.ssrc for packet in joined.show(key=True)] == [31, 31]
    back = [each for data in joined.agents_camera.frame(key=True) for each in joined.rtp(joined.agent, data)]
    assert [packet.ssrc for packet in to(joined.customer, back)] == [11, 11]
    assert [packet.ssrc for packet in to(joined.agent, joined.rtp(joined.customer, sound(1, 1)))] == [41]


def test_each_stream_is_reported_once() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.rtp(joined.customer, sound(1, 1))
    joined.show()
    assert joined.call.take_events() == [
        MediaFlowing("call", "customer", 1, "video"),
        MediaFlowing("call", "customer", 1, "audio"),
    ]
    assert joined.call.take_events() == []


def test_a_packet_alone_is_kept_and_goes_nowhere() -> None:
    call, customer, camera = CallMedia("call", KEEPING), leg("customer"), Camera()
    call.join(customer, 0)
    assert [call.rtp(customer, data, 0) for data in camera.frame(key=True)] == [[], []]
    named = call.nearest_frame(live=True, now=0)
    assert (named.exact, named.picture.timestamp, named.rtp_timestamp) == (False, 0, 0)


def test_a_retransmission_is_forwarded_and_a_repetition_is_not() -> None:
    joined = Joined()
    first, second = joined.camera.frame(key=True)
    joined.rtp(joined.customer, first)
    assert len(to(joined.agent, joined.rtp(joined.customer, repeated(second)))) == 1
    assert joined.rtp(joined.customer, second) == []
    assert joined.rtp(joined.customer, repeated(second, sequence=8)) == []


def test_what_cannot_be_read_or_was_not_agreed_is_dropped() -> None:
    joined = Joined()
    assert joined.rtp(joined.customer, b"\x80") == []
    strange = serialize(50, marker=False, sequence=1, timestamp=1, ssrc=1, payload=b"x")
    assert joined.rtp(joined.customer, strange) == []
    assert joined.call.rtcp(joined.customer, b"\x80", 0) == []


def test_a_side_that_is_connected_has_a_key_frame_asked_for_at_once() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.rtcp(joined.agent, rtcp.picture_loss(9, 31), 0)
    assert messages(joined.customer, joined.call.tick(0)) == [rtcp.KeyFrameRequest(1_000)]
    joined.call.join(again := leg("agent", 2), 1)
    assert [each for data in joined.camera.frame(key=True) for each in joined.rtp(joined.customer, data, 1)] == []
    assert messages(joined.customer, joined.call.connected(again, 2)) == [rtcp.KeyFrameRequest(1_000)]
    assert messages(joined.customer, joined.call.tick(40_000)) == [], "asked just now"
    assert joined.call.connected(joined.agent, 3) == [], "another stands in its place"
    assert [each for data in joined.camera.frame() for each in joined.rtp(joined.customer, data, SECOND)] == []
    sent = [each for data in joined.camera.frame(key=True) for each in joined.rtp(joined.customer, data, SECOND)]
    assert len(to(again, sent)) == 2


def test_a_key_frame_that_one_side_asks_for_is_asked_of_the_other() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.rtcp(joined.agent, rtcp.picture_loss(9, 31), 0)
    assert messages(joined.customer, joined.call.tick(0)) == [rtcp.KeyFrameRequest(1_000)]
    joined.call.rtcp(joined.agent, rtcp.picture_loss(9, 31), 0)
    assert messages(joined.customer, joined.call.tick(100_000)) == []
    joined.show(key=True, now=200_000)
    assert messages(joined.customer, joined.call.tick(SECOND)) == []


def test_key_frames_come_regularly_while_both_sides_are_there() -> None:
    joined = Joined()
    joined.show(key=True)
    assert messages(joined.customer, joined.call.tick(2 * SECOND)) == []
    joined.rtp(joined.agent, joined.agents_camera.frame(key=True)[0], 2 * SECOND)
    joined.show(now=2 * SECOND)
    asked = joined.call.tick(2 * SECOND)
    assert messages(joined.customer, asked) == [rtcp.KeyFrameRequest(1_000)]
    assert messages(joined.agent, asked) == []


def test_lost_packets_are_asked_of_their_sender_and_given_from_what_was_sent() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.camera.sequence += 2
    joined.show(now=1)
    assert messages(joined.customer, joined.call.tick(1)) == [rtcp.Nack(1_000, (2, 3))]
    again = to(joined.agent, joined.call.rtcp(joined.agent, rtcp.nack(9, 31, [100, 102]), 1))
    assert [packet.payload[:2] for packet in again] == [(100).to_bytes(2, "big")]
    assert joined.call.rtcp(joined.agent, rtcp.nack(9, 99, [100]), 1) == []


def test_a_packet_that_never_comes_has_a_key_frame_asked_for() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.camera.sequence += 1
    joined.show()
    asked = [message for n in range(10) for message in messages(joined.customer, joined.call.tick(n * 50_000))]
    assert asked == [rtcp.Nack(1_000, (2,))] * 8 + [rtcp.KeyFrameRequest(1_000)]
    (summary, _) = joined.call.summary(0).legs
    assert summary.lost_packets == 1


def test_a_sender_report_reaches_the_other_side_in_its_own_numbers() -> None:
    joined = Joined()
    shown = joined.show(key=True)
    report = rtcp.sender_report(rtcp.SenderReport(1_000, 55, 90), packets=2, octets=9, cname="x")
    output = joined.call.rtcp(joined.customer, report, 0)
    assert messages(joined.agent, output) == [rtcp.SenderReport(31, 55, (shown[0].timestamp + 90) % (1 << 32))]
    unknown = rtcp.sender_report(rtcp.SenderReport(5, 55, 90), packets=2, octets=9, cname="x")
    assert joined.call.rtcp(joined.customer, unknown, 0) == []


def test_arrivals_are_fed_back_to_a_sender_that_numbers_them() -> None:
    call, customer = CallMedia("call", KEEPING), leg("customer", transport_sequence_id=3)
    call.join(customer, 0)
    plain = whole(Camera().frame(key=True)[0])
    head = bytes([0x90, VIDEO]) + (1).to_bytes(2, "big") + bytes(4) + (1_000).to_bytes(4, "big")
    data = head + bytes.fromhex("bede000131123400") + plain.payload
    assert parse(data, 3) is not None
    call.rtp(customer, data, 64_000)
    fed_back = [twcc.parse(each) for _, each in call.tick(100_000) if each[1] == rtcp.TRANSPORT_FEEDBACK]
    assert [(each.base_sequence, each.arrivals) for each in fed_back] == [(0x1234, (64_000,))]


def test_receiver_reports_go_out_every_second() -> None:
    joined = Joined()
    joined.show(key=True)
    times = [n * 40_000 for n in range(60)]
    reports = [now for now in times for _, data in joined.call.tick(now) if data[1] == rtcp.RECEIVER_REPORT]
    assert reports == [0, SECOND, 2 * SECOND]


def test_a_named_frame_is_found_and_the_agents_own_of_the_same_moment() -> None:
    joined = Joined()
    for n in range(4):
        shown = joined.show(key=n == 0, now=n * 33_000)
        for data in joined.agents_camera.frame(key=n == 0):
            joined.rtp(joined.agent, data, n * 33_000 + 9)
    named = joined.call.frame(1, shown[0].timestamp, live=True, now=200_000)
    assert (named.exact, named.rtp_timestamp) == (True, shown[0].timestamp)
    assert (named.picture.timestamp, len(named.picture.frames)) == (9_000, 4)
    own = joined.call.agents_own(named.picture.arrived)
    assert (own.exact, own.picture.timestamp, own.rtp_timestamp) == (False, 79_000, 79_000)


def test_names_of_another_number_or_never_sent_are_unknown() -> None:
    joined = Joined()
    (shown, _) = joined.show(key=True)
    for media, timestamp in ((2, shown.timestamp), (1, shown.timestamp + 1), (1, 0)):
        with pytest.raises(FrameUnknown):
            joined.call.frame(media, timestamp, live=False, now=0)
    with pytest.raises(FrameUnknown):
        CallMedia("call", KEEPING).frame(1, 0, live=False, now=0)
    with pytest.raises(FrameUnknown):
        CallMedia("call", KEEPING).nearest_frame(live=False, now=0)


def test_a_frame_is_live_for_two_seconds_from_a_leg_that_is_heard() -> None:
    joined = Joined()
    (shown, _) = joined.show(key=True)
    joined.call.frame(1, shown.timestamp, live=True, now=OLDEST_LIVE)
    for now in (OLDEST_LIVE + 1, 10 * SECOND):
        with pytest.raises(FrameTooOld):
            joined.call.frame(1, shown.timestamp, live=True, now=now)
        with pytest.raises(FrameTooOld):
            joined.call.nearest_frame(live=True, now=now)
    joined.call.frame(1, shown.timestamp, live=False, now=OLDEST_LIVE + 1)


def test_frames_before_a_new_customers_page_keep_their_names() -> None:
    joined = Joined()
    (before, _) = joined.show(key=True)
    joined.call.join(newer := leg("customer", 2), 0)
    after = [
        each
        for data in Camera(ssrc=1_500, timestamp=9).frame(key=True)
        for each in to(joined.agent, joined.rtp(newer, data, 500_000))
    ]
    assert after[0].sequence == before.sequence + 2
    assert after[0].timestamp == before.timestamp + 45_000
    assert joined.call.frame(1, before.timestamp, live=False, now=0).picture.media == 1
    assert joined.call.frame(1, after[0].timestamp, live=False, now=0).picture.media == 2
    assert joined.call.nearest_frame(live=False, now=600_000).rtp_timestamp == after[0].timestamp
    assert joined.call.nearest_frame(live=False, now=100_000).rtp_timestamp == before.timestamp


def test_packets_of_a_replaced_connection_count_no_more() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.join(leg("customer", 2), 0)
    assert joined.show(now=1) == []
    assert joined.call.rtcp(joined.customer, rtcp.picture_loss(9, 11), 1) == []
    assert [(each.leg, each.media) for each in joined.call.summary(0).legs] == [
        ("customer", 1),
        ("customer", 2),
        ("agent", 1),
    ]


def test_silence_is_reported_once_and_so_is_its_end() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.take_events()
    joined.call.tick(SILENT_AFTER)
    assert joined.call.take_events() == []
    joined.call.tick(SILENT_AFTER + 1)
    joined.call.tick(SILENT_AFTER + 2)
    assert joined.call.take_events() == [LegSilent("call", "customer", 1, 1, SILENT_AFTER + 1)]
    joined.call.rtcp(joined.customer, rtcp.receiver_report(9, []), SILENT_AFTER + 3)
    assert joined.call.take_events() == [LegHeard("call", "customer", 1, 2)]
    joined.call.tick(2 * SILENT_AFTER + 4)
    assert joined.call.take_events() == [LegSilent("call", "customer", 1, 3, SILENT_AFTER + 1)]
    (customer, agent) = joined.call.summary(1_000).legs
    assert (customer.silences, customer.first_packet_at, customer.last_packet_at) == (2, 1_000, SILENT_AFTER + 1_003)
    assert (agent.silences, agent.first_packet_at, agent.last_packet_at) == (0, None, None)


def test_a_leg_that_never_had_media_is_not_silent() -> None:
    joined = Joined()
    joined.call.tick(100 * SECOND)
    joined.call.look("agent", 100 * SECOND)
    assert joined.call.take_events() == []


def test_who_looks_finds_a_silence_of_one_second() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.take_events()
    joined.call.look("customer", LOOK_AFTER)
    assert joined.call.take_events() == []
    joined.call.look("customer", LOOK_AFTER + 1)
    assert joined.call.take_events() == [LegSilent("call", "customer", 1, 1, LOOK_AFTER + 1)]
    CallMedia("call", KEEPING).look("customer", 0)


def test_a_new_connection_goes_on_with_the_silence_of_the_one_it_replaced() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.take_events()
    joined.call.join(leg("customer", 2), 0)
    joined.call.tick(SILENT_AFTER + 1)
    assert joined.call.take_events() == [LegSilent("call", "customer", 2, 1, SILENT_AFTER + 1)]


def test_nothing_is_asked_of_a_silent_leg() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.camera.sequence += 1
    joined.show()
    joined.call.rtcp(joined.agent, rtcp.picture_loss(9, 31), 0)
    assert messages(joined.customer, joined.call.tick(SILENT_AFTER + 1)) == []


def test_who_is_cut_gets_and_sends_nothing_and_their_frames_keep_their_names() -> None:
    joined = Joined()
    (shown, _) = joined.show(key=True)
    joined.rtp(joined.customer, sound(1, 1))
    joined.call.cut("agent", 10)
    joined.call.take_events()
    assert [joined.rtp(joined.agent, data, 20) for data in joined.agents_camera.frame(key=True)] == [[], []]
    assert joined.show(now=20) == []
    assert joined.call.rtcp(joined.agent, rtcp.picture_loss(11, 31), 20) == []
    assert all(receiver is joined.customer for receiver, _ in joined.call.tick(SECOND))
    assert not [event for event in joined.call.take_events() if getattr(event, "leg", "") == "agent"]
    named = joined.call.frame(1, shown.timestamp, live=True, now=SECOND)
    assert (named.exact, named.picture.timestamp) == (True, 0)
    joined.call.cut("customer", SECOND)
    assert joined.call.frame(1, shown.timestamp, live=True, now=SECOND).exact
    assert joined.call.nearest_frame(live=False, now=SECOND).picture.timestamp == 3_000
    assert joined.call.tick(2 * SECOND) == []


def test_the_next_on_a_leg_that_was_cut_begins_anew() -> None:
    joined = Joined()
    joined.show(key=True)
    joined.call.cut("customer", SECOND)
    later = leg("customer", media=2)
    joined.call.join(later, 9 * SECOND)
    joined.call.tick(9 * SECOND)
    assert not [event for event in joined.call.take_events() if isinstance(event, LegSilent)], "they were never heard"
    assert [packet.ssrc for packet in to(joined.agent, joined.rtp(later, sound(1, 1), 9 * SECOND))] == [41]
