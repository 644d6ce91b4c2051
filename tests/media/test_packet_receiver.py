"""What a packet robot counts of what it receives."""

from media.packet_receiver import ASK_EVERY, KEPT, LONGEST_GAP, OPENED_EVERY, TRIES, StreamReceiver
from tests.media.packets import Camera, repeated, sound


class Lock:
    """Encryption that only flips octets, refuses what it has opened already, and counts."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self.opened = 0

    @staticmethod
    def close(data: bytes) -> bytes:
        return data[:12] + bytes(octet ^ 0xFF for octet in data[12:])

    def open(self, data: bytes) -> bytes | None:
        if data in self._seen:
            return None
        self._seen.add(data)
        self.opened += 1
        return self.close(data)


def receiver(lock: Lock | None = None) -> StreamReceiver:
    return StreamReceiver(90_000, (lock or Lock()).open, keeps=True)


def take(video: StreamReceiver, packets: list[bytes], now: int = 0) -> None:
    for data in packets:
        video.take(Lock.close(data), now)


def test_whole_frames_count() -> None:
    video, camera = receiver(), Camera()
    for n in range(4):
        take(video, camera.frame(key=not n))
    take(video, camera.frame()[:1])
    assert (video.frames, video.packets, video.lost) == (4, 9, 0)
    assert video.newest_timestamp == 3 * 3_000


def test_packets_in_another_order_make_the_same_frames() -> None:
    video, camera = receiver(), Camera()
    first, second, third = (camera.frame(key=True) for _ in range(3))
    take(video, [*first, second[1], third[0], second[0], third[1]])
    assert (video.frames, video.lost) == (3, 0)
    assert video.missing(0) == []


def test_a_packet_that_is_missing_is_asked_for_at_a_pace_and_then_given_up() -> None:
    video, camera = receiver(), Camera()
    frames = [camera.frame(key=True) for _ in range(3)]
    take(video, [*frames[0], frames[1][1], *frames[2]])
    asked = [video.missing(now) for now in range(0, TRIES * ASK_EVERY, ASK_EVERY)]
    assert asked == [[2]] * TRIES
    assert video.missing(1) == []
    assert video.frames == 1
    assert video.missing(TRIES * ASK_EVERY) == []
    assert (video.frames, video.lost) == (2, 1)


def test_a_packet_that_comes_again_fills_the_gap() -> None:
    video, camera = receiver(), Camera()
    first, second = camera.frame(key=True), camera.frame()
    take(video, [*first, second[1]])
    video.take_repeated(Lock.close(repeated(second[0])), 0)
    assert (video.frames, video.lost, video.missing(0)) == (2, 0, [])
    assert video.newest() == (b"\x10headtail", b"\x11headtail")


def test_a_packet_that_was_here_changes_nothing() -> None:
    video, camera = receiver(), Camera()
    first = camera.frame(key=True)
    take(video, [*first, *first])
    assert video.frames == 1


def test_numbers_go_round() -> None:
    video, camera = receiver(), Camera(sequence=0xFFFE)
    for _ in range(3):
        take(video, camera.frame(key=True))
    block = video.block(0)
    assert block is not None
    assert (video.frames, block.highest_sequence) == (3, (1 << 16) + 3)


def test_a_jump_is_a_new_beginning_and_not_asked_for() -> None:
    video, camera = receiver(), Camera()
    take(video, camera.frame(key=True))
    camera.sequence += LONGEST_GAP + 1
    take(video, camera.frame(key=True))
    take(video, camera.frame(key=True))
    assert video.missing(0) == []
    assert video.frames == 2


def test_another_source_begins_anew() -> None:
    video = receiver()
    take(video, Camera(ssrc=1, sequence=7).frame(key=True))
    take(video, Camera(ssrc=2, sequence=40_000).frame(key=True))
    assert (video.ssrc, video.frames, video.missing(0)) == (2, 2, [])


def test_few_packets_are_opened_until_somebody_looks() -> None:
    lock = Lock()
    video, camera = receiver(lock), Camera()
    for n in range(OPENED_EVERY):
        take(video, camera.frame(key=n == 60))
    assert lock.opened == 2
    assert video.newest() == (b"\x10headtail", *[b"\x11headtail"] * 3)
    assert lock.opened > 2


def test_the_newest_picture_can_be_looked_at_again() -> None:
    video, camera = receiver(), Camera()
    take(video, camera.frame(key=True))
    assert video.newest() == video.newest() == (b"\x10headtail",)


def test_without_a_key_frame_there_is_no_picture() -> None:
    video, camera = receiver(), Camera()
    assert video.newest() == ()
    take(video, camera.frame())
    assert video.newest() == ()


def test_old_packets_are_forgotten() -> None:
    video, camera = receiver(), Camera()
    take(video, camera.frame(key=True))
    for _ in range(KEPT // 2):
        take(video, camera.frame())
    assert video.newest() == ()


def test_what_cannot_be_opened_is_counted() -> None:
    video = StreamReceiver(90_000, lambda _: None, keeps=True)
    take(video, Camera().frame(key=True))
    assert video.damaged == 1
    assert video.newest() == ()


def test_a_report_tells_loss_and_the_senders_clock() -> None:
    video, camera = receiver(), Camera()
    assert video.block(0) is None
    frames = [camera.frame(key=True) for _ in range(2)]
    take(video, [frames[0][0], *frames[1]])
    for now in range(0, (TRIES + 1) * ASK_EVERY, ASK_EVERY):
        video.missing(now)
    video.heard_report(0x1234_5678_9ABC_DEF0, 1_000_000)
    block = video.block(1_500_000)
    assert block is not None
    assert (block.lost, block.fraction_lost, block.highest_sequence) == (1, 256 // 4, 3)
    assert (block.last_report, block.delay) == (0x5678_9ABC, 32_768)


def test_the_longest_pause_between_frames_is_kept() -> None:
    video, camera = receiver(), Camera()
    for now in (0, 33_000, 133_000, 166_000):
        take(video, camera.frame(key=True), now)
    assert video.longest_pause == 100_000


def test_of_sound_every_packet_counts() -> None:
    audio = StreamReceiver(48_000, Lock().open, keeps=False)
    for n in (1, 2, 4, 3):
        audio.take(Lock.close(sound(n, n * 960)), 0)
    assert (audio.frames, audio.packets, audio.newest()) == (4, 4, ())
