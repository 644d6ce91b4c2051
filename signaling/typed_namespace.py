"""The one place that touches python-socketio's untyped interface: parse, dispatch, answer.

Whatever a page sends is parsed into a message of `messages.py`; what cannot be parsed is answered with a code and
never raises. A handler's fault is logged and answered `our_fault`.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from typing import Any

import socketio
from pydantic import ValidationError
from socketio.exceptions import ConnectionRefusedError as Refused

from signaling.hub import Hub, Socket
from signaling.messages import Answer, Message
from signaling.writer import FloorClosedError
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.http import allowed_origin
from vouch.logs import call_context, logger
from vouch.problems import Problem
from vouch.settings import Settings

log = logger(__name__)
Handler = Callable[[Socket, Any], Awaitable[Answer | None]]


def make_server() -> socketio.AsyncServer:
    """A Socket.IO server: WebSocket only (no sticky sessions), a dead peer noticed within 10 s at worst."""
    return socketio.AsyncServer(
        async_mode="aiohttp",
        transports=["websocket"],
        ping_interval=5,
        ping_timeout=5,
        max_http_buffer_size=256 * 1024,
        # The handshake's Origin is checked by TypedNamespace, against the settings; this would do it against Host only.
        cors_allowed_origins=[],
    )


class TypedNamespace(socketio.AsyncNamespace, ABC):  # type: ignore[misc]
    """A namespace of typed messages; subclasses say what is done when a page comes, goes, and sends."""

    kind: SessionKind
    messages: Mapping[str, type[Message]]

    def __init__(self, name: str, settings: Settings, sessions: Sessions, hub: Hub) -> None:
        super().__init__(name)
        self._settings = settings
        self._sessions = sessions
        self.hub = hub
        self._handlers: dict[type[Message], Handler] = {}

    def on(self, message: type[Message], handler: Handler) -> None:
        """Have messages of a type handled; the answer goes back as the acknowledgment."""
        self._handlers[message] = handler

    @abstractmethod
    async def admitted(self, visitor: Visitor) -> bool:
        """Whether this visitor may use the namespace."""

    @abstractmethod
    async def opened(self, socket: Socket) -> None:
        """A page has connected."""

    @abstractmethod
    async def closed(self, socket: Socket, age: int) -> None:
        """A page is gone; it was last heard `age` microseconds ago."""

    async def drop(self, socket: Socket, replaced: bool) -> None:  # noqa: FBT001 - hub's Drop
        """Give a socket up at once, whether or not its connection can still be closed in order."""
        age = socket.age()
        if self.hub.remove(socket.sid) is None:
            return
        if replaced:
            await self.emit("replaced", {}, to=socket.sid)
        await self.closed(socket, age)
        await self.disconnect(socket.sid)

    async def trigger_event(self, event: str, *arguments: Any) -> Any:
        """python-socketio's entry: `connect` (sid, environ, auth), `disconnect` (sid, reason), or a message."""
        if event == "connect":
            return await self._connect(*arguments)
        if event == "disconnect":
            if socket := self.hub.remove(arguments[0]):
                with suppress(FloorClosedError):  # the loss is found by whoever takes up the floor next
                    await self.closed(socket, socket.age())
            return None
        answer = await self._message(event, arguments[0], arguments[1] if len(arguments) > 1 else {})
        return None if answer is None else answer.model_dump(mode="json")

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        if not allowed_origin(environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST", ""), self._settings):
            raise Refused("foreign_origin")
        ticket = auth.get("ticket") if isinstance(auth, dict) else None
        visitor = await self._sessions.redeem(ticket, self.kind) if isinstance(ticket, str) else None
        if visitor is None or not await self.admitted(visitor):
            raise Refused("ticket_invalid")
        socket = Socket(sid, self.namespace, visitor)
        # Known before it is opened: the floor's answer to its coming is looked up by its id.
        self.hub.add(socket)
        try:
            await self.opened(socket)
        except Exception:
            self.hub.remove(sid)
            raise
        self.hub.refresh([socket])

    async def _message(self, event: str, sid: str, data: Any) -> Answer | None:
        socket, kind = self.hub.get(sid), self.messages.get(event)
        if socket is None:
            return Answer(code="not_connected", detail="Connect again.")
        if kind is None:
            return Answer(code="unknown_message", detail=event[:80])
        try:
            message = kind.model_validate(data)
        except ValidationError as error:
            return Answer(code="invalid_message", detail=", ".join(str(e["loc"][:1]) for e in error.errors())[:200])
        socket.heard = time.monotonic()
        call = getattr(message, "call", None) or socket.call
        with call_context(call) if call else nullcontext():
            return await self._handle(socket, message)

    async def _handle(self, socket: Socket, message: Message) -> Answer | None:
        try:
            return await self._handlers[type(message)](socket, message)
        except Problem as problem:
            return Answer(code=problem.code, detail=problem.detail)
        except TimeoutError:
            return Answer(code="no_answer_yet", detail="Send the same request again.")
        except Exception:
            log.exception("message failed by our fault", message=type(message).__name__)
            return Answer(code="our_fault", detail="Something went wrong on our side; it is logged. Try again.")
