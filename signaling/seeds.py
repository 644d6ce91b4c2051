"""The seed of a day's draws: derived from the installation's secret and the day, so every node draws the same."""

from routing.state import Seed
from vouch.clock import Clock, vietnamese_day
from vouch.keys import Keys


class Seeds:
    """Seeds by day; a day's seed tells nothing of another day's."""

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock

    def draw(self) -> Seed:
        """Today's seed, by the Vietnamese calendar."""
        day = vietnamese_day(self._clock.now()).isoformat()
        return Seed(day, self._keys.derive(f"draw {day}").hex())
