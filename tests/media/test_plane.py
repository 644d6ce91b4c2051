"""The façade and its workers' lives: lost, replaced, overloaded, in turn."""

import asyncio
import os
import signal
from dataclasses import replace

import pytest

from media.dialler import WorkerDialler
from media.plane import (
    MediaEvent,
    MediaFlowing,
    MediaPlane,
    MediaSettings,
    Overloaded,
    RecordedPiece,
    WorkerGone,
    WorkerLost,
    WorkerUp,
    worker_id,
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
        await plane.close_call(worker_id(up.worker, up.boot), "call")
    again = await told.wait_for(lambda event: isinstance(event, WorkerUp) and event.boot != up.boot)
    assert isinstance(again, WorkerUp)
    assert plane.choose() == worker_id(WORKER, again.boot)
    (state,) = plane.own()
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
    worker = plane.choose()
    assert worker is not None
    await plane.negotiate(worker, "one", "customer", 1, offer)
    with pytest.raises(Overloaded):
        await plane.negotiate(worker, "two", "customer", 1, offer)
    await plane.negotiate(worker, "one", "agent", 1, offer)
    await robot.close()
    await plane.close()


async def test_an_event_that_could_not_be_taken_comes_again() -> None:
    taken: list[MediaEvent] = []
    failures = iter([RuntimeError("the database is away")])
    done = asyncio.Event()

    async def take(event: MediaEvent) -> None:
        if isinstance(event, MediaFlowing) and event.kind == "video":
            for failure in failures:
                raise failure
            done.set()
        taken.append(event)

    plane = MediaPlane(MediaSettings(node="test", workers=1), take)
    await plane.start()
    peers = Peers(plane, Told())
    await peers.join("customer")
    await asyncio.wait_for(done.wait(), 10)
    assert isinstance(taken[0], WorkerUp)
    await peers.close()
    await plane.close()


async def test_a_worker_serves_the_nodes_that_know_of_it_each_by_its_own_connection(told: Told) -> None:
    settings = MediaSettings(node="one", workers=1, secret="of both")
    others: list[MediaEvent] = []

    async def other(event: MediaEvent) -> None:
        others.append(event)

    one, two = MediaPlane(settings, told.take), MediaPlane(replace(settings, node="two", workers=0), other)
    await one.start()
    await two.start()
    (state,) = one.own()
    await two.dial({state.name: state.address})
    async with asyncio.timeout(10):
        while (worker := two.choose()) is None:
            await asyncio.sleep(0.02)

    peers = Peers(two, told)
    await peers.join("customer")
    await told.wait_for(lambda event: isinstance(event, WorkerUp))
    async with asyncio.timeout(10):
        while len([e for e in [*told.events, *others] if isinstance(e, MediaFlowing)]) < 2:
            await asyncio.sleep(0.02)

    assert worker == one.choose() == state.id
    assert two.reaches(worker)
    assert (await one.nearest_frame(worker, peers.call, live=True)).width > 0
    flowing = [event for event in [*told.events, *others] if isinstance(event, MediaFlowing)]
    assert sorted(event.kind for event in flowing) == ["audio", "video"], "told once, to one of them"
    with pytest.raises(ConnectionError, match="one-w0 listens there"):
        await WorkerDialler("another", "of both", other)._listen(state.address)
    await two.dial({})
    assert two.choose() is None
    assert two.own() == ()
    await peers.close_robots()
    await one.close()
    await two.close()


async def test_two_workers_are_given_calls_in_turn(told: Told) -> None:
    plane = MediaPlane(MediaSettings(node="test", workers=2), told.take)
    assert plane.choose() is None
    await plane.start()
    names = {state.id: state.name for state in plane.workers()}
    assert {names[plane.choose() or ""], names[plane.choose() or ""]} == {"test-w0", "test-w1"}
    assert plane.choose(among=[]) is None
    with pytest.raises(WorkerGone):
        await plane.close_call("another-w0.boot", "call")
    await plane.close()
    assert [state.alive for state in plane.workers()] == [False, False]


async def test_a_worker_that_is_ended_tells_the_last_pieces_of_its_recordings(plane: MediaPlane, told: Told) -> None:
    peers = Peers(plane, told)
    await peers.join("customer")
    await peers.join("agent")
    for leg in ("customer", "agent"):
        await peers.event(lambda event, leg=leg: isinstance(event, RecordedPiece) and event.leg == leg)  # type: ignore[misc]
    await plane.close()
    pieces = [event for event in told.events if isinstance(event, RecordedPiece)]
    assert sorted(piece.leg for piece in pieces if piece.last) == ["agent", "customer"]
    for leg in ("customer", "agent"):
        own = [piece for piece in pieces if piece.leg == leg]
        assert [piece.offset for piece in own] == [sum(len(each.data) for each in own[:n]) for n in range(len(own))]
    await peers.close_robots()
