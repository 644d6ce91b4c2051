"""The worker's listening socket: lets a node in, and bounds what anybody can do before being known as one.

Until a connection has proved itself it has `PROOF_S` in all, for TLS handshake, header and proof together, and may send
`MOST_BEFORE_PROOF` octets: no more is read. No more than `MOST_UNPROVED` such connections are held: one more ends the
oldest, so that who holds many open keeps no node out, which needs some milliseconds. What they cost all together is not
bounded here: the port belongs into a network where strangers are not.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from ssl import SSLContext, SSLEOFError, SSLError
from typing import cast

from aiohttp.http_exceptions import HttpProcessingError

from media import clock
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

PROOF_S = 5
"""How long a connection may take until it has proved itself: seconds."""
MOST_UNPROVED = 128
"""Connections that have not proved themselves yet."""
MOST_BEFORE_PROOF = 8 << 10
"""Octets that one may send until then; the header and a proof have less than one thousand."""
TELL_EVERY = 60_000_000
"""Between two lines of the log about those who were turned away: microseconds."""
BACKLOG = 128
"""Connections that the system keeps until they are taken."""

Factory = Callable[[], asyncio.Protocol]


class Door:
    """Connections to one address, each served by a protocol that `factory` makes; with TLS where a context is given."""

    def __init__(self, factory: Factory, tls: SSLContext | None) -> None:
        self._factory, self._tls = factory, tls
        self._sockets: list[socket.socket] = []
        self._unproved: dict[_Stranger, None] = {}
        """Oldest first."""
        self._tasks = TaskSet("door")
        self._turned_away = 0
        self._told_at: int | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen on every address of the host; gives the port. Raises OSError."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            listening = socket.create_server(address, family=socket.AddressFamily(family), backlog=BACKLOG)
            listening.setblocking(False)
            self._sockets.append(listening)
            self._tasks.spawn("accept", self._accept(listening))
        return int(self._sockets[0].getsockname()[1])

    def admit(self, protocol: asyncio.BaseProtocol) -> None:
        """This connection has proved itself: it is bounded no more."""
        for stranger in [each for each in self._unproved if each.inner is protocol]:
            stranger.admit()

    def turned_away(self, reason: str) -> None:
        """Count somebody who was not let in; the log has one line in a minute, whatever they do."""
        self._turned_away += 1
        now = clock.now()
        if self._told_at is None or now - self._told_at >= TELL_EVERY:
            log.warning("connections were turned away at the worker's door", count=self._turned_away, reason=reason)
            self._turned_away, self._told_at = 0, now

    async def close(self) -> None:
        """Listen no more and end what has not proved itself; safe to call twice."""
        await self._tasks.close()
        for listening in self._sockets:
            listening.close()
        self._sockets.clear()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listening)
            except OSError:
                # Out of descriptors, or the other side has gone already.
                await asyncio.sleep(0.05)
                continue
            stranger = _Stranger(self._factory(), connection)
            self._unproved[stranger] = None
            if len(self._unproved) > MOST_UNPROVED:
                oldest = next(iter(self._unproved))
                del self._unproved[oldest]
                oldest.end("too many at once")
            stranger.attending = self._tasks.spawn("attend", self._attend(stranger))
            # Also where it is cancelled before it has begun.
            stranger.attending.add_done_callback(partial(self._attended, stranger))
            await asyncio.sleep(0)  # a burst must not hold up what else the worker does

    async def _attend(self, stranger: "_Stranger") -> None:
        try:
            async with asyncio.timeout(PROOF_S):
                await self._hand_over(stranger)
                await stranger.known()
        except TimeoutError:
            stranger.reason = "no proof in time"
        except SSLEOFError:
            # Who leaves by themselves, as a health check does, was not turned away.
            return
        except SSLError as error:
            # A node on this machine tries plain first, as most workers on loopback are.
            stranger.reason = "" if error.reason == "HTTP_REQUEST" else "no TLS"
        except OSError:
            return

    async def _hand_over(self, stranger: "_Stranger") -> None:
        """Give the connection to its protocol; with TLS, once that stands."""
        stranger.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: stranger,
            stranger.connection,
            ssl=self._tls,
            ssl_handshake_timeout=2 * PROOF_S if self._tls else None,  # ours ends it first
        )

    def _attended(self, stranger: "_Stranger", _: object) -> None:
        self._unproved.pop(stranger, None)
        if not stranger.is_known:
            stranger.abort()
        if stranger.reason:
            self.turned_away(stranger.reason)


def strangers_logger(turned_away: Callable[[str], None]) -> logging.Logger:
    """A logger for the HTTP library: what it says of strangers' requests is counted, only our own faults are told."""

    def is_ours(record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, HttpProcessingError):
            turned_away("no HTTP")
            return False
        return True

    made = logging.Logger("media.door.http")  # noqa: LOG001 - belongs to this door and is not the process's by name
    made.parent = logging.getLogger()
    made.addFilter(is_ours)
    return made


class _Stranger(asyncio.Protocol):
    """Stands before a connection's own protocol and lets little through, until the connection has proved itself."""

    def __init__(self, inner: asyncio.Protocol, connection: socket.socket) -> None:
        self.inner, self.connection = inner, connection
        self.attending: asyncio.Task[None] | None = None
        self.reason = ""
        """Why the connection is turned away; empty while it is not."""
        self.is_known = False
        """Whether it has proved itself."""
        self._transport: asyncio.Transport | None = None
        self._left = MOST_BEFORE_PROOF
        self._held = b""
        """What came beyond that: the rest of one read, as no further is made."""
        self._ended = asyncio.Event()

    async def known(self) -> None:
        """Return when the connection has proved itself or has ended."""
        await self._ended.wait()

    def admit(self) -> None:
        """Step out of the way: from here on the connection costs nothing more than it would without."""
        self.is_known = True
        self._ended.set()
        if self._transport is None:
            return
        self._transport.set_protocol(self.inner)
        if self._held:
            self.inner.data_received(self._held)
            self._held = b""
            self._transport.resume_reading()

    def end(self, reason: str) -> None:
        """Turn the connection away."""
        self.reason = reason
        if self.attending is not None:
            self.attending.cancel()

    def abort(self) -> None:
        """Break the connection off, however far it has come."""
        if self._transport is not None:
            self._transport.abort()
        self.connection.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._held:
            self.end("too much before a proof")
            return
        taken, self._held = data[: self._left], data[self._left :]
        self._left -= len(taken)
        if self._held and self._transport is not None:
            # A node may have gone on behind its proof; a stranger's time runs out.
            self._transport.pause_reading()
        if taken:
            self.inner.data_received(taken)

    def eof_received(self) -> bool | None:
        return self.inner.eof_received()

    def pause_writing(self) -> None:
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        self.inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended.set()
        self.inner.connection_lost(exc)
