"""How one of several candidates is chosen: one strategy per file, all of the form `Choose`."""

from collections.abc import Sequence
from typing import Protocol

from immutables import Map

from routing.state import Agent, Strategy
from routing.strategies import fewest_calls, longest_idle, random
from routing.strategies.draw import Draw


class Choose(Protocol):
    """Choose one of `candidates` (ids, sorted, at least one); the same arguments always give the same agent."""

    def __call__(self, candidates: Sequence[str], agents: Map[str, Agent], draw: Draw, /) -> str: ...


_BY_NAME: dict[Strategy, Choose] = {
    Strategy.RANDOM: random.choose,
    Strategy.LONGEST_IDLE: longest_idle.choose,
    Strategy.FEWEST_CALLS: fewest_calls.choose,
}


def chooser(strategy: Strategy) -> Choose:
    """The function of a strategy."""
    return _BY_NAME[strategy]
