"""python-socketio's server behind a door: who may open a connection, and which packets reach the library.

It overrides private parts of python-socketio 5 (`_handle_eio_*`, `_send_*`, the driver's WebSocket), because the
library takes a client's event of any name for its own, and a connection that joins no namespace for as good as others.
"""

import time
from collections.abc import Callable
from typing import Any, Protocol

import engineio.exceptions
import socketio
import socketio.packet
from aiohttp import web

from signaling.transport import frames
from signaling.transport.link import Link
from signaling.transport.websocket import LINK, GuardedWebSocket
from vouch.logs import Thinned, logger
from vouch.problems import Problem
from vouch.tasks import TaskSet

log = Thinned(logger(__name__))

PATH = "/socket.io/"
_JOIN_S = 10.0
"""How long a connection may be in no namespace."""
_SWEEP_S = 1.0
_JOINING, _JOINING_PER_ADDRESS = 1024, 128
"""Connections in no namespace; a page joins one with its first packet, also one behind a carrier's NAT."""
_WAITING = 128
"""Packets that wait for a peer that does not read them."""
_STRUCK = frozenset({"unknown_message", "invalid_message"})


class Receiver(Protocol):
    """A namespace, as far as messages go."""

    async def received(self, sid: str, event: str, data: Any) -> dict[str, Any] | None:
        """Act on a page's message and give its answer; never raises."""
        ...


class GuardedServer(socketio.AsyncServer):  # type: ignore[misc]
    """Counts what each connection does, and ends those that do what no page of ours does."""

    def __init__(self, address: Callable[[web.Request], str], **options: Any) -> None:
        super().__init__(**options, max_http_buffer_size=frames.LARGEST)
        self.eio._async = {**self.eio._async, "websocket": GuardedWebSocket}
        self._address = address
        self._links: dict[str, Link] = {}
        self._joining: dict[str, float] = {}
        """Connections in no namespace, and since when."""
        self._tasks = TaskSet("sockets")

    def attach(self, app: web.Application, _path: str = PATH) -> None:
        """Serve the one kind of request that there is: the opening handshake of a WebSocket."""
        app.router.add_get(PATH, self._open)
        app.on_startup.append(self._started)

    async def shutdown(self) -> None:
        """Stop what works in the background."""
        await super().shutdown()
        await self._tasks.close()

    def sweep(self, now: float) -> None:
        """End the connections that have been in no namespace for too long."""
        for eio_sid in [each for each, since in self._joining.items() if now - since > _JOIN_S]:
            del self._joining[eio_sid]
            if link := self._links.get(eio_sid):
                link.close("in no namespace")

    async def _started(self, _app: web.Application) -> None:
        self._tasks.every(_SWEEP_S, "sweep", self._sweep)

    async def _sweep(self) -> None:
        self.sweep(time.monotonic())

    async def _open(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        wanted = (query.getall("EIO", []), query.getall("transport", [])) == (["4"], ["websocket"])
        if not wanted or "sid" in query or "j" in query or not web.WebSocketResponse().can_prepare(request).ok:
            return Problem(400, "websocket_needed", "Open a WebSocket with EIO=4 and transport=websocket.").response()
        address = self._address(request)
        joining = [self._links[each].address for each in self._joining if each in self._links]
        if len(joining) >= _JOINING or joining.count(address) >= _JOINING_PER_ADDRESS:
            log.warning("too many sockets in no namespace", sockets=len(joining))
            told = "Too many connections are just being opened. Try again."
            return Problem(503, "too_many_sockets", told, retry_after_s=int(_JOIN_S)).response()
        response: web.StreamResponse = await self.eio.handle_request(request)
        return response

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        request, now = environ["aiohttp.request"], time.monotonic()
        environ[LINK] = self._links[eio_sid] = Link(request, self._address(request), now)
        self._joining[eio_sid] = now

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._joining.pop(eio_sid, None)
        try:
            await super()._handle_eio_disconnect(eio_sid, reason)
        finally:
            self._joining.pop(eio_sid, None)
            if link := self._links.pop(eio_sid, None):
                link.closed = True  # nothing that still comes is read

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        link = self._links.get(eio_sid)
        if link is None or link.closed:
            return
        wanted = frames.read(data) if isinstance(data, str) else None
        try:
            packet = self.packet_class(encoded_packet=data) if wanted is not None else None
        except (ValueError, RecursionError):
            packet = None
        match wanted:
            case frames.Connect() if packet is not None:
                await self._join(eio_sid, link, packet)
            case frames.Leave() if packet is not None:
                await self._handle_disconnect(eio_sid, wanted.namespace, self.reason.CLIENT_DISCONNECT)
            case frames.Message() if packet is not None:
                self._receive(eio_sid, link, packet)
            case _:
                link.strike("packets that no page sends", time.monotonic())

    async def _join(self, eio_sid: str, link: Link, packet: Any) -> None:
        if not link.may_connect():
            link.close("joins again and again")
            return
        await self._handle_connect(eio_sid, packet.namespace, packet.data)
        if self._is_in_one(eio_sid):
            self._joining.pop(eio_sid, None)

    async def _handle_disconnect(self, eio_sid: str, namespace: str, reason: str | None = None) -> None:
        await super()._handle_disconnect(eio_sid, namespace, reason)
        self._left(eio_sid)

    async def disconnect(self, sid: str, namespace: str | None = None, ignore_queue: bool = False) -> None:  # noqa: FBT001, FBT002 - the library's
        """End a page's stay in a namespace; its connection ends soon if it does not close it."""
        eio_sid = self.manager.eio_sid_from_sid(sid, namespace or "/")
        await super().disconnect(sid, namespace, ignore_queue)
        if eio_sid is not None:
            self._left(eio_sid)

    def _left(self, eio_sid: str) -> None:
        if eio_sid in self._links and not self._is_in_one(eio_sid):
            self._joining.setdefault(eio_sid, time.monotonic())

    def _is_in_one(self, eio_sid: str) -> bool:
        return any(self.manager.sid_from_eio_sid(eio_sid, each) for each in self.namespace_handlers)

    def _receive(self, eio_sid: str, link: Link, packet: Any) -> None:
        namespace, message = packet.namespace, packet.data
        receiver: Receiver | None = self.namespace_handlers.get(namespace)
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        name = message[0] if isinstance(message, list) and 1 <= len(message) <= 2 else None
        if receiver is None or not isinstance(name, str) or not self.manager.is_connected(sid, namespace):
            link.strike("messages out of place", time.monotonic())
        elif not link.may_work():
            link.close("too much at once")
        else:
            link.working += 1
            body = message[1] if len(message) > 1 else {}
            self._tasks.spawn("message", self._answer(eio_sid, link, packet, receiver.received(sid, name, body)))

    async def _answer(self, eio_sid: str, link: Link, packet: Any, work: Any) -> None:
        try:
            answer = await work
        finally:
            link.working -= 1
        if answer is not None and answer["code"] in _STRUCK:
            link.strike("messages that no page sends", time.monotonic())
        if packet.id is not None:
            acknowledged = [] if answer is None else [answer]
            told = {"namespace": packet.namespace, "id": packet.id, "data": acknowledged}
            await self._send_packet(eio_sid, self.packet_class(socketio.packet.ACK, **told))

    async def _send_packet(self, eio_sid: str, pkt: Any) -> None:
        packet = engineio.packet.Packet(engineio.packet.MESSAGE, data=pkt.encode())
        await self._send_eio_packet(eio_sid, packet)

    async def _send_eio_packet(self, eio_sid: str, eio_pkt: Any) -> None:
        socket, link = self.eio.sockets.get(eio_sid), self._links.get(eio_sid)
        if socket is None or link is None or link.closed or socket.closed:
            return  # it has gone meanwhile
        if socket.queue.qsize() >= _WAITING:
            link.close("does not read")
            return
        try:
            await socket.send(eio_pkt)
        except engineio.exceptions.SocketIsClosedError:
            return
