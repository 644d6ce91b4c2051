"""Lets requests begin a few at a time, so that a thousand that come in one instant do not hold the loop for a second.

Whatever else is ready has its turn in between, and those of different networks take turns with each other.
"""

import asyncio
from collections.abc import Callable

from vouch.rotation import Rotation

Begin = Callable[[], None]

_AT_ONCE = 16
"""Requests that begin in one turn of the loop: some twenty milliseconds' work."""


class Pace:
    """The requests of one loop that are about to begin."""

    def __init__(self, at_once: int = _AT_ONCE) -> None:
        self._at_once = self._left = at_once
        self._turning = False
        self._waiting = Rotation[Begin]()

    def ask(self, network: str, begin: Begin) -> bool:
        """Return True where a request may begin now; else `begin` is called, in its turn, and never at once."""
        if self._left > 0 and not self._waiting:
            self._take()
            return True
        self._waiting.add(network, begin)
        self._turn_later()
        return False

    def _take(self) -> None:
        self._left -= 1
        self._turn_later()

    def _turn_later(self) -> None:
        if not self._turning:
            self._turning = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._turning, self._left = False, self._at_once
        while self._waiting and self._left > 0:
            self._take()
            self._waiting.next()()
        if self._waiting:
            self._turn_later()
