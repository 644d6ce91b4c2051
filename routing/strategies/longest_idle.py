"""Longest idle: who has waited longest for a call, since he became ready or since his last call."""

from collections.abc import Sequence

from immutables import Map

from routing.state import Agent
from routing.strategies.draw import Draw


def choose(candidates: Sequence[str], agents: Map[str, Agent], _: Draw, /) -> str:
    """The agent idle since the earliest instant; of several the first by id."""
    return min(candidates, key=lambda agent: (idle_since(agents[agent]), agent))


def idle_since(agent: Agent) -> int:
    """Since when he has had nothing to do, though ready."""
    return max(agent.since, agent.last_call_ended_at or 0)
