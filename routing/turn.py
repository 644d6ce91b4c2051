"""One step at work: what it reads, changes and says. Made by `step` and thrown away with it.

Every handler gets it first. It knows nothing of phases: what may follow what is written in `table.py` and in the files
of handlers.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from routing.candidates import Candidates
from routing.commands import Answered, Command
from routing.index import Draft
from routing.state import Agent, Call, Floor, InvariantBrokenError


@dataclass(frozen=True, slots=True)
class Step:
    """What came of one event."""

    floor: Floor
    """The floor from now on."""
    commands: tuple[Command, ...]
    """What to do, in order."""
    touched_agents: frozenset[str]
    """Agents whose state changed; absent from the floor: removed."""
    touched_calls: frozenset[str]
    """Calls whose state changed; absent from the floor: over, with nothing left to settle."""
    forgotten: tuple[Call, ...]
    """The calls that were taken off the floor, as they were last."""
    queue_changed: bool
    """Whether places in the queue moved, so that views of calls that were not touched changed too."""


Watch = Callable[["Turn", Call, Candidates, str], None]
"""Told of each match and of the agent chosen, just before the offer is made; must change nothing."""


class Turn:
    """The floor while one event is worked on."""

    def __init__(self, floor: Floor, now: int, watch: "Watch | None" = None) -> None:
        if now < floor.now:
            raise InvariantBrokenError("time went back")
        self.now = now
        self.rules = floor.rules
        self.seed = floor.seed
        self.held = floor.held
        self.hours = floor.hours
        self.handled = floor.handled
        self.draft = Draft(floor)
        self.watch = watch
        self._floor = floor
        self._commands: list[Command] = []
        self._agents: set[str] = set()
        self._calls: set[str] = set()
        self._leaving: set[str] = set()
        self._forgotten: list[Call] = []

    def call(self, call_id: str) -> Call:
        """A call that must be on the floor."""
        return self.draft.calls[call_id]

    def agent(self, agent_id: str) -> Agent:
        """An agent who must be on the floor."""
        return self.draft.agents[agent_id]

    def put(self, call: Call, **changes: Any) -> Call:
        """Store a call with fields changed; give it back as it stands now."""
        new = call if _stands(call, changes) else replace(call, **changes)
        if self.draft.calls.get(call.id) != new:
            self.draft.put_call(new)
            self._calls.add(call.id)
        return new

    def put_agent(self, agent: Agent, **changes: Any) -> Agent:
        """Store an agent with fields changed; give him back as he stands now."""
        new = agent if _stands(agent, changes) else replace(agent, **changes)
        if self.draft.agents.get(agent.id) != new:
            self.draft.put_agent(new)
            self._agents.add(agent.id)
        if new.leaving:
            self._leaving.add(agent.id)
        return new

    def drop_call(self, call_id: str) -> None:
        """Take a settled call off the floor."""
        self._forgotten.append(self.draft.calls[call_id])
        self.draft.drop_call(call_id)
        self._calls.add(call_id)

    def drop_agent(self, agent_id: str) -> None:
        """Take an agent who holds nothing off the floor."""
        self.draft.drop_agent(agent_id)
        self._agents.add(agent_id)

    def say(self, command: Command) -> None:
        """Add a command, after those said before."""
        self._commands.append(command)

    def answer(self, request: str, code: str, detail: str = "") -> None:
        """Answer a press."""
        self.say(Answered(request, code, detail))

    def leaving(self) -> list[str]:
        """Agents written in this turn who are to be taken off the floor."""
        agents = self.draft.agents
        return [id_ for id_ in sorted(self._leaving) if id_ in agents and agents[id_].leaving]

    def done(self) -> Step:
        """The step's result; the version is raised if anything but the time changed."""
        old = self._floor
        before = old.rules, old.seed, old.held, old.hours, old.handled
        settings = (self.rules, self.seed, self.held, self.hours, self.handled) != before
        changed = bool(self._agents or self._calls or settings)
        draft = self.draft
        floor = replace(
            old,
            rules=self.rules,
            seed=self.seed,
            held=self.held,
            hours=self.hours,
            handled=self.handled,
            version=old.version + changed,
            now=self.now,
            agents=draft.agents,
            calls=draft.calls,
            index=draft.index(),
        )
        moved = draft.queue is not old.index.queue
        touched = frozenset(self._agents), frozenset(self._calls)
        return Step(floor, tuple(self._commands), *touched, tuple(self._forgotten), moved)


def _stands(data: Agent | Call, changes: dict[str, Any]) -> bool:
    """Whether the fields are as they would be; a copy of forty fields costs more than to look."""
    return all(getattr(data, name) == value for name, value in changes.items())
