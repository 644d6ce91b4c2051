"""Listens, accepts and holds TLS handshakes; each connection gets a seat before a single octet of it is read.

It takes the place of aiohttp's sites, which count nothing and leave a handshake 60 s.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

from vouch.addresses import network_of
from vouch.door.crowd import Crowd, Seat
from vouch.door.guard import Guard, Times
from vouch.door.pace import Pace
from vouch.logs import Thinned, logger
from vouch.tasks import TaskSet

strangers = Thinned(logger(__name__))

_BACKLOG = 1024
_AT_ONCE = 64
"""Connections that are accepted before others of the loop have their turn."""
_AGAIN_S = 0.2
_LOOK_S = 1.0


def bind(host: str, port: int) -> list[socket.socket]:
    """Take an address for this process and listen: one socket for each of the host's. OSError where it is taken.

    Who connects from now on waits until a `Door` opens on it.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            sockets.append(_listening(family, kind, protocol, address))
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets


def _listening(family: int, kind: int, protocol: int, address: Any) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    try:
        # After a restart the old process's connections still wait for their end; nobody listens on them.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(address)
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    return made


class Door:
    """Lets connections in to what `factory` makes, aiohttp's server, between `open` and `close`."""

    def __init__(
        self,
        sockets: list[socket.socket],
        factory: Callable[[], asyncio.Protocol],
        crowd: Crowd,
        times: Times,
        tls: ssl.SSLContext | None = None,
        look_s: float = _LOOK_S,
    ) -> None:
        """`sockets` are from `bind`; `look_s`: how often connections are looked at that take too long."""
        self._sockets = sockets
        self._factory, self._crowd, self._times, self._tls = factory, crowd, times, tls
        self._look_s = look_s
        self._guards: set[Guard] = set()
        self._pace = Pace()
        self._tasks = TaskSet("door")

    def open(self) -> None:
        """Begin to accept."""
        for each in self._sockets:
            self._listen(each)
        self._tasks.every(self._look_s, "look", self._look)

    async def close(self) -> None:
        """Accept no more; connections that are there go on."""
        for each in self._sockets:
            asyncio.get_running_loop().remove_reader(each.fileno())
            each.close()
        self._sockets = []
        await self._tasks.close()

    def _listen(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening.fileno(), self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(listening, error)
                return
            self._admit(connection, str(address[0]))

    def _rest(self, listening: socket.socket, error: OSError) -> None:
        """Without descriptors or memory the same connection would be asked for again and again."""
        name = errno.errorcode.get(error.errno or 0, "unknown")
        strangers.warning("a connection cannot be accepted", error=name)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening.fileno())
        loop.call_later(_AGAIN_S, self._listen, listening)

    def _admit(self, connection: socket.socket, address: str) -> None:
        seat = self._crowd.admit(address, asyncio.get_running_loop().time())
        if seat is None:
            strangers.warning("connection refused", reason="too many of one address")
            connection.close()
            return
        connection.setblocking(False)
        welcoming = self._tasks.spawn("welcome", self._welcome(connection, seat, network_of(address)))
        seat.drop = welcoming.cancel

    async def _welcome(self, connection: socket.socket, seat: Seat, network: str) -> None:
        within = {"ssl_handshake_timeout": self._times.header_s} if self._tls else {}
        made: list[Guard] = []
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._guard(seat, network, made), connection, ssl=self._tls, **within
            )
        except (OSError, TimeoutError) as error:
            strangers.info("no TLS with a peer", error=type(error).__name__)
        finally:
            if not made or made[0].transport is None:
                self._crowd.leave(seat)
                connection.close()

    def _guard(self, seat: Seat, network: str, made: list[Guard]) -> Guard:
        lost = self._guards.discard
        guard = Guard(self._factory(), seat, self._crowd, self._times, lost, self._pace, network)
        self._guards.add(guard)
        made.append(guard)
        return guard

    async def _look(self) -> None:
        now = asyncio.get_running_loop().time()
        for guard in tuple(self._guards):
            guard.look(now)
