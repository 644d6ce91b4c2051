"""How one of several is chosen."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable

import pytest

from routing.candidates import Candidates
from routing.ordered import Ordered
from routing.state import Agent, Idle, Seed, Strategy
from routing.strategies import chooser
from routing.strategies.draw import Draw, commitment

SEED = Seed("2026-11-21", "0badc0de")


def candidates(strategy: Strategy, agents: Iterable[Agent], without: Iterable[str] = ()) -> Candidates:
    """Agents as the index has them, by skills."""
    rank = chooser(strategy).rank
    groups: dict[tuple[str, ...], list[Idle]] = {}
    for agent in agents:
        groups.setdefault(tuple(sorted(agent.skills)), []).append(Idle(rank(agent, SEED.day), agent.id))
    out = [idle for group in groups.values() for idle in group if idle.agent in set(without)]
    return Candidates([Ordered(groups[skills]) for skills in sorted(groups)], out)


def pick(strategy: Strategy, agents: Iterable[Agent], *without: str, call: str = "c1") -> str:
    return chooser(strategy).pick(candidates(strategy, agents, without), Draw(SEED, call, 1))


def test_a_draw_can_be_repeated_by_anybody_who_has_the_seed() -> None:
    digest = hmac.new(bytes.fromhex("0badc0de"), b"2026-11-21|c1|3", hashlib.sha256).hexdigest()
    assert Draw(SEED, "c1", 3).below(1000) == int(digest, 16) % 1000


def test_what_is_published_of_a_seed_names_its_day() -> None:
    assert commitment(SEED) == hashlib.sha256(b"2026-11-21|0badc0de").hexdigest()
    assert commitment(Seed("2026-11-22", "0badc0de")) != commitment(SEED)


@pytest.mark.parametrize(
    "other", [Draw(SEED, "c1", 4), Draw(SEED, "c2", 3), Draw(Seed("2026-11-22", "0badc0de"), "c1", 3)]
)
def test_each_day_call_and_offer_has_a_draw_of_its_own(other: Draw) -> None:
    assert Draw(SEED, "c1", 3).below(10**9) != other.below(10**9)


def test_random_takes_everybody_about_equally_often() -> None:
    team = [Agent("a1"), Agent("a2", frozenset({"english"})), Agent("a3"), Agent("a4")]
    hits = Counter(pick(Strategy.RANDOM, team, "a4", call=f"c{number}") for number in range(3000))
    # Three standard deviations of a fair draw are 78.
    assert all(abs(hits[agent] - 1000) < 78 for agent in ("a1", "a2", "a3"))
    assert hits["a4"] == 0


def test_longest_idle() -> None:
    team = [
        Agent("a1", since=5, last_call_ended_at=30),
        Agent("a2", since=20),
        Agent("a3", since=20, last_call_ended_at=10, skills=frozenset({"english"})),
    ]
    assert pick(Strategy.LONGEST_IDLE, team) == "a2"
    assert pick(Strategy.LONGEST_IDLE, team, "a2") == "a3"
    assert pick(Strategy.LONGEST_IDLE, team, "a2", "a3") == "a1"


def test_fewest_calls_of_the_day() -> None:
    today, yesterday = "2026-11-21", "2026-11-20"
    team = [
        Agent("a1", calls_day=today, calls_today=3),
        Agent("a2", calls_day=yesterday, calls_today=9, since=7),
        Agent("a3", calls_day=today, calls_today=0, since=5),
    ]
    assert pick(Strategy.FEWEST_CALLS, team) == "a3"
    assert pick(Strategy.FEWEST_CALLS, team, "a3") == "a2"


def test_the_draw_counts_candidates_by_skills_then_id_without_those_who_are_out() -> None:
    team = [Agent(f"a{n}", frozenset({"english"}) if n % 2 else frozenset()) for n in range(9)]
    assert list(candidates(Strategy.RANDOM, team, ("a0", "a1", "a4", "a7"))) == ["a2", "a6", "a8", "a3", "a5"]
