"""Messages between a node and a media worker: one JSON object in each WebSocket frame, told apart by `type`.

The worker speaks first (`hello`), the node proves itself (`proof`), then either side sends what it has. Several nodes
may be connected. A request is answered once, on its own connection, by its `id`: `answer`, `frame`, `summary`, `done`
or `refusal`. An event goes to one node, and again to another each second until one has acknowledged it; its sequence
numbers rise by one within a boot of the worker. All durations and times are microseconds.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from struct import Struct
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from media.channel import PLAIN
from media.events import (
    CallSummary,
    GateChanged,
    KeptFrame,
    Leg,
    LegFacts,
    LegHeard,
    LegSilent,
    MediaFlowing,
    RecordedPiece,
    Word,
)

NONCE_HEADER = "Vouch-Nonce"
"""Header of the WebSocket's upgrade request: the node's challenge to the worker."""
LONGEST_REQUEST = 1 << 20
"""Octets of a message to a worker; an offer has some ten thousand."""
LONGEST_REPLY = 64 << 20
"""Octets of a message to a node; a picture has less than one million, half a second of a recording some 200,000."""

CallId = Annotated[str, Field(min_length=1, max_length=200)]
Calls = Annotated[int, Field(ge=0, le=1_000_000)]
MediaNumber = Annotated[int, Field(ge=0)]


class Message(BaseModel):
    """What every message is: closed to unknown fields and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")


class Request(Message):
    """What every request carries."""

    id: str
    """Drawn by the node; the reply carries it."""
    call: CallId
    """Which call."""
    time_left: Annotated[int, Field(gt=0)]
    """How long the node will wait; afterwards the worker need not go on."""


class Negotiate(Request):
    """A peer's offer; answered by `answer` or `refusal`."""

    type: Literal["negotiate"] = "negotiate"
    leg: Leg
    """Whose."""
    media: MediaNumber
    """Its media number."""
    offer_sdp: str
    """The session description."""
    record: bool = True
    """Whether what the call's legs send is to be recorded; the first offer of a call decides."""


class GetFrame(Request):
    """The frame of a name; answered by `frame` or `refusal`."""

    type: Literal["get_frame"] = "get_frame"
    media: MediaNumber
    """The agent's media number."""
    rtp_timestamp: Annotated[int, Field(ge=0, lt=1 << 32)]
    """As the agent's page saw it."""
    live: bool
    """Refuse what is no live picture."""
    ago: Annotated[int, Field(ge=0)] = 0
    """How long ago it must have been live."""


class GetNearestFrame(Request):
    """The customer's last frame; answered by `frame` or `refusal`."""

    type: Literal["get_nearest_frame"] = "get_nearest_frame"
    live: bool
    """Refuse what is no live picture."""
    ago: Annotated[int, Field(ge=0)] = 0
    """How long ago it must have been live."""


class GetAgentsOwn(Request):
    """The agent's own frame that came nearest to a moment; answered by `frame` or `refusal`."""

    type: Literal["get_agents_own"] = "get_agents_own"
    at: Annotated[int, Field(ge=0)]
    """Microseconds UTC, as the worker gave the arrival of the customer's."""


class Look(Request):
    """Look at once whether the leg is silent; answered by `done`."""

    type: Literal["look"] = "look"
    leg: Leg
    """Which leg."""


class CutLegs(Request):
    """Whoever used these connections has left: nothing more goes to them or counts of them; answered by `done`.

    No offer of such a number is answered any more, whether it comes before or after.
    """

    type: Literal["cut_legs"] = "cut_legs"
    customer: MediaNumber | None
    """The customer's media number up to which it holds; None: every one, the call is over."""
    agent: MediaNumber | None
    """The same of the agent's."""


class CloseCall(Request):
    """Close and forget the call; answered by `summary`."""

    type: Literal["close_call"] = "close_call"


class Proof(Message):
    """The node's answer to the worker's challenge; nothing else is taken before it."""

    type: Literal["proof"] = "proof"
    proof: str
    """`prove(secret, "node", nonce of hello, binding)`; the binding is that of `media.channel`."""


class Acknowledge(Message):
    """An event has been dealt with for good."""

    type: Literal["acknowledge"] = "acknowledge"
    sequence: int
    """Which one."""


class Hello(Message):
    """The worker's first word."""

    type: Literal["hello"] = "hello"
    worker: Word
    """Its stable name."""
    boot: Word
    """Drawn at the start of its process."""
    capacity: Calls
    """Calls that it takes at once."""
    nonce: Word
    """Its challenge to the node."""
    proof: Word
    """`prove(secret, "worker", nonce of the upgrade request, binding)`."""


class Alive(Message):
    """Sent twice a second: three seconds without any message mean that the worker is gone."""

    type: Literal["alive"] = "alive"
    calls: Calls
    """Calls that are open."""
    full: bool = False
    """It takes no new call now."""


class Answer(Message):
    """The answer to an offer."""

    type: Literal["answer"] = "answer"
    id: Word
    """The request's."""
    answer_sdp: Annotated[str, Field(max_length=LONGEST_REQUEST, pattern=r"^[^\x00\x7f]*$")]
    """The session description."""


class Frame(Message):
    """A picture."""

    type: Literal["frame"] = "frame"
    id: Word
    """The request's."""
    frame: KeptFrame
    """The picture; its bytes in base64."""


class Summary(Message):
    """What a closed call carried."""

    type: Literal["summary"] = "summary"
    id: Word
    """The request's."""
    summary: CallSummary
    """What it carried."""


class Done(Message):
    """Done, with nothing to say."""

    type: Literal["done"] = "done"
    id: Word
    """The request's."""


class Refusal(Message):
    """The request is refused."""

    type: Literal["refusal"] = "refusal"
    id: Word
    """The request's."""
    code: Word
    """A code of `media.errors`."""


class Event(Message):
    """What every event carries."""

    worker: Word
    """Who tells."""
    boot: Word
    """Which start of its process."""
    sequence: Annotated[int, Field(ge=1, lt=1 << 62)]
    """Rises by one with each event of this boot."""


class MediaFlowingEvent(Event):
    """A stream has begun."""

    type: Literal["media_flowing"] = "media_flowing"
    event: MediaFlowing
    """Which."""


class LegSilentEvent(Event):
    """A leg has fallen silent; the age is that at the moment of sending."""

    type: Literal["leg_silent"] = "leg_silent"
    event: LegSilent
    """Which."""


class LegHeardEvent(Event):
    """A leg is heard again."""

    type: Literal["leg_heard"] = "leg_heard"
    event: LegHeard
    """Which."""


class GateChangedEvent(Event):
    """A gate was shut or opened."""

    type: Literal["gate_changed"] = "gate_changed"
    event: GateChanged
    """Which."""


class RecordedPieceEvent(Event):
    """A piece of a recording. The one message that is no text: its JSON, with empty data, and then the data."""

    type: Literal["recorded_piece"] = "recorded_piece"
    event: RecordedPiece
    """The piece."""


class LegFactsEvent(Event):
    """Seconds of a leg."""

    type: Literal["leg_facts"] = "leg_facts"
    event: LegFacts
    """What they carried."""


AnyRequest = Negotiate | GetFrame | GetNearestFrame | GetAgentsOwn | Look | CutLegs | CloseCall
AnyReply = Answer | Frame | Summary | Done | Refusal
AnyEvent = MediaFlowingEvent | LegSilentEvent | LegHeardEvent | GateChangedEvent | RecordedPieceEvent | LegFactsEvent
ToWorker = AnyRequest | Proof | Acknowledge
ToNode = Hello | Alive | AnyReply | AnyEvent

to_worker: TypeAdapter[ToWorker] = TypeAdapter(Annotated[ToWorker, Field(discriminator="type")])
"""Reads what a node says; raises pydantic.ValidationError."""
to_node: TypeAdapter[ToNode] = TypeAdapter(Annotated[ToNode, Field(discriminator="type")])
"""Reads what a worker says; raises pydantic.ValidationError."""


_LENGTH = Struct("!I")
_EVENTS: dict[Any, Callable[..., AnyEvent]] = {
    each.model_fields["event"].annotation: each for each in get_args(AnyEvent)
}
"""The message for each kind of event."""


def told(
    worker: str,
    boot: str,
    sequence: int,
    event: MediaFlowing | LegSilent | LegHeard | GateChanged | RecordedPiece | LegFacts,
) -> AnyEvent:
    """The message that tells an event."""
    return _EVENTS[type(event)](worker=worker, boot=boot, sequence=sequence, event=event)


def encode(message: ToNode) -> str | bytes:
    """What a worker sends: text, or octets where the message carries data of its own (four of length, JSON, data).

    Base64 within JSON would make a recording's way a third longer and cost more than all the rest of it.
    """
    if not isinstance(message, RecordedPieceEvent):
        return message.model_dump_json()
    bare = message.model_copy(update={"event": replace(message.event, data=b"")})
    head = bare.model_dump_json().encode()
    return _LENGTH.pack(len(head)) + head + message.event.data


def decode(received: str | bytes) -> ToNode:
    """Read what `encode` made; raises pydantic.ValidationError."""
    if isinstance(received, str):
        return to_node.validate_json(received)
    end = _LENGTH.size + int.from_bytes(received[: _LENGTH.size], "big")
    message = to_node.validate_json(received[_LENGTH.size : end])
    if isinstance(message, RecordedPieceEvent):
        return message.model_copy(update={"event": replace(message.event, data=received[end:])})
    return message


def prove(secret: str, role: Literal["node", "worker"], nonce: str, bound_to: str = PLAIN) -> str:
    """Show knowledge of the secret without telling it, over one channel (`media.channel.binding`).

    The role keeps one side's proof from serving as the other's, and the channel one connection's from serving on
    another. It stands before the nonce, which the other side chooses and which could look like its end.
    """
    return hmac.new(secret.encode(), f"vouch-media:{role}:{bound_to}:{nonce}".encode(), hashlib.sha256).hexdigest()


def is_proof(secret: str, role: Literal["node", "worker"], nonce: str, proof: str, bound_to: str = PLAIN) -> bool:
    """Whether the other side knows the secret; takes the same time for every wrong proof."""
    return hmac.compare_digest(prove(secret, role, nonce, bound_to).encode(), proof.encode())
