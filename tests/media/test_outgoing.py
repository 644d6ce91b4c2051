from itertools import pairwise

from media import rtcp, vp8
from media.bandwidth import Downlink
from media.incoming import IncomingStream
from media.outgoing import HISTORY, REPORTS_KEPT, RESEND_PACE, OutgoingStream
from media.rtp import RtpPacket, parse
from tests.media.packets import FRAME, REPEATED, Camera, parameters, sound, whole

TICK = 33_333


class Path:
    """One outgoing stream and the sources that feed it in turn."""

    def __init__(self, *, kind: str = "video", sequence: int = 100, rtx: bool = True) -> None:
        self.out = OutgoingStream(parameters(kind, ssrc=50, rtx=rtx), sequence, 5_000)
        self._kind = kind
        self._sources: dict[int, IncomingStream] = {}

    def send(self, source: int, data: bytes, now: int = 0) -> RtpPacket | None:
        incoming = self._sources.setdefault(source, IncomingStream(parameters(self._kind)))
        packet = whole(data)
        assert incoming.take(packet, now)
        descriptor = vp8.parse(packet.payload) if self._kind == "video" else None
        sent = self.out.forward(source, packet, descriptor, now)
        return None if sent is None else whole(sent)

    def send_all(self, source: int, packets: list[bytes], now: int = 0) -> list[RtpPacket]:
        return [sent for data in packets if (sent := self.send(source, data, now)) is not None]


def picture_ids(packets: list[RtpPacket]) -> list[tuple[int | None, int | None]]:
    found = [vp8.parse(packet.payload) for packet in packets]
    return [(each.picture_id, each.tl0picidx) for each in found if each is not None]


def test_a_stream_begins_with_a_key_frame() -> None:
    path, camera = Path(), Camera(sequence=7, timestamp=1_000)
    assert path.send_all(1, camera.frame()) == []
    assert not path.out.has_source(1)
    sent = path.send_all(1, camera.frame(key=True))
    assert [packet.sequence for packet in sent] == [100, 101]
    assert [packet.timestamp for packet in sent] == [5_000, 5_000]
    assert [packet.marker for packet in sent] == [False, True]
    assert {packet.ssrc for packet in sent} == {50}
    assert path.out.has_source(1)


def test_numbers_go_on_over_a_change_of_source() -> None:
    path = Path()
    before, after = Camera(picture_id=32_766), Camera(sequence=40_000, timestamp=(1 << 32) - FRAME, picture_id=3)
    sent = [each for n in range(4) for each in path.send_all(1, before.frame(key=n == 0), now=n * TICK)]
    assert path.send_all(2, after.frame(), now=9 * TICK) == []
    sent += [each for n in range(4) for each in path.send_all(2, after.frame(key=n == 0), now=(10 + n) * TICK)]

    assert [packet.sequence for packet in sent] == list(range(100, 116))
    stamps = [packet.timestamp for packet in sent[::2]]
    assert [later - earlier for earlier, later in pairwise(stamps)] == [FRAME] * 3 + [7 * FRAME - 1] + [FRAME] * 3
    ids = picture_ids(sent)[::2]
    assert [(later[0] - earlier[0]) % (1 << 15) for earlier, later in pairwise(ids)] == [1] * 7  # type: ignore[operator]
    assert [(later[1] - earlier[1]) % 256 for earlier, later in pairwise(ids)] == [1] * 7  # type: ignore[operator]
    assert path.out.segments.find(sent[0].timestamp) == (1, 0)
    assert path.out.segments.find(sent[-1].timestamp) == (2, 3 * FRAME)


def test_what_is_late_is_filled_in_under_its_own_number() -> None:
    path, camera = Path(), Camera()
    packets = [each for n in range(3) for each in camera.frame(key=n == 0)]
    late = packets.pop(2)
    assert [packet.sequence for packet in path.send_all(1, packets)] == [100, 101, 103, 104, 105]
    filled = path.send(1, late)
    assert filled is not None
    assert filled.sequence == 102


def test_what_is_older_than_the_first_key_frame_is_not_sent() -> None:
    path, camera = Path(), Camera()
    before, first, second = camera.frame(), camera.frame(key=True), camera.frame()
    assert path.send(1, before[0]) is None
    assert path.send(1, first[0]) is not None
    assert path.send(1, before[1]) is None
    assert len(path.send_all(1, second)) == 2


def test_sequence_numbers_wrap() -> None:
    path, camera = Path(sequence=0x7FFF), Camera(sequence=0xFFF0)
    sent = [each for n in range(20) for each in path.send_all(1, camera.frame(key=n == 0))]
    assert [packet.sequence for packet in sent] == [(0x7FFF + n) & 0xFFFF for n in range(40)]
    path, camera = Path(), Camera()
    path.send_all(1, camera.frame(key=True))
    for n in range(40_000):
        path.send_all(1, camera.frame(), now=n)
    assert path.send_all(1, camera.frame())[-1].sequence == (100 + 2 * 40_001 + 1) & 0xFFFF


def test_short_picture_ids_go_on_as_long_ones() -> None:
    path, sent = Path(), []
    camera = Camera(picture_id=126)
    for n in range(4):
        packet = bytearray(camera.frame(key=n == 0)[0])
        packet[14:16] = bytes([(126 + n) % 128])
        camera.sequence -= 1
        sent += path.send_all(1, [bytes(packet)])
    ids = [each[0] for each in picture_ids(sent)]
    assert ids == [254, 255, 256, 257]


def test_a_lost_packet_is_sent_again_as_a_retransmission_and_not_too_often() -> None:
    path, camera = Path(), Camera()
    first, second = path.send_all(1, camera.frame(key=True))
    again = path.out.resend(first.sequence, 0)
    assert again is not None
    packet = whole(again)
    assert (packet.payload_type, packet.ssrc, packet.timestamp) == (REPEATED, 51, first.timestamp)
    assert packet.payload == first.sequence.to_bytes(2, "big") + first.payload
    assert path.out.resend(first.sequence, RESEND_PACE - 1) is None
    other, third = path.out.resend(second.sequence, 1), path.out.resend(first.sequence, RESEND_PACE)
    assert other is not None
    assert third is not None
    assert [whole(data).sequence - packet.sequence for data in (other, third)] == [1, 2]


def test_without_retransmission_agreed_the_packet_itself_is_sent_again() -> None:
    path, camera = Path(rtx=False), Camera()
    first = path.send_all(1, camera.frame(key=True))[0]
    again = path.out.resend(first.sequence, 0)
    assert again is not None
    assert whole(again) == first


def test_what_was_never_sent_or_is_too_old_is_not_sent_again() -> None:
    path, camera = Path(), Camera()
    first = path.send_all(1, camera.frame(key=True))[0]
    assert path.out.resend(first.sequence + 2, 0) is None
    for _ in range(HISTORY // 2):
        path.send_all(1, camera.frame())
    assert path.out.resend(first.sequence, 0) is None


def test_a_sender_report_is_translated_for_the_present_source_alone() -> None:
    path, camera = Path(), Camera(timestamp=1_000)
    path.send_all(1, camera.frame(key=True))
    data = path.out.translate(1, rtcp.SenderReport(1_000, 77, 1_500), 0)
    assert data is not None
    assert rtcp.parse(data) == [rtcp.SenderReport(50, 77, 5_500)]
    assert path.out.translate(2, rtcp.SenderReport(1_000, 77, 1_500), 0) is None


def test_sound_needs_no_key_frame() -> None:
    path = Path(kind="audio")
    sent = path.send_all(1, [sound(5, 960), sound(6, 1_920)])
    assert [(packet.sequence, packet.timestamp) for packet in sent] == [(100, 5_000), (101, 5_960)]
    (switched,) = path.send_all(2, [sound(900, 7)], now=20_000)
    assert (switched.sequence, switched.timestamp) == (102, 5_960 + 960)


def test_with_a_downlink_everything_is_numbered_over_all_streams_and_repetitions() -> None:
    downlink = Downlink()
    video = OutgoingStream(parameters(ssrc=50), 100, 5_000, downlink, 4)
    audio = OutgoingStream(parameters("audio", ssrc=60), 100, 5_000, downlink, 4)
    numbers = []
    for data in Camera().frame(key=True):
        packet = whole(data)
        numbers.append(video.forward(1, packet, vp8.parse(packet.payload), 0))
        numbers.append(audio.forward(1, whole(sound(len(numbers), 0)), None, 0))
    numbers.append(video.resend(100, 0))
    read = [parse(data, 4) for data in numbers if data is not None]
    assert [packet.transport_sequence for packet in read if packet is not None] == [0, 1, 2, 3, 4]


def test_octets_are_counted_and_those_sent_again_by_themselves() -> None:
    path, camera = Path(), Camera()
    first, second = path.send_all(1, camera.frame(key=True))
    assert (path.out.octets, path.out.repeated_octets) == (len(first.payload) + len(second.payload), 0)
    path.out.resend(first.sequence, 0)
    assert path.out.resend(first.sequence, 0) is None
    assert path.out.repeated_octets == len(first.payload)


def block(last_report: int, delay: int) -> rtcp.ReportBlock:
    return rtcp.ReportBlock(50, 0, 0, 0, 0, last_report, delay)


def test_the_round_trip_is_the_time_since_our_report_less_what_the_peer_took() -> None:
    path, camera = Path(), Camera()
    path.send_all(1, camera.frame(key=True))
    path.out.translate(1, rtcp.SenderReport(1_000, 0x1111_2222_3333_4444, 0), 1_000_000)
    assert path.out.round_trip(block(0x2222_3333, 65_536 // 2), 1_540_000) == 40_000
    assert path.out.round_trip(block(0x2222_3333, 65_536), 1_540_000) == 0
    assert path.out.round_trip(block(0x2222_3334, 0), 1_540_000) is None
    assert path.out.round_trip(block(0, 0), 1_540_000) is None


def test_of_old_reports_no_answer_is_waited_for() -> None:
    path, camera = Path(), Camera()
    path.send_all(1, camera.frame(key=True))
    for n in range(REPORTS_KEPT + 1):
        path.out.translate(1, rtcp.SenderReport(1_000, (n + 1) << 16, 0), n)
    assert path.out.round_trip(block(1, 0), 100) is None
    assert path.out.round_trip(block(2, 0), 100) == 99
