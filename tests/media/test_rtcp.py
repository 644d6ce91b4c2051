from struct import pack, unpack_from
from typing import TypeVar

from aiortc.rtp import (
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
    unpack_remb_fci,
)
from hypothesis import given
from hypothesis import strategies as st

from media.rtcp import (
    FULL_INTRA_REQUEST,
    MOST_FEEDBACK,
    PAYLOAD_FEEDBACK,
    TRANSPORT_FEEDBACK,
    TRANSPORT_WIDE,
    KeyFrameRequest,
    Nack,
    ReportBlock,
    SenderReport,
    TransportWide,
    greatest_rate,
    nack,
    packet,
    parse,
    picture_loss,
    receiver_report,
    sender_report,
)

T = TypeVar("T")


@given(st.sets(st.integers(0, 300), min_size=1))
def test_packets_asked_for_are_those_that_are_read(sequences: set[int]) -> None:
    wanted = [(0xFF80 + sequence) & 0xFFFF for sequence in sorted(sequences)]
    data = nack(1, 2, wanted)
    assert parse(data) == [Nack(2, tuple(wanted))]
    assert [each & 0xFFFF for each in _other(data, RtcpRtpfbPacket).lost] == wanted


def test_a_key_frame_is_asked_for_by_picture_loss_and_by_full_intra_request() -> None:
    data = picture_loss(1, 2)
    assert _other(data, RtcpPsfbPacket).media_ssrc == 2
    assert parse(data) == [KeyFrameRequest(2)]
    full = packet(PAYLOAD_FEEDBACK, FULL_INTRA_REQUEST, pack("!IIIII", 1, 0, 2, 7 << 24, 3) + bytes(4))
    assert parse(full) == [KeyFrameRequest(2), KeyFrameRequest(3)]


def test_a_sender_report_carries_clock_counts_and_name() -> None:
    report = SenderReport(5, 0xAAAA_0000_BBBB_0000, 123_456)
    data = sender_report(report, packets=(1 << 32) + 7, octets=99, cname="caller")
    sender, source = RtcpPacket.parse(data)
    assert isinstance(sender, RtcpSrPacket)
    assert isinstance(source, RtcpSdesPacket)
    assert (sender.ssrc, sender.sender_info.packet_count, sender.sender_info.octet_count) == (5, 7, 99)
    assert source.chunks[0].items == [(1, b"caller")]
    assert parse(data) == [report]


def test_every_length_of_name_fills_whole_words() -> None:
    report = SenderReport(5, 1, 2)
    assert all(len(sender_report(report, packets=0, octets=0, cname="x" * n)) % 4 == 0 for n in range(12))


def test_a_receiver_report_says_what_was_lost() -> None:
    block = ReportBlock(9, 25, -3, 70_000, 4, 0xBBBB_0000, 65_536)
    report = _other(receiver_report(1, [block]), RtcpRrPacket)
    (info,) = report.reports
    assert (info.ssrc, info.fraction_lost, info.packets_lost, info.highest_sequence) == (9, 25, -3, 70_000)
    assert (info.jitter, info.lsr, info.dlsr) == (4, 0xBBBB_0000, 65_536)


def test_losses_beyond_24_bits_are_held_at_the_limit() -> None:
    block = ReportBlock(9, 0, 1 << 30, 0, 0, 0, 0)
    assert _other(receiver_report(1, [block]), RtcpRrPacket).reports[0].packets_lost == 0x7FFFFF


def test_messages_of_a_compound_come_in_order_and_padding_is_taken_off() -> None:
    padded = bytearray(picture_loss(1, 2) + b"\x00\x00\x00\x04")
    padded[0] |= 0x20
    padded[3] += 1
    data = receiver_report(1, []) + bytes(padded) + nack(1, 3, [7])
    assert parse(data) == [KeyFrameRequest(2), Nack(3, (7,))]


@given(st.binary(max_size=80))
def test_nothing_that_a_peer_sends_raises(data: bytes) -> None:
    parse(data)
    parse(bytes([0x81]) + data)


def test_what_follows_a_cut_packet_is_not_read() -> None:
    data = picture_loss(1, 2)
    assert parse(data[:-1]) == []
    assert parse(data + data[:-1]) == [KeyFrameRequest(2)]
    assert unpack_from("!I", data, 8) == (2,)


def _other(data: bytes, kind: type[T]) -> T:
    """The same octets as another implementation reads them."""
    (read,) = RtcpPacket.parse(data)
    assert isinstance(read, kind)
    return read


def test_a_compound_of_feedback_is_not_read_to_its_end() -> None:
    feedback = packet(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, bytes(16))
    read = parse(feedback * 50 + picture_loss(1, 2))
    assert [type(each) for each in read] == [TransportWide] * MOST_FEEDBACK + [KeyFrameRequest]


@given(rate=st.integers(0, (1 << 40) - 1))
def test_a_greatest_rate_is_read_by_others_as_at_most_that(rate: int) -> None:
    read = _other(greatest_rate(1, 2, rate), RtcpPsfbPacket)
    assert (read.fmt, read.ssrc, read.media_ssrc) == (15, 1, 0)
    told, sources = unpack_remb_fci(read.fci)
    assert sources == [2]
    assert rate * 0.99999 - 1 < told <= rate


def test_a_peers_report_blocks_are_read() -> None:
    blocks = [ReportBlock(9, 25, -3, 70_000, 4, 0xBBBB_0000, 65_536), ReportBlock(10, 0, 0, 1, 0, 0, 0)]
    assert parse(receiver_report(1, blocks)) == blocks


def test_report_blocks_beyond_the_packets_end_are_not_read() -> None:
    data = bytearray(receiver_report(1, [ReportBlock(9, 0, 0, 0, 0, 0, 0)]))
    data[0] |= 31
    assert len(parse(bytes(data))) == 1


def test_feedback_on_the_whole_transport_is_handed_on_with_its_header() -> None:
    feedback = packet(TRANSPORT_FEEDBACK, TRANSPORT_WIDE, bytes(16))
    assert parse(receiver_report(1, []) + feedback) == [TransportWide(feedback)]
