"""The sockets that a node holds, found by what they show: an agent, a call, a team's wall."""

import time
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from routing.state import Call
from signaling.present import BEAT_S, Body
from vouch.accounts.sessions import Visitor
from vouch.clock import SECOND

CALLER, CONSOLE, WALL = "/caller", "/console", "/floor"


@dataclass(eq=False, slots=True)
class Socket:
    """One connected page."""

    sid: str
    namespace: str
    visitor: Visitor
    floors: frozenset[str] = frozenset()
    """The floors whose changes may change its view."""
    call: str | None = None
    """A caller's call."""
    page: str = ""
    """Names the page, the same for all of its sockets; empty where it does not tell."""
    number: int = 0
    """The number that the floor gave it."""
    signed_out: bool = False
    """Whether it is closed because its session is over."""
    open: bool = False
    """Whether its handshake is over: nothing may be sent before."""
    heard: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)
    """When its session was last seen to be valid."""
    beat_s: int = BEAT_S
    """How often it was told to beat."""
    told_at: float = field(default_factory=time.monotonic)
    """When it was told so."""
    shown: Body | None = None
    """The view sent last, without version and time."""
    version: int = 0
    """Of the view sent last; its own count, because a page must also notice a view whose floor did not change."""
    acknowledged: int = 0
    behind_since: float | None = None
    """Since when it has acknowledged less than was sent, without coming nearer."""
    whole: bool = True
    """Whether the whole view is sent next, even if it has not changed."""
    whole_at: float = float("-inf")
    """When the whole view was sent last."""
    kept: tuple[str, tuple[Body, ...]] = ("", ())
    """A call, and the pictures kept of it, as they were last read."""
    kept_for: object | None = None
    """What they were, or are being, read for; None: they may be old."""
    ended: Call | None = None
    """A caller's call as its floor, which has forgotten it, knew it last."""
    ended_for: str | None = None
    """The call for which that was, or is being, read."""

    @property
    def agent(self) -> str:
        """The account behind a console; empty for a caller's page."""
        return self.visitor.account.id if self.visitor.account else ""

    def age(self) -> int:
        """Microseconds since anything was heard from it."""
        return int((time.monotonic() - self.heard) * SECOND)


class Sockets:
    """All of them. What a socket shows changes by `place` alone."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Socket] = {}
        self._callers: dict[str, set[Socket]] = {}
        self._consoles: dict[str, set[Socket]] = {}
        self._walls: dict[str, set[Socket]] = {}
        self._teams: dict[str, deque[Socket]] = {}

    def __len__(self) -> int:
        return len(self._by_sid)

    def __iter__(self) -> Iterator[Socket]:
        return iter(list(self._by_sid.values()))

    def get(self, sid: str) -> Socket | None:
        """The socket of this id."""
        return self._by_sid.get(sid)

    def add(self, socket: Socket) -> None:
        """Take in a socket."""
        self._by_sid[socket.sid] = socket
        self._enter(socket)

    def remove(self, sid: str) -> Socket | None:
        """Let go of a socket; None if it was let go before."""
        socket = self._by_sid.pop(sid, None)
        if socket is not None:
            self._leave(socket)
        return socket

    def place(self, socket: Socket, floors: frozenset[str], call: str | None) -> None:
        """Say what a socket shows from now on."""
        known = socket.sid in self._by_sid
        if known:
            self._leave(socket)
        socket.floors, socket.call = floors, call
        if known:
            self._enter(socket)

    def callers(self, call: str) -> Collection[Socket]:
        """The pages of a call's caller; one, but for the moment in which a newer one takes over."""
        return self._callers.get(call, ())

    def consoles(self, agent: str) -> Collection[Socket]:
        """The consoles of an agent; one, but for that moment."""
        return self._consoles.get(agent, ())

    def walls(self, floor: str) -> Collection[Socket]:
        """The supervisors' pages that show a team."""
        return self._walls.get(floor, ())

    def team(self, floor: str) -> deque[Socket]:
        """The consoles of a team, to be gone through in turn by rotating; of no further use once it is empty."""
        return self._teams.get(floor) or deque()

    def _enter(self, socket: Socket) -> None:
        for index, key in self._indexed(socket):
            index.setdefault(key, set()).add(socket)
        if socket.namespace == CONSOLE:
            for floor in socket.floors:
                self._teams.setdefault(floor, deque()).append(socket)

    def _leave(self, socket: Socket) -> None:
        for index, key in self._indexed(socket):
            index[key].discard(socket)
            if not index[key]:
                del index[key]
        if socket.namespace == CONSOLE:
            for floor in socket.floors:
                self._teams[floor].remove(socket)

    def _indexed(self, socket: Socket) -> list[tuple[dict[str, set[Socket]], str]]:
        if socket.namespace == WALL:
            return [(self._walls, floor) for floor in socket.floors]
        if socket.namespace == CONSOLE:
            return [(self._consoles, socket.agent)]
        return [(self._callers, socket.call)] if socket.call else []
