"""The plan of a fault run."""

from collections import Counter

from tests.chaos.plan import PHASES, plan


def test_a_plan_has_what_was_asked_for_within_the_run_in_order() -> None:
    faults = plan(300, 20, 5, 3, seed=1)
    assert Counter(each.fault for each in faults) == {"kill": 20, "database": 5, "redis": 3}
    assert [each.at_s for each in faults] == sorted(each.at_s for each in faults)
    assert all(15 <= each.at_s <= 285 for each in faults)


def test_the_kills_take_the_phases_in_turn() -> None:
    phases = [each.phase for each in plan(300, 12, 0, 0, seed=1)]
    assert phases == [*PHASES, *PHASES]


def test_the_same_seed_gives_the_same_plan_and_another_one_another() -> None:
    assert plan(300, 20, 5, 3, seed=1) == plan(300, 20, 5, 3, seed=1)
    assert plan(300, 20, 5, 3, seed=1) != plan(300, 20, 5, 3, seed=2)
