import resource
import subprocess
import sys
from pathlib import Path

import pytest

from tests.vouch.conftest import LogLines
from vouch.door.crowd import Crowd
from vouch.door.watch import Watch, open_descriptors, resident_bytes, seats


def crowded(number: int) -> Crowd:
    crowd = Crowd(10, 10, apart=lambda _: True)
    for each in range(number):
        crowd.admit(f"192.0.2.{each}", 0.0)
    return crowd


async def test_bounds_that_are_near_are_told_once_in_a_minute(log_lines: LogLines) -> None:
    watch = Watch(crowded(8), 100, 1_000, count=lambda: 80, memory=lambda: 1_000)
    for _ in range(5):
        await watch.look()
    told = {line["of"]: (line["now"], line["bound"], line["level"]) for line in log_lines()}
    assert told == {
        "connections": (8, 10, "warning"),
        "descriptors": (80, 100, "warning"),
        "memory": (1_000, 1_250, "warning"),
    }
    assert len(log_lines()) == 3


async def test_bounds_that_are_far_are_not_told(log_lines: LogLines) -> None:
    await Watch(crowded(7), 100, 1_000, count=lambda: 79, memory=lambda: 999).look()
    await Watch(crowded(0), 1 << 20, 0, memory=lambda: 1 << 60).look()
    assert log_lines() == []


def test_what_is_counted_is_what_the_system_says() -> None:
    before = open_descriptors()
    with Path("/dev/null").open("rb"), Path("/dev/null").open("rb"):
        assert open_descriptors() == before + 2
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    assert peak // 4 < resident_bytes() <= peak * 1.1


@pytest.mark.parametrize(("descriptors", "allowed"), [(1 << 19, 4_096), (1_024, 768), (100, 32)])
def test_connections_leave_descriptors_for_everything_else(descriptors: int, allowed: int) -> None:
    assert seats(4_096, descriptors) == allowed


def test_a_process_takes_all_descriptors_that_it_may_have() -> None:
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300));"
        "from vouch.door.watch import raise_descriptors; print(raise_descriptors(), raise_descriptors())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert run.stdout.split() == ["300", "300"]
