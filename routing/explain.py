"""Who could have been offered a call, and why the others could not: found by stepping a floor again.

Nothing of this is stored. The shell keeps events and snapshots, and steps them here; a floor that comes to other
offers than those that were made would be our fault, and shows.
"""

from dataclasses import dataclass

from routing.candidates import Candidates
from routing.events import Event
from routing.matching import exclusion
from routing.state import Call, Exclusion, Floor, Seed, Strategy
from routing.step import step
from routing.strategies.draw import Draw
from routing.turn import Step, Turn


@dataclass(frozen=True, slots=True)
class Match:
    """One call that was offered to one of several agents."""

    call: str
    offer: int
    """The number of the offer within the call."""
    at: int
    agent: str
    """Who was chosen."""
    candidates: tuple[str, ...]
    """All who could have been, in the order in which the draw counts them."""
    passed_over: tuple[tuple[str, Exclusion], ...]
    """Everybody else of the team and why, by id."""
    strategy: Strategy
    seed: Seed
    """What the draw was made with; secret until its day is over."""

    def drawn(self) -> str | None:
        """The agent whom the draw hits, reckoned anew; None where the strategy does not draw."""
        if self.strategy is not Strategy.RANDOM:
            return None
        return self.candidates[Draw(self.seed, self.call, self.offer).below(len(self.candidates))]


def explained(floor: Floor, event: Event, now: int) -> tuple[Step, tuple[Match, ...]]:
    """The step that `step` makes, and the matches within it."""
    seen: list[Match] = []

    def watch(turn: Turn, call: Call, candidates: Candidates, chosen: str) -> None:
        members = sorted(turn.draft.agents.items())
        reasons = [(agent_id, exclusion(turn, call, agent, candidates)) for agent_id, agent in members]
        match = Match(
            call=call.id,
            offer=call.offers + 1,
            at=turn.now,
            agent=chosen,
            candidates=tuple(candidates),
            passed_over=tuple((agent_id, reason) for agent_id, reason in reasons if reason is not None),
            strategy=turn.rules.strategy,
            seed=turn.seed,
        )
        seen.append(match)

    return step(floor, event, now, watch), tuple(seen)
