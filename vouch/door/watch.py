"""Says in the log, once in a minute for each, when connections, descriptors or memory come near their bounds."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

from vouch.door.crowd import Crowd
from vouch.logs import Thinned, logger
from vouch.tasks import TaskSet
from vouch.thinning import Allowance

log = logger(__name__)

LOOK_S = 5.0
_NEAR = 0.8
_OWN_DESCRIPTORS = 256
"""What is left for files, database, workers and results when all connections are taken."""
_FEWEST = 32
_ONCE_A_MINUTE = 60.0


def raise_descriptors() -> int:
    """Let this process have as many descriptors as its system allows; gives how many these are.

    systemd gives services 1,024 of which a service may raise itself to half a million; a shell often the same.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
        except (ValueError, OSError) as error:
            log.warning("descriptors stay few", allowed=soft, error=type(error).__name__)
    return soft if soft != resource.RLIM_INFINITY else 1 << 20


def seats(asked: int, descriptors: int) -> int:
    """Give how many connections there may be, of those asked for, with so many descriptors."""
    allowed = max(descriptors - _OWN_DESCRIPTORS, _FEWEST)
    if allowed < asked:
        log.warning("fewer connections than VOUCH_CONNECTIONS: raise LimitNOFILE", asked=asked, allowed=allowed)
    return min(asked, allowed)


def open_descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names alone, without a Path for each


def resident_bytes() -> int:
    """How much memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


class Watch:
    """Looks every few seconds, between `start` and `close`."""

    def __init__(
        self,
        crowd: Crowd,
        descriptors: int,
        memory_bytes: int,
        *,
        count: Callable[[], int] = open_descriptors,
        memory: Callable[[], int] = resident_bytes,
    ) -> None:
        """`memory_bytes`: above it the log says so; 0: never."""
        self._crowd = crowd
        self._bounds: dict[str, tuple[Callable[[], int], float]] = {
            "connections": (lambda: len(crowd), crowd.most),
            "descriptors": (count, descriptors),
        }
        if memory_bytes:
            self._bounds["memory"] = (memory, memory_bytes / _NEAR)
        self._told = {name: Thinned(log, Allowance(1, _ONCE_A_MINUTE)) for name in self._bounds}
        self._turned_away = 0
        self._tasks = TaskSet("watch")

    def start(self) -> None:
        """Begin to look."""
        self._tasks.every(LOOK_S, "look", self.look)

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def look(self) -> None:
        """Look once."""
        for name, (count, bound) in self._bounds.items():
            now = count()
            if now >= bound * _NEAR:
                away, self._turned_away = self._crowd.turned_away - self._turned_away, self._crowd.turned_away
                self._told[name].warning("a bound is near", of=name, now=now, bound=int(bound), turned_away=away)
