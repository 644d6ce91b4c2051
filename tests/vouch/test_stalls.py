import asyncio
import time

import pytest

from tests.vouch.conftest import LogLines
from vouch.stalls import LOOK_S, QUIET_S, WORTH_A_LINE_S, Stalls


class Watch:
    """Time that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_loop_that_is_blocked_is_seen(log_lines: LogLines) -> None:
    stalls = Stalls()
    stalls.start()
    await asyncio.sleep(0)
    until = time.monotonic() + LOOK_S + WORTH_A_LINE_S + 0.05
    while time.monotonic() < until:
        pass
    for _ in range(5):  # the timer, the future that it ends, the task that waits for that
        await asyncio.sleep(0)
    await stalls.close()
    assert stalls.longest_s >= WORTH_A_LINE_S
    assert [line["event"] for line in log_lines()] == ["the loop stood still", "longest stall of the loop"]


@pytest.mark.parametrize(("late_s", "lines"), [(WORTH_A_LINE_S - 0.01, 0), (WORTH_A_LINE_S, 1), (2.0, 1)])
def test_only_a_long_stall_is_worth_a_line(late_s: float, lines: int, log_lines: LogLines) -> None:
    Stalls(Watch()).note(late_s)
    assert len(log_lines()) == lines


def test_many_stalls_come_to_one_line_a_second_that_tells_the_longest(log_lines: LogLines) -> None:
    watch = Watch()
    stalls = Stalls(watch)
    for late_s in (0.3, 0.9, 0.4):
        stalls.note(late_s)
    watch.now += QUIET_S
    stalls.note(0.0)
    stalls.note(0.0)
    assert [line["milliseconds"] for line in log_lines()] == [300, 900]
    assert stalls.longest_s == 0.9
