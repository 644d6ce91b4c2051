"""How many connections there are, in all and of one network, and who has to go when it is full.

Idle ones go first, the longest idle before the others: so nobody can shut others out by connections on which nothing
is asked. Where all are busy a few further ones are let in for moments, to be answered 503, or `/healthz`: so whoever
watches this node is told of its state and not of silence.
"""

from collections.abc import Callable

from vouch.addresses import is_loopback, network_of

_RESERVE = 32


class Seat:
    """One connection's place."""

    __slots__ = ("drop", "idle_since", "network", "reserved")

    def __init__(self, network: str | None, now: float, *, reserved: bool) -> None:
        self.network = network
        """None: of those that are not counted apart."""
        self.idle_since: float | None = now
        """None: busy."""
        self.reserved = reserved
        """Let in though all seats are taken."""
        self.drop: Callable[[], object] = _nothing
        """Ends the connection at once."""


def _nothing() -> None:
    """Stands in until there is something to be ended."""


def is_stranger(address: str) -> bool:
    """Whether an address is not of this very machine."""
    return not is_loopback(address)


class Crowd:
    """The connections of this node."""

    def __init__(
        self,
        most: int,
        most_of_one: int,
        *,
        apart: Callable[[str], bool],
        reserve: int = _RESERVE,
    ) -> None:
        """`most` in all, `most_of_one` of one network; `apart`: whether an address is counted by its network.

        Who is on this machine is no stranger, and a proxy stands for many: of those only all together are counted.
        """
        self.most, self._most_of_one, self._reserve = most, most_of_one, reserve
        self._apart = apart
        self._seats: dict[Seat, None] = {}
        self._idle: dict[Seat, None] = {}
        """The longest idle first."""
        self._reserved: dict[Seat, None] = {}
        self._networks: dict[str, dict[Seat, None]] = {}
        self.turned_away = 0

    def __len__(self) -> int:
        return len(self._seats)

    def admit(self, address: str, now: float) -> Seat | None:
        """Give a new connection a seat, idle; None: there are too many of its network, and all of them busy."""
        network = network_of(address) if self._apart(address) else None
        if network is not None and not self._room_in(network):
            self.turned_away += 1
            return None
        reserved = len(self._seats) - len(self._reserved) >= self.most and not self._evict_idle()
        if reserved and len(self._reserved) >= self._reserve:
            self._evict(next(iter(self._reserved)))
        seat = Seat(network, now, reserved=reserved)
        self._seats[seat] = None
        if reserved:
            self._reserved[seat] = None
        else:
            self._idle[seat] = None
        if network is not None:
            self._networks.setdefault(network, {})[seat] = None
        return seat

    def busy(self, seat: Seat) -> None:
        """A request has begun on it."""
        seat.idle_since = None
        self._idle.pop(seat, None)

    def idle(self, seat: Seat, now: float) -> None:
        """It waits for its next request."""
        seat.idle_since = now
        if seat in self._seats and not seat.reserved:
            self._idle[seat] = None

    def leave(self, seat: Seat) -> None:
        """It has ended; to be told once or more."""
        if seat not in self._seats:
            return
        del self._seats[seat]
        self._idle.pop(seat, None)
        self._reserved.pop(seat, None)
        if seat.network is not None:
            own = self._networks[seat.network]
            own.pop(seat, None)
            if not own:
                del self._networks[seat.network]

    def _room_in(self, network: str) -> bool:
        own = self._networks.get(network, {})
        if len(own) < self._most_of_one:
            return True
        idle = [seat for seat in own if seat.idle_since is not None]
        if not idle:
            return False
        self._evict(min(idle, key=lambda seat: seat.idle_since or 0.0))
        return True

    def _evict_idle(self) -> bool:
        longest = next(iter(self._idle), None)
        if longest is None:
            return False
        self._evict(longest)
        return True

    def _evict(self, seat: Seat) -> None:
        self.turned_away += 1
        self.leave(seat)
        seat.drop()
