"""The sockets that this node holds, and the views that they are shown.

A push is not stored: it only brings a page from the view that it shows to the present one. The first is the whole view,
later ones say what has changed since. After a commit only those are looked at whom it may concern (`audience`), in the
order of `agenda`. A page that does not acknowledge what was sent gets the whole view again, so that a lost push never
leaves it silent. A socket from which nothing comes for too long is given up, whatever its TCP connection believes.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any, Protocol

from routing.commands import SocketAssigned
from routing.state import HELD_BY_AGENT, Floor
from signaling.agenda import Agenda
from signaling.audience import audience
from signaling.changes import difference
from signaling.present import Body
from signaling.sockets import Socket, Sockets
from signaling.writer import Changes
from vouch.accounts.sessions import Sessions
from vouch.clock import Clock
from vouch.logs import logger
from vouch.tasks import TaskSet, woken

log = logger(__name__)

_TICK_S = 1.0
_AGAIN = 1.25
"""Beats: longer than a page may take to say that it shows the view."""
_WAY_S = 0.5
"""How long a whole view may be on its way: a page that asks for one within it will have it."""
_RECHECK_S = 5
_RECHECK_IN_CALL_S = 0.9
"""With every tick: whose session is over must not see the other side for long."""
_MOST_CHECKED = 100
"""Sessions looked up in one tick besides those in calls, unless there are so many sockets that it must be more."""
_IN_CALL = frozenset({"connecting", "active", "reconnecting", "deciding"})

Emit = Callable[[str, str, str, dict[str, Any]], Awaitable[None]]
Drop = Callable[[Socket, bool], Coroutine[Any, Any, None]]


class Views(Protocol):
    """What pages show, from memory."""

    def body(self, socket: Socket) -> Body | None:
        """A socket's view without version and time; None: it keeps what it showed last."""
        ...

    def summary(self, floor: str) -> Body | None:
        """A floor's QueueSummary."""
        ...

    def queue(self, floor: str) -> Iterable[str]:
        """The calls in a floor's queue, in their order."""
        ...

    def agent_of(self, call: str) -> str | None:
        """The agent who holds a call or has held it last."""
        ...


class Hub:
    """All sockets of this node.

    `emit(namespace, sid, event, data)` sends; `drop(socket, replaced)` closes a socket.
    """

    def __init__(self, sessions: Sessions, clock: Clock, views: Views, emit: Emit, drop: Drop) -> None:
        self._sessions = sessions
        self._clock = clock
        self._views = views
        self._emit = emit
        self._drop = drop
        self._sockets = Sockets()
        self._lost: dict[str, Socket] = {}
        """Those that went during a call, whose media may go on: their sessions are looked at while it lasts."""
        self._agenda = Agenda(self._sockets, views.summary, views.queue)
        self._woken = asyncio.Event()
        self._tasks = TaskSet("hub")

    def start(self) -> None:
        """Begin to push and to watch."""
        self._tasks.spawn("pushes", self._push_all())
        self._tasks.every(_TICK_S, "watch", lambda: self._look_after(time.monotonic()))

    async def close(self) -> None:
        """Stop; the sockets stay as they are."""
        await self._tasks.close()

    def add(self, socket: Socket) -> None:
        """Take in a socket; it is shown nothing until it is opened."""
        self._sockets.add(socket)

    def place(self, socket: Socket, floors: Iterable[str], call: str | None = None) -> None:
        """Say whose changes concern a socket: its floors, and a caller's call. Its view is looked at again."""
        self._sockets.place(socket, frozenset(floors), call)
        self.refresh([socket])

    def open(self, socket: Socket) -> None:
        """Its handshake is over: show it its first view."""
        socket.open = True
        self.refresh([socket])

    def remove(self, sid: str) -> Socket | None:
        """Let go of a socket; None if it was let go before."""
        socket = self._sockets.remove(sid)
        if socket is not None:
            self._agenda.forget(socket)
            if _in_call(socket) and not socket.signed_out:
                self._lost[sid] = socket
        return socket

    def get(self, sid: str) -> Socket | None:
        """The socket of this id."""
        return self._sockets.get(sid)

    def beat(self, socket: Socket, version: int) -> None:
        """A page lives, and shows this version of its view; 0: it wants the whole."""
        now = time.monotonic()
        if version == socket.version:
            socket.acknowledged, socket.behind_since = version, None
        elif socket.acknowledged < version < socket.version:
            socket.acknowledged, socket.behind_since = version, now
        elif version <= 0 and now - socket.whole_at > _WAY_S:
            socket.whole = True
            self.refresh([socket])

    def refresh(self, sockets: Iterable[Socket]) -> None:
        """Have these sockets' views looked at again."""
        self._agenda.touch(sockets)
        self._woken.set()

    def committed(self, changes: Changes) -> None:
        """A floor has changed: number its new sockets, close replaced ones, and see to those whom it concerns."""
        self._number(changes)
        if changes.before.version == changes.after.version:
            return
        floor, concerned, sockets = changes.after, audience(changes), self._sockets
        self._shut_out(changes)
        for agent in concerned.ringing:
            self._agenda.ring(self._newest(sockets.consoles(agent), _agents_socket(floor, agent)))
        for agent in concerned.agents:
            self._agenda.touch(self._newest(sockets.consoles(agent), _agents_socket(floor, agent)))
        for call in concerned.calls:
            self._agenda.touch(self._newest(sockets.callers(call), _callers_socket(floor, call)))
        self._agenda.wall(sockets.walls(floor.id))
        if concerned.queue_moved:
            self._agenda.queue_moved(floor.id)
        self._agenda.floor_changed(floor.id)
        self._woken.set()

    def _number(self, changes: Changes) -> None:
        for command in changes.commands:
            if isinstance(command, SocketAssigned) and (socket := self._sockets.get(command.token)):
                if command.call is not None and command.call != socket.call:
                    self._sockets.place(socket, frozenset((changes.after.id,)), command.call)
                socket.number = command.number

    def _shut_out(self, changes: Changes) -> None:
        """Close the consoles of those whose account is shut, or who are no agents of this team any more."""
        floor = changes.after
        self._lost = {sid: socket for sid, socket in self._lost.items() if not _is_settled(socket, floor)}
        for agent in changes.agents:
            known = floor.agents.get(agent)
            if known is None or not known.valid or known.leaving:
                for socket in self._sockets.consoles(agent):
                    if floor.id in socket.floors and socket.number > 0:
                        self._sign_out(socket)

    def _sign_out(self, socket: Socket) -> None:
        self._lost.pop(socket.sid, None)
        session = socket.visitor.session
        # A caller whose time ran out during a call has not been sent away: they go on by their media.
        socket.signed_out = socket.visitor.account is not None or session.expires_at > self._clock.now()
        self._tasks.spawn("signed out", self._drop(socket, False))

    def drop(self, socket: Socket) -> None:
        """Give a socket up, as one that is lost."""
        self._tasks.spawn("drop", self._drop(socket, False))

    def drop_all(self) -> None:
        """Give up every socket: this node was taken for dead, so the floors count them as lost; the pages come back."""
        for socket in self._sockets:
            self.drop(socket)

    def signed_out(self, session: str) -> None:
        """A web session (its digest) was ended by its page: its sockets go at once, and not with the next look."""
        for socket in self._sockets:
            if socket.visitor.session.digest == session:
                self._tasks.spawn("signed out", self._drop(socket, False))

    def call_changed(self, call: str) -> None:
        """Something of a call that is not the floor's has changed, such as its kept pictures."""
        agent = self._views.agent_of(call)
        consoles = self._sockets.consoles(agent) if agent else ()
        for socket in consoles:
            socket.kept_for = None
        self.refresh(consoles)

    def _newest(self, sockets: Iterable[Socket], number: int) -> list[Socket]:
        """Those that no newer socket has replaced, on whichever node that is; the others are closed."""
        newest = []
        for socket in sockets:
            if 0 < socket.number < number:
                self._tasks.spawn("replace", self._drop(socket, True))
            else:
                newest.append(socket)
        return newest

    async def _push_all(self) -> None:
        while True:
            now = time.monotonic()
            socket = self._agenda.next(now)
            if socket is not None:
                if self.get(socket.sid) is socket:
                    await self._push(socket)
                continue
            await woken(self._woken, self._agenda.wait(now))

    async def _push(self, socket: Socket) -> None:
        try:
            body = self._views.body(socket) if socket.open else None
            message = self._message(socket, body) if body is not None else None
            if message is not None:
                await self._emit(socket.namespace, socket.sid, *message)
            else:
                await asyncio.sleep(0)  # however many have nothing new, others' work goes on between
        except Exception:
            socket.whole = True
            log.exception("view failed")

    def _message(self, socket: Socket, body: Body) -> tuple[str, dict[str, Any]] | None:
        """What brings a page to this view, and note that it is sent; None: it shows it."""
        changes = difference(socket.shown, body)
        if not changes and not socket.whole:
            return None
        now = time.monotonic()
        since = socket.version
        if changes:
            socket.shown, socket.version = body, since + 1
        if socket.behind_since is None or socket.whole:
            socket.behind_since = now
        if body["beat_s"] != socket.beat_s:
            socket.beat_s, socket.told_at = body["beat_s"], now
        stamp = {"version": socket.version, "server_time": self._clock.now()}
        if socket.whole:
            socket.whole, socket.whole_at = False, now
            return "view", body | stamp
        return "changes", {"since": since, "changes": changes} | stamp

    async def _look_after(self, now: float) -> None:
        lost = [socket for socket in self._sockets if _silent(socket, now)]
        behind = [socket for socket in self._sockets if _behind(socket, now)]
        for socket in behind:
            socket.whole = True
        self.refresh(behind)
        for socket in lost:
            self._tasks.spawn("lost", self._drop(socket, False))
        due = [socket for socket in self._sockets if now - socket.checked >= _RECHECK_S and not _in_call(socket)]
        due = due[: max(_MOST_CHECKED, len(self._sockets) // _RECHECK_S)]
        seen = (*self._sockets, *self._lost.values())
        due += [socket for socket in seen if now - socket.checked >= _RECHECK_IN_CALL_S and _in_call(socket)]
        # Whoever signs out everywhere, here or on another node, is out within a second and not in their turn.
        ended = await self._sessions.ended_lately() if seen else set()
        due += [socket for socket in seen if socket.visitor.session.digest in ended and socket not in due]
        valid = await self._sessions.still_valid([socket.visitor for socket in due])
        for socket in due:
            socket.checked = now
            if socket.visitor.session.digest not in valid:
                self._sign_out(socket)


def _agents_socket(floor: Floor, agent: str) -> int:
    known = floor.agents.get(agent)
    return known.socket if known else 0


def _callers_socket(floor: Floor, call: str) -> int:
    known = floor.calls.get(call)
    return known.customer_leg.socket if known else 0


def _in_call(socket: Socket) -> bool:
    """Whether the page shows a call in which it sees the other side."""
    call = socket.shown.get("call") if socket.shown else None
    return call is not None and call["state"] in _IN_CALL


def _is_settled(socket: Socket, floor: Floor) -> bool:
    """Whether the call that a lost socket showed is over, or a newer socket is there instead."""
    if floor.id not in socket.floors or socket.shown is None:
        return False
    call = floor.calls.get(socket.shown["call"]["id"])
    if call is None or call.phase not in HELD_BY_AGENT:
        return True
    newest = call.customer_leg.socket if socket.call else _agents_socket(floor, socket.agent)
    return newest > socket.number


def _silent(socket: Socket, now: float) -> bool:
    """Whether nothing came for so long that the page is gone: 6 s where somebody waits by it."""
    return now - max(socket.heard, socket.told_at) > 2 * socket.beat_s + 2


def _behind(socket: Socket, now: float) -> bool:
    """Whether it has had time to acknowledge what was sent, and has not."""
    return socket.behind_since is not None and now - socket.behind_since > _AGAIN * socket.beat_s
