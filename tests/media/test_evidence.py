"""What is kept of a connection, fed with packets in virtual time."""

from collections.abc import Iterator

from media import vp8
from media.events import LegFacts, RecordedPiece, SecondFacts
from media.evidence import Keeping, LegEvidence
from media.groups import GroupStore
from media.incoming import IncomingStream
from media.ledger import FROZEN_AFTER, Gauges
from media.outgoing import OutgoingStream
from media.rtp import serialize
from tests.media.encoded import FPS, FRAME, SOUND, pictures, shown, times, tone
from tests.media.packets import VIDEO, parameters, repeated, sound, whole

SECOND = 1_000_000
WALL = 1_700_000_000_000_000
LARGEST = 900
"""Octets of a picture in one packet."""


class Kept:
    """A leg whose peer sends real pictures and sound from zero on, by the packet."""

    def __init__(self, *, records: bool = True) -> None:
        self.store = GroupStore()
        keeping = Keeping("kept", WALL, records=records)
        self.evidence = LegEvidence("call", "customer", 1, keeping, self.store)
        self.incoming = {"video": IncomingStream(parameters()), "audio": IncomingStream(parameters("audio"))}
        self.outgoing = {
            "video": OutgoingStream(parameters(), 1, 1),
            "audio": OutgoingStream(parameters("audio"), 1, 1),
        }
        self.link = Gauges()
        self.pieces: list[RecordedPiece] = []
        self.seconds: list[SecondFacts] = []
        self._sequence = 0

    def packets(self, number: int) -> Iterator[bytes]:
        """One picture, as many packets as it takes."""
        data = pictures()[number]
        parts = [data[at : at + LARGEST] for at in range(0, len(data), LARGEST)]
        for n, part in enumerate(parts):
            yield serialize(
                VIDEO,
                marker=n == len(parts) - 1,
                sequence=self._sequence & 0xFFFF,
                timestamp=number * 90_000 // FPS,
                ssrc=1_000,
                payload=(b"\x00" if n else b"\x10") + part,
            )
            self._sequence += 1

    def take(self, data: bytes, now: int) -> None:
        packet = whole(data)
        is_repeated = packet.payload_type != VIDEO
        stream = self.incoming["video"]
        if stream.take_repeated(packet, now) if is_repeated else stream.take(packet, now):
            self.evidence.video(packet, vp8.parse(packet.payload), now)

    def hear(self, number: int, now: int) -> None:
        packet = whole(sound(number, number * 960))
        packet.payload = tone()[number % 50]
        assert self.incoming["audio"].take(packet, now)
        self.evidence.audio(packet, now)

    def look(self, now: int) -> None:
        piece = self.evidence.piece(now)
        self.pieces += [piece] if piece is not None else []
        facts = self.evidence.facts(self.incoming, self.outgoing, self.link, now)  # type: ignore[arg-type]
        self.seconds += facts.seconds if facts is not None else ()

    def run(self, first: int, end: int, *, lost: frozenset[int] = frozenset()) -> "Kept":
        """These pictures and their sound; of the packets that are counted anew here, some never come."""
        counted = -1
        for number in range(first, end):
            now = number * FRAME
            for data in self.packets(number):
                counted += 1
                if counted not in lost:
                    self.take(data, now)
            for heard in range(-(-now // SOUND), -(-(now + FRAME) // SOUND)):
                self.hear(heard, heard * SOUND)
            self.look(now)
        return self

    def end(self, now: int) -> "Kept":
        for told in self.evidence.end(now):
            if isinstance(told, LegFacts):
                self.seconds += told.seconds
            else:
                self.pieces.append(told)
        return self

    @property
    def file(self) -> bytes:
        return b"".join(piece.data for piece in self.pieces)


def test_what_came_is_in_the_file_in_the_store_and_in_the_facts() -> None:
    kept = Kept().run(0, 46).end(46 * FRAME)
    assert [picture.number for picture in shown(kept.file)] == list(range(46))
    assert len(times(kept.file, "audio")) == -(-46 * FRAME // SOUND)
    last = kept.store.named(1, 45 * 90_000 // FPS)
    assert last is not None
    assert last.frames[-1] == pictures()[45]
    assert len(kept.seconds) == 3
    assert sum(second.frames for second in kept.seconds) == 45
    assert {(second.width, second.height) for second in kept.seconds} == {(320, 240)}
    assert sum(second.audio_bits for second in kept.seconds) == 8 * sum(len(tone()[n % 50]) for n in range(150))


def test_lost_packets_leave_a_gap_up_to_the_next_key_frame_and_no_more() -> None:
    kept = Kept()
    second_of_picture_4 = sum(len(list(Kept().packets(n))) for n in range(4))
    kept.run(0, 45, lost=frozenset({second_of_picture_4})).end(45 * FRAME)
    expected = [n for n in range(45) if not 4 <= n < 15]
    assert [picture.number for picture in shown(kept.file)] == expected
    assert times(kept.file, "video") == [n * FRAME // 1_000 * 1_000 for n in expected]
    assert times(kept.file, "audio") == [n * SOUND for n in range(151)]


def test_a_packet_that_comes_again_in_time_leaves_no_gap() -> None:
    kept = Kept().run(0, 4)
    (first, *rest), following = list(kept.packets(4)), list(kept.packets(5))
    for data in (*rest, *following):
        kept.take(data, 5 * FRAME)
    kept.take(repeated(first), 5 * FRAME + 30_000)
    kept.run(6, 20).end(20 * FRAME)
    assert [picture.number for picture in shown(kept.file)] == list(range(20))
    assert sum(second.repeated for second in kept.seconds) == 1


def test_packets_without_a_whole_picture_are_a_frozen_one() -> None:
    kept = Kept()
    assert not kept.evidence.is_frozen(100 * SECOND), "nothing was ever to be seen"
    kept.run(0, 3)
    seen = 2 * FRAME
    assert not kept.evidence.is_frozen(seen + FROZEN_AFTER)
    for number in range(3, 40):
        for data in list(kept.packets(number))[1:]:
            kept.take(data, number * FRAME)
    assert kept.evidence.is_frozen(seen + FROZEN_AFTER + 1)
    kept.run(45, 46)
    assert not kept.evidence.is_frozen(45 * FRAME + FROZEN_AFTER)


def test_a_first_picture_that_does_not_come_is_a_frozen_one_too() -> None:
    kept = Kept()
    list(kept.packets(0))
    for number in range(1, 10):
        for data in kept.packets(number):
            kept.take(data, number * FRAME)
    assert not kept.evidence.is_frozen(FRAME + FROZEN_AFTER)
    assert kept.evidence.is_frozen(FRAME + FROZEN_AFTER + 1)


def test_a_call_that_is_not_recorded_has_frames_and_facts_all_the_same() -> None:
    kept = Kept(records=False).run(0, 31).end(31 * FRAME)
    assert kept.pieces == []
    assert kept.store.named(1, 30 * 90_000 // FPS) is not None
    assert len(kept.seconds) == 2


def test_the_longest_silence_is_that_of_its_second() -> None:
    kept = Kept()
    kept.look(0)
    kept.link.silence = 300_000
    kept.look(SECOND)
    kept.link.silence = 20_000
    kept.look(2 * SECOND)
    kept.end(2 * SECOND)
    assert [second.silence for second in kept.seconds] == [300_000, 20_000]


def test_what_goes_to_the_leg_is_counted_with_its_repetitions() -> None:
    kept = Kept()
    kept.look(0)
    kept.outgoing["video"].octets, kept.outgoing["video"].repeated_octets = 1_000, 10
    kept.look(SECOND)
    kept.end(SECOND)
    assert [second.sent_bits for second in kept.seconds] == [8_080]
