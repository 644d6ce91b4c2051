"""The worker's clock: microseconds that never go back, and how they stand to the time of day."""

import time


def now() -> int:
    """Microseconds of a clock that no one sets; its zero means nothing."""
    return time.monotonic_ns() // 1_000


def wall_offset() -> int:
    """What makes microseconds UTC of `now`, as the machine's clock stands at this moment."""
    return time.time_ns() // 1_000 - now()
