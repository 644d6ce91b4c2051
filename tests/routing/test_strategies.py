"""How one of several is chosen."""

import hashlib
import hmac
from collections import Counter

import pytest
from immutables import Map

from routing.state import Agent, Seed, Strategy
from routing.strategies import chooser
from routing.strategies.draw import Draw

SEED = Seed("2026-11-21", "0badc0de")


def agents(*members: Agent) -> Map[str, Agent]:
    return Map({agent.id: agent for agent in members})


def test_a_draw_can_be_repeated_by_anybody_who_has_the_seed() -> None:
    digest = hmac.new(bytes.fromhex("0badc0de"), b"2026-11-21|c1|3", hashlib.sha256).hexdigest()
    assert Draw(SEED, "c1", 3).below(1000) == int(digest, 16) % 1000


@pytest.mark.parametrize(
    "other", [Draw(SEED, "c1", 4), Draw(SEED, "c2", 3), Draw(Seed("2026-11-22", "0badc0de"), "c1", 3)]
)
def test_each_day_call_and_offer_has_a_draw_of_its_own(other: Draw) -> None:
    assert Draw(SEED, "c1", 3).below(10**9) != other.below(10**9)


def test_random_takes_everybody_about_equally_often() -> None:
    choose = chooser(Strategy.RANDOM)
    ids = ("a1", "a2", "a3")
    hits = Counter(choose(ids, agents(), Draw(SEED, f"c{number}", 1)) for number in range(3000))
    # Three standard deviations of a fair draw are 78.
    assert all(abs(hits[agent] - 1000) < 78 for agent in ids)


def test_longest_idle() -> None:
    choose = chooser(Strategy.LONGEST_IDLE)
    floor = agents(
        Agent("a1", since=5, last_call_ended_at=30),
        Agent("a2", since=20),
        Agent("a3", since=20, last_call_ended_at=10),
    )
    assert choose(("a1", "a2", "a3"), floor, Draw(SEED, "c1", 1)) == "a2"
    assert choose(("a1", "a3"), floor, Draw(SEED, "c1", 1)) == "a3"


def test_fewest_calls_of_the_day() -> None:
    choose = chooser(Strategy.FEWEST_CALLS)
    today, yesterday = "2026-11-21", "2026-11-20"
    floor = agents(
        Agent("a1", calls_day=today, calls_today=3),
        Agent("a2", calls_day=yesterday, calls_today=9, since=7),
        Agent("a3", calls_day=today, calls_today=0, since=5),
    )
    assert choose(("a1", "a2", "a3"), floor, Draw(SEED, "c1", 1)) == "a3"
    assert choose(("a1", "a2"), floor, Draw(SEED, "c1", 1)) == "a2"
