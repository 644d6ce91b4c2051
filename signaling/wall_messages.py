"""The supervisor's page's part of the wire: what `signaling/messages.py` is for the others."""

from typing import Literal

from signaling.messages import CallState, Message


class FloorAgent(Message):
    """A tile of the supervisor's floor."""

    id: str
    name: str
    state: Literal["free", "ringing", "in_call", "wrap_up", "paused", "offline"]
    reason: str | None
    since: int
    call: str | None


class FloorCall(Message):
    """A live call on the supervisor's floor."""

    id: str
    number: str
    verification: str
    company: str
    state: CallState
    since: int
    position: int | None
    agent: str | None


class FloorTeam(Message):
    """One team's floor."""

    company: str
    agents: tuple[FloorAgent, ...]
    calls: tuple[FloorCall, ...]
    held: tuple[str, ...]
    """Why no new call is offered, if it is not."""


class FloorView(Message):
    """The supervisor's live view (namespace /floor)."""

    version: int
    server_time: int
    beat_s: int
    """How often the page must send `beat`; at once when this falls."""
    teams: tuple[FloorTeam, ...]
