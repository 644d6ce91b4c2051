"""Random among the eligible, the default: neither dealer nor agent can arrange to meet."""

from routing.candidates import Candidates
from routing.state import Agent
from routing.strategies.draw import Draw


def rank(_: Agent, __: str) -> tuple[int, ...]:
    """Nobody goes before anybody: they are sorted by id alone."""
    return ()


def pick(candidates: Candidates, draw: Draw) -> str:
    """The agent whom the draw hits."""
    return candidates.at(draw.below(candidates.count))
