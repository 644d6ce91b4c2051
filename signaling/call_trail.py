"""Observer of a replay: everything that happened to one call, step by step, in words."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import Enum
from typing import Any

from routing.commands import Answered, Command
from routing.state import Call
from routing.turn import Watch
from signaling.replay import Replayed
from vouch.clock import in_vietnam

_LEFT_OUT = frozenset({"call", "verification", "request", "token", "note", "seed", "number"})
"""Fields that say nothing to the reader of one call's trail, or too much."""
_TIMES = frozenset({"deadline", "pressed_at", "ended_at"})
_DURATIONS = frozenset({"age"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One step that touched the call, or was about it."""

    replayed: Replayed
    before: Call | None
    after: Call | None
    """As it is left, or was when the floor forgot it."""
    forgotten: bool


@dataclass(slots=True)
class CallTrail:
    """One call's steps up to the version of the floor at which its row was written last."""

    call: str
    until_version: int
    marks: list[Mark] = field(default_factory=list)
    last: Call | None = None
    """The call as it was last."""
    watch: Watch | None = None

    def see(self, replayed: Replayed) -> bool:
        """Look at a step."""
        if replayed.entry.version > self.until_version:
            return False
        step = replayed.step
        if self.call in step.touched_calls or getattr(replayed.event, "call", None) == self.call:
            before = replayed.before.calls.get(self.call)
            gone = next((call for call in step.forgotten if call.id == self.call), None)
            after = step.floor.calls.get(self.call) or gone
            self.marks.append(Mark(replayed, before, after, forgotten=gone is not None))
            self.last = after or self.last
        return True


def words(mark: Mark, names: Mapping[str, str]) -> str:
    """A step as a line: time, version, what happened, the phase, what was said. `names`: agents' user names by id."""
    replayed = mark.replayed
    parts = [clock_time(replayed.entry.at), f"v{replayed.entry.version}", said(replayed.event, names), _phase(mark)]
    commands = [said(command, names) for command in replayed.step.commands if _concerns(mark, command)]
    return "  ".join([*parts, *(f"-> {command}" for command in commands)])


def said(thing: Any, names: Mapping[str, str]) -> str:
    """An event or a command in words: its name and those of its fields that tell something."""
    name = re.sub(r"(?<!^)(?=[A-Z])", " ", type(thing).__name__).lower()
    told = [(each.name, getattr(thing, each.name)) for each in fields(thing) if each.name not in _LEFT_OUT]
    shown = [
        f"{field_name.replace('_', ' ')} {_value(field_name, value, names)}"
        for field_name, value in told
        if _tells(value)
    ]
    return f"{name} ({', '.join(shown)})" if shown else name


def clock_time(instant: int) -> str:
    """The time of day in Vietnam, to the millisecond."""
    return in_vietnam(instant).strftime("%H:%M:%S.%f")[:-3]


def _tells(value: object) -> bool:
    return not (value is None or value in ("", frozenset()) or (is_dataclass(value) and not hasattr(value, "media")))


def _value(name: str, value: Any, names: Mapping[str, str]) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return "+".join(sorted(value))
    if name in _TIMES:
        return clock_time(value)
    if name in _DURATIONS:
        return f"{value / 1e6:.1f} s"
    return names.get(value, str(value)) if isinstance(value, str) else str(value)


def _phase(mark: Mark) -> str:
    if mark.after is None:
        return "[forgotten before]"
    phases = [call.phase.value for call in (mark.before, mark.after) if call is not None]
    told = " > ".join(dict.fromkeys(phases if mark.before else ["none", *phases]))
    told += f": {mark.after.outcome.value}" if mark.after.outcome else ""
    told += ", unchanged" if mark.before == mark.after and not mark.forgotten else ""
    return f"[{told}{', forgotten' if mark.forgotten else ''}]"


def _concerns(mark: Mark, command: Command) -> bool:
    if isinstance(command, Answered):
        return command.request == getattr(mark.replayed.event, "request", None)
    call = mark.after or mark.before
    return call is not None and getattr(command, "call", None) == call.id
