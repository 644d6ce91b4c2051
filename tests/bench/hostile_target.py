"""What an attacker of `hostile` knows and how they send: addresses, links they were given, an account of a dealer.

Everything leaves from addresses of their own on the loopback net, so that bounds by address do not hit bystanders.
"""

import asyncio
import itertools
import json
import random
import socket
import struct
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

Attack = Callable[["Target"], Awaitable[None]]
_CONNECT_S = 3.0
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER by which closing sends RST: an attacker does not wait for anybody's orderly end."""


@dataclass
class Target:
    """The node under attack, and what became of what was sent."""

    host: str
    port: int
    udp: list[tuple[str, int]]
    """The media workers' sockets."""
    token: str
    """A company token: an integrator whose program has gone mad."""
    links: list[str]
    """Join tokens: customers with a link of their own."""
    dealer: tuple[str, str]
    """Name and password."""
    seconds: float
    """How long an attack without an end of its own goes on."""
    scale: int
    """How many times the size that once broke it."""
    said: Counter[str] = field(default_factory=Counter)
    chance: random.Random = field(default_factory=lambda: random.Random(11))  # noqa: S311 - the same attack each time
    _sources: "itertools.cycle[str]" = field(default_factory=lambda: itertools.cycle(["127.0.66.1"]))

    @classmethod
    def read(cls, line: str) -> "Target":
        """What the bench told on standard input."""
        told: dict[str, Any] = json.loads(line)
        told["udp"] = [(host, port) for host, port in told["udp"]]
        told["dealer"] = tuple(told["dealer"])
        return cls(**told)

    @property
    def origin(self) -> str:
        return f"http://{self.host}:{self.port}"

    def from_many(self, addresses: int) -> None:
        """Send from so many addresses in turn from now on."""
        self._sources = itertools.cycle([f"127.0.{66 + n // 250}.{n % 250 + 1}" for n in range(addresses)])

    def http(self, at_once: int = 0) -> aiohttp.ClientSession:
        """A client with cookies of its own; plain http on loopback counts as secure, as it does in browsers."""
        connector = aiohttp.TCPConnector(limit=at_once, local_addr=(next(self._sources), 0))
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[URL(self.origin)])
        return aiohttp.ClientSession(connector=connector, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=60))

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A bare TCP connection; None where it is refused."""
        try:
            async with asyncio.timeout(_CONNECT_S):
                reader, writer = await asyncio.open_connection(
                    self.host, self.port, local_addr=(next(self._sources), 0), limit=1 << 16
                )
        except (OSError, TimeoutError) as error:
            self.said[f"no connection: {type(error).__name__}"] += 1
            return None
        made: socket.socket = writer.get_extra_info("socket")
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        return reader, writer

    async def post(self, http: aiohttp.ClientSession, path: str, body: Any, **more: Any) -> int:
        """Send a body and count the answer's status; 0 where the connection broke."""
        try:
            async with http.post(self.origin + path, data=body, **more) as answer:
                self.said[f"{answer.status}"] += 1
                self.said["octets answered"] += len(await answer.read())
                return answer.status
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.said[type(error).__name__] += 1
            return 0

    async def websocket(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse | None:
        """An Engine.IO connection that has said nothing yet; None where it is refused."""
        address = URL(self.origin) / "socket.io/" % {"EIO": "4", "transport": "websocket"}
        try:
            async with asyncio.timeout(_CONNECT_S):
                return await http.ws_connect(address, max_msg_size=0, compress=0)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self.said[f"no socket: {type(error).__name__}"] += 1
            return None

    async def send(self, ws: aiohttp.ClientWebSocketResponse, frames: list[str | bytes]) -> int:
        """Send frames as they are until the server has had enough; gives how many went out."""
        sent = 0
        with suppress(ConnectionError, aiohttp.ClientError, TimeoutError):
            async with asyncio.timeout(self.seconds):
                for frame in frames:
                    await (ws.send_bytes(frame) if isinstance(frame, bytes) else ws.send_str(frame))
                    sent += 1
        self.said["frames sent"] += sent
        return sent

    async def joined(self, http: aiohttp.ClientSession) -> aiohttp.ClientWebSocketResponse | None:
        """A socket in the namespace of callers, by one of the links; None where it is refused."""
        ticket, ws = await self.enter(http), await self.websocket(http)
        if ws is not None:
            await ws.receive()
            await ws.send_str(f'40/caller,{{"ticket":"{ticket}"}}')
        return ws

    async def enter(self, http: aiohttp.ClientSession) -> str | None:
        """Go in by one of the links; gives a ticket for the socket."""
        headers = {"X-Vouch-CSRF": await self._session(http)}
        async with http.post(f"{self.origin}/api/call/ticket", headers=headers) as answer:
            return str((await answer.json())["ticket"]) if answer.status == 200 else None

    async def _session(self, http: aiohttp.ClientSession) -> str:
        body = {"join_token": self.links.pop()}
        async with http.post(f"{self.origin}/api/call/session", json=body) as answer:
            told: dict[str, Any] = await answer.json()
            return str(told.get("csrf", ""))
