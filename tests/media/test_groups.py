from media.groups import KEPT, MOST_BYTES, MOST_GROUPS, GroupStore, VideoPacket

FRAME = 33_000


def packets(sequence: int, frame: int, *, key: bool = False, arrived: int | None = None) -> list[VideoPacket]:
    """Both packets of a frame."""
    at = frame * FRAME if arrived is None else arrived
    return [
        VideoPacket(sequence, frame, True, key, False, b"%d-" % frame, at),
        VideoPacket(sequence + 1, frame, False, False, True, b"end", at + 1),
    ]


def stream(frames: int, every: int = 4) -> list[VideoPacket]:
    return [each for frame in range(frames) for each in packets(2 * frame, frame, key=frame % every == 0)]


def filled(stream: list[VideoPacket], media: int = 1) -> GroupStore:
    store = GroupStore()
    for packet in stream:
        store.add(media, packet)
    return store


def test_a_frame_comes_with_all_that_it_rests_on() -> None:
    picture = filled(stream(8)).named(1, 6)
    assert picture is not None
    assert picture.frames == (b"4-end", b"5-end", b"6-end")
    assert (picture.media, picture.timestamp, picture.arrived) == (1, 6, 6 * FRAME + 1)


def test_the_last_whole_frame_is_found() -> None:
    store = filled(stream(7)[:-1])
    picture = store.last()
    assert picture is not None
    assert picture.timestamp == 5
    assert store.named(1, 6) is None


def test_where_the_newest_group_has_nothing_whole_the_one_before_serves() -> None:
    picture = filled(stream(5)[:-1]).last()
    assert picture is not None
    assert picture.timestamp == 3


def test_a_frame_that_rests_on_a_lost_packet_is_not_given() -> None:
    lost = [packet for packet in stream(4) if packet.sequence != 3]
    store = filled(lost)
    assert store.named(1, 2) is None
    late = next(packet for packet in stream(4) if packet.sequence == 3)
    store.add(1, late)
    picture = store.named(1, 2)
    assert picture is not None
    assert picture.frames[-1] == b"2-end"


def test_a_key_frame_whose_first_packet_is_late_begins_its_group_all_the_same() -> None:
    ordered = stream(8)
    late = ordered.pop(8)
    store = filled([*ordered, late])
    for wanted, frames in ((3, 4), (6, 3)):
        picture = store.named(1, wanted)
        assert picture is not None
        assert len(picture.frames) == frames


def test_a_whole_group_that_comes_late_stands_in_its_place() -> None:
    ordered = stream(8)
    store = filled([*ordered[8:], *ordered[:8]])
    for wanted, frames in ((2, 3), (6, 3)):
        picture = store.named(1, wanted)
        assert picture is not None
        assert len(picture.frames) == frames


def test_padding_does_not_break_a_group() -> None:
    first, second = packets(0, 0, key=True), packets(3, 1)
    padding = VideoPacket(2, 0, False, False, False, b"", 5)
    store = filled([*first, padding, *second])
    picture = store.named(1, 1)
    assert picture is not None
    assert picture.frames == (b"0-end", b"1-end")


def test_nothing_is_kept_before_the_first_key_frame() -> None:
    store = filled(packets(0, 0))
    assert store.last() is None
    assert store.nearest(0) is None
    assert store.named(1, 0) is None


def test_groups_of_an_older_connection_stay_beside_those_of_a_newer() -> None:
    store = filled(stream(4))
    for packet in packets(0, 2, key=True, arrived=5 * FRAME):
        store.add(2, packet)
    old, new = store.named(1, 2), store.named(2, 2)
    assert old is not None
    assert new is not None
    assert (len(old.frames), len(new.frames)) == (3, 1)


def test_the_frame_nearest_in_time_is_found_on_either_side() -> None:
    store = filled(stream(8))
    for arrived, expected in ((0, 0), (2 * FRAME + 9, 2), (3 * FRAME - 9, 3), (10**9, 7)):
        picture = store.nearest(arrived)
        assert picture is not None
        assert picture.timestamp == expected


def test_groups_older_than_ten_seconds_go_but_the_last_one_stays() -> None:
    store = filled(stream(4))
    for packet in packets(8, 4, key=True, arrived=KEPT + 4 * FRAME + 2):
        store.add(1, packet)
    assert store.named(1, 0) is None
    assert store.named(1, 4) is not None


def test_a_sender_of_too_much_loses_pictures_and_not_our_memory() -> None:
    store = GroupStore()
    store.add(1, VideoPacket(0, 0, True, True, True, b"key", 0))
    store.add(1, VideoPacket(1, 1, True, False, True, bytes(MOST_BYTES), 1))
    assert store.last() is None
    for sequence in range(2, MOST_GROUPS + 4):
        store.add(1, VideoPacket(sequence, sequence, True, True, True, b"key", 2))
    assert store.named(1, 2) is None
    assert store.named(1, MOST_GROUPS + 3) is not None


def test_a_key_frame_that_comes_twice_changes_nothing() -> None:
    store = filled(stream(4))
    store.add(1, stream(1)[0])
    picture = store.named(1, 3)
    assert picture is not None
    assert len(picture.frames) == 4
