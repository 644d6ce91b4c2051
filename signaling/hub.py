"""The sockets that this node holds, and the views that they are shown.

A push is not stored: it only brings a page from the view that it shows to the present one. After every commit the
floor's sockets get a fresh view if theirs differs; a view that no beat of the page has acknowledged in time is sent
again. A socket that sends nothing for six seconds is given up, whatever its TCP connection believes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from routing.commands import Replaced, SocketAssigned
from routing.state import Leg
from signaling.writer import Changes
from vouch.accounts.sessions import Sessions, Visitor
from vouch.clock import SECOND
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

BEAT_S = 2.0
"""How often a page says that it lives."""

_TICK_S = 1.0
_SILENT_S = 3 * BEAT_S
_AGAIN_S = 1.25 * BEAT_S
"""Longer than a page may take to say that it shows the view."""
_RECHECK_S = 5.0


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
    number: int = 0
    """The number that the floor gave it."""
    heard: float = field(default_factory=time.monotonic)
    checked: float = field(default_factory=time.monotonic)
    """When its session was last seen to be valid."""
    shown: dict[str, Any] | None = None
    """The view sent last, without version and time."""
    version: int = 0
    """Of the view sent last; its own count, because a page must also notice a view whose floor did not change."""
    acknowledged: int = 0
    sent: float = 0.0

    @property
    def agent(self) -> str:
        """The account behind a console; empty for a caller's page."""
        return self.visitor.account.id if self.visitor.account else ""

    def age(self) -> int:
        """Microseconds since anything was heard from it."""
        return int((time.monotonic() - self.heard) * SECOND)


Present = Callable[[Socket], Awaitable[BaseModel | None]]
Emit = Callable[[str, str, str, dict[str, Any]], Awaitable[None]]
Drop = Callable[[Socket, bool], Coroutine[Any, Any, None]]


class Hub:
    """All sockets of this node.

    `present` makes a socket's view; `emit(namespace, sid, event, data)` sends; `drop(socket, replaced)` closes it.
    """

    def __init__(self, sessions: Sessions, emit: Emit, drop: Drop) -> None:
        self._sessions = sessions
        self._emit = emit
        self._drop = drop
        self._present: dict[str, Present] = {}
        self._sockets: dict[str, Socket] = {}
        self._dirty: set[Socket] = set()
        self._woken = asyncio.Event()
        self._tasks = TaskSet("hub")

    def present_by(self, namespace: str, present: Present) -> None:
        """Say how the views of a namespace are made."""
        self._present[namespace] = present

    def start(self) -> None:
        """Begin to push and to watch."""
        self._tasks.spawn("pushes", self._push_all())
        self._tasks.spawn("watch", self._watch())

    async def close(self) -> None:
        """Stop; the sockets stay as they are."""
        await self._tasks.close()

    def add(self, socket: Socket) -> None:
        """Take in a socket; it is shown nothing until it is refreshed."""
        self._sockets[socket.sid] = socket

    def remove(self, sid: str) -> Socket | None:
        """Let go of a socket; None if it was let go before."""
        socket = self._sockets.pop(sid, None)
        if socket is not None:
            self._dirty.discard(socket)
        return socket

    def get(self, sid: str) -> Socket | None:
        """The socket of this id."""
        return self._sockets.get(sid)

    def beat(self, socket: Socket, version: int) -> None:
        """A page lives, and shows this version of its view."""
        socket.acknowledged = max(socket.acknowledged, min(version, socket.version))

    def refresh(self, sockets: Iterable[Socket]) -> None:
        """Have these sockets' views looked at again."""
        self._dirty.update(sockets)
        self._woken.set()

    def committed(self, changes: Changes) -> None:
        """A floor has changed: number its new sockets, close replaced ones, refresh the rest."""
        for command in changes.commands:
            match command:
                case SocketAssigned():
                    if socket := self._sockets.get(command.token):
                        socket.number = command.number
                case Replaced():
                    self._replace(command)
                case _:
                    pass
        self.refresh([each for each in self._sockets.values() if changes.after.id in each.floors])

    def call_changed(self, call: str) -> None:
        """Something of a call that is not the floor's has changed, such as its kept pictures."""
        self.refresh([each for each in self._sockets.values() if each.call == call or each.agent])

    def _replace(self, command: Replaced) -> None:
        for socket in list(self._sockets.values()):
            its = socket.call == command.call if command.leg is Leg.CUSTOMER else socket.agent == command.agent
            same_kind = bool(socket.agent) == (command.leg is Leg.AGENT)
            if its and same_kind and socket.number == command.socket:
                self._tasks.spawn("replace", self._drop(socket, True))

    async def _push_all(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            dirty, self._dirty = self._dirty, set()
            for socket in dirty:
                await self._push(socket)

    async def _push(self, socket: Socket) -> None:
        try:
            view = await self._present[socket.namespace](socket)
        except Exception:
            log.exception("view failed")
            return
        if view is None:
            return
        body = view.model_dump(mode="json", exclude={"version", "server_time"})
        if body != socket.shown:
            socket.shown = body
            socket.version += 1
        elif socket.acknowledged >= socket.version or time.monotonic() - socket.sent < _AGAIN_S:
            return
        socket.sent = time.monotonic()
        whole = view.model_dump(mode="json") | {"version": socket.version}
        await self._emit(socket.namespace, socket.sid, "view", whole)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for socket in list(self._sockets.values()):
                try:
                    if time.monotonic() - socket.heard > _SILENT_S or not await self._still_valid(socket):
                        await self._drop(socket, False)
                except Exception:
                    log.exception("a socket could not be looked after; trying again")
            self.refresh(each for each in self._sockets.values() if each.acknowledged < each.version)

    async def _still_valid(self, socket: Socket) -> bool:
        if time.monotonic() - socket.checked < _RECHECK_S:
            return True
        socket.checked = time.monotonic()
        return await self._sessions.still_valid(socket.visitor)
