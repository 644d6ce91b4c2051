"""How often a session is given a ticket for a socket, and with it how often its pages may come to a floor.

Each coming and going of a page is a step of its floor, which all who work there wait for. On each node of its own: a
page that is given none there would find the other nodes as strict.
"""

import math
from collections import OrderedDict

from vouch.buckets import Bucket
from vouch.problems import Problem

_AT_ONCE, _PER_S = 120, 2.0
"""A page that cannot come in tries every two seconds, and a browser may have some of them open."""
_MOST_SESSIONS = 10_000


class Dials:
    """Counts the tickets of each session."""

    def __init__(self, most: int = _MOST_SESSIONS) -> None:
        """`most`: sessions that are remembered, the latest."""
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def count(self, session: str, now: float) -> None:
        """Count one of a session, at an instant in seconds; Problem `too_many_requests`."""
        bucket = self._buckets.setdefault(session, Bucket(_AT_ONCE, _PER_S, now))
        self._buckets.move_to_end(session)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        if not bucket.take(1, now):
            wait = math.ceil(1 / _PER_S)
            raise Problem(
                429,
                "too_many_requests",
                "Your pages connect too often. Wait a moment and try again.",
                retry_after_s=wait,
            )
