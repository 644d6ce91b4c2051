"""Who is offered what: callers in the order of the queue, each to one of the free agents who may serve him.

A caller who cannot be served now never holds up the next. How one of several agents is chosen: `strategies/`.
"""

from collections import Counter

from routing.candidates import Candidates
from routing.index import standing
from routing.offers import ring
from routing.state import Agent, Call, Exclusion, Idle, Standing
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
        if not any(call.skills <= known for known in turn.draft.free):
            hopeless.add(call.skills)
            continue
        candidates = candidates_of(turn, call)
        if candidates.count:
            _offer(turn, call, candidates)


def candidates_of(turn: Turn, call: Call) -> Candidates:
    """The free agents whom the call may be offered to; who let it ring out counts only if nobody else is left."""
    skills = sorted((known for known in turn.draft.free if call.skills <= known), key=sorted)
    groups = [turn.draft.free[known] for known in skills]
    out = call.declined | call.excluded | turn.draft.capped.get(call.dealer, frozenset())
    candidates = Candidates(groups, _idle(turn, out | call.rang_out))
    return candidates if candidates.count or not call.rang_out else Candidates(groups, _idle(turn, out))


def exclusion(turn: Turn, call: Call, agent: Agent, candidates: Candidates) -> Exclusion | None:
    """Why the agent is not among the candidates of a match, None if he is."""
    how = standing(agent, busy=agent.id in turn.draft.serving)
    if how is not Standing.FREE:
        return Exclusion(how.value)
    if not call.skills <= agent.skills:
        return Exclusion.LACKS_SKILL
    return None if turn.draft.idle(agent) in candidates else _set_aside(call, agent.id)


def _set_aside(call: Call, agent: str) -> Exclusion:
    """Why a free and skilled agent is no candidate."""
    if agent in call.declined:
        return Exclusion.DECLINED
    if agent in call.excluded:
        return Exclusion.NO_MEDIA
    return Exclusion.RANG_OUT if agent in call.rang_out else Exclusion.MET_TOO_OFTEN


def _idle(turn: Turn, agents: frozenset[str]) -> list[Idle]:
    members = (turn.draft.agents.get(agent) for agent in agents)
    return [turn.draft.idle(agent) for agent in members if agent is not None]


def _offer(turn: Turn, call: Call, candidates: Candidates) -> None:
    draw = Draw(turn.seed, call.id, call.offers + 1)
    chosen = chooser(turn.rules.strategy).pick(candidates, draw)
    if turn.watch is not None:
        turn.watch(turn, call, candidates, chosen)
    ring(turn, call, chosen, candidates.count, _passed_over(turn, call, candidates))


def _passed_over(turn: Turn, call: Call, candidates: Candidates) -> tuple[tuple[Exclusion, int], ...]:
    """How many agents are not candidates, by reason; counted without looking at all of them."""
    counts = Counter({Exclusion(how.value): n for how, n in turn.draft.standing.items() if how is not Standing.FREE})
    counts[Exclusion.LACKS_SKILL] = turn.draft.standing.get(Standing.FREE, 0) - candidates.skilled
    capped = turn.draft.capped.get(call.dealer, frozenset())
    for agent_id in call.declined | call.excluded | call.rang_out | capped:
        agent = turn.draft.agents.get(agent_id)
        reason = exclusion(turn, call, agent, candidates) if agent is not None else None
        if reason in _OF_THE_CALL:
            counts[reason] += 1
    return tuple(sorted((reason, count) for reason, count in counts.items() if count))


_OF_THE_CALL = {Exclusion.DECLINED, Exclusion.NO_MEDIA, Exclusion.MET_TOO_OFTEN, Exclusion.RANG_OUT}
