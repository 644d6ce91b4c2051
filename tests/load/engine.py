"""A lean Socket.IO client (protocol 5 over Engine.IO 4), for thousands of sockets in one process.

Only what docs/protocol.md needs: one namespace to a WebSocket, events with and without acknowledgment, no binary
parts, no reconnecting by itself. Packets are those of the Socket.IO protocol 5 and Engine.IO protocol 4 descriptions:
an Engine.IO digit (0 open, 1 close, 2 ping, 3 pong, 4 message), for messages a Socket.IO digit (0 connect,
1 disconnect, 2 event, 3 acknowledgment, 4 refusal), the namespace and a comma, the acknowledgment's number, JSON.
"""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from yarl import URL

from vouch.tasks import TaskSet

CONNECT_S = 10.0
"""What a handshake may take: seconds."""
ANSWER_S = 12.0
"""What an acknowledgment may take, a little more than the server takes at most: seconds."""

OnEvent = Callable[[str, Any], None]


class EngineRefusedError(Exception):
    """The namespace was refused; the message is the server's code."""


class EngineGoneError(ConnectionError):
    """The connection has ended, or never came to be."""


class EngineSocket:
    """One namespace on one WebSocket, made by `connect`. `ended` is set when nothing will come any more."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, namespace: str, on_event: OnEvent) -> None:
        self._socket = socket
        self._namespace = namespace
        self._on_event = on_event
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tasks = TaskSet("engine")
        self._mute = False
        self.ended = asyncio.Event()

    @classmethod
    async def connect(
        cls, http: aiohttp.ClientSession, origin: str, namespace: str, ticket: str, on_event: OnEvent
    ) -> "EngineSocket":
        """Connect with a ticket; `on_event(name, data)` is told what comes, in order.

        EngineRefusedError with the server's code, EngineGoneError where there is no server or it does not answer.
        """
        address = URL(origin) / "socket.io/" % {"EIO": "4", "transport": "websocket"}
        try:
            async with asyncio.timeout(CONNECT_S):
                socket = await http.ws_connect(address, max_msg_size=0, compress=0)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise EngineGoneError("no server") from error
        made = cls(socket, namespace, on_event)
        try:
            async with asyncio.timeout(CONNECT_S):
                await made._join(ticket)
        except BaseException as error:
            made.cut()
            if isinstance(error, TimeoutError | OSError | aiohttp.ClientError):
                raise EngineGoneError("no answer") from error
            raise
        made._tasks.spawn("read", made._read())
        return made

    async def call(self, event: str, data: dict[str, Any], seconds: float = ANSWER_S) -> dict[str, Any]:
        """Send an event and give its acknowledgment; EngineGoneError, TimeoutError."""
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        try:
            await self._send(f"42{self._namespace},{number}{json.dumps([event, data])}")
            async with asyncio.timeout(seconds):
                return await answer
        finally:
            self._answers.pop(number, None)

    async def emit(self, event: str, data: dict[str, Any]) -> None:
        """Send an event that is not acknowledged; EngineGoneError."""
        await self._send(f"42{self._namespace},{json.dumps([event, data])}")

    def mute(self) -> None:
        """From now on neither send nor hear anything, as in a network that lets nothing through."""
        self._mute = True
        self._end()

    def cut(self) -> None:
        """End the TCP connection at once, without a word, as when a browser or its machine is killed."""
        self._mute = True
        self._end()
        response = self._socket._response
        if response.connection is not None and response.connection.transport is not None:
            response.connection.transport.abort()
        response.close()

    async def close(self) -> None:
        """Close as a browser does with its tab; safe to call twice and after `mute` and `cut`."""
        self._end()
        if not self._mute:
            await self._socket.close()
        else:
            self.cut()
        await self._tasks.close()

    async def _join(self, ticket: str) -> None:
        """The server's open packet, then our connect packet and what becomes of it."""
        opened = await self._socket.receive()
        if opened.type is not aiohttp.WSMsgType.TEXT or not opened.data.startswith("0"):
            raise EngineGoneError("no Engine.IO server")
        await self._socket.send_str(f"40{self._namespace},{json.dumps({'ticket': ticket})}")
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                raise EngineGoneError("closed in the handshake")
            if message.data == "2":
                await self._socket.send_str("3")
            elif message.data.startswith("44"):
                raise EngineRefusedError(self._body(message.data).get("message", ""))
            elif message.data.startswith("40"):
                return

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if self._mute:
                    return
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._take(message.data)
        finally:
            self._end()

    async def _take(self, packet: str) -> None:
        match packet[:2]:
            case "2":
                await self._send("3")
            case "42":
                event, *data = self._body(packet)
                self._on_event(event, data[0] if data else None)
            case "43":
                rest = packet[2 + len(self._namespace) + 1 :]
                number = rest[: rest.index("[")]
                answer = self._answers.get(int(number))
                if answer is not None and not answer.done():
                    answer.set_result(json.loads(rest[len(number) :])[0])
            case "41":
                await self._socket.close()

    def _body(self, packet: str) -> Any:
        return json.loads(packet[2 + len(self._namespace) + 1 :])

    async def _send(self, packet: str) -> None:
        if self.ended.is_set():
            raise EngineGoneError("the connection has ended")
        try:
            await self._socket.send_str(packet)
        except (aiohttp.ClientError, OSError) as error:
            raise EngineGoneError("the connection has ended") from error

    def _end(self) -> None:
        self.ended.set()
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(EngineGoneError("the connection has ended"))
