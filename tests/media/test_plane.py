"""The façade and its workers' lives: lost, replaced, overloaded, in turn."""

import asyncio
import os
import signal

import pytest

from media.plane import (
    MediaEvent,
    MediaFlowing,
    MediaPlane,
    MediaSettings,
    Overloaded,
    WorkerGone,
    WorkerLost,
    WorkerUp,
)
from media.robot import RobotPeer
from media.synthetic import moving_picture
from tests.media.peers import WORKER, Peers, Told


async def test_a_worker_that_is_killed_is_reported_and_replaced(plane: MediaPlane, told: Told) -> None:
    up = await told.wait_for(lambda event: isinstance(event, WorkerUp))
    assert isinstance(up, WorkerUp)
    pid = plane.pid(WORKER)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    lost = await told.wait_for(lambda event: isinstance(event, WorkerLost))
    assert isinstance(lost, WorkerLost)
    assert (lost.worker, lost.boot) == (up.worker, up.boot)
    assert lost.age < 3_000_000
    with pytest.raises(WorkerGone):
        await plane.close_call(WORKER, "call")
    again = await told.wait_for(lambda event: isinstance(event, WorkerUp) and event.boot != up.boot)
    assert plane.choose() == WORKER
    state = plane.workers()[0]
    assert isinstance(again, WorkerUp)
    assert (state.name, state.boot, state.alive) == (WORKER, again.boot, True)


async def test_a_worker_that_hangs_is_gone_after_three_seconds(plane: MediaPlane, told: Told) -> None:
    pid = plane.pid(WORKER)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    lost = await told.wait_for(lambda event: isinstance(event, WorkerLost))
    assert isinstance(lost, WorkerLost)
    assert 3_000_000 <= lost.age < 5_000_000
    await told.wait_for(lambda event: isinstance(event, WorkerUp) and event.boot != lost.boot)


async def test_calls_beyond_what_a_worker_bears_are_refused(told: Told) -> None:
    plane = MediaPlane(MediaSettings(node="test", workers=1, longest_calls=1), told.take)
    await plane.start()
    robot = RobotPeer(moving_picture())
    offer = await robot.offer()
    await plane.negotiate(WORKER, "one", "customer", 1, offer)
    with pytest.raises(Overloaded):
        await plane.negotiate(WORKER, "two", "customer", 1, offer)
    await plane.negotiate(WORKER, "one", "agent", 1, offer)
    await robot.close()
    await plane.close()


async def test_an_event_that_could_not_be_taken_comes_again_in_order() -> None:
    taken: list[MediaEvent] = []
    failures = iter([RuntimeError("the database is away")])
    done = asyncio.Event()

    async def take(event: MediaEvent) -> None:
        for failure in failures:
            raise failure
        taken.append(event)
        if isinstance(event, MediaFlowing) and event.kind == "video":
            done.set()

    plane = MediaPlane(MediaSettings(node="test", workers=1), take)
    await plane.start()
    peers = Peers(plane, Told())
    await peers.join("customer")
    await asyncio.wait_for(done.wait(), 10)
    assert isinstance(taken[0], WorkerUp)
    await peers.close()
    await plane.close()


async def test_two_workers_are_given_calls_in_turn(told: Told) -> None:
    plane = MediaPlane(MediaSettings(node="test", workers=2), told.take)
    assert plane.choose() is None
    await plane.start()
    assert {plane.choose(), plane.choose()} == {"test-w0", "test-w1"}
    with pytest.raises(WorkerGone):
        await plane.close_call("another-w0", "call")
    await plane.close()
    assert [state.alive for state in plane.workers()] == [False, False]
