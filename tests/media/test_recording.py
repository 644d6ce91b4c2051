"""A leg's recording, written from what comes in virtual time and read by another implementation (FFmpeg)."""

from collections.abc import Callable
from itertools import pairwise

import pytest

from media.assembly import EncodedFrame
from media.events import RecordedPiece
from media.recording import BEGIN_WITHOUT_PICTURE, EVERY, Recorded, Recording
from tests.media.encoded import FRAME, SOUND, is_key, length, packets, pictures, shown, times, tone

SECOND = 1_000_000
WALL = 1_700_000_000_000_000
START = 77 * SECOND
"""What the worker's clock shows when a sender begins."""
ROUNDED = 1_100
"""What times lose in a file and in timestamps: microseconds."""
NETWORK = 30_000
"""What the way takes at least: microseconds."""


def at_once(_sent: int) -> int:
    return 0


class Sender:
    """A peer with a clock of its own for each stream; `late` says how much longer than usual something travels."""

    def __init__(
        self, *, begins: int = START, drift: float = 1.0, late: Callable[[int], int] = at_once, media: int = 1
    ) -> None:
        self.recording = Recording(Recorded("call", "customer", media, WALL))
        self.pieces: list[RecordedPiece] = []
        self.video_clock, self.audio_clock = (1 << 32) - 90_000, 5_000
        self.frames = pictures()
        self._begins, self._drift, self._late = begins, drift, late

    def send(self, since: int, until: int, *, video: bool = True, audio: bool = True) -> "Sender":
        """What is seen and heard between two moments since its beginning arrives, and pieces are taken."""
        comes: list[tuple[int, int, str]] = []
        if video:
            comes += [(n * FRAME, n, "video") for n in range(-(-since // FRAME), -(-until // FRAME))]
        if audio:
            comes += [(n * SOUND, n, "audio") for n in range(-(-since // SOUND), -(-until // SOUND))]
        arrivals = sorted((self._begins + sent + NETWORK + self._late(sent), n, kind) for sent, n, kind in comes)
        for arrived, n, kind in arrivals:
            self.look(arrived)
            if kind == "video":
                data = self.frames[n % len(self.frames)]
                stamp = round(n * FRAME * 0.09 * self._drift) + self.video_clock
                self.recording.video(EncodedFrame(stamp % (1 << 32), arrived, is_key(data), data, 0))
            else:
                stamp = round(n * SOUND * 0.048 * self._drift) + self.audio_clock
                self.recording.audio(stamp % (1 << 32), tone()[n % 50], arrived)
        return self

    def look(self, now: int) -> None:
        piece = self.recording.due(now)
        if piece is not None:
            self.pieces.append(piece)

    def end(self) -> "Sender":
        piece = self.recording.end()
        if piece is not None:
            self.pieces.append(piece)
        return self

    @property
    def file(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


def test_pieces_follow_each_other_and_the_last_one_says_so() -> None:
    sender = Sender().send(0, 5 * SECOND).end()
    assert sender.recording.end() is None
    ends = [piece.offset + len(piece.data) for piece in sender.pieces]
    assert [piece.offset for piece in sender.pieces] == [0, *ends[:-1]]
    assert [piece.last for piece in sender.pieces] == [False] * (len(ends) - 1) + [True]
    assert {(piece.call, piece.leg, piece.media) for piece in sender.pieces} == {("call", "customer", 1)}
    assert len(sender.pieces) in range(5 * SECOND // EVERY - 1, 5 * SECOND // EVERY + 2)


def test_every_frame_is_there_at_the_time_when_it_was_seen() -> None:
    sender = Sender().send(0, 3 * SECOND).end()
    assert [picture.number for picture in shown(sender.file)] == list(range(45))
    assert times(sender.file, "video") == pytest.approx([n * FRAME for n in range(45)], abs=ROUNDED)
    assert times(sender.file, "audio") == [n * SOUND for n in range(150)]
    assert {piece.began_at for piece in sender.pieces} == {START + NETWORK + WALL}


def test_the_length_that_is_told_is_that_of_what_can_be_played() -> None:
    sender = Sender().send(0, 5 * SECOND).end()
    file = b""
    for piece in sender.pieces:
        file += piece.data
        assert piece.length == pytest.approx(length(file), abs=40_000)
    assert sender.pieces[-1].length == pytest.approx(5 * SECOND, abs=20_000)


def test_what_is_on_disk_lags_a_second_behind_what_came_at_most() -> None:
    sender = Sender()
    for n in range(1, 50):
        sender.send((n - 1) * 100_000, n * 100_000)
        if n > 10:
            assert n * 100_000 - sender.pieces[-1].length <= SECOND + 100_000


def test_when_nothing_comes_any_more_all_that_came_is_told_soon() -> None:
    sender = Sender().send(0, 2 * SECOND)
    for wait in (EVERY, 2 * EVERY, 3 * EVERY):
        sender.look(START + 2 * SECOND + wait)
    assert len(packets(sender.file)) == 30 + 100
    before = len(sender.pieces)
    sender.look(START + 60 * SECOND)
    assert len(sender.pieces) == before


def test_sound_alone_begins_after_a_second_and_does_not_wait_for_a_picture() -> None:
    sender = Sender().send(0, 5 * SECOND, video=False)
    (first, *_) = sender.pieces
    assert BEGIN_WITHOUT_PICTURE - EVERY <= first.length <= BEGIN_WITHOUT_PICTURE + EVERY
    assert sender.pieces[-1].length >= 4 * SECOND
    sender.send(5 * SECOND, 7 * SECOND).end()
    assert times(sender.file, "audio") == [n * SOUND for n in range(350)]
    assert len(shown(sender.file)) == 30


def test_picture_alone_is_recorded_too() -> None:
    sender = Sender().send(0, 3 * SECOND, audio=False).end()
    assert len(shown(sender.file)) == 45


def test_a_leg_that_sent_nothing_has_no_recording() -> None:
    sender = Sender().end()
    sender.look(START)
    sender.recording.audio(0, b"", START)
    assert sender.pieces == []
    assert sender.end().pieces == []


def test_a_leg_that_ended_at_once_has_one_piece() -> None:
    sender = Sender().send(0, 100_000).end()
    assert [piece.last for piece in sender.pieces] == [True]
    assert len(packets(sender.file)) == 7


def test_a_gap_of_five_seconds_stays_a_gap() -> None:
    sender = Sender().send(0, 2 * SECOND).send(7 * SECOND, 9 * SECOND).end()
    steps = [later - earlier for earlier, later in pairwise(times(sender.file, "audio"))]
    assert max(steps) == 5 * SECOND + SOUND
    assert sender.pieces[-1].length == pytest.approx(9 * SECOND, abs=20_000)


def test_both_legs_stand_on_one_axis() -> None:
    """Each begins at another time and counts from another number; the same moment is the same in both."""
    late = SECOND + 234_000
    customer, agent = Sender().send(0, 4 * SECOND).end(), Sender(begins=START + late).send(0, 3 * SECOND).end()
    began = [sender.pieces[0].began_at for sender in (customer, agent)]
    assert began[1] - began[0] == late
    assert [sender.pieces[0].began_at + times(sender.file, "audio")[-1] for sender in (customer, agent)] == [
        START + NETWORK + WALL + 4 * SECOND - SOUND,
        START + NETWORK + WALL + late + 3 * SECOND - SOUND,
    ]


def differences(sender: Sender) -> list[int]:
    """Of every picture, how far it stands from the sound of the same moment; lost ones must not be among them."""
    pictures_at = times(sender.file, "video")
    sounds_at = times(sender.file, "audio")
    assert len(pictures_at) == -(-len(sounds_at) * SOUND // FRAME)
    return [
        at - sounds_at[n * FRAME // SOUND] - n * FRAME % SOUND
        for n, at in enumerate(pictures_at)
        if n * FRAME // SOUND < len(sounds_at)
    ]


def jitter(sent: int) -> int:
    """Up to 40 ms, different for each packet, and never for all."""
    return sent // 1_000 * 7_919 % 41 * 1_000


def test_sound_and_picture_stay_together_on_an_uneven_network() -> None:
    sender = Sender(late=jitter).send(0, 5 * SECOND).end()
    assert max(map(abs, differences(sender)[30:])) <= 20_000


def test_what_came_late_at_the_beginning_stands_before_what_came_in_time() -> None:
    """A sender that has been waiting for its connection sends the first 300 ms at once."""
    sender = Sender(late=lambda sent: max(0, 300_000 - sent)).send(0, 3 * SECOND).end()
    assert times(sender.file, "audio") == [n * SOUND for n in range(150)]
    assert max(map(abs, differences(sender))) <= 2 * ROUNDED
    assert sender.pieces[0].began_at == START + NETWORK + WALL


def test_what_is_held_up_and_comes_at_once_stands_where_it_was_seen() -> None:
    """Packets of five seconds arrive within 200 ms: on the file it is as if nothing had been."""
    held = range(4 * SECOND, 9 * SECOND)
    sender = Sender(late=lambda sent: (held.stop - sent) * 24 // 25 if sent in held else 0).send(0, 12 * SECOND).end()
    assert times(sender.file, "audio") == [n * SOUND for n in range(600)]
    assert max(map(abs, differences(sender))) <= 2 * ROUNDED


@pytest.mark.parametrize("drift", [0.9998, 1.0002])
def test_a_clock_that_is_faster_or_slower_than_ours_is_followed(drift: float) -> None:
    sender = Sender(drift=drift).send(0, 120 * SECOND, video=False).end()
    true = [n * SOUND for n in range(6_000)]
    off = [at - should for at, should in zip(times(sender.file, "audio"), true, strict=True)]
    assert max(map(abs, off)) <= 3_000


@pytest.mark.parametrize("jump", [-(1 << 30), -30 * 90_000, -3 * 90_000, 3 * 90_000, 30 * 90_000, 1 << 30])
def test_a_clock_that_jumps_costs_two_seconds_of_order_at_most(jump: int) -> None:
    sender = Sender().send(0, 5 * SECOND)
    sender.video_clock += jump
    sender.send(5 * SECOND, 10 * SECOND).end()
    video = times(sender.file, "video")
    assert video == sorted(video)
    assert video[:75] == pytest.approx([n * FRAME for n in range(75)], abs=ROUNDED)
    expected = [n * FRAME for n in range(75, 150)]
    settled = [(at, should) for at, should in zip(video[75:], expected, strict=True) if should > 7 * SECOND]
    assert max(abs(at - should) for at, should in settled) <= 20_000
    assert times(sender.file, "audio") == [n * SOUND for n in range(500)]


def test_timestamps_that_stand_still_do_not_hold_up_the_pieces() -> None:
    sender = Sender(drift=0.0).send(0, 20 * SECOND).end()
    assert len(sender.pieces) > 5
    assert max(later.length - earlier.length for earlier, later in pairwise(sender.pieces)) <= 4 * SECOND


def test_a_picture_of_another_size_is_shown_in_it() -> None:
    sender = Sender().send(0, 2 * SECOND)
    sender.frames = pictures(width=160, height=120)
    sender.send(2 * SECOND, 4 * SECOND).end()
    sizes = [picture.size for picture in shown(sender.file)]
    assert sizes == [(320, 240)] * 30 + [(160, 120)] * 30


@pytest.mark.parametrize("head", [b"", bytes(10), b"\x10\x00\x00\x9d\x01\x2a\x00\x00\x00\x00"])
def test_a_key_frame_that_tells_no_size_is_recorded_all_the_same(head: bytes) -> None:
    sender = Sender()
    sender.recording.video(EncodedFrame(0, START, is_key=True, data=head + b"damaged", group=0))
    sender.send(0, 3 * SECOND).end()
    assert len([packet for packet in packets(sender.file) if packet.kind == "video"]) == 46
