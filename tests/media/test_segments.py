from hypothesis import given
from hypothesis import strategies as st

from media.segments import MOST, SegmentTable

ROUND = 1 << 32


def test_a_timestamp_leads_to_the_source_that_it_came_from() -> None:
    table = SegmentTable()
    table.open(media=1, offset=100, first=1_100)
    table.extend(4_100)
    table.open(media=2, offset=ROUND - 50_000, first=9_000)
    table.extend(12_000)
    assert table.find(1_100) == (1, 1_000)
    assert table.find(4_100) == (1, 4_000)
    assert table.find(9_000) == (2, 59_000)
    assert table.find(12_000) == (2, 62_000)
    assert table.outgoing(2, 62_000) == 12_000
    assert table.outgoing(1, 1_000) == 1_100


def test_what_was_not_sent_is_not_found() -> None:
    table = SegmentTable()
    assert table.find(0) is None
    table.open(media=1, offset=0, first=1_000)
    table.extend(2_000)
    table.open(media=2, offset=0, first=5_000)
    assert [table.find(timestamp) for timestamp in (999, 2_001, 4_999, 5_001)] == [None] * 4
    assert table.outgoing(1, 2_001) is None
    assert table.outgoing(3, 1_000) is None


def test_a_late_packet_does_not_shorten_a_segment() -> None:
    table = SegmentTable()
    table.open(media=1, offset=0, first=1_000)
    table.extend(4_000)
    table.extend(2_500)
    assert table.find(4_000) == (1, 4_000)


@given(first=st.integers(0, ROUND - 1), offset=st.integers(0, ROUND - 1), length=st.integers(0, ROUND // 2 - 1))
def test_segments_go_on_over_the_wrap(first: int, offset: int, length: int) -> None:
    table = SegmentTable()
    table.open(1, offset, first)
    last = (first + length) % ROUND
    table.extend(last)
    assert table.find(last) == (1, (last - offset) % ROUND)
    assert table.find((last + 1) % ROUND) is None


def test_the_oldest_segments_are_forgotten() -> None:
    table = SegmentTable()
    for media in range(MOST + 1):
        table.open(media, offset=0, first=media * 10)
    assert table.find(0) is None
    assert table.find(10) == (1, 10)
