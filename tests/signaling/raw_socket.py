"""A socket as a stranger has it: Engine.IO and Socket.IO frames written by hand, over a real WebSocket."""

import asyncio
import json
from typing import Any

import aiohttp

from signaling.demo.robot_page import RobotPage
from tests.signaling.conftest import House
from vouch.accounts.sessions import CSRF_HEADER

ADDRESS = "/socket.io/?EIO=4&transport=websocket"
_TICKETS = {"/caller": "/api/call/ticket", "/console": "/api/console/ticket", "/floor": "/api/console/ticket"}


async def ticket(house: House, page: RobotPage, namespace: str) -> str:
    """A fresh ticket of a page's session."""
    address = house.origin + _TICKETS[namespace]
    async with house.jars[page].post(address, headers={CSRF_HEADER: page.told["csrf"]}) as answer:
        return str((await answer.json())["ticket"])


class RawSocket:
    """One connection; `answers` are acknowledgments by their number."""

    def __init__(self, http: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._http = http
        self._socket = socket
        self._id = 0

    @classmethod
    async def open(cls, origin: str) -> "RawSocket":
        """Connected, in no namespace."""
        http = aiohttp.ClientSession()
        try:
            self = cls(http, await http.ws_connect(origin + ADDRESS, autoping=False, max_msg_size=0))
        except BaseException:
            await http.close()
            raise
        assert (await self._socket.receive_str()).startswith("0{")
        return self

    @classmethod
    async def join(cls, house: House, page: RobotPage, namespace: str) -> "RawSocket":
        """Connected as the page's session, in a namespace."""
        self = await cls.open(house.origin)
        await self.send("40" + namespace + "," + json.dumps({"ticket": await ticket(house, page, namespace)}))
        told = await self.next("40", "44")
        assert told.startswith("40" + namespace), told
        return self

    async def send(self, frame: str | bytes) -> None:
        """Send a frame as it is; nothing happens where the connection has ended."""
        try:
            await (self._socket.send_bytes(frame) if isinstance(frame, bytes) else self._socket.send_str(frame))
        except (aiohttp.ClientError, ConnectionError):
            return

    async def next(self, *beginnings: str) -> str:
        """The next frame that begins so; empty at the end of the connection. Pings are answered."""
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                return ""
            if message.data == "2":
                await self.send("3")
            elif message.data.startswith(beginnings):
                return str(message.data)

    async def call(self, namespace: str, event: str, body: str | dict[str, Any]) -> dict[str, Any] | None:
        """Send a message, its body as JSON text or as what JSON is made of, and give its answer; None at the end."""
        self._id += 1
        text = body if isinstance(body, str) else json.dumps(body)
        await self.send(f"42{namespace},{self._id}[{json.dumps(event)},{text}]")
        beginning = f"43{namespace},{self._id}"
        told = await self.next(beginning)
        answers: list[dict[str, Any]] = json.loads(told.removeprefix(beginning)) if told else [{}]
        return answers[0] if answers else None

    async def answered_at_once(self, namespace: str, event: str, body: str) -> dict[str, Any] | None:
        """The answer to a message that needs no work; None where a beat behind it is answered before."""
        self._id += 2
        message, beat = (f"43{namespace},{number}" for number in (self._id - 1, self._id))
        await self.send(f"42{namespace},{self._id - 1}[{json.dumps(event)},{body}]")
        await self.send(f'42{namespace},{self._id}["beat",{{"version":1}}]')
        came = await self.next(message + "[", beat + "[")
        if not came.startswith(message + "["):
            return None
        await self.next(beat + "[")
        answers: list[dict[str, Any]] = json.loads(came.removeprefix(message))
        return answers[0] if answers else {"code": "reported"}

    async def ended(self, seconds: float = 10) -> bool:
        """Wait for the connection's end."""
        async with asyncio.timeout(seconds):
            while await self.next(""):
                pass
        return True

    async def close(self) -> None:
        """Leave."""
        await self._socket.close()
        await self._http.close()
