"""How one of several candidates is chosen: one strategy per file, all of the form `Choose`.

A strategy gives each free agent a rank when he becomes free, by which the index keeps them sorted; so that choosing
looks at a few, however many are free.
"""

from collections.abc import Callable
from dataclasses import dataclass

from routing.candidates import Candidates
from routing.state import Agent, Strategy
from routing.strategies import fewest_calls, longest_idle, random
from routing.strategies.draw import Draw


@dataclass(frozen=True, slots=True)
class Choose:
    """One way to choose."""

    rank: Callable[[Agent, str], tuple[int, ...]]
    """An agent's rank on a day, as 2026-11-21; it changes only when he does, or the day."""
    pick: Callable[[Candidates, Draw], str]
    """One of the candidates, of whom there is at least one; the same arguments always give the same agent."""


_BY_NAME: dict[Strategy, Choose] = {
    Strategy.RANDOM: Choose(random.rank, random.pick),
    Strategy.LONGEST_IDLE: Choose(longest_idle.rank, longest_idle.pick),
    Strategy.FEWEST_CALLS: Choose(fewest_calls.rank, fewest_calls.pick),
}


def chooser(strategy: Strategy) -> Choose:
    """The functions of a strategy."""
    return _BY_NAME[strategy]
