"""Stands between a connection and aiohttp's protocol: header, idleness, pipelining, framing, peers that read nothing.

It sees octets only; where a request begins and ends it is told by a middleware (`underway`). How long a body may take
is `vouch/http/bodies.py`, beside whoever reads it.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

from aiohttp import StreamReader, hdrs, web

from vouch.buckets import Bucket
from vouch.door.crowd import Crowd, Seat
from vouch.door.pace import Pace
from vouch.logs import Thinned, logger
from vouch.settings import Settings

strangers = Thinned(logger(__name__))

_HEADER_OCTETS = 32 << 10
"""Of a request's line and header, or of requests that are sent before the one under way is answered."""
_BLANK_OCTETS = 64
"""Line ends before a request's line: one or two are borne (RFC 9112, 2.2)."""
_FRAMING_OCTETS = 16 << 10
"""What a body's chunks may have around them, and a quarter of the body: parsers work for it and nobody counts it."""
_FRAMES, _FRAMES_AT_FIRST, _FRAMES_PER_S = 1 << 20, 192 << 10, 128 << 10
"""Octets of an upgraded connection: twice what `signaling.transport` lets a page say. It counts messages, and is told
of none while frames are empty, or parts of one that never ends."""
_PIECE = 32 << 10
"""After so much the others have their turn: systems give a quarter of a megabyte at once, and uvloop many of them."""
_BEFORE_OCTETS = 8 * _PIECE
"""Of a body before its request begins: some moments' worth. One that aiohttp answers by itself never does."""
MOST_AHEAD = 16
"""Requests that are sent together with one that is not answered yet."""
_END = b"\r\n\r\n"
_CLOSING_S = 5.0
"""How long a connection may take to be closed in order."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long a peer may take, seconds."""

    header_s: float = 10.0
    idle_s: float = 75.0
    slow_reader_s: float = 30.0
    closing_s: float = _CLOSING_S

    @classmethod
    def of(cls, settings: Settings) -> "Times":
        """As the settings say."""
        return cls(settings.header_s, settings.idle_s, settings.slow_reader_s)


class Guard(asyncio.Protocol):
    """One connection; `look` is to be called about once a second."""

    __slots__ = (
        "_ahead",
        "_blank",
        "_body",
        "_closing_at",
        "_crowd",
        "_due",
        "_frames",
        "_granted",
        "_in_a_row",
        "_inner",
        "_lost",
        "_network",
        "_octets",
        "_pace",
        "_rest",
        "_sent",
        "_stuck_at",
        "_tail",
        "_time",
        "_times",
        "_unseen",
        "seat",
        "transport",
    )

    def __init__(
        self,
        inner: asyncio.Protocol,
        seat: Seat,
        crowd: Crowd,
        times: Times,
        lost: Callable[["Guard"], None],
        pace: Pace,
        network: str,
    ) -> None:
        """`lost` is called once the connection has ended; `network` is whose requests `pace` counts this one's to."""
        self._inner, self.seat, self._crowd, self._times, self._lost = inner, seat, crowd, times, lost
        self._pace, self._network = pace, network
        self._time = asyncio.get_running_loop().time
        self.transport: asyncio.Transport | None = None
        self._due: float | None = None
        """By when a header must have come whole; None while a request is under way."""
        self._octets, self._tail = 0, b""
        """What has come of a header, and its last octets; -1: it is whole."""
        self._blank = 0
        self._body: StreamReader | None = None
        self._ahead = 0
        self._granted, self._in_a_row = False, 0
        """Whether the next request had its turn already; how many came together with the one before."""
        self._rest = b""
        """What has come and waits until others had their turn; nothing more is read meanwhile."""
        self._sent = self._unseen = 0
        """What has come since a header was whole, and what of it aiohttp may not have looked at."""
        self._frames: Bucket | None = None
        """Of a connection that is upgraded, or asks for it."""
        self._stuck_at: float | None = None
        self._closing_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count time."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self.seat.drop = self.transport.abort
        self._due = self._time() + self._times.header_s
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on what is within bounds, a piece at a time; a request begins when it is its turn."""
        if self._rest:
            self._rest += data
            return
        begins = self._begins()
        self._granted = self._granted or begins
        if begins and not self._pace.ask(self._network, self._go_on):
            self._wait_with(data)
        else:
            self._take(data)

    def eof_received(self) -> bool | None:
        """Pass on."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """The peer reads nothing for now."""
        self._stuck_at = self._time()
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It reads again."""
        self._stuck_at = None
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the seat back."""
        self._rest = b""
        self._inner.connection_lost(exc)
        self._crowd.leave(self.seat)
        self._lost(self)

    def look(self, now: float) -> None:
        """End what takes too long."""
        if self.transport is None:
            return
        if self.transport.is_closing():
            self._closing_at = self._closing_at or now
            if now - self._closing_at >= self._times.closing_s:
                self.transport.abort()
        elif self._stuck_at is not None and now - self._stuck_at >= self._times.slow_reader_s:
            self._end("a peer read nothing of its answer")
        elif self._due is not None and now >= self._due:
            if self._octets:
                strangers.info("connection ended", reason="a header did not come whole")
            self.transport.close()

    def begin(self, request: web.Request) -> None:
        """A header came whole."""
        self._crowd.busy(self.seat)
        self._due = None
        self._in_a_row, self._granted = 0 if self._granted else self._in_a_row + 1, False
        self._octets, self._tail, self._blank, self._ahead = 0, b"", 0, 0
        self._body = request.content
        if request.method == hdrs.METH_GET and hdrs.UPGRADE in request.headers:
            self._frames = Bucket(_FRAMES, _FRAMES_PER_S, self._time(), _FRAMES_AT_FIRST)

    async def turn(self) -> bool:
        """Wait until it is the turn of a request that was sent together with the one before it.

        False where too many were: browsers and proxies send none before the answer to the last.
        """
        if not self._in_a_row:
            return True
        if self._in_a_row > MOST_AHEAD:
            return False
        granted = asyncio.get_running_loop().create_future()
        if not self._pace.ask(self._network, partial(_grant, granted)):
            await granted
        return True

    def end(self) -> None:
        """The request is answered; the answer may still be on its way."""
        now = self._time()
        # Of what came ahead nobody here knows where its header ends: it is given the time of one.
        self._due = now + (self._times.header_s if self._ahead else self._times.idle_s)
        if self._body is None or self._body.is_eof():
            self._body, self._sent = None, 0
        self._frames = None
        self._crowd.idle(self.seat, now)

    def _is_within(self, data: bytes) -> bool:
        if self._due is None:
            if self._body is not None and self._body.is_eof() and self._frames is None:
                self._ahead += len(data)
            return self._ahead <= _HEADER_OCTETS
        if self._body is not None:  # what is left of a body that nobody wanted; aiohttp reads it away, for a moment
            if not self._body.is_eof():
                return True
            self._body = None
        return self._is_header(data) if self._octets >= 0 else self._sent <= _BEFORE_OCTETS

    def _is_header(self, data: bytes) -> bool:
        if not self._octets:
            sent, data = len(data), data.lstrip(b"\r\n")
            self._blank += sent - len(data)
            if not data or self._blank > _BLANK_OCTETS:
                return self._blank <= _BLANK_OCTETS
            self._due = min(self._due or 0.0, self._time() + self._times.header_s)
        seen = self._tail + data
        end = seen.find(_END)
        self._octets += len(data) if end < 0 else end - len(self._tail)
        self._tail = seen[-len(_END) + 1 :]
        within = self._octets <= _HEADER_OCTETS
        if end >= 0:
            self._octets, self._sent = -1, len(seen) - end - len(_END)
        return within

    def _begins(self) -> bool:
        return self._due is not None and not self._octets and self._body is None

    def _take(self, data: bytes) -> None:
        """Pass a piece on; the rest when others had their turn."""
        if self._pass_on(data[:_PIECE]) and len(data) > _PIECE:
            self._wait_with(data[_PIECE:])
            asyncio.get_running_loop().call_soon(self._go_on)

    def _wait_with(self, data: bytes) -> None:
        if self.transport is not None:
            self._rest = data
            self.transport.pause_reading()

    def _go_on(self) -> None:
        data, self._rest = self._rest, b""
        if not data or self.transport is None or self.transport.is_closing():
            return
        self._take(data)
        if not self._rest and not self.transport.is_closing() and not self._is_held():
            self.transport.resume_reading()

    def _pass_on(self, data: bytes) -> bool:
        """Pass on what is within bounds; else the connection ends."""
        self._sent += len(data)
        if not self._is_within(data):
            return self._end("a header, or requests sent ahead, were too large")
        if self._frames is not None and not self._frames.take(len(data), self._time()):
            return self._end("frames came faster than any page sends them")
        self._unseen = self._unseen + len(data) if self._is_held() else len(data)
        self._inner.data_received(data)
        if self._is_mostly_framing():
            return self._end("the framing of a body was larger than the body")
        return True

    def _is_mostly_framing(self) -> bool:
        if self._body is None or self._frames is not None:
            return False
        octets = self._body.total_raw_bytes
        bound = _FRAMING_OCTETS + octets + octets // 4
        # What aiohttp has not looked at yet, because nobody reads the body, is not in its count.
        return self._sent > bound + (self._unseen if self._is_held() else 0)

    def _is_held(self) -> bool:
        """Whether aiohttp wants nothing more for now: then it resumes by itself."""
        return any(getattr(self._inner, name, False) for name in ("_reading_paused", "_buffer_paused"))

    def _end(self, reason: str) -> bool:
        strangers.info("connection ended", reason=reason)
        self._rest = b""
        if self.transport is not None:
            self.transport.abort()
        return False


def _grant(granted: "asyncio.Future[None]") -> None:
    if not granted.done():
        granted.set_result(None)


@contextmanager
def underway(request: web.Request) -> Iterator[Guard | None]:
    """Tell the connection's guard, if it has one, that a request is under way."""
    transport = request.transport
    guard = transport.get_protocol() if transport is not None else None
    if not isinstance(guard, Guard):
        yield None
        return
    guard.begin(request)
    try:
        yield guard
    finally:
        guard.end()
