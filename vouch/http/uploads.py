"""What all large bodies under way may hold in memory together, from their first octet until they are answered.

Without it a hundred strangers with eight megabytes each would take what the calls need. A body beyond it is refused
with 503 and may come again; one address has half of it at most.
"""

from collections import Counter

from vouch.problems import Problem

_OF_ONE_ADDRESS = 2
_AGAIN_S = 5


class Uploads:
    """The octets that large bodies hold now."""

    def __init__(self, octets: int) -> None:
        """`octets`: what they may hold together."""
        self.octets = octets
        self.held = 0
        self._by_network: Counter[str] = Counter()

    def take(self, network: str, octets: int) -> None:
        """Hold more; Problem `too_many_uploads` where there is no room."""
        own = self._by_network[network] + octets
        if self.held + octets > self.octets or own > self.octets // _OF_ONE_ADDRESS:
            self._by_network += Counter()
            raise Problem(
                503, "too_many_uploads", "Too much is being sent at once. Send it again.", retry_after_s=_AGAIN_S
            )
        self.held += octets
        self._by_network[network] = own

    def give(self, network: str, octets: int) -> None:
        """Let go of what was held."""
        self.held -= octets
        self._by_network[network] -= octets
        if not self._by_network[network]:
            del self._by_network[network]


class Share:
    """What one request holds of it; `close` when it is answered."""

    def __init__(self, uploads: Uploads, network: str) -> None:
        self._uploads = uploads
        self._network = network
        self._octets = 0

    def grow_to(self, octets: int) -> None:
        """Hold this much from now on, at least; Problem `too_many_uploads`."""
        if octets > self._octets:
            self._uploads.take(self._network, octets - self._octets)
            self._octets = octets

    def close(self) -> None:
        """Let go of all."""
        if self._octets:
            self._uploads.give(self._network, self._octets)
            self._octets = 0
