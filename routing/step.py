"""The one way in which a floor changes: `step`. Pure; no await, no clock, no chance: `now`, ids and the seed come in.

What is due fires first, in time order, so that an accept at the very deadline loses; then the event; then what that
made due; then offers, until nothing matches. The caller stores the floor before it acts on the commands, and calls
again at `next_deadline` at the latest.
"""

from collections.abc import Callable, Mapping
from typing import Any

from routing import agents, codes, waiting
from routing import events as e
from routing.deadlines import next_deadline
from routing.matching import match
from routing.state import Floor, InvariantBrokenError, Seed
from routing.table import AGENT_DUE, AGENTS, CALLS, DUE
from routing.turn import Step, Turn, Watch

__all__ = ["Step", "next_deadline", "step"]


def step(floor: Floor, event: e.Event, now: int, watch: Watch | None = None) -> Step:
    """The floor after `event` at `now` (microseconds UTC, never less than `floor.now`).

    `watch` is told of every match. Raises InvariantBrokenError for our own faults only; what a peer may send at a bad
    time changes nothing.
    """
    turn = Turn(floor, now, watch)
    _fire_due(turn)
    _dispatch(turn, event)
    _fire_due(turn)
    match(turn)
    _fire_due(turn)
    agents.take_off(turn)
    return turn.done()


def _fire_due(turn: Turn) -> None:
    while turn.draft.alarms and turn.draft.alarms[0].at <= turn.now:
        alarm = turn.draft.alarms[0]
        if alarm.due in AGENT_DUE:
            AGENT_DUE[alarm.due](turn, turn.agent(alarm.id))
        else:
            DUE[alarm.due](turn, turn.call(alarm.id))
        if turn.draft.alarms and turn.draft.alarms[0] == alarm:
            raise InvariantBrokenError("a deadline fired and is still due")


def _dispatch(turn: Turn, event: e.Event) -> None:
    handler = FLOOR.get(type(event), _one_agent if isinstance(event, e.AgentEvent) else _one_call)
    handler(turn, event)


def _one_call(turn: Turn, event: Any) -> None:
    call = turn.draft.calls.get(event.call)
    if call is not None:
        CALLS[type(event)][call.phase](turn, call, event)
    else:
        ABSENT_CALL[type(event)](turn, event)


def _one_agent(turn: Turn, event: Any) -> None:
    agent = turn.draft.agents.get(event.agent)
    if agent is None:
        ABSENT_AGENT[type(event)](turn, event)
        return
    held = turn.draft.serving.get(agent.id)
    call = turn.call(held) if held else None
    AGENTS[type(event)][call.phase if call else None](turn, agent, call, event)


def _node_lost(turn: Turn, event: e.NodeLost) -> None:
    # Callers first: one who is gone too is not rung for.
    for call in sorted(turn.draft.calls):
        CALLS[e.NodeLost][turn.call(call).phase](turn, turn.call(call), event)
    for agent in sorted(turn.draft.agents):
        held = turn.draft.serving.get(agent)
        row = AGENTS[e.NodeLost]
        row[turn.call(held).phase if held else None](turn, turn.agent(agent), turn.call(held) if held else None, event)


def _worker_lost(turn: Turn, event: e.WorkerLost) -> None:
    for id_ in sorted(turn.draft.calls):
        call = turn.call(id_)
        if call.worker == event.worker:
            CALLS[e.WorkerLost][call.phase](turn, call, event)


def _offers_held(turn: Turn, event: e.OffersHeld) -> None:
    turn.held |= {event.reason}


def _offers_resumed(turn: Turn, event: e.OffersResumed) -> None:
    turn.held -= {event.reason}


def _team_changed(turn: Turn, event: e.TeamChanged) -> None:
    turn.rules = event.rules
    turn.draft.reorder(turn.rules, turn.seed.day)


def _hours_changed(turn: Turn, event: e.HoursChanged) -> None:
    turn.hours = event.hours


def _seed_set(turn: Turn, event: e.SeedSet) -> None:
    turn.seed = Seed(event.day, event.seed)
    turn.draft.reorder(turn.rules, turn.seed.day)


def _nothing(_: Turn, __: Any) -> None:
    """Too late: the call, or the agent, is not on the floor any more."""


def _unknown_call(turn: Turn, event: Any) -> None:
    turn.answer(event.token if isinstance(event, e.CallerConnected) else event.request, codes.UNKNOWN_CALL)


def _unknown_agent(turn: Turn, event: Any) -> None:
    turn.answer(event.token if isinstance(event, e.AgentConnected) else event.request, codes.UNKNOWN_AGENT)


FloorHandler = Callable[[Turn, Any], None]

FLOOR: Mapping[type, FloorHandler] = {
    e.WorkerLost: _worker_lost,
    e.NodeLost: _node_lost,
    e.OffersHeld: _offers_held,
    e.OffersResumed: _offers_resumed,
    e.TeamChanged: _team_changed,
    e.HoursChanged: _hours_changed,
    e.SeedSet: _seed_set,
    e.Tick: _nothing,
}
"""Events that name neither a call nor an agent."""

ABSENT_CALL: Mapping[type, FloorHandler] = {
    e.CallRequested: waiting.requested,
    e.CallerConnected: _unknown_call,
    e.CallerDisconnected: _nothing,
    e.OfferAccepted: _unknown_call,
    e.OfferDeclined: _unknown_call,
    e.MediaOffered: _unknown_call,
    e.MediaFlowing: _nothing,
    e.FramePresented: _nothing,
    e.LegSilent: _nothing,
    e.LegHeard: _nothing,
    e.CallerHungUp: _unknown_call,
    e.AgentEnded: _unknown_call,
    e.VerdictPressed: _unknown_call,
    e.PictureRequested: _unknown_call,
    e.CheckSet: _unknown_call,
    e.GateOverridden: _unknown_call,
    e.EvidenceStored: _nothing,
    e.EvidenceFailed: _nothing,
    e.PictureRefused: _nothing,
    e.GateShut: _nothing,
    e.GateOpened: _nothing,
}
"""Events that name a call which is not on the floor."""

ABSENT_AGENT: Mapping[type, FloorHandler] = {
    e.AgentConnected: _unknown_agent,
    e.AgentDisconnected: _nothing,
    e.AgentReady: _unknown_agent,
    e.AgentPaused: _unknown_agent,
    e.WrapUpEnded: _unknown_agent,
    e.AgentJoined: agents.joined,
    e.AgentChanged: agents.joined,
    e.AgentRemoved: _nothing,
}
"""Events that name an agent who is not on the floor."""
