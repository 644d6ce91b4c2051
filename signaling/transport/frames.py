"""Which text frames our pages send: Engine.IO 4 and Socket.IO 5 without binary packets, polling and acknowledgments.

Pure. What is none of these never reaches the library: its readers raise on much of it, and answer the rest.
"""

import re
from dataclasses import dataclass

LARGEST = 96 * 1024
"""Characters of a frame: an offer's 64 KiB of SDP, its line ends escaped, and the fields around it."""
_PONG = 16
_NAMESPACE = r"(/[0-9A-Za-z_-]{0,32})"
_CONNECT = re.compile(rf"0(?:{_NAMESPACE},?)?(\{{.*\}})?", re.DOTALL)
_LEAVE = re.compile(rf"1{_NAMESPACE},?")
_EVENT = re.compile(rf"2{_NAMESPACE},([0-9]{{0,15}})\[.*\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Connect:
    """A page wants to join a namespace."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Leave:
    """A page leaves a namespace."""

    namespace: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message to a namespace; what it says is not looked at here."""

    namespace: str


def passes(text: str) -> bool:
    """Whether the Engine.IO frame is one of ours: pong, close, or the beginning of a Socket.IO packet."""
    kind = text[:1]
    if kind == "4":
        return text[1:2] in {"0", "1", "2"}
    return text == "1" or (kind == "3" and len(text) <= _PONG)


def read(packet: str) -> Connect | Leave | Message | None:
    """What a Socket.IO packet wants; None for what our pages never send."""
    if found := _EVENT.fullmatch(packet):
        return Message(found[1])
    if found := _CONNECT.fullmatch(packet):
        return Connect(found[1] or "/")
    if found := _LEAVE.fullmatch(packet):
        return Leave(found[1])
    return None
