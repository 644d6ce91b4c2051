from media.load import FULL, LEAST_COST, MOST_COST, OVERFULL, SLOW, WINDOW, Load

TICK = 40_000


def loaded(use: float, *, seconds: int = 6, tick: int = TICK) -> Load:
    """A worker that has used this share of its core for so long, up to the instant `seconds`."""
    load = Load()
    for now in range(0, seconds * 1_000_000 + 1, tick):
        load.measure(now, int(now * use))
    return load


def test_the_use_is_that_of_the_last_seconds() -> None:
    load = loaded(0.5)
    assert abs(load.use() - 0.5) < 0.01
    for now in range(6_000_000, 6_000_000 + WINDOW + 1, TICK):
        load.measure(now, 3_000_000)
    assert load.use() == 0.0


def test_before_anything_was_measured_nothing_is_used() -> None:
    load = Load()
    assert load.use() == 0.0
    load.measure(0, 5_000_000)
    assert load.use() == 0.0
    assert not load.is_full(1)


def test_a_stretch_that_has_only_begun_says_little() -> None:
    load = Load()
    load.measure(0, 0)
    load.measure(TICK, TICK)
    assert load.use() <= TICK / WINDOW


def test_one_more_call_is_reckoned_with_what_the_others_cost() -> None:
    assert loaded(0.74).is_full(37), "0.02 each"
    assert not loaded(0.72).is_full(36)
    assert loaded(0.72).is_full(20), "0.036 each"
    assert not loaded(0.70).is_full(5), "0.04 at most, though they seem to cost more"
    assert not loaded(FULL - MOST_COST - 0.01).is_full(1)


def test_the_first_call_is_always_taken() -> None:
    assert not loaded(1.0).is_full(0)


def test_who_may_be_a_little_fuller_is_asked_with_another_measure() -> None:
    load = loaded(0.78)
    assert load.is_full(40)
    assert not load.is_full(40, OVERFULL)


def test_calls_that_were_just_admitted_are_reckoned_with_until_their_cost_shows() -> None:
    load = loaded(0.60)
    admitted = 0
    while not load.is_full(30 + admitted):
        load.expect(6_000_000)
        admitted += 1
    assert admitted == 7, "of 0.02 each, up to 0.75"
    for now in range(6_000_000, 6_000_000 + WINDOW + TICK + 1, TICK):
        load.measure(now, int(now * 0.6))
    assert not load.is_full(30 + admitted)


def test_many_at_once_are_not_all_taken_although_nothing_is_used_yet() -> None:
    load = Load()
    load.measure(0, 0)
    load.measure(TICK, 0)
    admitted = 0
    while not load.is_full(admitted):
        load.expect(TICK)
        admitted += 1
    assert admitted == int(FULL / LEAST_COST)


def test_a_loop_that_is_behind_takes_nothing() -> None:
    assert loaded(0.2, tick=SLOW + 10_000).is_full(5)
    assert not loaded(0.2, tick=SLOW - 10_000).is_full(5)


def test_a_process_that_hung_for_longer_than_is_measured_takes_nothing() -> None:
    load = loaded(0.2)
    load.measure(6_000_000 + 2 * WINDOW, 1_200_000 + 2 * WINDOW)
    assert load.use() > 0.9
    assert load.is_full(5)


def test_what_is_remembered_is_bounded() -> None:
    load = loaded(0.5, seconds=60)
    assert len(load._samples) <= WINDOW // TICK + 1
