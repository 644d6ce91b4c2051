"""What the bound does to a sender that keeps below it, on ways of virtual time (`tests.media.way`)."""

import pytest

from media.bandwidth import COUNTED, LEAST, MOST, QUEUED, Downlink
from media.twcc import REFERENCE, Feedback
from tests.media.way import REPORT, SECOND, Way

WRAP = REFERENCE << 24


@pytest.mark.parametrize("rate", [150_000, 300_000, 1_000_000])
@pytest.mark.parametrize("delay", [5_000, 100_000])
def test_a_bottleneck_is_used_without_a_queue_that_stands(rate: int, delay: int) -> None:
    way = Way(rate, delay=delay).run(40)
    assert 0.7 <= way.use(20) <= 1.0
    assert way.standing(20) <= 100_000
    assert way.standing(20, 0.95) <= 200_000


@pytest.mark.parametrize("rate", [150_000, 300_000, 1_000_000])
def test_a_bottleneck_that_drops_instead_of_queueing_is_used_as_well(rate: int) -> None:
    assert 0.7 <= Way(rate, buffer=60_000).run(40).use(20) <= 1.0


def test_whoever_has_room_is_not_bound() -> None:
    way = Way(2_000_000).run(30)
    assert {limit for _, limit in way.limits} == {None}


def test_losses_at_random_lower_nothing() -> None:
    way = Way(3_000_000, loss=0.03).run(60)
    assert {limit for _, limit in way.limits} == {None}


@pytest.mark.parametrize("loss", [0.15, 0.25])
def test_losses_that_stay_when_less_is_sent_are_not_a_queues_and_lower_once(loss: float) -> None:
    way = Way(3_000_000, loss=loss).run(40)
    assert min(limit for _, limit in way.limits if limit is not None) > 400_000
    assert way.downlink.limit is None or way.downlink.limit > 1_000_000


def test_a_bottleneck_that_comes_is_met_within_three_seconds_and_its_queue_is_gone_after_six() -> None:
    way = Way(3_000_000).run(10)
    way.rate = 300_000
    way.run(3)
    assert way.downlink.limit is not None
    assert way.downlink.limit <= 300_000
    way.run(3).run(5)
    assert way.standing(5) <= 100_000
    assert way.use(5) >= 0.7


def test_the_bound_rises_again_when_the_bottleneck_goes() -> None:
    way = Way(300_000).run(20)
    way.rate = 3_000_000
    way.run(20)
    assert way.bound() == way.wanted
    way.run(15)
    assert way.downlink.limit is None


def test_a_key_frame_is_no_queue_that_stands() -> None:
    """At 600 kbit/s it takes a fifth of a second to pass."""
    way = Way(600_000, wanted=520_000).run(40)
    assert way.standing(40, 0.98) > QUEUED
    assert {limit for _, limit in way.limits} == {None}


def test_an_outage_is_no_bottleneck() -> None:
    way = Way(3_000_000).run(10).run(2, silent=True).run(10)
    assert {limit for _, limit in way.limits} == {None}


def test_a_way_that_becomes_longer_is_taken_for_one_after_some_seconds() -> None:
    """As from one network to another: nothing queues, though every packet takes longer than the least of before."""
    way = Way(3_000_000).run(10)
    way.delay += 150_000
    way.run(4)
    assert way.downlink.limit is None
    assert way.bound() == way.wanted
    way.delay -= 150_000
    way.run(10)
    assert way.downlink.limit is None


@pytest.mark.parametrize("clock", [0, WRAP - 5 * SECOND, WRAP // 2 - 5 * SECOND])
def test_the_peers_clock_may_begin_and_wrap_anywhere(clock: int) -> None:
    limits = [Way(300_000, peer_clock=at).run(20).downlink.limit for at in (0, clock)]
    assert limits[0] == limits[1]


def test_numbers_wrap_after_65536_packets() -> None:
    downlink = Downlink()
    assert [downlink.number(1, 0) for _ in range(65_538)][-3:] == [65_535, 0, 1]
    downlink.heard(Feedback(65_535, 0, (1_000, 1_250, 1_500)), 0)


def reported(downlink: Downlink, count: int, now: int, *, lost: int = 0, octets: int = 1_000) -> Feedback:
    """Packets are sent evenly, and the first of them are lost."""
    step = REPORT // count
    numbers = [downlink.number(octets, now + n * step) for n in range(count)]
    return Feedback(numbers[0], 0, tuple(None if n < lost else now + n * step for n in range(count)))


def test_what_arrives_is_counted_by_the_peers_clock() -> None:
    downlink = Downlink()
    assert downlink.rate() is None
    for n in range(20):
        feedback = reported(downlink, 10, n * REPORT)
        downlink.heard(feedback, n * REPORT + n % 2 * 40_000)
    assert downlink.rate() == pytest.approx(10 * 8_000 * SECOND / REPORT, rel=0.02)


def test_after_a_pause_nothing_is_decided_before_enough_is_known() -> None:
    downlink = Downlink()
    for n in range(3):
        downlink.heard(reported(downlink, 20, n * REPORT, lost=10), n * REPORT)
        assert downlink.limit is None
    assert COUNTED // 2 > 2 * REPORT
    for n in range(3, 9):
        downlink.heard(reported(downlink, 20, n * REPORT, lost=10), n * REPORT)
    assert downlink.limit is not None


def test_no_bound_is_below_the_least() -> None:
    downlink = Downlink()
    for n in range(20):
        downlink.heard(reported(downlink, 20, n * REPORT, lost=10, octets=5), n * REPORT)
        assert downlink.limit is None or downlink.limit >= LEAST
    assert downlink.limit is not None


def test_who_may_send_the_most_is_not_bound() -> None:
    downlink = Downlink()
    downlink.limit = MOST - 1
    for n in range(20):
        downlink.heard(reported(downlink, 10, n * REPORT), n * REPORT)
    assert downlink.limit is None


def test_a_packet_is_lost_once_however_often_it_is_told() -> None:
    downlink = Downlink()
    for n in range(20):
        feedback = reported(downlink, 10, n * REPORT, lost=0)
        downlink.heard(feedback, n * REPORT)
        if n == 9:
            missing = [downlink.number(1_000, n * REPORT) for _ in range(8)]
        if n > 9:
            downlink.heard(Feedback(missing[0], 0, (None,) * 8 + feedback.arrivals), n * REPORT)
    assert downlink.limit is None


def test_a_packet_that_was_said_to_be_lost_and_comes_is_not_lost() -> None:
    """Every tenth packet is overtaken beyond the end of a report."""
    downlink = Downlink()
    for n in range(40):
        now = n * REPORT
        late, *others = [downlink.number(1_000, now) for _ in range(5)]
        downlink.heard(Feedback(late, 0, (None, *[now] * len(others))), now)
        downlink.heard(Feedback(late, 0, (now,)), now + REPORT // 2)
    assert downlink.limit is None


def test_numbers_that_were_never_sent_count_for_nothing() -> None:
    downlink = Downlink()
    for n in range(100):
        downlink.heard(Feedback(n * 512 & 0xFFFF, 0, (None, n * REPORT) * 256), n * REPORT)
    assert (downlink.limit, downlink.rate()) == (None, None)


def test_thousands_of_reports_are_kept_as_few() -> None:
    downlink = Downlink()
    for n in range(20_000):
        now = n * 200
        number = downlink.number(100, now)
        downlink.heard(Feedback(number, 0, (now,)), now)
    assert len(downlink._reports) <= 101
    assert len(downlink._lost) <= 51
    assert len(downlink._least) <= 501
