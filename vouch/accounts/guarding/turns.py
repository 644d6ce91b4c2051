"""A short and fair queue before what is costly: a password's hash takes 50 ms of a core and 64 MiB.

Networks take turns, whatever number of tries each sends, and browsers that an account knows take turns with all
strangers together. What finds no place is refused at once: a page can ask again, a queue that grows cannot be left.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vouch.problems import Problem
from vouch.rotation import Rotation

_RETRY_S = 2
AT_ONCE = 2
"""As many as there are threads that hash: whoever comes next waits for one of them, and no more."""
MOST_WAITING = 48
"""Of strangers, and as many of those who are known: two seconds' work."""
MOST_OF_ONE = 12


class _Lane:
    """Those who wait, served one of each network in turn."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most = most
        self._most_of_one = most_of_one
        self._waiting = Rotation[asyncio.Future[None]]()

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, who: str) -> asyncio.Future[None]:
        """Take a place at the end; Problem `busy` where there is none."""
        if len(self) >= self._most or self._waiting.of(who) >= self._most_of_one:
            raise Problem(503, "busy", "Many people are signing in. Try again in a moment.", retry_after_s=_RETRY_S)
        place = asyncio.get_running_loop().create_future()
        self._waiting.add(who, place)
        return place

    def leave(self, who: str, place: asyncio.Future[None]) -> None:
        """Give a place up before its turn."""
        self._waiting.remove(who, place)

    def next(self) -> asyncio.Future[None]:
        """The place whose turn it is."""
        return self._waiting.next()


class Turns:
    """Lets `at_once` go on at a time, and others wait: at most `most_waiting`, of one network `most_of_one`."""

    def __init__(
        self, at_once: int = AT_ONCE, most_waiting: int = MOST_WAITING, most_of_one: int = MOST_OF_ONE
    ) -> None:
        self._free = at_once
        self._lanes = deque((_Lane(most_waiting, most_of_one), _Lane(most_waiting, most_of_one)))
        self._strangers, self._known = self._lanes

    @asynccontextmanager
    async def turn(self, who: str, *, known: bool = False) -> AsyncIterator[None]:
        """Wait until it is the turn of `who`, a network or a browser; Problem `busy` where too many wait."""
        await self._begin(who, self._known if known else self._strangers)
        try:
            yield
        finally:
            self._end()

    async def _begin(self, who: str, lane: _Lane) -> None:
        if self._free > 0:
            self._free -= 1
            return
        place = lane.join(who)
        try:
            await place
        except asyncio.CancelledError:
            # It may have been given its turn in the same moment.
            if place.cancelled():
                lane.leave(who, place)
            else:
                self._end()
            raise

    def _end(self) -> None:
        self._lanes.rotate()
        for lane in self._lanes:
            while lane:
                place = lane.next()
                if not place.cancelled():
                    place.set_result(None)
                    return
        self._free += 1
