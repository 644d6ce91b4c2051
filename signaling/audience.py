"""Whose views a floor's change may have altered: a pure function, so that a commit looks at a few sockets, not at all.

Law (`tests/signaling/test_audience.py`): whoever's view differs before and after is named, but for the queue's summary
in consoles, which `hub` brings up to date in turn.
"""

from dataclasses import dataclass

from routing import views
from routing.state import Floor, Phase
from signaling.writer import Changes

_FAR_BACK = 10**9
"""A place in the queue so far back that any change of the mean wait shows in it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is to be shown something."""

    ringing: frozenset[str]
    """Agents at whom a call rings."""
    agents: frozenset[str]
    """Other agents."""
    calls: frozenset[str]
    """Calls whose callers are."""
    queue_moved: bool
    """Whether every caller in the queue is besides, for his place or his wait."""


def audience(changes: Changes) -> Audience:
    """Who must be looked at after a change."""
    before, after = changes.before, changes.after
    agents = set(changes.agents)
    for call in changes.calls:
        for state in (before.calls.get(call), after.calls.get(call)):
            if state is not None:
                agents.update(filter(None, (state.agent, state.offer.agent if state.offer else None)))
    ringing = frozenset(agent for agent in agents if _rings(after, agent))
    return Audience(ringing, frozenset(agents - ringing), changes.calls, _moved(before, after))


def _rings(floor: Floor, agent: str) -> bool:
    call = floor.index.serving.get(agent)
    return call is not None and floor.calls[call].phase is Phase.RINGING


def _moved(before: Floor, after: Floor) -> bool:
    if not after.index.queue:
        return False
    if before.index.queue is not after.index.queue:
        return True
    return views.expected_wait(before, _FAR_BACK) != views.expected_wait(after, _FAR_BACK)
