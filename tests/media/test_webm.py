"""The file that grows, read by another implementation (FFmpeg)."""

from io import BytesIO
from itertools import accumulate, takewhile

import av
import pytest
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from media import playable, webm
from media.events import Kind
from media.webm import CLUSTER_MS, CLUSTER_SIZE, WebmWriter
from tests.media.encoded import FRAME, SOUND, Written, is_key, packets, pictures, shown, tone


def stream(seconds: float, *, kinds: tuple[Kind, ...] = ("video", "audio"), size: int = 320) -> list[Written]:
    """Pictures and a tone on one axis, times in whole milliseconds."""
    frames = pictures(width=size, height=size * 3 // 4)
    video = [Written("video", n * FRAME // 1_000 * 1_000, frames[n]) for n in range(int(seconds * 15))]
    sound = [Written("audio", n * SOUND, tone()[n % 50]) for n in range(int(seconds * 50))]
    return sorted([each for each in video + sound if each.kind in kinds], key=lambda each: each.at)


def add(writer: WebmWriter, packet: Written) -> bool:
    key = packet.kind == "audio" or is_key(packet.data)
    return writer.write(packet.kind, packet.at // 1_000, packet.data, is_key=key)


def written(stream: list[Written], width: int = 320, height: int = 240) -> list[bytes]:
    """What could be taken: after each cluster that closed, and in the end."""
    writer = WebmWriter(width, height)
    taken = [writer.take() for packet in stream if add(writer, packet)]
    writer.finish()
    return [*taken, writer.take()]


def test_another_reader_finds_every_packet_at_its_time() -> None:
    sent = stream(3)
    assert packets(b"".join(written(sent))) == sent


def test_the_tracks_are_vp8_of_the_size_that_was_said_and_opus() -> None:
    with av.open(BytesIO(b"".join(written(stream(1))))) as opened:
        video, audio = opened.streams
        assert isinstance(video, VideoStream)
        assert isinstance(audio, AudioStream)
        assert (video.codec_context.name, video.width, video.height) == ("vp8", 320, 240)
        assert (audio.codec_context.name, audio.rate, audio.channels) == ("opus", 48_000, 2)
        assert sum(frame.samples for frame in opened.decode(audio)) == 48_000, "no sample is skipped"


def test_pictures_can_be_decoded() -> None:
    assert [picture.number for picture in shown(b"".join(written(stream(2))))] == list(range(30))


def test_what_was_taken_plays_to_the_last_packet_before_the_one_that_closed_it() -> None:
    writer = WebmWriter(320, 240)
    file, before = b"", list[Written]()
    for packet in stream(3):
        if add(writer, packet):
            file += writer.take()
            assert packets(file) == before
        before.append(packet)
    assert before[-1].at - packets(file)[-1].at <= CLUSTER_MS * 1_000


def test_a_file_that_is_cut_off_anywhere_plays_to_its_last_whole_cluster() -> None:
    sent = stream(1.2, size=16)[::6]
    clusters = written(sent, 16, 12)
    assert len(clusters) == 3
    file = b"".join(clusters)
    whole = {end: packets(file[:end]) for end in accumulate(map(len, clusters))}
    assert [len(found) for found in whole.values()] == sorted({len(found) for found in whole.values()})
    for cut in range(len(file)):
        found = packets(file[:cut])
        assert found == sent[: len(found)]
        last = list(takewhile(lambda end, cut=cut: end <= cut, whole))  # type: ignore[misc]
        assert len(found) >= (len(whole[last[-1]]) if last else 0)


@pytest.mark.parametrize("kinds", [("video",), ("audio",)])
def test_one_stream_is_never_held_back_for_the_other(kinds: tuple[Kind, ...]) -> None:
    sent = stream(5, kinds=kinds)
    writer = WebmWriter(320, 240)
    closed = [packet.at for packet in sent if add(writer, packet)]
    assert len(closed) in range(8, 10)
    assert packets(writer.take()) == [packet for packet in sent if packet.at < closed[-1]]


def test_the_copy_for_players_has_the_same_packets_and_can_be_searched() -> None:
    sent, made = stream(4), BytesIO()
    playable.make_seekable(BytesIO(b"".join(written(sent))), made)
    assert sorted(packets(made.getvalue())) == sorted(sent)
    with av.open(BytesIO(made.getvalue())) as opened:
        assert opened.duration == pytest.approx(4_000_000, abs=40_000)
        opened.seek(2_000_000)
        assert next(opened.decode(video=0)).time == pytest.approx(2.0, abs=0.07)


def test_a_gap_stays_a_gap() -> None:
    sent = stream(1)
    moved = [packet._replace(at=packet.at + 100_000_000) for packet in sent]
    assert packets(b"".join(written(sent + moved))) == sent + moved


def test_pictures_may_stand_before_sound_that_was_written_already() -> None:
    video, audio = stream(1, kinds=("video",)), stream(1, kinds=("audio",))
    assert sorted(packets(b"".join(written(audio + video)))) == sorted(audio + video)
    late = [packet._replace(at=packet.at + 60_000_000) for packet in audio]
    assert sorted(packets(b"".join(written(late + video)))) == sorted(late + video)


def test_a_later_key_frame_may_have_another_size() -> None:
    small = stream(1, kinds=("video",), size=160)
    large = [packet._replace(at=packet.at + 1_000_000) for packet in stream(1, kinds=("video",), size=320)]
    sizes = [picture.size for picture in shown(b"".join(written(small + large, 160, 120)))]
    assert sizes == [(160, 120)] * 15 + [(320, 240)] * 15


def test_a_cluster_is_closed_before_it_is_too_large() -> None:
    writer = WebmWriter(320, 240)
    half = bytes(CLUSTER_SIZE // 2 + 1)
    assert [writer.write("video", 0, half, is_key=True) for _ in range(5)] == [False, False, True, False, True]


def test_what_is_finished_is_taken_once() -> None:
    writer = WebmWriter(320, 240)
    writer.finish()
    head = writer.take()
    assert head
    assert writer.take() == b""
    writer.write("video", 0, b"picture", is_key=True)
    assert writer.take() == b""
    writer.finish()
    writer.finish()
    assert writer.take().endswith(b"picture")


def test_no_element_is_larger_than_its_size_can_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webm, "_LARGEST_SIZE", 100)
    with pytest.raises(ValueError, match="no element"):
        WebmWriter(320, 240).write("video", 0, bytes(200), is_key=True)
