"""How much one connection may send: a token bucket. Pure; its clock is an argument.

Two numbers for each bucket: a moving window, as `limits` has it, keeps an instant for each message of each socket.
"""


class Bucket:
    """Takes up to `burst` at once, and `per_s` each second from then on."""

    __slots__ = ("_burst", "_left", "_per_s", "_since")

    def __init__(self, burst: float, per_s: float, now: float, at_first: float | None = None) -> None:
        """`at_first`: what there is of `burst` in the beginning; all of it where it is left out."""
        self._burst = burst
        self._per_s = per_s
        self._left = burst if at_first is None else at_first
        self._since = now

    def take(self, amount: float, now: float) -> bool:
        """Whether there was as much left; if not, nothing is taken."""
        self._left = min(self._burst, self._left + (now - self._since) * self._per_s)
        self._since = now
        if amount > self._left:
            return False
        self._left -= amount
        return True
