"""Random among the eligible, the default: neither dealer nor agent can arrange to meet."""

from collections.abc import Sequence

from immutables import Map

from routing.state import Agent
from routing.strategies.draw import Draw


def choose(candidates: Sequence[str], _: Map[str, Agent], draw: Draw, /) -> str:
    """The agent whom the draw hits, the candidates being sorted by id."""
    return candidates[draw.below(len(candidates))]
