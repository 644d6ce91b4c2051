"""Fewest calls: who has accepted the fewest today, so that a late starter catches up."""

from collections.abc import Sequence

from immutables import Map

from routing.state import Agent
from routing.strategies.draw import Draw
from routing.strategies.longest_idle import idle_since


def choose(candidates: Sequence[str], agents: Map[str, Agent], draw: Draw, /) -> str:
    """The agent with the fewest calls on the seed's day; of several the longest idle, then the first by id."""

    def load(agent_id: str) -> tuple[int, int, str]:
        agent = agents[agent_id]
        today = agent.calls_today if agent.calls_day == draw.seed.day else 0
        return today, idle_since(agent), agent_id

    return min(candidates, key=load)
