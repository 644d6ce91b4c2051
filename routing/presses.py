"""What people press: the events that carry an answer to somebody's button. Counterpart of `codes.py`, the answers.

Import them from `events.py`, with all the others.
"""

from dataclasses import dataclass

from routing.state import Check, Frame, Verdict


@dataclass(frozen=True, slots=True)
class AgentReady:
    """The agent wants calls."""

    agent: str
    request: str
    reason: str | None = None
    """What he says of it, if anything."""


@dataclass(frozen=True, slots=True)
class AgentPaused:
    """The agent wants no further calls; the one that he has, or that rings, stays."""

    agent: str
    request: str
    reason: str
    """One of the team's pause reasons."""


@dataclass(frozen=True, slots=True)
class OfferAccepted:
    """The agent takes the call that rings at him."""

    agent: str
    call: str
    offer: int
    """The number that rang."""
    worker: str | None
    """The media worker to use if the call has none yet; None: there is none."""
    request: str


@dataclass(frozen=True, slots=True)
class OfferDeclined:
    """The agent refuses the call that rings at him."""

    agent: str
    call: str
    offer: int
    """The number that rang."""
    reason: str
    """His reason; never shown to the caller."""
    request: str


@dataclass(frozen=True, slots=True)
class CallerHungUp:
    """The caller pressed the button; closing a page is not this but a loss."""

    call: str
    socket: int
    """The socket that asks: an older page cannot hang up."""
    request: str


@dataclass(frozen=True, slots=True)
class AgentEnded:
    """The agent ends the call without a verdict."""

    agent: str
    call: str
    reason: str
    """A reason code; must not be empty."""
    request: str


@dataclass(frozen=True, slots=True)
class VerdictPressed:
    """The agent decides. Answered when the picture is stored or cannot be kept."""

    agent: str
    call: str
    verdict: Verdict
    reason: str
    """A reason code; must not be empty for `rejected`."""
    fraud: bool
    """A flag that the caller never sees."""
    note: str
    """The agent's own words for the supervisor; may be empty."""
    frame: Frame | None
    """The last frame that the page presented; needed for `confirmed`."""
    request: str


@dataclass(frozen=True, slots=True)
class PictureRequested:
    """The agent takes a further picture."""

    agent: str
    call: str
    frame: Frame | None
    """The frame that he sees."""
    request: str


@dataclass(frozen=True, slots=True)
class CheckSet:
    """The agent ticks or unticks one of his checks."""

    agent: str
    call: str
    check: Check
    ticked: bool
    request: str


@dataclass(frozen=True, slots=True)
class GateOverridden:
    """The agent opens a gate that the system cannot open."""

    agent: str
    call: str
    gate: str
    """Its name; `checks`, `recording` and `frozen` are refused."""
    reason: str
    """Goes into the evidence; must not be empty."""
    request: str


@dataclass(frozen=True, slots=True)
class WrapUpEnded:
    """The agent is done with his notes."""

    agent: str
    request: str
