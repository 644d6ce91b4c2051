"""The seed of a day's draws: derived from the installation's secret and the day, so every node draws the same.

What is published of it beforehand: `draws.py`.
"""

from routing.events import SeedSet
from routing.state import Seed
from signaling.floors import Floors
from vouch.clock import Clock, vietnamese_day
from vouch.keys import Keys
from vouch.tasks import TaskSet

_LOOK_EVERY_S = 15.0


class Seeds:
    """Seeds by day; a day's seed tells nothing of another day's."""

    def __init__(self, keys: Keys, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._tasks = TaskSet("seeds")

    def draw(self) -> Seed:
        """Today's seed, by the Vietnamese calendar."""
        return self.of(vietnamese_day(self._clock.now()).isoformat())

    def of(self, day: str) -> Seed:
        """A day's seed; secret until that day is over (`draws.py`)."""
        return Seed(day, self._keys.derive(f"draw {day}").hex())

    def start(self, floors: Floors) -> None:
        """Begin to give the floors each new day's seed."""
        self._tasks.every(_LOOK_EVERY_S, "renew", lambda: self.renew(floors), at_once=True)

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def renew(self, floors: Floors) -> None:
        """Give today's seed to every floor that has another day's; told by several nodes, it is one event."""
        today = self.draw()
        for floor in floors.all():
            if floor.seed.day != today.day:
                event_id = f"seed {floor.id} {today.day}"
                await floors.post(floor.id, SeedSet(today.day, today.value), event_id=event_id)
