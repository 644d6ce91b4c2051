"""The wire: every Socket.IO message as a type. Plain dicts stop here; docs/protocol.md tells the same in words.

Clients send presses and reports; the server sends views and answers. A *press* carries a request id that the client
draws (a UUID): a repeated press gets the first answer and does nothing twice. Answers come as Socket.IO
acknowledgments. The TypeScript types of the pages are made from this file and from `wall_messages.py`, which has the
supervisor's view (`./dev fix`), and a check fails when they differ.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from vouch.fields import Code, Id, Natural, Note, RequestId, Sdp, Uint32

Leg = Literal["customer", "agent"]
CallState = Literal["waiting", "ringing", "connecting", "active", "reconnecting", "deciding", "ended"]
Outcome = Literal[
    "confirmed",
    "rejected",
    "unable_to_verify",
    "declined",
    "no_agent",
    "closed",
    "cancelled",
    "agent_ended",
    "connection_lost",
    "interrupted",
    "too_long",
    "setup_failed",
]
Verdict = Literal["confirmed", "rejected", "unable_to_verify"]
Check = Literal["data", "faces", "recheck"]
Notice = Literal["accepted", "passing_on", "declined"]


class Message(BaseModel):
    """Ancestor of all messages: unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Press(Message):
    """Something that a person or a page wants done once."""

    request: RequestId


class FrameName(Message):
    """A frame as the agent's page presented it."""

    media: Natural
    """The media number of the agent's leg that showed it."""
    rtp_timestamp: Uint32 | None
    """`metadata.rtpTimestamp` of requestVideoFrameCallback; None in browsers that do not tell."""


# --- from both kinds of page ---------------------------------------------------------------------------------------


class Beat(Message):
    """`beat`, as often as the view's `beat_s` says: the page lives, and which version of its view it shows."""

    version: Natural
    """0: none that changes could be applied to; the whole view is wanted."""


# --- from the caller's page (namespace /caller) --------------------------------------------------------------------


class CallReady(Press):
    """`call.ready`: camera and microphone are seen to work, the customer has consented: queue the call."""

    consent_version: Code


class MediaOffer(Press):
    """`media.offer`: a fresh peer connection's SDP offer; answered with MediaAnswer. `call` names the agent's call."""

    sdp: Sdp
    call: Id | None = None


class MediaServers(Press):
    """`media.servers`: which STUN and TURN servers to use; answered with IceServers. `call` names the agent's call."""

    call: Id | None = None


class FramePresented(Message):
    """`media.presented`: the other side's picture is on the screen; sent at the first frame and with each beat."""

    frame: FrameName
    call: Id | None = None


class CallHangUp(Press):
    """`call.hangup`: the caller leaves for good."""


# --- from the agent's console (namespace /console) -----------------------------------------------------------------


class AgentReady(Press):
    """`agent.ready`: ready for calls; camera and microphone are seen to work."""


class AgentPause(Press):
    """`agent.pause`: not ready, with a reason code."""

    reason: Code


class OfferAccept(Press):
    """`offer.accept`."""

    call: Id
    offer: Natural


class OfferDecline(Press):
    """`offer.decline`, with a reason code."""

    call: Id
    offer: Natural
    reason: Code


class CheckSet(Press):
    """`check.set`: one of the agent's own ticks before Confirm."""

    call: Id
    check: Check
    ticked: bool


class GateOverride(Press):
    """`gate.override`: open a gate that the system cannot, with a reason that goes into the evidence."""

    call: Id
    gate: Code
    reason: Note


class PictureTake(Press):
    """`picture.take`: keep the frame on the screen beside the one of the verdict."""

    call: Id
    frame: FrameName


class VerdictPress(Press):
    """`verdict`: Confirm, Reject or Unable; answered when it was taken, the kept picture follows in the view."""

    call: Id
    verdict: Verdict
    reason: Code | None = None
    fraud: bool = False
    note: Note | None = None
    frame: FrameName | None = None


class CallEnd(Press):
    """`call.end`: the agent ends the call without a verdict, with a reason code."""

    call: Id
    reason: Code


class WrapUpEnd(Press):
    """`wrapup.end`: the agent needs no more time."""


# --- answers (acknowledgments) -------------------------------------------------------------------------------------


class Answer(Message):
    """What became of a press: `ok`, or a stable code; `detail` names what the code speaks of (a gate, a sentence)."""

    code: str = "ok"
    detail: str = ""


class MediaAnswer(Answer):
    """The answer to `media.offer`: the SDP answer and the new media number of this leg."""

    sdp: str = ""
    media: int = 0
    wait_s: int = 0
    """With the code `too_many_offers`: the next offer is taken after so many seconds."""


class IceServer(Message):
    """One STUN or TURN server as RTCPeerConnection takes it (W3C WebRTC, RTCIceServer)."""

    urls: str
    username: str | None = None
    credential: str | None = None


class IceServers(Answer):
    """The answer to `media.servers`."""

    servers: tuple[IceServer, ...] = ()
    ttl_s: int = 0
    """Seconds from now for which a new peer connection may begin to use them."""


# --- views (event `view`: the whole; event `changes`: what has become of the one before) ---------------------------


class Lost(Message):
    """A leg that is not heard."""

    leg: Leg
    until: int
    """The call ends for it at this instant unless the leg is heard again."""


class CallerCall(Message):
    """The call as its caller sees it."""

    id: str
    number: str
    """For people to read aloud."""
    attempt: int
    state: CallState
    outcome: Outcome | None
    notice: Notice | None
    position: int | None
    """Place in the queue, from 1."""
    expected_wait_s: int | None
    lost: tuple[Lost, ...]
    media: int
    """Current media number of the customer's leg; 0 before the first offer."""
    renegotiate: bool
    """The server has no live media for this leg: send a fresh `media.offer`."""
    started_at: int | None
    opens_at: int | None
    """With the outcome `closed`: when the team works next, as far as is known."""


class CallerView(Message):
    """All that the caller's page shows."""

    version: int
    server_time: int
    beat_s: int
    """How often the page must send `beat`; at once when this falls."""
    call: CallerCall | None
    """None before `call.ready`."""


class OfferView(Message):
    """A ringing call."""

    call: str
    offer: int
    number: str
    verification: str
    attempt: int
    deadline: int
    started_at: int
    """When it began to ring."""


class KeptPicture(Message):
    """A picture that is stored for this call."""

    kind: Literal["snapshot", "extra", "last_frame"]
    at: int
    """When the frame arrived at the server."""
    key: str
    """For GET /api/console/verifications/{verification}/pictures/{key}."""


class AgentCall(Message):
    """A call as its agent sees it."""

    id: str
    number: str
    verification: str
    attempt: int
    state: CallState
    outcome: Outcome | None
    shut_gates: tuple[str, ...]
    checks: tuple[Check, ...]
    """The ticks that are set."""
    lost: tuple[Lost, ...]
    media: int
    """Current media number of the agent's leg; 0 before the first offer."""
    renegotiate: bool
    started_at: int | None
    deadline: int | None
    """When the call ends as too_long."""
    verdict: Verdict | None
    pressed_at: int | None
    late_verdict: bool
    """A late reject or unable is still possible (the call ended without a verdict, wrap-up runs)."""
    kept: tuple[KeptPicture, ...]


class AgentSelf(Message):
    """The agent's own state."""

    id: str
    ready: bool
    reason: str | None
    """Why not ready: his own pause reason, or `did_not_answer`, `was_away`, `connection_lost`."""
    since: int
    wrap_up_until: int | None


class QueueSummary(Message):
    """The queue as the agent's top bar shows it."""

    waiting: int
    longest_since: int | None


class AgentView(Message):
    """All that changes by itself in the agent's console."""

    version: int
    server_time: int
    beat_s: int
    """How often the page must send `beat`; at once when this falls."""
    agent: AgentSelf
    offer: OfferView | None
    call: AgentCall | None
    queue: QueueSummary
    refusal: str | None = None
    """Why the last verdict was not kept: a code, until the next press."""


Path = tuple[str | int, ...]


class ViewChanges(Message):
    """`changes`: what turns version `since` of the view into `version`."""

    since: int
    """A page that shows another version ignores this and asks for the whole view by `beat` with version 0."""
    version: int
    server_time: int
    changes: tuple[tuple[Path, Any], ...]
    """In order: the value at the path of keys and places (from 0) is replaced."""


class Replaced(Message):
    """`replaced`: another tab or device took over; this page stops and says so."""


FROM_CALLER: dict[str, type[Message]] = {
    "beat": Beat,
    "call.ready": CallReady,
    "media.servers": MediaServers,
    "media.offer": MediaOffer,
    "media.presented": FramePresented,
    "call.hangup": CallHangUp,
}
FROM_CONSOLE: dict[str, type[Message]] = {
    "beat": Beat,
    "agent.ready": AgentReady,
    "agent.pause": AgentPause,
    "offer.accept": OfferAccept,
    "offer.decline": OfferDecline,
    "media.servers": MediaServers,
    "media.offer": MediaOffer,
    "media.presented": FramePresented,
    "check.set": CheckSet,
    "gate.override": GateOverride,
    "picture.take": PictureTake,
    "verdict": VerdictPress,
    "call.end": CallEnd,
    "wrapup.end": WrapUpEnd,
}
FROM_FLOOR: dict[str, type[Message]] = {"beat": Beat}
