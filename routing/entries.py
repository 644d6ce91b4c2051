"""What a floor's index is made of: it follows from agents and calls, and is kept so that a step looks at a few.

`index.py` makes and changes it.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple

from immutables import Map

from routing.ordered import Ordered
from routing.words import Exclusion


class Due(IntEnum):
    """What a deadline is for. At one instant the smaller goes first: of two lost legs the customer's."""

    EVIDENCE = 0
    CUSTOMER_LOST = 1
    AGENT_LOST = 2
    RING = 3
    PHASE = 4
    WRAP_UP = 5
    ACCOUNT = 6


class Alarm(NamedTuple):
    """The earliest deadline of one call or agent; sorts in the order of firing."""

    at: int
    due: Due
    id: str
    """A call's id; with `Due.WRAP_UP` and `Due.ACCOUNT` an agent's."""


class Place(NamedTuple):
    """A caller's place in the queue; sorts in the order of serving."""

    behind_head: bool
    rank_at: int
    call: str


class Standing(StrEnum):
    """What an agent is to calls that look for one: free, or the first reason why not."""

    NOT_VALID = Exclusion.NOT_VALID.value
    BUSY = Exclusion.BUSY.value
    WRAP_UP = Exclusion.WRAP_UP.value
    OFFLINE = Exclusion.OFFLINE.value
    PAUSED = Exclusion.PAUSED.value
    FREE = "free"


class Idle(NamedTuple):
    """A free agent as the team's strategy orders them."""

    rank: tuple[int, ...]
    """The strategy's; the smaller goes first."""
    agent: str


@dataclass(frozen=True, slots=True)
class Index:
    """What follows from agents and calls, kept so that a step looks at a few and not at everybody."""

    free: Map[frozenset[str], Ordered[Idle]] = field(default_factory=Map)
    """Free agents by their skills."""
    standing: Map[Standing, int] = field(default_factory=Map)
    """How many agents stand how; no entry: none."""
    capped: Map[str, frozenset[str]] = field(default_factory=Map)
    """Dealer -> the agents who have had as many of his calls today as the team allows."""
    serving: Map[str, str] = field(default_factory=Map)
    """Agent -> the live call that he holds or that rings at him."""
    live: Map[str, str] = field(default_factory=Map)
    """Verification -> its live call."""
    queue: Ordered[Place] = field(default_factory=Ordered)
    """Every call that is WAITING or RINGING."""
    offerable: Ordered[Place] = field(default_factory=Ordered)
    """Of these, the callers who wait and can be reached."""
    alarms: Ordered[Alarm] = field(default_factory=Ordered)
    """The earliest deadline of each call and agent that has one."""
