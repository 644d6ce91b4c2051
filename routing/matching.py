"""Who is offered what: callers in the order of the queue, each to one of the free agents who may serve him.

A caller who cannot be served now never holds up the next. How one of several agents is chosen: `strategies/`.
"""

from routing.offers import may_serve, ring
from routing.state import Call
from routing.strategies import chooser
from routing.strategies.draw import Draw
from routing.turn import Turn


def match(turn: Turn) -> None:
    """Make every offer that can be made now. One pass suffices: an offer takes an agent away and brings none."""
    if turn.held:
        return
    hopeless: set[frozenset[str]] = set()
    for place in turn.draft.offerable:
        if not turn.draft.free:
            return
        call = turn.call(place.call)
        if call.skills in hopeless:
            continue
        skilled = _skilled(turn, call.skills)
        if not skilled:
            hopeless.add(call.skills)
        elif candidates := candidates_of(turn, call, skilled):
            _offer(turn, call, candidates)


def candidates_of(turn: Turn, call: Call, skilled: tuple[str, ...]) -> tuple[str, ...]:
    """Those among free agents whom the call may be offered to; who let it ring out counts only if nobody else does."""
    if not (call.declined or call.excluded or call.rang_out):
        return skilled
    left = tuple(agent for agent in skilled if may_serve(call, turn.agent(agent)))
    return tuple(agent for agent in left if agent not in call.rang_out) or left


def _skilled(turn: Turn, skills: frozenset[str]) -> tuple[str, ...]:
    """Ids of the free agents who know what is needed, sorted."""
    sets = [ids for known, ids in turn.draft.free.items() if skills <= known]
    return sets[0] if len(sets) == 1 else tuple(sorted(agent for ids in sets for agent in ids))


def _offer(turn: Turn, call: Call, candidates: tuple[str, ...]) -> None:
    draw = Draw(turn.seed, call.id, call.offers + 1)
    chosen = chooser(turn.rules.strategy)(candidates, turn.draft.agents, draw)
    ring(turn, call, chosen, len(candidates))
