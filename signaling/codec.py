"""Routing's frozen data to JSON text and back, by its own type annotations."""

from dataclasses import dataclass
from typing import Any, TypeVar, cast, get_args

from pydantic import TypeAdapter

from routing import commands, events
from routing.state import Agent, Call, Floor, Seed, Span, TeamRules

Data = TypeVar("Data")


@dataclass(frozen=True, slots=True)
class FloorData:
    """What a floor holds besides its agents and calls."""

    rules: TeamRules
    seed: Seed
    held: frozenset[str]
    handled: tuple[int, ...]
    hours: tuple[Span, ...] | None = None

    @classmethod
    def of(cls, floor: Floor) -> "FloorData":
        """Take it from a floor."""
        return cls(floor.rules, floor.seed, floor.held, floor.handled, floor.hours)


def dump(data: Any) -> str:
    """A frozen dataclass as JSON text; sets are sorted, so that equal data give equal text."""
    return _adapter(type(data)).dump_json(data).decode()


def load(kind: type[Data], text: str) -> Data:
    """The dataclass of `kind` that `dump` wrote."""
    return cast(Data, _adapter(kind).validate_json(text))


def load_agent(text: str) -> Agent:
    """An agent of a floor."""
    return load(Agent, text)


def load_call(text: str) -> Call:
    """A call of a floor."""
    return load(Call, text)


EVENTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(events.Event)}
EFFECTS: dict[str, type[Any]] = {kind.__name__: kind for kind in get_args(commands.Effect)}


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    # Building one takes milliseconds, so each is built once.
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
