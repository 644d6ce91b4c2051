from media.assembly import LARGEST, LATE, MOST_WAITING, EncodedFrame, FrameAssembler, VideoPacket


def packets(number: int, *, key: bool = False, at: int = 0) -> list[VideoPacket]:
    """The two packets of a frame; they count 2n and 2n + 1."""
    return [
        VideoPacket(2 * number, number, True, key, False, b"%d-" % number, at),
        VideoPacket(2 * number + 1, number, False, False, True, b"end", at + 1),
    ]


def stream(frames: int, every: int = 4) -> list[VideoPacket]:
    return [each for number in range(frames) for each in packets(number, key=number % every == 0)]


def frames_of(packets: list[VideoPacket], assembler: FrameAssembler | None = None) -> list[EncodedFrame]:
    into = assembler or FrameAssembler()
    return [frame for packet in packets for frame in into.add(packet)]


def numbers(packets: list[VideoPacket], assembler: FrameAssembler | None = None) -> list[int]:
    return [frame.timestamp for frame in frames_of(packets, assembler)]


def test_packets_in_their_order_become_frames() -> None:
    first, second = frames_of([*packets(0, key=True, at=5), *packets(1, at=9)])
    assert first == EncodedFrame(0, 6, True, b"0-end", 0)
    assert second == EncodedFrame(1, 10, False, b"1-end", 0)


def test_nothing_comes_before_the_first_key_frame() -> None:
    assert numbers(stream(8)[1:]) == [4, 5, 6, 7]


def test_what_was_overtaken_on_the_way_is_put_in_its_place() -> None:
    whole = stream(8)
    for late in range(16):
        moved = [*whole[:late], *whole[late + 1 : late + 6], whole[late], *whole[late + 6 :]]
        assert sorted(numbers(moved)) == list(range(8))


def test_a_late_packet_makes_its_frame_as_late_as_itself() -> None:
    head, tail = packets(0, key=True, at=100)
    assert frames_of([tail, head._replace(arrived=700)])[0].arrived == 700


def test_frames_after_a_lost_packet_wait_for_it() -> None:
    assembler = FrameAssembler()
    whole = stream(4)
    assert numbers([*whole[:3], *whole[4:]], assembler) == [0]
    assert numbers([whole[3]], assembler) == [1, 2, 3]


def test_a_whole_key_frame_is_jumped_to_at_once_and_what_lies_before_it_may_come_late() -> None:
    assembler = FrameAssembler()
    whole = stream(8)
    assert numbers([*whole[:3], *whole[4:12]], assembler) == [0, 4, 5]
    assert assembler.is_behind
    late = frames_of([whole[3]], assembler)
    assert [(frame.timestamp, frame.group) for frame in late] == [(1, 0), (2, 0), (3, 0)]
    assert not assembler.is_behind
    assert [(frame.timestamp, frame.group) for frame in frames_of(whole[12:], assembler)] == [(6, 8), (7, 8)]


def test_after_a_while_what_lies_before_the_key_frame_is_waited_for_no_more() -> None:
    assembler = FrameAssembler()
    whole = stream(8)
    assert numbers([*whole[:3], *whole[4:10]], assembler) == [0, 4]
    later = [each._replace(arrived=LATE + 10) for each in whole[10:]]
    assert numbers(later, assembler) == [5, 6, 7]
    assert not assembler.is_behind
    assert numbers([whole[3]], assembler) == []


def test_each_key_frame_begins_a_group() -> None:
    assert [frame.group for frame in frames_of(stream(6))] == [0, 0, 0, 0, 8, 8]


def test_padding_stands_between_frames() -> None:
    first, second = packets(0, key=True), packets(1)
    padding = VideoPacket(2, 0, False, False, False, b"", 5)
    moved = [each._replace(sequence=each.sequence + 1) for each in second]
    assert numbers([*first, padding, *moved]) == [0, 1]


def test_what_does_not_keep_to_the_format_is_dropped_up_to_the_next_key_frame() -> None:
    whole = stream(8)
    headless = [*whole[:2], *whole[3:4]]
    assert numbers([*headless, whole[2]._replace(starts_frame=False), *whole[4:]]) == [0, 4, 5, 6, 7]
    twice = [*whole[:1], whole[1]._replace(starts_frame=True), *whole[2:]]
    assert numbers(twice) == [4, 5, 6, 7]


def test_a_frame_larger_than_any_picture_is_dropped() -> None:
    head, tail = packets(0, key=True)
    assert numbers([head, tail._replace(data=bytes(LARGEST))]) == []


def test_what_waits_is_bounded() -> None:
    assembler = FrameAssembler()
    far = [VideoPacket(10 + 2 * n, n, True, False, True, b"x", n) for n in range(MOST_WAITING + 1)]
    assert numbers([*packets(0, key=True), *far], assembler) == [0]
    after = 10 + 4 * MOST_WAITING
    assert numbers([VideoPacket(after, 7, True, True, True, b"x", 1_000_000)], assembler) == [7]
