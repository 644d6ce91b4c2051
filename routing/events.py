"""What can happen to a floor: one frozen dataclass each. Counterpart of `commands.py`.

Facts that the shell has parsed and checked for authority. An event names the offer, socket, media or decision number
that it speaks of; an old one changes nothing. Presses carry a `request`, answered once with `Answered`. Ages are told
by a monotonic clock when it is sent, so clocks need not agree.
"""

from dataclasses import dataclass

from routing.leg_events import (
    AgentConnected,
    AgentDisconnected,
    CallerConnected,
    CallerDisconnected,
    FramePresented,
    LegHeard,
    LegSilent,
    MediaFlowing,
    MediaOffered,
)
from routing.presses import (
    AgentEnded,
    AgentPaused,
    AgentReady,
    CallerHungUp,
    CheckSet,
    GateOverridden,
    OfferAccepted,
    OfferDeclined,
    PictureRequested,
    VerdictPressed,
    WrapUpEnded,
)
from routing.state import CallRules, Span, TeamRules

__all__ = [
    "AgentChanged",
    "AgentConnected",
    "AgentDisconnected",
    "AgentEnded",
    "AgentEvent",
    "AgentJoined",
    "AgentPaused",
    "AgentReady",
    "AgentRemoved",
    "CallEvent",
    "CallRequested",
    "CallerConnected",
    "CallerDisconnected",
    "CallerHungUp",
    "CheckSet",
    "Event",
    "EvidenceFailed",
    "EvidenceStored",
    "FloorEvent",
    "FramePresented",
    "GateOpened",
    "GateOverridden",
    "GateShut",
    "HoursChanged",
    "LegHeard",
    "LegSilent",
    "MediaFlowing",
    "MediaOffered",
    "NodeLost",
    "OfferAccepted",
    "OfferDeclined",
    "OffersHeld",
    "OffersResumed",
    "PictureRefused",
    "PictureRequested",
    "SeedSet",
    "TeamChanged",
    "Tick",
    "VerdictPressed",
    "WorkerLost",
    "WrapUpEnded",
]


@dataclass(frozen=True, slots=True)
class CallRequested:
    """A caller wants to be verified. Answered with the call's id: that of a live one, if the verification has one."""

    request: str
    call: str
    """Id for the new call, drawn by the shell."""
    verification: str
    company: str
    """The company that the verification belongs to."""
    attempt: int
    """Which call of the verification this would be."""
    priority: int
    """Higher is served first."""
    skills: frozenset[str]
    """What the agent must know."""
    rules: CallRules
    """Rules of that company, now."""
    node: str
    """The node that took the request."""
    dealer: str = ""
    """The dealer who calls; empty: a customer by himself."""


@dataclass(frozen=True, slots=True)
class EvidenceStored:
    """The picture of a decision is durable."""

    call: str
    decision: int
    """The decision's number."""


@dataclass(frozen=True, slots=True)
class EvidenceFailed:
    """The picture of a decision could not be kept."""

    call: str
    decision: int
    """The decision's number."""


@dataclass(frozen=True, slots=True)
class PictureRefused:
    """The worker will not give the frame that a decision named."""

    call: str
    decision: int
    """The decision's number."""
    code: str
    """frame_too_old or frame_unknown."""


@dataclass(frozen=True, slots=True)
class GateShut:
    """Something of the system forbids Confirm."""

    call: str
    gate: str
    """Its name; the floor knows no more of it."""


@dataclass(frozen=True, slots=True)
class GateOpened:
    """It does so no longer."""

    call: str
    gate: str
    """Its name."""


@dataclass(frozen=True, slots=True)
class WorkerLost:
    """A media worker is dead, or has begun anew; its calls are bound elsewhere."""

    worker: str
    replacement: str | None
    """Where its calls go; None: nowhere yet, the next media offer says."""
    age: int
    """Time since it was last heard."""


@dataclass(frozen=True, slots=True)
class NodeLost:
    """A signalling node is dead, or has begun anew; the sockets that it held are gone."""

    node: str
    age: int
    """Time since it was last heard."""


@dataclass(frozen=True, slots=True)
class OffersHeld:
    """No new call may be offered."""

    reason: str
    """A code, such as disk_full or no_media_worker; several may hold at once."""


@dataclass(frozen=True, slots=True)
class OffersResumed:
    """That reason holds no longer."""

    reason: str
    """The same code."""


@dataclass(frozen=True, slots=True)
class TeamChanged:
    """The team's settings; deadlines that run keep theirs."""

    rules: TeamRules


@dataclass(frozen=True, slots=True)
class HoursChanged:
    """The team's working times of the coming days; calls that have begun keep theirs."""

    hours: tuple[Span, ...] | None
    """Sorted, apart from each other, and far enough ahead; None: it always works."""


@dataclass(frozen=True, slots=True)
class SeedSet:
    """The seed for a day's draws."""

    day: str
    """As 2026-11-21."""
    seed: str
    """Hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class AgentJoined:
    """An account belongs to this team; known already, it is AgentChanged."""

    agent: str
    skills: frozenset[str]
    employer: str
    valid: bool = True
    """Whether the account may take calls within its dates."""
    valid_from: int | None = None
    """When its validity begins; None: it has begun."""
    valid_until: int | None = None
    """When it is over; None: never."""


@dataclass(frozen=True, slots=True)
class AgentChanged:
    """An account's facts; one that is no longer valid loses his call, the caller goes to the head of the queue."""

    agent: str
    skills: frozenset[str]
    employer: str
    valid: bool
    """Whether the account may take calls within its dates."""
    valid_from: int | None = None
    """When its validity begins; None: it has begun."""
    valid_until: int | None = None
    """When it is over; None: never."""


@dataclass(frozen=True, slots=True)
class AgentRemoved:
    """An account belongs to this team no longer; taken off as soon as a verdict that was pressed is settled."""

    agent: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing but time: what is due fires."""


CallEvent = (
    CallRequested
    | CallerConnected
    | CallerDisconnected
    | OfferAccepted
    | OfferDeclined
    | MediaOffered
    | MediaFlowing
    | FramePresented
    | LegSilent
    | LegHeard
    | CallerHungUp
    | AgentEnded
    | VerdictPressed
    | PictureRequested
    | CheckSet
    | EvidenceStored
    | EvidenceFailed
    | PictureRefused
    | GateShut
    | GateOpened
    | GateOverridden
)
"""Events that name one call."""

AgentEvent = (
    AgentConnected
    | AgentDisconnected
    | AgentReady
    | AgentPaused
    | WrapUpEnded
    | AgentJoined
    | AgentChanged
    | AgentRemoved
)
"""Events that name one agent and no call."""

FloorEvent = WorkerLost | NodeLost | OffersHeld | OffersResumed | TeamChanged | HoursChanged | SeedSet | Tick
"""Events that name neither."""
Event = CallEvent | AgentEvent | FloorEvent
