"""What pages show of a floor, compared with what follows from its agents and calls without the index."""

from collections.abc import Iterator

from routing.state import LIVE, QUEUED, Agent, Call, Floor, Leg, Phase
from routing.views import AgentState, CallState, agent_view, caller_view, floor_view


def broken_on_pages(floor: Floor) -> list[str]:
    """What pages would show wrongly; none: nothing."""
    queue = sorted((c for c in floor.calls.values() if c.phase in QUEUED), key=_place)
    return [
        *(f"call {call.id}: {law}" for call in floor.calls.values() for law in _caller(floor, call, queue)),
        *(f"agent {agent.id}: {law}" for agent in floor.agents.values() for law in _agent(floor, agent)),
        *_wall(floor, queue),
    ]


def _place(call: Call) -> tuple[object, ...]:
    return not call.at_head, call.rank_at, call.id


def _caller(floor: Floor, call: Call, queue: list[Call]) -> Iterator[str]:
    view = caller_view(floor, call.id)
    if view is None:
        yield "the caller has no view"
        return
    position = queue.index(call) + 1 if call in queue else None
    if view.position != position or (view.expected_wait is not None and position is None):
        yield "the caller is shown another place"
    lost = [leg for leg in Leg if call.leg(leg).lost_until is not None]
    if [shown.leg for shown in view.lost] != lost:
        yield "the caller is shown another loss"
    reconnecting = bool(lost) and call.phase in {Phase.CONNECTING, Phase.ACTIVE}
    if view.state is not (CallState.RECONNECTING if reconnecting else CallState(call.phase.value)):
        yield "the caller is shown another state"
    if (view.outcome, view.agent, view.socket) != (call.outcome, call.agent, call.customer_leg.socket):
        yield "the caller is shown something else"
    if (view.deadline is None) != (call.phase is Phase.ENDED):
        yield "a deadline is shown while the call lives"


def _agent(floor: Floor, agent: Agent) -> Iterator[str]:
    view = agent_view(floor, agent.id)
    if view is None:
        yield "the agent has no view"
        return
    rings = [c for c in floor.calls.values() if c.offer and c.phase is Phase.RINGING and c.offer.agent == agent.id]
    if (None if view.offer is None else view.offer.call) != (rings[0].id if rings else None):
        yield "the agent is shown another offer"
    his = [c for c in floor.calls.values() if c.agent == agent.id and c.phase in LIVE]
    if agent.wrap_up is not None:
        his.append(floor.calls[agent.wrap_up.call])
    if (None if view.call is None else view.call.call) != (his[0].id if his else None):
        yield "the agent is shown another call"
    if (view.ready, view.present, view.socket) != (agent.ready, agent.socket_up, agent.socket):
        yield "the agent is shown something else"


def _wall(floor: Floor, queue: list[Call]) -> Iterator[str]:
    view = floor_view(floor)
    if [entry.call for entry in view.queue] != [call.id for call in queue]:
        yield "the wall shows another queue"
    if [entry.position for entry in view.queue] != [*range(1, len(queue) + 1)]:
        yield "the wall counts wrongly"
    for tile in view.agents:
        agent = floor.agents[tile.agent]
        if tile.state is not _state(floor, agent):
            yield f"the wall shows {agent.id} as {tile.state}"


def _state(floor: Floor, agent: Agent) -> AgentState:
    calls = floor.calls.values()
    if any(call.offer is not None and call.offer.agent == agent.id for call in calls):
        return AgentState.RINGING
    if any(call.agent == agent.id and call.phase in LIVE for call in calls):
        return AgentState.IN_CALL
    if agent.wrap_up is not None:
        return AgentState.WRAP_UP
    if not agent.socket_up:
        return AgentState.OFFLINE
    return AgentState.FREE if agent.ready and agent.valid else AgentState.PAUSED
