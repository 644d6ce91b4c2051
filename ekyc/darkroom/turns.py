"""Whose picture is next: few at a time, each source in its turn, and no more waiting than memory bears.

A source is an account, a client's company, or a call page. One that sends much waits behind itself, not before others.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from vouch.problems import Problem

MOST_WAITING = 64
MOST_WAITING_EACH = 12
"""Of one source: the pictures of four forms."""
MOST_HELD = 128 << 20
"""Octets of pictures that are being received, wait, or are worked on."""
MOST_HELD_EACH = 48 << 20
"""Of one source: two requests with three pictures of the largest size that is taken."""
_RETRY_AFTER_S = 5


class Turns:
    """Gives `places` at once, to one source all but one at most (with a single place: that one)."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._each = max(1, places - 1)
        self._running: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._held: Counter[str] = Counter()

    @contextmanager
    def hold(self, source: str, octets: int) -> Iterator[None]:
        """Count `octets` as in memory meanwhile; Problem `pictures_busy` where that would be too much."""
        if self._held.total() + octets > MOST_HELD or self._held[source] + octets > MOST_HELD_EACH:
            raise busy()
        self._held[source] += octets
        try:
            yield
        finally:
            self._held[source] -= octets
            if not self._held[source]:
                del self._held[source]

    @asynccontextmanager
    async def turn(self, source: str) -> AsyncIterator[None]:
        """Wait for a place and have it meanwhile; Problem `pictures_busy` where too many wait."""
        await self._enter(source)
        try:
            yield
        finally:
            self._leave(source)

    async def _enter(self, source: str) -> None:
        if self._free and self._running[source] < self._each:
            # Whoever waits then waits for a place of their own source's, so nobody is overtaken.
            self._take(source)
            return
        queue = self._waiting.get(source, ())
        if len(queue) >= MOST_WAITING_EACH or sum(map(len, self._waiting.values())) >= MOST_WAITING:
            raise busy()
        granted = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(source, deque()).append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            self._give_up(source, granted)
            raise

    def _give_up(self, source: str, granted: "asyncio.Future[None]") -> None:
        if not granted.cancelled():
            self._leave(source)
        elif granted in self._waiting.get(source, ()):
            self._waiting[source].remove(granted)
            self._forget_if_empty(source)

    def _take(self, source: str) -> None:
        self._free -= 1
        self._running[source] += 1

    def _leave(self, source: str) -> None:
        self._free += 1
        self._running[source] -= 1
        if not self._running[source]:
            del self._running[source]
        self._grant()

    def _grant(self) -> None:
        """Give free places to those whose turn it is; a source that was served goes to the end."""
        while self._free:
            source = next((each for each in self._waiting if self._running[each] < self._each), None)
            if source is None:
                return
            self._waiting.move_to_end(source)
            granted = self._waiting[source].popleft()
            self._forget_if_empty(source)
            if not granted.cancelled():
                self._take(source)
                granted.set_result(None)

    def _forget_if_empty(self, source: str) -> None:
        if not self._waiting[source]:
            del self._waiting[source]


def busy() -> Problem:
    """The answer while too many pictures wait."""
    return Problem(
        503,
        "pictures_busy",
        "Too many pictures are being read just now; send this one again in a few seconds.",
        retry_after_s=_RETRY_AFTER_S,
    )
