"""Places are given in turn, few to each, and never more wait or are held than memory bears."""

import asyncio
from contextlib import ExitStack

import pytest

from ekyc.darkroom.turns import MOST_HELD, MOST_HELD_EACH, MOST_WAITING, MOST_WAITING_EACH, Turns
from vouch.problems import Problem
from vouch.tasks import TaskSet


class Crowd:
    """Sources that come and go."""

    def __init__(self, places: int) -> None:
        self.turns = Turns(places)
        self.entered: list[str] = []
        self._tasks = TaskSet("crowd")

    async def come(self, source: str) -> "tuple[asyncio.Task[None], asyncio.Event]":
        """One more of `source`; leaves once the event is set."""
        leave = asyncio.Event()
        task = self._tasks.spawn(source, self._stay(source, leave))
        await settle()
        return task, leave

    async def close(self) -> None:
        await self._tasks.close()

    async def _stay(self, source: str, leave: asyncio.Event) -> None:
        async with self.turns.turn(source):
            self.entered.append(source)
            await leave.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_source_never_has_all_places() -> None:
    crowd = Crowd(2)
    for source in ("a", "a", "a", "b"):
        await crowd.come(source)
    assert crowd.entered == ["a", "b"]
    await crowd.close()


async def test_with_more_places_one_stays_free_for_the_others() -> None:
    crowd = Crowd(4)
    for source in "aaaab":
        await crowd.come(source)
    assert crowd.entered == ["a", "a", "a", "b"]
    await crowd.close()


async def test_each_source_has_its_turn_however_many_of_another_wait() -> None:
    crowd = Crowd(2)
    _, first = await crowd.come("a")
    _, second = await crowd.come("b")
    for source in ("a", "a", "a", "c", "d"):
        await crowd.come(source)
    first.set()
    second.set()
    await settle()
    # The first of a's that wait was there first; the next place is not a's, but c's.
    assert crowd.entered == ["a", "b", "a", "c"]
    await crowd.close()


async def test_whoever_waits_no_more_takes_no_place() -> None:
    crowd = Crowd(2)
    _, first = await crowd.come("a")
    gone, _ = await crowd.come("a")
    await crowd.come("a")
    gone.cancel()
    first.set()
    await settle()
    assert crowd.entered == ["a", "a"]
    await crowd.close()


async def test_a_place_given_to_somebody_who_has_just_gone_goes_to_the_next() -> None:
    crowd = Crowd(2)
    _, first = await crowd.come("a")
    gone, _ = await crowd.come("a")
    await crowd.come("a")
    first.set()
    # Both in the same round of the loop: the place is given while the cancelled one has not heard of it yet.
    await asyncio.sleep(0)
    gone.cancel()
    await settle()
    for source in ("b", "c"):
        await crowd.come(source)
    assert crowd.entered in (["a", "a", "b"], ["a", "a", "a", "b"])
    await crowd.close()


async def test_too_many_of_one_source_are_told_to_come_again_and_others_are_not() -> None:
    crowd = Crowd(2)
    for _ in range(1 + MOST_WAITING_EACH):
        await crowd.come("a")
    with pytest.raises(Problem) as refused:
        async with crowd.turns.turn("a"):
            pass
    assert (refused.value.status, refused.value.code) == (503, "pictures_busy")
    assert refused.value.response().headers["Retry-After"] == "5"
    async with crowd.turns.turn("b"):
        pass
    await crowd.close()


async def test_too_many_of_all_are_told_to_come_again() -> None:
    crowd = Crowd(2)
    for number in range(2 + MOST_WAITING):
        await crowd.come(f"source {number}")
    with pytest.raises(Problem, match="few seconds"):
        async with crowd.turns.turn("another"):
            pass
    await crowd.close()


def test_what_is_held_is_bounded_for_each_and_for_all() -> None:
    turns = Turns(2)
    with ExitStack() as held:
        held.enter_context(turns.hold("a", MOST_HELD_EACH))
        with pytest.raises(Problem), turns.hold("a", 1):
            pass
        held.enter_context(turns.hold("b", MOST_HELD_EACH))
        held.enter_context(turns.hold("c", MOST_HELD - 2 * MOST_HELD_EACH))
        with pytest.raises(Problem), turns.hold("d", 1):
            pass
    with turns.hold("a", MOST_HELD_EACH):
        pass
