"""How many requests and sockets one address may have under way, where a proxy of ours makes all connections.

Without a proxy connections are counted themselves (`vouch/door/crowd.py`), with it they are all its own: then what it
says of the address behind each request is what counts.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from vouch.problems import Problem


class Underway:
    """Requests under way by network."""

    def __init__(self, most: int) -> None:
        """`most`: of one network."""
        self._most = most
        self._by_network: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._by_network)

    @contextmanager
    def counted(self, network: str) -> Iterator[None]:
        """Count one while it lasts; Problem `too_many_connections`."""
        if self._by_network[network] >= self._most:
            raise Problem(
                503, "too_many_connections", "Too many requests from your network are under way.", retry_after_s=1
            )
        self._by_network[network] += 1
        try:
            yield
        finally:
            self._by_network[network] -= 1
            if not self._by_network[network]:
                del self._by_network[network]
