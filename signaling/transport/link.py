"""One Engine.IO connection: what it has sent, what was wrong with it, and how it is ended."""

from dataclasses import dataclass, field

from aiohttp import web

from vouch.buckets import Bucket
from vouch.logs import Thinned, logger

log = Thinned(logger(__name__))

_MESSAGES, _MESSAGES_PER_S = 80, 20
"""A page sends two in a second at most, and after a reconnect all that was not answered."""
_CHARACTERS, _CHARACTERS_PER_S = 512 * 1024, 64 * 1024
_STRIKES, _STRIKE_FORGIVEN_S = 5, 10
_CONNECTS = 3
"""Our pages join one namespace, once; a refused ticket is not tried again on the same connection."""
_AT_ONCE = 32
"""Messages that are being worked on."""


@dataclass(slots=True, eq=False)
class Link:
    """The account of one connection; `now` is a clock in seconds that never goes back."""

    request: web.Request
    address: str
    now: float
    connects: int = 0
    working: int = 0
    closed: bool = False
    _messages: Bucket = field(init=False)
    _characters: Bucket = field(init=False)
    _strikes: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self._messages = Bucket(_MESSAGES, _MESSAGES_PER_S, self.now)
        self._characters = Bucket(_CHARACTERS, _CHARACTERS_PER_S, self.now)
        self._strikes = Bucket(_STRIKES, 1 / _STRIKE_FORGIVEN_S, self.now)

    def take(self, characters: int, now: float) -> bool:
        """Count a frame; a connection that sends too much is closed."""
        if self._messages.take(1, now) and self._characters.take(characters, now):
            return True
        self.close("too much")
        return False

    def strike(self, why: str, now: float) -> None:
        """Count something that no page of ours sends; a few are borne. `why` is a text of ours."""
        if not self._strikes.take(1, now):
            self.close(why)

    def may_connect(self) -> bool:
        """Count an attempt to join a namespace."""
        self.connects += 1
        return self.connects <= _CONNECTS

    def may_work(self) -> bool:
        """Whether another message may be taken up before others are answered."""
        return self.working < _AT_ONCE

    def close(self, why: str) -> None:
        """End the connection at once, whatever waits to be sent; safe to call again."""
        if self.closed:
            return
        self.closed = True
        log.warning("socket closed", why=why)
        if self.request.transport is not None:
            self.request.transport.abort()
