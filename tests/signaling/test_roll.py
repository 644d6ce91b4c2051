"""Who is dead, by the rows alone."""

import pytest

from signaling.roll import DEAD, Entry, Roll, Steadiness, identity
from vouch.clock import SECOND

NOW = 1_790_000_000 * SECOND


def roll(*entries: Entry, steady: bool = True) -> Roll:
    made = Roll()
    made.read(entries, NOW, steady=steady)
    return made


def test_one_who_renews_lives_and_one_who_has_not_for_three_seconds_is_dead() -> None:
    rows = roll(Entry("one", "a", NOW - DEAD), Entry("two", "b", NOW - DEAD - 1))
    assert rows.living() == {"one.a"}
    assert rows.names() == {"one"}
    assert rows.dead_for("one.a") is None
    age = rows.dead_for("two.b")
    assert age is not None
    assert DEAD < age < DEAD + SECOND


def test_another_boot_number_proves_a_death_and_old_rows_do_not_while_this_node_is_unsteady() -> None:
    rows = roll(Entry("one", "a", NOW - 2 * SECOND), Entry("two", "b", NOW - 2 * DEAD), steady=False)
    rows.read([Entry("one", "newer", NOW), Entry("two", "b", NOW - 2 * DEAD)], NOW, steady=False)
    age = rows.dead_for("one.a")
    assert age is not None
    assert 2 * SECOND <= age < 3 * SECOND, "counted from its last renewal"
    assert rows.dead_for("two.b") is None
    assert rows.dead_for("never.seen") is not None


def test_a_name_may_have_dots() -> None:
    rows = roll(Entry("node.example.vn", "a", NOW))
    assert rows.dead_for(identity("node.example.vn", "a")) is None
    assert rows.entry("node.example.vn.a") == Entry("node.example.vn", "a", NOW)
    assert rows.entry("node.example.vn.b") is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.roll._REMEMBERED", 2)
    rows = roll()
    for number in range(5):
        rows.remember(Entry("one", str(number), NOW - 5 * SECOND))
    assert rows.dead_for("one.4") == pytest.approx(5 * SECOND, abs=SECOND)
    assert rows.dead_for("one.0") == pytest.approx(0, abs=SECOND)


def test_a_node_judges_only_after_renewing_for_three_seconds_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    steadiness = Steadiness()
    judged = []
    for pause in (0, 1, 1, 1, 1, 4, 1, 1, 1, 1):
        now += pause
        judged.append(steadiness.renewed())
    assert judged == [False, False, False, False, True, False, False, False, False, True]
