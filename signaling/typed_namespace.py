"""The one place that touches python-socketio's untyped interface: parse, dispatch, answer.

Whatever a page sends is parsed into a message of `messages.py`; what cannot be parsed is answered with a code and
never raises. A handler's fault is logged and answered `our_fault`. What is no packet of ours does not come so far
(`transport`).
"""

import asyncio
import re
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext
from typing import Any

import socketio
import socketio.packet
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler as RequestHandler
from pydantic import ValidationError
from pydantic_core import from_json, to_json
from socketio.exceptions import ConnectionRefusedError as Refused

from signaling.hub import Hub
from signaling.messages import Answer, Message
from signaling.sockets import Socket
from signaling.transport.server import GuardedServer
from signaling.writer import EventRefusedError, FloorClosedError
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.database import is_gone
from vouch.http import allowed_origin, scheme_of
from vouch.logs import call_context, logger
from vouch.problems import Problem
from vouch.settings import Settings

log = logger(__name__)

_PAGE = re.compile("[A-Za-z0-9_-]{1,64}")
_MOST_SOCKETS = 8
"""Of one account or verification in a namespace."""
_NAME = re.compile(r"[^0-9A-Za-z_.]")
_OPEN_S = 10.0
"""How long a page may wait for its floor to take it in, as while the database is away."""
_OUR_FAULT = Answer(code="our_fault", detail="Something went wrong on our side; it is logged. Try again.")
Handler = Callable[[Socket, Any], Awaitable[Answer | None]]


class WireJson:
    """JSON as python-socketio asks for it, several times as fast as its own."""

    @staticmethod
    def dumps(value: Any, **_: Any) -> str:
        """Without spaces, whatever separators are asked for."""
        return to_json(value).decode()

    @staticmethod
    def loads(text: str) -> Any:
        """ValueError for what is no JSON; NaN and Infinity are none (RFC 8259, 6)."""
        return from_json(text, allow_inf_nan=False)


class WirePacket(socketio.packet.Packet):  # type: ignore[misc]
    """A Socket.IO packet of JSON alone: our messages have no binary parts, so none is looked for in each of them."""

    uses_binary_events = False
    json = WireJson


def make_server(address: Callable[[web.Request], str] = lambda request: request.remote or "unknown") -> GuardedServer:
    """A Socket.IO server: WebSocket only (no sticky sessions), a dead peer noticed within 10 s at worst.

    `address` says whose connection a request is.
    """
    return GuardedServer(
        address,
        async_mode="aiohttp",
        transports=["websocket"],
        serializer=WirePacket,
        # It would look at every socket in turn for one that is dead. A socket that is silent for 10 s is closed without
        # it, and the hub gives it up before.
        monitor_clients=False,
        ping_interval=5,
        ping_timeout=5,
        # The handshake's Origin is checked by TypedNamespace, against the settings; this would do it against Host only.
        cors_allowed_origins=[],
    )


@web.middleware
async def uncompressed(request: web.Request, handler: RequestHandler) -> web.StreamResponse:
    """Sockets without permessage-deflate (RFC 7692), which every browser offers and aiohttp takes.

    It would keep at least 100 KB for each socket, to shorten messages that are mostly below 200 bytes.
    """
    if request.path.startswith("/socket.io/") and hdrs.SEC_WEBSOCKET_EXTENSIONS in request.headers:
        headers = request.headers.copy()
        headers.popall(hdrs.SEC_WEBSOCKET_EXTENSIONS)
        request = request.clone(headers=headers)
    return await handler(request)


def _scheme(environ: dict[str, Any], settings: Settings) -> str:
    return scheme_of(environ["aiohttp.request"], settings)


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
        self._of: dict[str, deque[Socket]] = {}
        """The sockets of each account or verification, the oldest first."""

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
        # One that is gone already may still be told of: its session has ended since, and its media go on.
        if self.hub.remove(socket.sid) is None and not socket.signed_out:
            return
        self._forget(socket)
        if replaced:
            await self.emit("replaced", {}, to=socket.sid)
        # Side by side: neither a floor that cannot be told nor a connection that cannot be closed keeps the other.
        told, _ = await asyncio.gather(self.closed(socket, age), self.disconnect(socket.sid), return_exceptions=True)
        if isinstance(told, BaseException):
            raise told

    async def trigger_event(self, event: str, *arguments: Any) -> None:
        """python-socketio's entry for what it does itself: `connect` (sid, environ, auth), `disconnect` (sid, reason).

        Messages come by `received`, whatever they are named.
        """
        if event == "connect":
            await self._connecting(*arguments)
        elif socket := self.hub.remove(arguments[0]):
            self._forget(socket)
            await self._disconnected(socket)

    async def received(self, sid: str, event: str, data: Any) -> dict[str, Any] | None:
        """Act on a page's message; its answer, if it has one. Never raises."""
        answer = await self._message(event, sid, data)
        return None if answer is None else answer.model_dump(mode="json")

    async def _disconnected(self, socket: Socket) -> None:
        try:
            await self.closed(socket, socket.age())
        except (FloorClosedError, EventRefusedError):
            return  # the loss is found by whoever takes up the floor next; the writer has logged what it refused
        except Exception as error:
            log.warning("a loss could not be told", exc_info=not is_gone(error))

    async def _connecting(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        """Take a page in; whatever goes wrong refuses it, with a code."""
        try:
            await self._connect(sid, environ, auth)
        except Refused:
            raise
        except FloorClosedError:
            raise Refused("no_answer_yet") from None
        except Exception as error:
            if is_gone(error):
                raise Refused("no_answer_yet") from None
            if not isinstance(error, EventRefusedError):
                log.exception("connecting failed by our fault")
            raise Refused("our_fault") from None

    async def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        origin, host = environ.get("HTTP_ORIGIN"), environ.get("HTTP_HOST", "")
        if not allowed_origin(origin, host, self._settings, _scheme(environ, self._settings)):
            raise Refused("foreign_origin")
        ticket = auth.get("ticket") if isinstance(auth, dict) else None
        visitor = await self._sessions.redeem(ticket, self.kind) if isinstance(ticket, str) else None
        if visitor is None or not await self.admitted(visitor):
            raise Refused("ticket_invalid")
        socket = Socket(sid, self.namespace, visitor, page=_page(auth))
        self._make_room(socket)
        # Known before it is opened: the floor's answer to its coming is looked up by its id.
        self.hub.add(socket)
        try:
            async with asyncio.timeout(_OPEN_S):
                await self.opened(socket)
        except BaseException:
            self.hub.remove(sid)
            self._forget(socket)
            raise
        self.hub.open(socket)

    def _make_room(self, socket: Socket) -> None:
        """Of somebody with too many sockets the oldest one goes: a page that comes back may still have some."""
        own = self._of.setdefault(_whose(socket), deque())
        own.append(socket)
        while len(own) > _MOST_SOCKETS:
            oldest = own.popleft()
            self.hub.drop(oldest)

    def _forget(self, socket: Socket) -> None:
        own = self._of.get(_whose(socket), deque())
        if socket in own:
            own.remove(socket)
        if not own:
            self._of.pop(_whose(socket), None)

    async def _message(self, event: str, sid: str, data: Any) -> Answer | None:
        socket, kind = self.hub.get(sid), self.messages.get(event)
        if socket is None:
            return Answer(code="not_connected", detail="Connect again.")
        if kind is None:
            return Answer(code="unknown_message", detail=_NAME.sub("?", event[:80]))
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
        except EventRefusedError:
            return _OUR_FAULT  # the floor's writer has logged it
        except Exception as error:
            if is_gone(error):
                return Answer(code="no_answer_yet", detail="The database is away for a moment; send it again.")
            log.exception("message failed by our fault", message=type(message).__name__)
            return _OUR_FAULT


def _page(auth: Any) -> str:
    """What a handshake says of the page that opens it."""
    page = auth.get("page") if isinstance(auth, dict) else None
    return page if isinstance(page, str) and _PAGE.fullmatch(page) else ""


def _whose(socket: Socket) -> str:
    return socket.visitor.session.verification or socket.agent or socket.visitor.session.digest
