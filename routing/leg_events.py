"""What happens to the sockets and the media of a call's two sides.

Import them from `events.py`, with all the others.
"""

from dataclasses import dataclass

from routing.state import Channel, Kind, Leg


@dataclass(frozen=True, slots=True)
class CallerConnected:
    """A caller's page has opened a socket. Answered by SocketAssigned, or by Answered(token) with a code."""

    call: str
    node: str
    """The node that holds the socket."""
    token: str
    """Opaque: comes back in the answer, by which the shell finds the socket."""
    page: str = ""
    """Names the page, the same for all of its sockets; empty: a client that does not tell."""


@dataclass(frozen=True, slots=True)
class CallerDisconnected:
    """A caller's socket has closed or has missed its heartbeats."""

    call: str
    socket: int
    """Which of the leg's sockets."""
    age: int = 0
    """Time since it was last heard."""
    signed_out: bool = False
    """Whether their session is over: then they are out of the call, by media too."""


@dataclass(frozen=True, slots=True)
class AgentConnected:
    """An agent's console has opened a socket. Answered as CallerConnected is."""

    agent: str
    node: str
    """The node that holds the socket."""
    token: str
    """Opaque: comes back in the answer."""
    page: str = ""
    """Names the page, the same for all of its sockets; empty: a client that does not tell."""


@dataclass(frozen=True, slots=True)
class AgentDisconnected:
    """An agent's socket has closed or has missed its heartbeats."""

    agent: str
    socket: int
    """Which of the agent's sockets."""
    age: int = 0
    """Time since it was last heard."""
    signed_out: bool = False
    """Whether their session is over: then they are out of the call, by media too."""


@dataclass(frozen=True, slots=True)
class MediaOffered:
    """A page wants a new peer connection for its leg. The session description stays with the shell, under `request`."""

    call: str
    leg: Leg
    socket: int
    """The socket that asks: an older page's offer is refused."""
    request: str
    worker: str | None
    """The media worker to use if the call has none; None: there is none."""


@dataclass(frozen=True, slots=True)
class MediaFlowing:
    """First valid packets of one kind have arrived from a leg."""

    call: str
    leg: Leg
    media: int
    """The peer connection by which they came."""
    kind: Kind


@dataclass(frozen=True, slots=True)
class FramePresented:
    """A page has presented a frame of the other side."""

    call: str
    leg: Leg
    """Whose page."""
    media: int
    """The page's own media number."""
    rtp_timestamp: int | None
    """Name of the frame, where the browser gives it."""


@dataclass(frozen=True, slots=True)
class LegSilent:
    """Nothing has been heard from a leg for a while."""

    call: str
    leg: Leg
    channel: Channel
    number: int
    """The socket or media number it is about."""
    report: int
    """Rises with each report about that number."""
    age: int
    """Time since the last thing heard."""


@dataclass(frozen=True, slots=True)
class LegHeard:
    """A leg that was silent is heard again on the same connection."""

    call: str
    leg: Leg
    channel: Channel
    number: int
    """The socket or media number it is about."""
    report: int
    """Rises with each report about that number."""
