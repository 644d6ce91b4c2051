"""How long the event loop stood still: nothing else is done meanwhile, no packet of a socket, no press, no deadline.

Whatever blocks the loop shows here, ours or a library's, as does a machine that gives the process no processor.
"""

import asyncio
import time
from collections.abc import Callable

from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

LOOK_S = 0.05
"""Between two looks: seconds. A stall that is shorter is not seen."""
WORTH_A_LINE_S = 0.25
QUIET_S = 1.0
"""Between two lines: seconds; the second tells the longest of what came meanwhile."""


class Stalls:
    """Watches the loop that `start` is called on; `longest_s` is the longest stall since then, in seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self.longest_s = 0.0
        self._untold_s = 0.0
        self._told_at = float("-inf")
        self._tasks = TaskSet("stalls")

    def start(self) -> None:
        """Begin to watch."""
        self._tasks.spawn("watch", self._watch())

    async def close(self) -> None:
        """Stop, and log the longest stall of all."""
        await self._tasks.close()
        log.info("longest stall of the loop", milliseconds=round(self.longest_s * 1000))

    def note(self, late_s: float) -> None:
        """Count a look that came so much too late, and log it where it is worth a line."""
        self.longest_s = max(self.longest_s, late_s)
        self._untold_s = max(self._untold_s, late_s)
        now = self._monotonic()
        if self._untold_s >= WORTH_A_LINE_S and now - self._told_at >= QUIET_S:
            log.warning("the loop stood still", milliseconds=round(self._untold_s * 1000))
            self._untold_s, self._told_at = 0.0, now

    async def _watch(self) -> None:
        while True:
            due = self._monotonic() + LOOK_S
            await asyncio.sleep(LOOK_S)
            self.note(self._monotonic() - due)
