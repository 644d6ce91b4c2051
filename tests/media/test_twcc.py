import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.twcc import COVERED, DELTA, REFERENCE, ArrivalRecorder, parse


def feedback_for(arrivals: dict[int, int]) -> list[bytes]:
    recorder = ArrivalRecorder()
    for sequence, arrived in arrivals.items():
        recorder.add(sequence, arrived)
    return recorder.flush(1, 2)


def test_the_octets_are_those_of_the_drafts_layout() -> None:
    (data,) = feedback_for({10: 128_000, 11: 128_250, 13: 130_000})
    assert data == bytes.fromhex(
        "8fcd0006"  # version 2, format 15, packet type 205, length in words less one
        "00000001"  # who reports
        "00000002"  # whose packets
        "000a0004"  # from number 10 on, four of them
        "00000200"  # reference time 2 x 64 ms, feedback packet 0
        "d440"  # a vector of two-bit symbols: small, small, lost, small
        "0001"  # receive deltas in units of 250 microseconds: 0, 1,
        "07000000"  # 7; filled up to a whole word
    )


def test_what_is_written_is_read() -> None:
    (data,) = feedback_for({10: 128_000, 11: 128_250, 13: 130_000})
    feedback = parse(data)
    assert (feedback.base_sequence, feedback.count) == (10, 0)
    assert feedback.arrivals == (128_000, 128_250, None, 130_000)


@given(
    first=st.integers(0, 0xFFFF),
    gaps=st.lists(st.integers(1, 30), min_size=1, max_size=60),
    steps=st.lists(st.integers(-100_000, 3_000_000), min_size=60, max_size=60),
)
def test_any_arrivals_come_back_in_units_of_250_microseconds(first: int, gaps: list[int], steps: list[int]) -> None:
    recorder = ArrivalRecorder()
    sequence, arrived, expected = first, 1_000_000_000, {}
    for gap, step in zip(gaps, steps, strict=False):
        sequence += gap
        arrived += step
        recorder.add(sequence & 0xFFFF, arrived)
        expected[sequence & 0xFFFF] = arrived // DELTA * DELTA
    assert _read(recorder.flush(1, 2)) == expected


def test_numbers_that_were_missing_at_the_seam_of_two_reports_are_reported_lost() -> None:
    recorder = ArrivalRecorder()
    recorder.add(0xFFFE, 1_000)
    recorder.flush(1, 2)
    recorder.add(1, 2_000)
    (data,) = recorder.flush(1, 2)
    feedback = parse(data)
    assert (feedback.base_sequence, feedback.count) == (0xFFFF, 1)
    assert [arrival is None for arrival in feedback.arrivals] == [True, True, False]


def test_nothing_is_reported_where_nothing_came() -> None:
    recorder = ArrivalRecorder()
    assert recorder.flush(1, 2) == []
    recorder.add(1, 0)
    recorder.flush(1, 2)
    assert recorder.flush(1, 2) == []


def test_a_late_packet_is_reported_without_taking_back_what_came_after_it() -> None:
    recorder = ArrivalRecorder()
    for sequence in (1, 3):
        recorder.add(sequence, 1_000)
    recorder.flush(1, 2)
    recorder.add(2, 9_000)
    assert _read(recorder.flush(1, 2)) == {2: 9_000}
    recorder.add(5, 10_000)
    (data,) = recorder.flush(1, 2)
    assert parse(data).base_sequence == 4


def test_a_long_run_takes_few_octets_and_a_jump_is_no_loss() -> None:
    (data,) = feedback_for({sequence: sequence * 250 for sequence in range(500)})
    assert len(data) < 500 + 30
    recorder = ArrivalRecorder()
    recorder.add(1, 0)
    recorder.flush(1, 2)
    recorder.add(20_000, 1_000)
    assert parse(recorder.flush(1, 2)[0]).base_sequence == 20_000


def test_the_reference_time_wraps_at_24_bits() -> None:
    arrived = (1 << 24) * REFERENCE + 500
    (data,) = feedback_for({7: arrived})
    assert parse(data).arrivals == (500,)


def test_a_vector_of_one_bit_symbols_is_read_too() -> None:
    data = bytes.fromhex("8fcd000500000001000000020005000300000100a8000004")
    assert parse(data).arrivals == (REFERENCE, None, REFERENCE + 4 * DELTA)


def test_feedback_fits_a_datagram_however_packets_come() -> None:
    for step in (1, 2, 500, COVERED - 1):
        # Far apart in time, so that every one of them takes two octets.
        arrivals = {n * step: n * 100_000 for n in range(60_000 // step)}
        packets = feedback_for(arrivals)
        assert max(map(len, packets)) < 1_400
        assert _read(packets) == arrivals


def test_feedback_that_covers_more_than_anybody_sends_is_not_read() -> None:
    chunks = bytes.fromhex("1fff") * 8
    with pytest.raises(ValueError, match="too much"):
        parse(bytes.fromhex("8fcd00080000000100000002000affff00000100") + chunks)


def test_what_is_cut_off_is_no_feedback() -> None:
    (data,) = feedback_for({1: 0, 2: 250})
    for length in (0, 19, 21, 23):
        with pytest.raises(ValueError, match=r"cut off|not transport-wide"):
            parse(data[:length])


def _read(packets: list[bytes]) -> dict[int, int]:
    read = {}
    for data in packets:
        feedback = parse(data)
        for index, arrival in enumerate(feedback.arrivals):
            if arrival is not None:
                read[(feedback.base_sequence + index) & 0xFFFF] = arrival
    return read
