"""What the media plane tells the shell; and the values that its requests give back.

Packets never enter the shell, only changes do. A leg is one peer connection of a call; `media` is its number, raised
by one at each new peer connection of the same leg.

What is annotated is checked where a node reads it from the wire: a worker that was taken over must not tell what a
database refuses.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

Word = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""An id or code: one line, nothing that a database refuses."""
Number = Annotated[int, Field(ge=-(1 << 62), le=1 << 62)]
"""A number that every database holds."""
MOST_SECONDS = 3_600
"""Seconds of a leg that are told at once; mostly it is five."""
Leg = Literal["customer", "agent"]
"""The two sides of a call."""
Kind = Literal["video", "audio"]
"""The two streams of a leg."""
Gate = Literal["recording", "frozen"]
"""What Confirm waits for: the recording is on disk; the customer's picture moves."""


@dataclass(frozen=True)
class MediaFlowing:
    """The first valid packet of one stream of a leg has arrived; sent once for each kind and media number."""

    call: Word
    """The call's id."""
    leg: Leg
    """Whose stream it is."""
    media: Number
    """The leg's media number."""
    kind: Kind
    """Picture or sound."""


@dataclass(frozen=True)
class LegSilent:
    """A leg that had media sends no valid packet (SRTP or SRTCP) any more."""

    call: Word
    """The call's id."""
    leg: Leg
    """Who is silent."""
    media: Number
    """The leg's media number."""
    report: Number
    """Rises with every report about this leg and media number, so that an older one that arrives late is known."""
    age: Number
    """Microseconds since the leg's last valid packet, by a clock that never jumps, at the moment of sending."""


@dataclass(frozen=True)
class LegHeard:
    """A silent leg sends packets again, under the same media number."""

    call: Word
    """The call's id."""
    leg: Leg
    """Who is heard again."""
    media: Number
    """The leg's media number."""
    report: Number
    """Rises with every report about this leg and media number."""


@dataclass(frozen=True)
class WorkerUp:
    """A worker has started and may be given calls."""

    worker: str
    """Its stable name."""
    boot: str
    """Drawn anew at each start of its process; none of its calls came from an older one."""


@dataclass(frozen=True)
class WorkerLost:
    """A worker has ended or is not heard any more; whatever calls it had are gone from it."""

    worker: str
    """Its stable name."""
    boot: str
    """Which start of its process."""
    age: int
    """Microseconds since it was last heard."""


@dataclass(frozen=True)
class GateChanged:
    """Something that Confirm must wait for has begun or ended; the changes of one gate are told one after the other."""

    call: Word
    """The call's id."""
    gate: Gate
    """Which gate."""
    shut: bool
    """Whether Confirm must wait now."""
    id: Word
    """Of this change and no other, so that one which is told again does nothing."""


@dataclass(frozen=True)
class RecordedPiece:
    """The next octets of a leg's recording. Those of one connection are told one after the other, in their order."""

    call: Word
    """The call's id."""
    leg: Leg
    """Whose recording it is."""
    media: Number
    """The leg's media number: each peer connection has a file (WebM) of its own."""
    offset: Number
    """Octets of the file before these."""
    data: bytes
    """The octets; empty where the last piece only says so."""
    began_at: Number
    """The zero of the file's times: microseconds UTC."""
    length: Number
    """How long the recording is with these octets: microseconds."""
    last: bool
    """Nothing follows."""


@dataclass(frozen=True)
class SecondFacts:
    """What one leg carried in one second; what came from it but for the two fields of what went to it."""

    video_bits: Number
    """Received, without headers."""
    audio_bits: Number
    """Received, without headers."""
    frames: Number
    """Pictures that came whole."""
    width: Number
    """Pixels of the newest picture; 0 before the first."""
    height: Number
    """Pixels of the newest picture; 0 before the first."""
    repeated: Number
    """Video packets that came only when they were asked for again."""
    lost: Number
    """Video packets that never came."""
    jitter: Number
    """Of the video, as RFC 3550 reckons it: microseconds."""
    silence: Number
    """Longest time without any packet: microseconds."""
    round_trip: Number | None
    """To the peer and back: microseconds; None where it has not told."""
    sent_bits: Number
    """Video that went to the leg, repetitions included."""
    sent_lost: Number
    """Of that, what the peer says is lost: parts of 256."""
    frozen: bool
    """Packets came but no new picture."""


@dataclass(frozen=True)
class LegFacts:
    """Seconds of one leg, in their order, one after the other."""

    call: Word
    """The call's id."""
    leg: Leg
    """Whose."""
    media: Number
    """Its media number."""
    first_at: Number
    """When the first of the seconds began: microseconds UTC."""
    seconds: Annotated[tuple[SecondFacts, ...], Field(max_length=MOST_SECONDS)]
    """What each of them carried."""


MediaEvent = MediaFlowing | LegSilent | LegHeard | GateChanged | RecordedPiece | LegFacts | WorkerUp | WorkerLost


def worker_id(name: str, boot: str) -> str:
    """Names one start of a worker's process: its calls are in no later one."""
    return f"{name}.{boot}"


@dataclass(frozen=True)
class WorkerState:
    """One worker as the node sees it now."""

    name: str
    """Its stable name."""
    boot: str
    """Which start of its process; empty before the first."""
    address: str
    """Where it listens, `host:port`; empty before the first."""
    alive: bool
    """Whether this node is connected to it."""
    calls: int
    """Calls that are open in it, and those that this node has given it since it said so."""
    capacity: int
    """Calls that it takes at once."""
    full: bool
    """Whether it says that it has as much to do as it can."""
    heard_at: int
    """When it was last heard, on `media.clock`."""

    @property
    def takes_calls(self) -> bool:
        """Whether a new call may be given to it."""
        return self.alive and not self.full and self.calls < self.capacity

    @property
    def id(self) -> str:
        """By what requests name it."""
        return worker_id(self.name, self.boot)


@dataclass(frozen=True)
class KeptFrame:
    """A picture of one side of a call."""

    jpeg: bytes
    """Full resolution, nothing drawn on it, quality 95."""
    width: Number
    """Pixels."""
    height: Number
    """Pixels."""
    rtp_timestamp: Number
    """The frame's name as the agent's page knew it (90 kHz, modulo 2^32); its sender's for the agent's own."""
    exact: bool
    """True: the frame named by its timestamp; False: the one nearest in time."""
    arrived_at: Number
    """When the frame's last packet arrived at the worker: microseconds UTC."""


@dataclass(frozen=True)
class LegSummary:
    """What one peer connection of a call carried."""

    leg: Leg
    """Whose it was."""
    media: Number
    """Its media number."""
    video_packets: Number
    """Video packets received, repeated ones not counted."""
    audio_packets: Number
    """Audio packets received."""
    lost_packets: Number
    """Video packets that never came, repeated sending included."""
    first_packet_at: Number | None
    """Arrival of the first valid packet: microseconds UTC; None if there was none."""
    last_packet_at: Number | None
    """Arrival of the last one."""
    silences: Number
    """How often the leg fell silent."""


@dataclass(frozen=True)
class CallSummary:
    """What a closed call carried; without legs if the worker does not know the call (any more)."""

    call: Word
    """The call's id."""
    legs: tuple[LegSummary, ...]
    """One for each peer connection, in the order of their opening."""
