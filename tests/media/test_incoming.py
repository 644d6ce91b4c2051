from media.incoming import IncomingStream
from media.rtcp import SenderReport
from tests.media.packets import Camera, parameters, repeated, whole


def received(stream: IncomingStream, data: bytes, now: int = 0) -> bool:
    return stream.take(whole(data), now)


def test_a_retransmission_becomes_the_packet_that_it_repeats() -> None:
    stream, camera = IncomingStream(parameters()), Camera()
    first, second = camera.frame(key=True)
    third, _ = camera.frame()
    assert received(stream, first)
    assert received(stream, third)
    packet = whole(repeated(second))
    assert stream.take_repeated(packet, 0)
    original = whole(second)
    assert (packet.payload, packet.timestamp, packet.marker) == (original.payload, original.timestamp, original.marker)
    assert (packet.ssrc, packet.payload_type) == (original.ssrc, original.payload_type)
    assert packet.sequence & 0xFFFF == original.sequence
    assert not stream.take_repeated(whole(repeated(second)), 0)


def test_padding_for_probes_is_no_packet() -> None:
    stream, camera = IncomingStream(parameters()), Camera()
    assert not stream.take_repeated(whole(repeated(camera.frame()[0])), 0)
    received(stream, camera.frame()[0])
    padding = whole(repeated(camera.frame()[0]))
    padding.payload = b""
    assert not stream.take_repeated(padding, 0)


def test_another_source_under_the_same_payload_type_is_not_ours() -> None:
    stream = IncomingStream(parameters())
    assert received(stream, Camera(ssrc=1).frame()[0])
    assert not received(stream, Camera(ssrc=2).frame()[0])
    assert stream.received == 1


def test_a_report_tells_what_was_lost_in_its_interval() -> None:
    stream, camera = IncomingStream(parameters()), Camera(ssrc=9, sequence=0xFFFE)
    assert stream.report(0) is None
    sent = [packet for _ in range(4) for packet in camera.frame()]
    for packet in sent[:4] + sent[6:]:
        received(stream, packet)
    block = stream.report(0)
    assert block is not None
    assert (block.ssrc, block.fraction_lost, block.lost) == (9, 256 * 2 // 8, 2)
    assert block.highest_sequence == 0x10005
    again = stream.report(0)
    assert again is not None
    assert (again.fraction_lost, again.lost) == (0, 2)


def test_a_report_answers_the_senders_clock() -> None:
    stream = IncomingStream(parameters())
    received(stream, Camera().frame()[0])
    before = stream.report(0)
    assert before is not None
    assert (before.last_report, before.delay) == (0, 0)
    stream.heard_report(SenderReport(1_000, 0x1111_2222_3333_4444, 0), now=1_000_000)
    block = stream.report(3_000_000)
    assert block is not None
    assert (block.last_report, block.delay) == (0x2222_3333, 2 * 65_536)


def test_jitter_follows_uneven_arrival_and_not_the_wrap_of_timestamps() -> None:
    even, uneven = IncomingStream(parameters()), IncomingStream(parameters())
    for stream, late in ((even, 0), (uneven, 20_000)):
        camera = Camera(timestamp=(1 << 32) - 6_000)
        for n in range(20):
            received(stream, camera.frame()[0], now=n * 33_333 + late * (n % 2))
            camera.sequence -= 1
    steady, shaky = even.report(0), uneven.report(0)
    assert steady is not None
    assert shaky is not None
    assert steady.jitter < 5
    assert shaky.jitter > 500
