"""A connection's WebSocket as python-engineio asks for it, which is given what `frames.py` lets pass and no more."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import ClientConnectionResetError, WSMsgType, web

from signaling.transport import frames
from signaling.transport.link import Link
from vouch.logs import Thinned, logger

log = Thinned(logger(__name__))

LINK = "vouch.link"
"""Where a connection's environ holds its Link."""
_CLOSE_S = 2.0
_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})


class GuardedWebSocket:
    """Counterpart of `engineio.async_drivers.aiohttp.WebSocket`."""

    def __init__(self, handler: Callable[["GuardedWebSocket"], Awaitable[None]], _server: Any) -> None:
        self._handler = handler
        self._socket = web.WebSocketResponse(
            max_msg_size=frames.LARGEST, timeout=_CLOSE_S, autoping=False, compress=False
        )
        self._link: Link | None = None

    async def __call__(self, environ: dict[str, Any]) -> web.StreamResponse:
        """Serve the connection until it ends."""
        self._link = environ.get(LINK)
        try:
            await self._socket.prepare(environ["aiohttp.request"])
            await self._handler(self)
        except Exception as error:  # noqa: BLE001 - the library's readers of strangers' bytes: told in one line
            log.warning("socket failed", error=type(error).__name__)
        return self._socket

    async def close(self) -> None:
        """Close it in order, if the other side takes part within 2 s."""
        await self._socket.close()

    async def send(self, message: str | bytes) -> None:
        """Send a text frame; we send no others. OSError where the connection is gone."""
        if isinstance(message, bytes):
            raise TypeError("a binary frame")
        await self._socket.send_str(message)

    async def wait(self) -> str:
        """The next frame that passes; OSError at the end of the connection."""
        while self._link is None or not self._link.closed:
            text = await self._next()
            if text is not None:
                return text
        raise OSError

    async def _next(self) -> str | None:
        message = await self._socket.receive()
        link, now = self._link, time.monotonic()
        if message.type in _ENDS or link is None or link.closed or not link.take(len(message.data), now):
            raise OSError
        if message.type is WSMsgType.TEXT and frames.passes(message.data):
            return str(message.data)
        if message.type is WSMsgType.PING:
            await self._pong(message.data)
        elif message.type is not WSMsgType.PONG:
            link.strike("frames that no page sends", now)
        return None

    async def _pong(self, data: bytes) -> None:
        try:
            await self._socket.pong(data)
        except ClientConnectionResetError as error:
            raise OSError from error
