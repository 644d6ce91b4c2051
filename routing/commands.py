"""What the shell has to do after a step: one frozen dataclass each. Counterpart of `events.py`.

`Effect`s become rows of the same transaction and are performed at least once, whoever performs being idempotent by
their numbers; `CallEnded` and `VerdictGiven` are written in that transaction as result and webhook; the rest are
messages that may be lost, since every page also gets a fresh view of what the step touched; that push is no command.
"""

from dataclasses import dataclass

from routing.state import Frame, Leg, Outcome, Phase, Verdict


@dataclass(frozen=True, slots=True)
class Ring:
    """Let the agent's console ring."""

    agent: str
    call: str
    offer: int
    """Comes back with the press."""
    deadline: int
    """Until when it rings."""


@dataclass(frozen=True, slots=True)
class CancelOffer:
    """Stop the ringing of an offer that was not pressed."""

    agent: str
    call: str
    offer: int
    reason: str
    """did_not_answer, connection_lost, account_changed, or the call's outcome if it ended."""


@dataclass(frozen=True, slots=True)
class Negotiate:
    """Give the session description kept under `request` to the worker, and its answer to the page."""

    call: str
    leg: Leg
    media: int
    """The new number, by which the worker's events must name it."""
    worker: str
    request: str


@dataclass(frozen=True, slots=True)
class KeepPicture:
    """Effect: make a verdict's picture durable, then send EvidenceStored, EvidenceFailed or PictureRefused."""

    call: str
    decision: int
    worker: str | None
    """None: the worker is gone; a late verdict still has the frame that KeepLastFrame kept."""
    frame: Frame | None
    """None: no frame could be named; the newest that was sent to the agent. Never None for `confirmed`."""
    verdict: Verdict
    reason: str
    fraud: bool
    agent: str
    late: bool
    """After the end: the picture is the one that KeepLastFrame kept."""
    pressed_at: int
    deadline: int
    """Later it is of no use."""


@dataclass(frozen=True, slots=True)
class TakePicture:
    """Effect: keep a further picture."""

    call: str
    number: int
    """1, 2, ... within the call."""
    worker: str | None
    """None: the worker is gone."""
    frame: Frame | None
    """None: the newest that was sent to the agent."""
    agent: str
    request: str


@dataclass(frozen=True, slots=True)
class KeepLastFrame:
    """Effect: a call that was ACTIVE ended without a verdict; keep what the agent saw last. Precedes CloseMedia."""

    call: str
    worker: str | None
    """None: the worker is gone."""
    frame: Frame


@dataclass(frozen=True, slots=True)
class CutMedia:
    """Effect: whoever used these peer connections is no longer in the call; they get and send nothing from now on.

    Nothing waits for it and it waits for nothing: pictures are kept of what came before.
    """

    call: str
    worker: str
    customer: int
    """The customer's media number up to which it holds; 0: it is not about them."""
    agent: int
    """The same of the agent's."""


@dataclass(frozen=True, slots=True)
class CloseMedia:
    """Effect: the call is over. Both legs are cut at once; the recording is finished once its pictures are kept."""

    call: str
    worker: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call's one end, to be written as its result."""

    call: str
    verification: str
    attempt: int
    outcome: Outcome
    phase: Phase
    """The phase from which it ended."""
    agent: str | None
    """Who held it, if anybody."""
    ended_at: int
    reason: str = ""
    """The agent's, where he ended the call."""


@dataclass(frozen=True, slots=True)
class VerdictGiven:
    """A verdict whose picture is durable, to be written as the verification's; late ones too."""

    call: str
    verification: str
    decision: int
    """Whose picture it is."""
    verdict: Verdict
    reason: str
    fraud: bool
    note: str
    agent: str
    pressed_at: int
    late: bool
    """After the end: the call's outcome stays what it was."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The one answer to a request (or to a socket's token)."""

    request: str
    code: str
    """`ok`, or a stable code of `codes.py`."""
    detail: str = ""
    """What the code speaks of: the shut gate with not_yet, the call's id with the ok of CallRequested."""


@dataclass(frozen=True, slots=True)
class SocketAssigned:
    """The number of a new socket, by which its events must name it."""

    leg: Leg
    call: str | None
    """Set for a customer's socket."""
    agent: str | None
    """Set for an agent's socket."""
    number: int
    node: str
    token: str
    """As it came with the event."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A newer page has taken over: tell the older one `opened elsewhere` and close its socket."""

    leg: Leg
    call: str | None
    """Set for a customer's socket."""
    agent: str | None
    """Set for an agent's socket."""
    socket: int
    """The older number."""
    node: str | None
    """Where it is held."""


@dataclass(frozen=True, slots=True)
class MediaMoved:
    """Both pages must negotiate anew: the worker was lost, or the call has another agent."""

    call: str


Effect = KeepPicture | TakePicture | KeepLastFrame | CutMedia | CloseMedia
"""Commands that are performed after the commit, at least once."""

Command = (
    Ring
    | CancelOffer
    | Negotiate
    | Effect
    | CallEnded
    | VerdictGiven
    | Answered
    | SocketAssigned
    | Replaced
    | MediaMoved
)
