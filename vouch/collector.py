"""Python's cycle collector, set for a process that answers while it runs."""

import gc

_THRESHOLDS = 20_000, 20, 20


def calm() -> None:
    """Have the collector stop the process rarely; to be called once, when all that stays for ever has been made.

    What is there by now is never looked at again. By its defaults the collector begins with 700 new objects, and with
    all that thousands of sockets hold it stops everything for 50 to 200 ms, which is what the slowest calls then wait.
    What is freed without it, by counting references, is nearly all.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
