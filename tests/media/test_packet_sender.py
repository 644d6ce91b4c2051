"""What a packet robot sends."""

import pytest

from media import rtp, vp8
from media.packet_sdp import Numbers, Sources
from media.packet_sender import (
    HISTORY,
    LARGEST_PIECE,
    PICTURE_EVERY,
    RESEND_PACE,
    Material,
    PacketSender,
    Start,
    cut,
    material,
)
from media.rtcp import SenderReport, parse

SOURCES = Sources(audio=11, video=12, repeated=13, cname="robot")
KEY, DELTA = b"\x10", b"\x11"
MADE = Material(
    pictures=(cut(KEY + b"a" * 3_000), cut(DELTA + b"b" * 10), cut(DELTA + b"c" * 10), cut(KEY + b"d" * 20)),
    sound=(b"first", b"second"),
)


def sender(numbers: Numbers | None = None, *, picture: int = 0) -> PacketSender:
    return PacketSender(MADE, SOURCES, numbers or Numbers(), Start(sequence=100, timestamp=5_000, picture=picture))


def read(data: bytes) -> rtp.RtpPacket:
    packet = rtp.parse(data, 3)
    assert packet is not None
    return packet


def picture(packets: list[bytes]) -> bytes:
    payloads = [read(data).payload for data in packets]
    return b"".join(payload[described(payload).size :] for payload in payloads)


def described(payload: bytes) -> vp8.Descriptor:
    descriptor = vp8.parse(payload)
    assert descriptor is not None
    return descriptor


def test_a_picture_is_cut_in_pieces_of_one_length_but_for_the_last() -> None:
    pieces = cut(bytes(3_001))
    assert [len(piece) for piece in pieces] == [1_001, 1_001, 999]
    assert max(map(len, pieces)) <= LARGEST_PIECE


def test_pictures_come_one_after_the_other_without_end() -> None:
    one = sender()
    pictures = [picture(one.picture(n * PICTURE_EVERY, 0)) for n in range(5)]
    assert [each[1:2] for each in pictures] == [b"a", b"b", b"c", b"d", b"a"]


def test_a_picture_says_where_it_begins_and_ends() -> None:
    packets = [read(data) for data in sender().picture(0, 0)]
    assert [described(packet.payload).starts_frame for packet in packets] == [True, False, False]
    assert [packet.marker for packet in packets] == [False, False, True]
    assert {(packet.payload_type, packet.ssrc, packet.timestamp) for packet in packets} == {(96, 12, 5_000)}
    assert [packet.sequence for packet in packets] == [100, 101, 102]


def test_picture_ids_and_timestamps_rise() -> None:
    one = sender()
    packets = [read(one.picture(n * 1_000_000, 0)[0]) for n in range(3)]
    assert [described(packet.payload).picture_id for packet in packets] == [0, 1, 2]
    assert [packet.timestamp for packet in packets] == [5_000, 95_000, 185_000]


def test_sound_and_pictures_share_the_transport_wide_number() -> None:
    one = sender()
    packets = [*one.picture(0, 0), one.sound(20_000), *one.picture(33_333, 0)]
    assert [read(data).transport_sequence for data in packets] == [1, 2, 3, 4, 5]


def test_nothing_is_added_to_headers_where_that_was_not_agreed() -> None:
    one = sender(Numbers(transport_sequence=0))
    packets = [*one.picture(0, 0), one.sound(0)]
    assert [read(data).transport_sequence for data in packets] == [None] * 4
    assert not any(data[0] & 0x10 for data in packets)


def test_sound_goes_round() -> None:
    one = sender()
    assert [read(one.sound(n * 20_000)).payload for n in range(3)] == [b"first", b"second", b"first"]
    assert read(one.sound(1_000_000)).timestamp == 5_000 + 48_000


def test_a_key_frame_that_is_asked_for_comes_next() -> None:
    one = sender(picture=1)
    assert picture(one.picture(0, 0))[:1] == DELTA
    one.want_key()
    assert picture(one.picture(0, 0))[:2] == KEY + b"d"
    assert one.key_requests == 1


def test_a_key_frame_that_is_next_anyway_is_not_passed_over() -> None:
    one = sender()
    one.want_key()
    assert picture(one.picture(0, 0))[1:2] == b"a"
    assert picture(one.picture(0, 0))[1:2] == b"b"


def test_a_packet_is_sent_again_under_the_repetitions_own_stream() -> None:
    one = sender()
    packets = one.picture(0, 0)
    again = [read(data) for data in one.resend([101, 102], now=0)]
    assert [(each.payload_type, each.ssrc, each.sequence) for each in again] == [(97, 13, 101), (97, 13, 102)]
    assert [each.payload for each in again] == [
        n.to_bytes(2, "big") + read(data).payload for n, data in zip((101, 102), packets[1:], strict=True)
    ]
    assert [each.marker for each in again] == [False, True]


def test_a_packet_is_sent_again_as_it_was_where_no_repetitions_were_agreed() -> None:
    one = sender(Numbers(repeated=None))
    packets = one.picture(0, 0)
    assert one.resend([101], now=0) == [packets[1]]


def test_a_packet_is_not_sent_again_twice_at_once_nor_when_it_is_no_longer_kept() -> None:
    one = sender()
    one.picture(0, 0)
    assert len(one.resend([100], now=0)) == 1
    assert one.resend([100], now=RESEND_PACE - 1) == []
    assert len(one.resend([100], now=RESEND_PACE)) == 1
    for _ in range(HISTORY):
        one.picture(0, 0)
    assert one.resend([100, 99], now=2 * RESEND_PACE) == []
    assert one.resent == 2


def test_reports_say_how_much_was_sent_and_when() -> None:
    one = sender()
    one.picture(0, 0)
    one.sound(0)
    video, audio = one.reports(1_000_000, 77 << 32)
    assert parse(video) == [SenderReport(12, 77 << 32, 5_000 + 90_000)]
    assert parse(audio) == [SenderReport(11, 77 << 32, 5_000 + 48_000)]
    assert int.from_bytes(video[20:24], "big") == 3
    assert int.from_bytes(audio[20:24], "big") == 1


def test_it_is_remembered_when_which_picture_left() -> None:
    one = sender()
    one.picture(0, 1_000)
    one.picture(0, 2_000)
    assert list(one.sent) == [(0, 1_000), (1, 2_000)]


def test_a_picture_is_known_by_its_last_octets() -> None:
    last = sender().picture(0, 0)[-1]
    assert MADE.places[last[-16:]] == 0


@pytest.fixture(scope="module")
def made() -> Material:
    return material(seconds=2)


def test_the_material_has_a_key_frame_every_second(made: Material) -> None:
    assert len(made.pictures) == 60
    assert made.keys[:1] == (0,)
    assert max(after - before for before, after in zip(made.keys, [*made.keys[1:], 60], strict=True)) <= 30
    assert [made.next_keys[n] for n in (0, 59)] == [made.keys[1], 0]


def test_the_material_is_as_large_as_a_calls_picture(made: Material) -> None:
    bits = sum(8 * len(piece) for pieces in made.pictures for piece in pieces) / 2
    assert 600_000 < bits < 1_100_000
    assert all(len({len(piece) for piece in pieces[:-1]}) <= 1 for pieces in made.pictures)
    assert len(made.sound) == 50
