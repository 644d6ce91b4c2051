import pytest

from media.events import LegFacts
from media.ledger import SECOND, TOLD_AFTER, Counters, Gauges, Ledger

WALL = 1_700_000_000_000_000
NOTHING = Counters(0, 0, 0, 0, 0, 0)
GAUGES = Gauges((640, 480), 1_000, 40_000, 25_000, 3, frozen=False)
TICK = 40_000


def counters(n: int) -> Counters:
    """After `n` seconds, or ticks."""
    return Counters(n * 100_000, n * 4_000, n * 30, n * 2, n, n * 90_000)


def test_a_second_holds_what_came_in_it() -> None:
    ledger = Ledger("call", "agent", 2, WALL)
    assert ledger.add(counters(5), GAUGES, 7 * SECOND) is None
    assert ledger.add(counters(6), Gauges((320, 240), 9, 8, None, 0, frozen=True), 8 * SECOND) is None
    told = ledger.rest(8 * SECOND)
    assert told is not None
    assert (told.call, told.leg, told.media, told.first_at) == ("call", "agent", 2, WALL + 7 * SECOND)
    (second,) = told.seconds
    assert (second.video_bits, second.audio_bits, second.sent_bits) == (800_000, 32_000, 720_000)
    assert (second.frames, second.repeated, second.lost) == (30, 2, 1)
    assert (second.width, second.height, second.jitter, second.silence) == (320, 240, 9, 8)
    assert (second.round_trip, second.sent_lost, second.frozen) == (None, 0, True)


def test_ten_are_told_together_and_the_next_ten_follow_them() -> None:
    ledger = Ledger("call", "agent", 1, WALL)
    told: list[LegFacts] = []
    for n in range(25):
        facts = ledger.add(counters(n), GAUGES, n * SECOND)
        told += [facts] if facts is not None else []
    rest = ledger.rest(24 * SECOND + SECOND // 2)
    assert rest is not None
    assert [(each.first_at - WALL, len(each.seconds)) for each in [*told, rest]] == [
        (0, TOLD_AFTER),
        (10 * SECOND, TOLD_AFTER),
        (20 * SECOND, 4),
    ]
    assert ledger.rest(30 * SECOND) is None


def test_nothing_is_told_of_what_never_began() -> None:
    assert Ledger("call", "agent", 1, WALL).rest(0) is None
    begun = Ledger("call", "agent", 1, WALL)
    begun.add(NOTHING, GAUGES, 0)
    assert begun.rest(SECOND // 2) is None


@pytest.mark.parametrize("began", [0, 12_345_678])
def test_seconds_do_not_run_away_from_the_clock(began: int) -> None:
    """It is looked at every 40 ms, which is no part of a second, for a minute."""
    ledger = Ledger("call", "agent", 1, WALL)
    entries = 0
    for now in range(began, began + 60 * SECOND + TICK, TICK):
        if ledger.is_due(now):
            entries += 1
            ledger.add(NOTHING, GAUGES, now)
    assert entries == 61


def test_after_a_pause_one_entry_holds_it_all_and_the_next_ones_are_seconds_again() -> None:
    ledger = Ledger("call", "agent", 1, WALL)
    ledger.add(counters(0), GAUGES, 0)
    ledger.add(counters(1), GAUGES, SECOND)
    ledger.add(counters(6), GAUGES, 6 * SECOND)
    assert not ledger.is_due(6 * SECOND + TICK)
    assert ledger.is_due(7 * SECOND)
    ledger.add(counters(7), GAUGES, 7 * SECOND)
    told = ledger.rest(7 * SECOND)
    assert told is not None
    assert [second.frames for second in told.seconds] == [30, 150, 30]
