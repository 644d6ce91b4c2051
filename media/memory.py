"""What a worker holds in memory, and whether that leaves room for one more call.

Recordings that wait for a node are not counted: they have a bound of their own (`media.server.MOST_UNKEPT`), and while
they wait the nodes are away, so that a worker without room would help nobody.
"""

import os
from collections.abc import Callable

MOST = 1.5
"""By how much a worker may be over its room until it ends: its calls go on in another one."""


def resident() -> Callable[[], int]:
    """Give what reads the octets of this process that are in memory; always 0 where the system does not tell."""
    try:
        # Opened now and kept: a confined process opens nothing there any more.
        file = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return lambda: 0
    page = os.sysconf("SC_PAGE_SIZE")
    return lambda: int(os.pread(file, 256, 0).split()[1]) * page


class Memory:
    """Room for calls: `room` octets, of what `read` says is in memory without those that `waiting` says."""

    def __init__(self, room: int, read: Callable[[], int], waiting: Callable[[], int]) -> None:
        self._room, self._read, self._waiting = room, read, waiting

    def is_full(self) -> bool:
        """Whether no further call should be taken."""
        return self._used() > self._room

    def is_over(self) -> bool:
        """Whether even the calls that are open are too much."""
        return self._used() > self._room * MOST

    def _used(self) -> int:
        return self._read() - self._waiting()
