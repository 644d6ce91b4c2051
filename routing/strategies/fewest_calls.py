"""Fewest calls: who has accepted the fewest today, so that a late starter catches up."""

from routing.candidates import Candidates
from routing.state import Agent
from routing.strategies import longest_idle
from routing.strategies.draw import Draw


def rank(agent: Agent, day: str) -> tuple[int, ...]:
    """His calls of the day; of several with as many the longest idle goes first."""
    return (agent.calls_today if agent.calls_day == day else 0, *longest_idle.rank(agent, day))


def pick(candidates: Candidates, _: Draw) -> str:
    """The agent with the fewest calls; of several with as many, idle since the same instant, the first by id."""
    return candidates.first()
