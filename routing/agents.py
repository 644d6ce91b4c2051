"""An agent's readiness (his choice), presence (what the system sees) and account.

His side of a call copies his socket while he holds the call; this file keeps the two equal.
"""

from typing import Any

from routing import codes
from routing.commands import Replaced, SocketAssigned
from routing.events import (
    AgentChanged,
    AgentConnected,
    AgentDisconnected,
    AgentJoined,
    AgentPaused,
    AgentReady,
    AgentRemoved,
    LegHeard,
    LegSilent,
    NodeLost,
    WrapUpEnded,
)
from routing.index import holder
from routing.legs import media_left, socket_gained, socket_gone
from routing.moves import forget, hand_back, unring
from routing.state import (
    ACCOUNT_CHANGED,
    CONNECTION_LOST,
    HELD_BY_AGENT,
    JUST_JOINED,
    SIGNED_OUT,
    WAS_AWAY,
    Agent,
    Call,
    Leg,
    Phase,
)
from routing.turn import Turn


def make_not_ready(turn: Turn, agent: Agent, reason: str) -> Agent:
    """Take the agent's readiness away, with the reason that he reads; one who is paused keeps his own reason."""
    if not agent.ready:
        return agent
    return turn.put_agent(agent, ready=False, pause_reason=reason, since=turn.now)


def signed_in(turn: Turn, agent: Agent) -> bool:
    """Whether the agent is here, or has been gone so shortly that he counts as here."""
    if agent.socket_up:
        return True
    return agent.gone_since is not None and turn.now - agent.gone_since <= turn.rules.away_after


def connected(turn: Turn, agent: Agent, call: Call | None, event: AgentConnected) -> None:
    """The agent's console joins, or a second one takes over: then the first one's media are over too."""
    if agent.socket_up:
        turn.say(Replaced(Leg.AGENT, None, agent.id, agent.socket, agent.node))
    elif not signed_in(turn, agent):
        agent = make_not_ready(turn, agent, WAS_AWAY)
    number, page = agent.socket + 1, agent.page
    agent = turn.put_agent(agent, page=event.page)
    _socket_up(turn, agent, call, number, event.node, report=0)
    turn.say(SocketAssigned(Leg.AGENT, None, agent.id, number, event.node, event.token))
    if event.page != page and call is not None:
        media_left(turn, turn.call(call.id), Leg.AGENT)


def disconnected(turn: Turn, agent: Agent, call: Call | None, event: AgentDisconnected) -> None:
    """The agent's console is gone; a socket that was replaced changes nothing."""
    if event.socket == agent.socket and agent.socket_up:
        _socket_down(turn, agent, call, turn.now - max(event.age, 0))
    if event.socket == agent.socket and event.signed_out:
        turn.put_agent(turn.agent(agent.id), page=SIGNED_OUT)
        _leave_call(turn, turn.call(call.id) if call is not None else None)


def node_lost(turn: Turn, agent: Agent, call: Call | None, event: NodeLost) -> None:
    """The agent's socket was held by a node of ours that is gone."""
    if event.node == agent.node and agent.socket_up:
        _socket_down(turn, agent, call, turn.now - max(event.age, 0), own_fault=True)


def socket_silent(turn: Turn, call: Call, event: LegSilent) -> None:
    """A report of silence about the socket of the agent who holds the call."""
    agent = _reported(turn, call, event)
    if agent is not None:
        _socket_down(turn, agent, turn.call(call.id), turn.now - max(event.age, 0))


def socket_heard(turn: Turn, call: Call, event: LegHeard) -> None:
    """A report that the socket of the agent who holds the call is heard again."""
    agent = _reported(turn, call, event)
    if agent is not None:
        _socket_up(turn, agent, turn.call(call.id), agent.socket, agent.node, report=event.report)


def ready(turn: Turn, agent: Agent, _: Call | None, event: AgentReady) -> None:
    """The agent wants calls; during wrap-up they come after it."""
    if not agent.valid:
        turn.answer(event.request, codes.NOT_VALID)
        return
    if not agent.ready:
        turn.put_agent(agent, ready=True, pause_reason="", since=turn.now)
    turn.answer(event.request, codes.OK)


def paused(turn: Turn, agent: Agent, _: Call | None, event: AgentPaused) -> None:
    """The agent wants no further calls. What he has, or what rings, stays; so does his wrap-up."""
    if agent.ready or agent.pause_reason != event.reason:
        turn.put_agent(agent, ready=False, pause_reason=event.reason, since=turn.now)
    turn.answer(event.request, codes.OK)


def wrap_up_ended(turn: Turn, agent: Agent, _: Call | None, event: WrapUpEnded) -> None:
    """The agent is done early."""
    end_wrap_up(turn, agent)
    turn.answer(event.request, codes.OK)


def end_wrap_up(turn: Turn, agent: Agent) -> None:
    """End the agent's wrap-up, if he has one; its call is forgotten unless a late verdict waits for its picture."""
    if agent.wrap_up is not None:
        turn.put_agent(agent, wrap_up=None)
        forget(turn, agent.wrap_up.call)


def joined(turn: Turn, event: AgentJoined) -> None:
    """A new member of the team, away and not ready."""
    fresh = Agent(event.agent, event.skills, event.employer, pause_reason=JUST_JOINED, since=turn.now)
    turn.put_agent(fresh, **_validity(turn, event))


def changed(turn: Turn, agent: Agent, call: Call | None, event: AgentChanged | AgentJoined) -> None:
    """The account's facts. Once it is not valid, nothing that it has not decided yet stays with it."""
    was_valid, validity = agent.valid, _validity(turn, event)
    agent = turn.put_agent(agent, skills=event.skills, employer=event.employer, leaving=False, **validity)
    if not agent.valid:
        _withdraw(turn, agent, call if was_valid else None)


def validity_changed(turn: Turn, agent: Agent) -> None:
    """A date of the account has come: its validity begins, or is over."""
    if agent.valid_from is not None and agent.valid_from <= turn.now:
        agent = turn.put_agent(agent, valid=True, valid_from=None)
    if agent.valid_until is not None and agent.valid_until <= turn.now:
        agent = turn.put_agent(agent, valid=False, valid_from=None, valid_until=None)
        held = turn.draft.serving.get(agent.id)
        _withdraw(turn, agent, turn.call(held) if held else None)


def removed(turn: Turn, agent: Agent, call: Call | None, _: AgentRemoved) -> None:
    """The account leaves the team; `take_off` follows at the end of the step in which he holds nothing any more."""
    was_valid = agent.valid
    agent = turn.put_agent(agent, valid=False, valid_from=None, valid_until=None, leaving=True)
    _withdraw(turn, agent, call if was_valid else None)


def take_off(turn: Turn) -> None:
    """Take those who leave and hold nothing off the floor."""
    for agent_id in turn.leaving():
        if agent_id not in turn.draft.serving:
            turn.drop_agent(agent_id)


def _validity(turn: Turn, event: AgentChanged | AgentJoined) -> dict[str, Any]:
    """Whether the account is valid, and the dates that are still to come."""
    begins = event.valid_from if event.valid_from is not None and event.valid_from > turn.now else None
    ends = event.valid_until
    if not event.valid or (ends is not None and ends <= max(turn.now, begins or 0)):
        return {"valid": False, "valid_from": None, "valid_until": None}
    return {"valid": begins is None, "valid_from": begins, "valid_until": ends}


def _withdraw(turn: Turn, agent: Agent, call: Call | None) -> None:
    """Take everything from an agent; `call` is the one that was with them while their account was valid."""
    end_wrap_up(turn, agent)
    make_not_ready(turn, turn.agent(agent.id), ACCOUNT_CHANGED)
    if call is not None and call.phase is Phase.RINGING:
        unring(turn, call, ACCOUNT_CHANGED)
    else:
        _leave_call(turn, call)


def _leave_call(turn: Turn, call: Call | None) -> None:
    """The agent is out of the call that they hold; a verdict that they pressed is still settled, without them."""
    if call is not None and call.phase in {Phase.CONNECTING, Phase.ACTIVE}:
        hand_back(turn, call)
    elif call is not None:
        media_left(turn, call, Leg.AGENT)


def _socket_up(turn: Turn, agent: Agent, call: Call | None, number: int, node: str | None, *, report: int) -> None:
    turn.put_agent(agent, socket=number, socket_up=True, node=node, socket_report=report, gone_since=None)
    if call is not None and call.phase in HELD_BY_AGENT:
        socket_gained(turn, call, Leg.AGENT, number, node)


def _socket_down(turn: Turn, agent: Agent, call: Call | None, since: int, *, own_fault: bool = False) -> None:
    gone_since = since if agent.gone_since is None else min(agent.gone_since, since)
    turn.put_agent(agent, socket_up=False, gone_since=gone_since)
    if call is not None and call.phase is Phase.RINGING:
        unring(turn, call, CONNECTION_LOST)
    elif call is not None and call.phase in HELD_BY_AGENT:
        socket_gone(turn, call, Leg.AGENT, since, own_fault=own_fault)


def _reported(turn: Turn, call: Call, event: LegSilent | LegHeard) -> Agent | None:
    """The agent with the report noted; None if it is old, or nobody holds the call."""
    agent_id = holder(call)
    agent = turn.agent(agent_id) if agent_id else None
    if agent is None or event.number != agent.socket or event.report <= agent.socket_report:
        return None
    return turn.put_agent(agent, socket_report=event.report)
