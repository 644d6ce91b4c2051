from media.assembly import EncodedFrame
from media.groups import KEPT, MOST_BYTES, MOST_GROUPS, GroupStore

FRAME = 33_000


def frame(number: int, *, group: int | None = None, arrived: int | None = None) -> EncodedFrame:
    """A frame; a key frame unless it has a group."""
    at = number * FRAME if arrived is None else arrived
    return EncodedFrame(number, at, group is None, b"%d" % number, number if group is None else group)


def stream(frames: int, every: int = 4) -> list[EncodedFrame]:
    return [frame(number, group=number // every * every if number % every else None) for number in range(frames)]


def filled(stream: list[EncodedFrame], media: int = 1) -> GroupStore:
    store = GroupStore()
    for each in stream:
        store.add(media, each)
    return store


def test_a_frame_comes_with_all_that_it_rests_on() -> None:
    picture = filled(stream(8)).named(1, 6)
    assert picture is not None
    assert picture.frames == (b"4", b"5", b"6")
    assert (picture.media, picture.timestamp, picture.arrived) == (1, 6, 6 * FRAME)


def test_nothing_is_kept_before_the_first_key_frame() -> None:
    store = filled([frame(1, group=0)])
    assert store.nearest(0) is None
    assert store.named(1, 1) is None


def test_groups_of_an_older_connection_stay_beside_those_of_a_newer() -> None:
    store = filled(stream(4))
    store.add(2, frame(2, arrived=5 * FRAME))
    old, new = store.named(1, 2), store.named(2, 2)
    assert old is not None
    assert new is not None
    assert (len(old.frames), len(new.frames)) == (3, 1)


def test_a_frame_of_a_new_connection_without_its_key_frame_is_not_kept() -> None:
    store = filled(stream(4))
    store.add(2, frame(9, group=8))
    assert store.named(2, 9) is None


def test_a_late_frame_is_kept_in_its_own_group() -> None:
    store = filled([*stream(3), frame(4), frame(5, group=4), frame(3, group=0)])
    late, newer = store.named(1, 3), store.named(1, 5)
    assert late is not None
    assert newer is not None
    assert (late.frames, newer.frames) == ((b"0", b"1", b"2", b"3"), (b"4", b"5"))


def test_the_frame_nearest_in_time_is_found_on_either_side() -> None:
    store = filled(stream(8))
    for arrived, expected in ((0, 0), (2 * FRAME + 9, 2), (3 * FRAME - 9, 3), (10**9, 7)):
        picture = store.nearest(arrived)
        assert picture is not None
        assert picture.timestamp == expected


def test_groups_older_than_ten_seconds_go_but_the_last_one_stays() -> None:
    store = filled(stream(4))
    store.add(1, frame(4, arrived=KEPT + 4 * FRAME + 2))
    assert store.named(1, 0) is None
    assert store.named(1, 4) is not None


def test_a_sender_of_too_much_loses_pictures_and_not_our_memory() -> None:
    store = GroupStore()
    store.add(1, frame(0))
    store.add(1, EncodedFrame(1, 1, False, bytes(MOST_BYTES), 0))
    assert store.nearest(0) is None
    for number in range(2, MOST_GROUPS + 4):
        store.add(1, frame(number, arrived=2))
    assert store.named(1, 2) is None
    assert store.named(1, MOST_GROUPS + 3) is not None
