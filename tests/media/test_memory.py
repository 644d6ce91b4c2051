"""When a worker takes no more calls, and when it ends, for the memory that it holds."""

import asyncio
import json
import os
import signal
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from media import worker
from media.aiortc_seam import PeerLink
from media.exchange import Exchange
from media.memory import Memory, resident
from media.plane import Overloaded
from media.process import start_worker
from media.robot import RobotPeer
from media.supervisor import WorkerSupervisor
from media.synthetic import moving_picture
from media.worker import look_after
from media.worker_settings import UdpSettings
from vouch.tasks import TaskSet

MIB = 1 << 20


def test_recordings_that_wait_take_no_room() -> None:
    used, waiting = 0, 0
    memory = Memory(400 * MIB, lambda: used, lambda: waiting)
    for used, waiting, full, over in (
        (400 * MIB, 0, False, False),
        (401 * MIB, 0, True, False),
        (900 * MIB, 500 * MIB, False, False),
        (600 * MIB, 0, True, False),
        (601 * MIB, 0, True, True),
        (1_100 * MIB, 500 * MIB, True, False),
    ):
        assert (memory.is_full(), memory.is_over()) == (full, over), (used, waiting)


def test_what_is_read_is_what_the_process_has_touched() -> None:
    read = resident()
    before = read()
    assert before > 10 * MIB
    held = b"x" * (64 * MIB)
    assert 60 * MIB < read() - before < 200 * MIB
    assert len(held) == 64 * MIB


def test_where_the_system_does_not_tell_nothing_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(*_: object) -> int:
        raise FileNotFoundError

    monkeypatch.setattr("media.memory.os.open", absent)
    memory = Memory(MIB, resident(), lambda: 0)
    assert not memory.is_full()
    assert not memory.is_over()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "ALIVE_S", 0.01)


async def looked_after(used: Callable[[], int], *, calls: int) -> tuple[bool, list[str]]:
    """Whether a worker that holds so much ends, and what it says."""
    ended = asyncio.Event()
    exchange = Exchange(
        make_link=lambda *_: pytest.fail("nobody connects"),
        udp=UdpSettings(),
        ice_servers=(),
        longest_calls=9,
        on_event=lambda *_: None,
    )
    exchange._calls.update({str(number): None for number in range(calls)})  # type: ignore[misc]
    tasks = TaskSet("test")
    with capture_logs() as lines:
        looking = tasks.spawn("look", look_after(Memory(100, used, lambda: 0), exchange, ended))
        done, _ = await asyncio.wait([looking], timeout=0.2)
    await tasks.close()
    assert bool(done) == ended.is_set()
    return ended.is_set(), [line["log_level"] for line in lines]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("used", "calls", "outcome"),
    [(100, 0, (False, [])), (101, 1, (False, [])), (101, 0, (True, ["warning"])), (151, 1, (True, ["error"]))],
)
async def test_a_worker_ends_when_it_is_over_or_full_without_a_call(
    used: int, calls: int, outcome: tuple[bool, list[str]]
) -> None:
    assert await looked_after(lambda: used, calls=calls) == outcome


async def test_a_worker_without_room_takes_no_new_call_and_keeps_those_that_it_has() -> None:
    used = 0
    exchange = Exchange(
        make_link=PeerLink,
        udp=UdpSettings(addresses=("127.0.0.1",)),
        ice_servers=(),
        longest_calls=9,
        on_event=lambda *_: None,
        has_room=lambda: not Memory(400, lambda: used, lambda: 0).is_full(),
    )
    robot = RobotPeer(moving_picture())
    offer = await robot.offer()
    await exchange.negotiate("one", "customer", 1, offer, record=False)
    assert not exchange.is_full
    used = 401
    assert exchange.is_full
    with pytest.raises(Overloaded):
        await exchange.negotiate("two", "customer", 1, offer, record=False)
    await exchange.negotiate("one", "agent", 1, offer, record=False)
    await exchange.negotiate("from a lost worker", "customer", 2, offer, record=False)
    await robot.close()
    await exchange.close()


async def test_a_real_worker_that_holds_too_much_ends_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    process = await start_worker(json.dumps({"name": "w", "secret": "s", "memory_mib": 20}))
    async with asyncio.timeout(10):
        assert await process.wait() == 0
    assert "more memory is used than a worker may have" in capfd.readouterr().err
    await process.end()


async def test_a_worker_of_its_own_that_hangs_is_found_by_its_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.supervisor.GONE", 2_500_000)
    pids: asyncio.Queue[int] = asyncio.Queue()
    ended: list[int] = []
    supervisor = WorkerSupervisor(
        "w",
        json.dumps({"name": "w", "secret": "s"}),
        lambda _, process: pids.put_nowait(process.pid),
        lambda _, process: ended.append(process.pid),
    )
    await supervisor.start()
    first = await pids.get()
    os.kill(first, signal.SIGSTOP)
    async with asyncio.timeout(20):
        assert await pids.get() != first
    assert ended == [first]
    await supervisor.close()
