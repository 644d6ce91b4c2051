"""A clock that stands still until a test moves it."""

# 2026-11-20T03:00:00Z, a Friday, ten in the morning in Vietnam.
A_FRIDAY_MORNING = 1_795_143_600_000_000


class ManualClock:
    """A `vouch.clock.Clock` for tests."""

    def __init__(self, start: int = A_FRIDAY_MORNING) -> None:
        self._now = start

    def now(self) -> int:
        """The instant last set, in microseconds UTC."""
        return self._now

    def advance(self, duration: int) -> int:
        """Let `duration` microseconds pass; gives the new instant. Time never goes back."""
        if duration < 0:
            raise ValueError("time never goes back")
        self._now += duration
        return self._now
