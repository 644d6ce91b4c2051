"""Longest idle: who has waited longest for a call, since he became ready or since his last call."""

from routing.candidates import Candidates
from routing.state import Agent
from routing.strategies.draw import Draw


def rank(agent: Agent, _: str) -> tuple[int, ...]:
    """Since when he has had nothing to do, though ready."""
    return (max(agent.since, agent.last_call_ended_at or 0),)


def pick(candidates: Candidates, _: Draw) -> str:
    """The agent idle since the earliest instant; of several the first by id."""
    return candidates.first()
