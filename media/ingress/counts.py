"""What was dropped of a connection's datagrams and what the libraries tripped over: counted, told in few lines."""

from collections import Counter

from media import clock
from vouch.logs import logger

log = logger(__name__)

TELL_EVERY = 60_000_000
"""Between two lines about faults, of all connections of this process together: microseconds."""
NOT_DECRYPTED = "not_decrypted"
"""The reason where a packet is not the peer's, or came before."""


class _Told:
    """When this process told of a fault, and how many it has kept to itself since."""

    at: int | None = None
    untold = 0


class Counts:
    """Of one connection."""

    def __init__(self) -> None:
        self.dropped: Counter[str] = Counter()
        """Datagrams that no library saw, by reason."""
        self.faults = 0
        """Times that a library raised something about what a stranger sent."""

    def fault(self, error: Exception) -> None:
        """A library raised this; the connection goes on."""
        self.faults += 1
        now = clock.now()
        if _Told.at is not None and now - _Told.at < TELL_EVERY:
            _Told.untold += 1
            return
        # The type alone: its text may hold what the stranger wrote.
        log.warning(
            "a library could not take a packet",
            error=f"{type(error).__module__}.{type(error).__name__}",
            untold=_Told.untold,
        )
        _Told.at, _Told.untold = now, 0

    def tell(self) -> None:
        """One line at the connection's end, where there is anything to say."""
        # A network that repeats packets is nothing to tell of.
        if self.dropped.keys() - {NOT_DECRYPTED} or self.faults:
            log.info("datagrams were dropped", dropped=dict(self.dropped), faults=self.faults)
            self.dropped.clear()
            self.faults = 0
