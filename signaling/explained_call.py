"""Observer of a replay: the matches of one call and its places in the queue."""

from collections import Counter
from dataclasses import dataclass, field

from routing.explain import Match, explained
from routing.matching import candidates_of, exclusion
from routing.state import QUEUED, Call, Floor, Offer, Phase
from routing.turn import Turn, Watch
from routing.views import queue_position
from signaling.replay import Replayed


@dataclass(slots=True)
class Made:
    """An offer and what became of it."""

    match: Match
    result: str | None = None
    ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """How a call stood in the queue from an instant on."""

    at: int
    place: int
    queue: int
    reachable: bool
    held: tuple[str, ...]
    reasons: dict[str, int]


@dataclass(slots=True)
class ExplainedCall:
    """What one call met."""

    call: str
    row_version: int
    """The version of the floor at which its row was written last."""
    until_version: int
    """Where to end: others' calls move its place without touching its row."""
    offers: list[Made] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    last: Call | None = None
    """The call as its row should have it."""
    watch: Watch | None = None
    _shown: tuple[object, ...] | None = None

    def see(self, replayed: Replayed) -> bool:
        """Look at a step."""
        if replayed.entry.version > self.until_version:
            return False
        before, after = replayed.before.calls.get(self.call), self._after(replayed)
        if after is not None:
            self._close_offer(replayed, before, after)
            self._see_match(replayed, before, after)
            self._see_place(replayed.step.floor, after)
            if replayed.entry.version <= self.row_version:
                self.last = after
        return True

    def people(self, *, everybody: bool) -> set[str]:
        """Who was chosen; with `everybody` also who could have been, and who not."""
        matches = [made.match for made in self.offers]
        chosen = {match.agent for match in matches}
        if not everybody:
            return chosen
        return chosen.union(*({*match.candidates, *dict(match.passed_over)} for match in matches))

    def _after(self, replayed: Replayed) -> Call | None:
        kept = replayed.step.floor.calls.get(self.call)
        return kept or next((call for call in replayed.step.forgotten if call.id == self.call), None)

    def _close_offer(self, replayed: Replayed, before: Call | None, after: Call) -> None:
        if before is None or before.offer is None or before.offer == after.offer or not self.offers:
            return
        self.offers[-1].result = _result(before.offer, before, after)
        self.offers[-1].ended_at = replayed.entry.at

    def _see_match(self, replayed: Replayed, before: Call | None, after: Call) -> None:
        if after.offers > (before.offers if before else 0):
            _, matches = explained(replayed.before, replayed.event, replayed.entry.at)
            self.offers += [Made(match) for match in matches if match.call == self.call]

    def _see_place(self, floor: Floor, call: Call) -> None:
        place = queue_position(floor, call) if call.phase in QUEUED else None
        reachable = call.customer_leg.lost_until is None
        shown = (place, call.phase, reachable, floor.held)
        if place is not None and call.phase is Phase.WAITING and shown != self._shown:
            reasons = why_nobody(floor, call)
            self.places.append(
                Place(floor.now, place, len(floor.index.queue), reachable, tuple(sorted(floor.held)), reasons)
            )
        self._shown = shown


def _result(offer: Offer, before: Call, after: Call) -> str:
    if after.phase is Phase.ENDED:
        return "declined" if offer.agent in after.declined - before.declined else "call_ended"
    if offer.agent in after.declined:
        return "declined"
    if after.agent == offer.agent and after.accepted_at != before.accepted_at:
        return "accepted"
    return "rang_out" if offer.agent in after.rang_out - before.rang_out else "agent_lost"


def why_nobody(floor: Floor, call: Call) -> dict[str, int]:
    """How many of the team could not be offered a call that waits, by reason."""
    turn = Turn(floor, floor.now)
    candidates = candidates_of(turn, call)
    reasons = (exclusion(turn, call, agent, candidates) for agent in floor.agents.values())
    return dict(sorted(Counter(reason.value for reason in reasons if reason is not None).items()))
