"""What a floor is: frozen data, no behaviour. Counterpart of `step.py`, which alone makes the next floor from it.

A floor is one handling team: its agents and its calls, together because matching them is a joint decision. All times
are integer microseconds UTC, all durations integer microseconds.

Two rules keep it honest. Whether an agent is busy is never stored: it follows from the calls (`Index.serving`). And
every deadline is an absolute instant in the data, so that no timer has to survive a process. What is kept twice for
speed lies in `Index`, is rebuilt by `index.build` from agents and calls, and is checked against them by `index.check`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from immutables import Map

from routing.entries import Alarm, Due, Idle, Index, Place, Standing
from routing.rules import CallRules, TeamRules
from routing.words import (
    ACCOUNT_CHANGED,
    CONNECTION_LOST,
    DID_NOT_ANSWER,
    GATE_CHECKS,
    GATE_FROZEN,
    GATE_RECHECK,
    GATE_RECORDING,
    HELD_BY_AGENT,
    JUST_JOINED,
    LIVE,
    NEVER_OVERRIDDEN,
    QUEUED,
    SECOND,
    SIGNED_OUT,
    TALKING,
    WAS_AWAY,
    Channel,
    Check,
    DeclineRule,
    Exclusion,
    InvariantBrokenError,
    Kind,
    Leg,
    Notice,
    Outcome,
    Phase,
    ReconnectRule,
    Strategy,
    Verdict,
)

__all__ = [
    "ACCOUNT_CHANGED",
    "CONNECTION_LOST",
    "DID_NOT_ANSWER",
    "GATE_CHECKS",
    "GATE_FROZEN",
    "GATE_RECHECK",
    "GATE_RECORDING",
    "HELD_BY_AGENT",
    "JUST_JOINED",
    "LIVE",
    "NEVER_OVERRIDDEN",
    "QUEUED",
    "SECOND",
    "SIGNED_OUT",
    "TALKING",
    "WAS_AWAY",
    "Agent",
    "Alarm",
    "Call",
    "CallRules",
    "Channel",
    "Check",
    "CheckMade",
    "Decision",
    "DeclineRule",
    "Due",
    "Exclusion",
    "Floor",
    "Frame",
    "Gap",
    "Idle",
    "Index",
    "InvariantBrokenError",
    "Kind",
    "Leg",
    "LegState",
    "Met",
    "Notice",
    "Offer",
    "Outcome",
    "Override",
    "Phase",
    "Place",
    "ReconnectRule",
    "Seed",
    "Span",
    "Standing",
    "Strategy",
    "TeamRules",
    "Verdict",
    "WrapUp",
]


@dataclass(frozen=True, slots=True)
class Seed:
    """What a day's draws are made from; its hash was published before."""

    day: str
    """The day it is for, as 2026-11-21."""
    value: str
    """The secret, in hexadecimal digits."""


class Span(NamedTuple):
    """A time in which a team works."""

    start: int
    end: int
    """Not part of it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The name of one picture as the agent's page presented it."""

    media: int
    """The media number of the agent's leg by which it came."""
    rtp_timestamp: int | None
    """RTP timestamp (RFC 3550, 5.1) as sent to the agent's page, 0 .. 2^32-1; None: a browser that does not tell it,
    the picture nearest in time is meant."""


@dataclass(frozen=True, slots=True)
class LegState:
    """One side of a call. The agent's side copies socket, socket_up and node from the agent while he holds the call."""

    socket: int = 0
    """Number of the newest socket; raised with each. 0: none so far."""
    socket_up: bool = False
    """Whether that socket is connected, as far as is known."""
    socket_report: int = 0
    """Last report heard about this socket number."""
    node: str | None = None
    """The node that holds the socket."""
    page: str = ""
    """The customer's page that opened it; the agent's is with the agent."""
    media: int = 0
    """Number of the newest peer connection; raised with each. 0: none so far."""
    flowing: frozenset[Kind] = frozenset()
    """Kinds of which packets have arrived on this media number."""
    presented: bool = False
    """Whether this side's page has presented a frame on this media number."""
    report: int = 0
    """Last LegSilent or LegHeard seen of this media number."""
    silent_since: int | None = None
    """When media was last heard, if it has been silent since then, or was replaced and is not heard yet."""
    lost_since: int | None = None
    """When this leg was last heard, while it counts as lost in the present phase."""
    lost_until: int | None = None
    """When the loss becomes final; None: not lost."""
    own_fault: bool = False
    """Whether it was lost with a node or worker of ours: then it is no fault of the agent."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A reservation of one agent for one call."""

    number: int
    """1, 2, ... within the call: a press that names an old one changes nothing."""
    agent: str
    made_at: int
    deadline: int
    """When the ring times out."""
    among: int
    """From how many candidates the agent was chosen."""
    day: str
    """Day of the seed with which he was drawn."""
    passed_over: tuple[tuple[Exclusion, int], ...] = ()
    """How many agents were not among them, by reason, sorted; who they were is found by replay (`explain.py`)."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict that waits for its picture to be durable."""

    number: int
    """1, 2, ... within the call: what is reported of an older one changes nothing."""
    verdict: Verdict
    reason: str
    fraud: bool
    note: str
    frame: Frame | None
    """The picture to keep; None: no frame could be named, the newest one sent to the agent."""
    request: str
    """The press, answered when the decision is settled."""
    pressed_at: int
    deadline: int
    """When keeping the picture counts as failed."""
    late: bool
    """Whether it was pressed after the call's end, in wrap-up."""


@dataclass(frozen=True, slots=True)
class CheckMade:
    """One check that the agent has ticked."""

    check: Check
    at: int


@dataclass(frozen=True, slots=True)
class Override:
    """A gate that the agent opened with a reason, because the system could not; part of the evidence."""

    gate: str
    agent: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Gap:
    """An interruption of one side's media, from the last thing heard."""

    leg: Leg
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one verification."""

    id: str
    verification: str
    company: str
    """The company that the verification belongs to; the floor's may be another."""
    attempt: int
    """1, 2, ...: which call of the verification this is."""
    priority: int
    """Higher is served first."""
    skills: frozenset[str]
    """What an agent must know to be offered this call."""
    rules: CallRules
    queued_at: int
    """When the caller joined; kept through every return to the queue."""
    rank_at: int
    """Where he stands in the queue: as if he had joined then; earlier than `queued_at` by his priority."""
    deadline: int
    """When the phase's time is over. RINGING keeps that of WAITING, DECIDING that of ACTIVE, and sleeps on its own."""
    dealer: str = ""
    """The dealer who calls; empty: a customer by himself."""
    closes_at: int | None = None
    """When the team's working time in which the call came in is over; None: it has no hours."""
    phase: Phase = Phase.WAITING
    at_head: bool = False
    """Whether the caller was with an agent already and so goes before those who were not."""
    offer: Offer | None = None
    """Set while RINGING, never else."""
    offers: int = 0
    """How many offers were made; the number of the last."""
    agent: str | None = None
    """Who holds the call from CONNECTING on; kept when it has ended."""
    declined: frozenset[str] = frozenset()
    """Agents who refused: out for this call."""
    excluded: frozenset[str] = frozenset()
    """Agents with whom no media came about: out for this call."""
    rang_out: frozenset[str] = frozenset()
    """Agents who let it ring out: asked again only when nobody else is free."""
    set_up_tries: int = 0
    """How often set-up has failed since the call was last ACTIVE."""
    accepted_at: int | None = None
    customer_leg: LegState = LegState()
    agent_leg: LegState = LegState()
    worker: str | None = None
    """The media worker in which this call lives."""
    gates: frozenset[str] = frozenset()
    """Names of the gates that are shut."""
    ticks: tuple[CheckMade, ...] = ()
    """Checks that the present agent has made."""
    overrides: tuple[Override, ...] = ()
    decision: Decision | None = None
    """The verdict that waits for its picture: in DECIDING, or a late one in ENDED."""
    decisions: int = 0
    """How many decisions were begun; the number of the last."""
    verdict: Verdict | None = None
    """The verdict whose picture is stored."""
    refusal: str = ""
    """Why the last verdict fell, as a code; empty once the next is pressed."""
    hung_up: bool = False
    """Whether the caller hung up in DECIDING: it counts if no picture can be kept."""
    outcome: Outcome | None = None
    end_reason: str = ""
    """The agent's reason, where he ended the call."""
    ended_in: Phase | None = None
    """The phase from which the call ended."""
    ended_at: int | None = None
    started_at: int | None = None
    """When it became ACTIVE with the present agent."""
    last_frame: Frame | None = None
    """The last frame that the agent's page said it had presented."""
    gaps: tuple[Gap, ...] = ()
    """Every interruption while ACTIVE, in the order in which they ended."""
    notice: Notice | None = None
    pictures: int = 0
    """How many extra pictures the agent took."""

    def leg(self, leg: Leg) -> LegState:
        """The state of one side."""
        return self.customer_leg if leg is Leg.CUSTOMER else self.agent_leg


@dataclass(frozen=True, slots=True)
class WrapUp:
    """The agent's time after a call; while it runs he is not free and may still give a late verdict."""

    call: str
    started_at: int
    deadline: int


class Met(NamedTuple):
    """How often an agent had calls of one dealer, on the day that his `calls_day` names."""

    dealer: str
    calls: int


@dataclass(frozen=True, slots=True)
class Agent:
    """One member of the team: `ready` is his own choice, `socket_up` what the system sees; neither means busy."""

    id: str
    skills: frozenset[str] = frozenset()
    employer: str = ""
    ready: bool = False
    pause_reason: str = JUST_JOINED
    """Why he is not ready; empty while he is."""
    since: int = 0
    """When his readiness last changed."""
    socket: int = 0
    """Number of his console's newest socket; raised with each."""
    socket_up: bool = False
    socket_report: int = 0
    """Last report heard about this socket number."""
    node: str | None = None
    page: str = ""
    """The page that opened that socket; another one does not go on with its media."""
    gone_since: int | None = None
    """When his console was last heard; None while it is connected or has never been."""
    wrap_up: WrapUp | None = None
    valid: bool = True
    """Whether his account may take calls now."""
    valid_from: int | None = None
    """When its validity will begin; None: it has, or never will."""
    valid_until: int | None = None
    """When it will be over; None: never, or it is."""
    leaving: bool = False
    """Whether he is taken off the floor as soon as he holds nothing."""
    calls_day: str = ""
    """The day that `calls_today` counts."""
    calls_today: int = 0
    """Calls accepted on that day."""
    met: tuple[Met, ...] = ()
    """Calls of that day by dealer, sorted; counted only where the team has a cap."""
    last_call_ended_at: int | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """One handling team. Make one with `index.build`, which alone fills `index`."""

    id: str
    rules: TeamRules
    seed: Seed
    version: int = 0
    """Raised by every step that changed something."""
    now: int = 0
    """The time of the last step; the next one is never earlier."""
    agents: Map[str, Agent] = field(default_factory=Map)
    calls: Map[str, Call] = field(default_factory=Map)
    """Live calls, and ended ones while their agent's wrap-up or a late verdict lasts."""
    held: frozenset[str] = frozenset()
    """Reasons why no new call may be offered."""
    hours: tuple[Span, ...] | None = None
    """The working times of the coming days, sorted and apart; None: the team always works."""
    handled: tuple[int, ...] = ()
    """How long each of the last calls took from accept to the end of wrap-up, oldest first."""
    index: Index = field(default_factory=Index)
