"""How often a leg may offer media: each offer costs a worker a peer connection.

A page that repairs its connection needs one every few seconds at worst. On every node of its own: a page that goes to
another one has begun anew. `limits` reads the wall clock and keeps a thread; ours is told the time.
"""

import math
import time
from collections import deque
from collections.abc import Callable

from routing.state import Leg

_LIMITS = ((6, 10.0), (60, 3_600.0))
"""How many in how many seconds."""
_MOST = max(most for most, _ in _LIMITS)


class OfferLimits:
    """Counts each leg's offers on this node; `now` is a clock in seconds that never goes back."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._taken: dict[tuple[str, Leg], deque[float]] = {}

    def take(self, call: str, leg: Leg) -> int:
        """Count an offer; 0, or where it is one too many the seconds after which the next is taken."""
        now = self._now()
        taken = self._taken.setdefault((call, leg), deque(maxlen=_MOST))
        # The offer that was taken `most` ones ago is too near.
        waits = (taken[-most] + seconds - now for most, seconds in _LIMITS if len(taken) >= most)
        if (wait := max(waits, default=0.0)) > 0:
            return math.ceil(wait)
        taken.append(now)
        return 0

    def give_back(self, call: str, leg: Leg) -> None:
        """The offer that was counted last came to nothing before it cost anything."""
        if taken := self._taken.get((call, leg)):
            taken.pop()

    def forget(self, call: str) -> None:
        """A call is over for good."""
        for leg in Leg:
            self._taken.pop((call, leg), None)
