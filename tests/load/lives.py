"""Signs of life in place of media: every page's token is sent to its worker once a second, all through one socket."""

import asyncio
from collections import defaultdict

from vouch.tasks import TaskSet

_EVERY_S = 1.0
_AT_ONCE = 20
"""Tokens of one datagram, which must not be larger than the loopback's."""


class Lives:
    """The tokens of this process's pages; a token that is not sent any more is a page whose media has stopped."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self._host = host
        self._ports: dict[str, int] = {}
        self._tasks = TaskSet("lives")
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> None:
        """Begin to send."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=(self._host, 0))
        self._tasks.spawn("send", self._run())

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()
        if self._transport is not None:
            self._transport.close()

    def begin(self, token: str, port: int) -> None:
        """Send this token from now on, the first time at once."""
        self._ports[token] = port
        self._send([token], port)

    def stop(self, token: str) -> None:
        """Send it no more; safe for one that is not sent."""
        self._ports.pop(token, None)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            by_port: dict[int, list[str]] = defaultdict(list)
            for token, port in self._ports.items():
                by_port[port].append(token)
            for port, tokens in by_port.items():
                for first in range(0, len(tokens), _AT_ONCE):
                    self._send(tokens[first : first + _AT_ONCE], port)

    def _send(self, tokens: list[str], port: int) -> None:
        if self._transport is not None:
            self._transport.sendto(" ".join(tokens).encode(), (self._host, port))
