"""A floor brought forward by rows that another node wrote: from the cached one, piece by piece, or from nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from routing import index
from routing.state import Agent, Call, Floor, InvariantBrokenError, Phase
from signaling.codec import FloorData


@dataclass(frozen=True, slots=True)
class News:
    """What stands in the rows that are newer than the cached floor; without a cached one, in all of them."""

    floor: str
    version: int
    now: int
    data: FloorData
    agents: Mapping[str, Agent | None]
    """None: taken off the floor."""
    calls: Mapping[str, Call]
    """Those on the floor."""
    gone: Mapping[str, Call]
    """Those that have left it, as they were last."""


def catch_up(cached: Floor | None, news: News) -> Floor:
    """The floor as the rows say. Raises InvariantBrokenError where they contradict each other."""
    if cached is not None:
        try:
            return _forward(cached, news)
        except (InvariantBrokenError, KeyError):
            # The pieces may not be put in any order; all of them together may be right.
            return _build(cached, news)
    return _build(None, news)


def _forward(cached: Floor, news: News) -> Floor:
    draft = index.Draft(cached)
    _put(draft, news)
    data = news.data
    if (data.rules, data.seed) != (cached.rules, cached.seed):
        draft.reorder(data.rules, data.seed.day)
    return replace(
        cached,
        rules=data.rules,
        seed=data.seed,
        held=data.held,
        hours=data.hours,
        handled=data.handled,
        version=news.version,
        now=news.now,
        agents=draft.agents,
        calls=draft.calls,
        index=draft.index(),
    )


def _put(draft: index.Draft, news: News) -> None:
    for call in [name for name in (*news.calls, *news.gone) if name in draft.calls]:
        # Out of the index first: what an agent has left and what he has now may come in any order.
        draft.put_call(replace(draft.calls[call], phase=Phase.ENDED, decision=None))
    for agent in filter(None, news.agents.values()):
        draft.put_agent(agent)
    for call in [name for name in news.gone if name in draft.calls]:
        draft.drop_call(call)
    for each in news.calls.values():
        draft.put_call(each)
    for name in [name for name, agent in news.agents.items() if agent is None and name in draft.agents]:
        draft.drop_agent(name)


def _build(cached: Floor | None, news: News) -> Floor:
    agents = {} if cached is None else dict(cached.agents)
    calls = {} if cached is None else dict(cached.calls)
    for name, agent in news.agents.items():
        agents.pop(name, None)
        if agent is not None:
            agents[name] = agent
    for call in news.gone:
        calls.pop(call, None)
    data = news.data
    return index.build(
        news.floor,
        data.rules,
        data.seed,
        agents.values(),
        (calls | dict(news.calls)).values(),
        version=news.version,
        now=news.now,
        held=data.held,
        hours=data.hours,
        handled=data.handled,
    )
