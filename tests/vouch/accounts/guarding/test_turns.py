import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from vouch.accounts.guarding.turns import Turns
from vouch.problems import Problem
from vouch.tasks import TaskSet

BUSY = "503 busy, 2 s"


class Counter:
    """Those who came through, in order; each stays until it is let go."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.inside: list[str] = []
        self._leave: list[asyncio.Event] = []

    async def come(self, who: str, *, known: bool = False) -> str:
        try:
            async with self._turns.turn(who, known=known):
                self.inside.append(who)
                leave = asyncio.Event()
                self._leave.append(leave)
                await leave.wait()
        except Problem as problem:
            return f"{problem.status} {problem.code}, {problem.retry_after_s} s"
        return "served"

    async def serve(self, count: int) -> list[str]:
        """Let the first go, one after the other; gives who came in since."""
        before = len(self.inside)
        for _ in range(count):
            self._leave.pop(0).set()
            await settle()
        return self.inside[before:]


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def crowd(counter: Counter, *who: str, known: bool = False) -> AsyncIterator[list[asyncio.Task[str]]]:
    """Those who come at once, in this order."""
    tasks = TaskSet("crowd")
    those = [tasks.spawn(each, counter.come(each, known=known)) for each in who]
    await settle()
    try:
        yield those
    finally:
        await tasks.close()


async def test_as_many_as_fit_go_on_at_once() -> None:
    counter = Counter(Turns(2, 9, 9))
    async with crowd(counter, "a", "a", "a"):
        assert counter.inside == ["a", "a"]
        assert await counter.serve(1) == ["a"]


async def test_one_network_holds_a_few_places_and_the_rest_is_refused() -> None:
    counter = Counter(Turns(1, 9, 3))
    async with crowd(counter, *["a"] * 150) as tasks:
        assert [task.result() for task in tasks if task.done()] == [BUSY] * 146
        async with crowd(counter, "b") as (bystander,):
            assert not bystander.done()


async def test_networks_take_turns_whatever_number_of_tries_each_sends() -> None:
    counter = Counter(Turns(1, 99, 12))
    async with crowd(counter, *["a"] * 10, "b", "b", "c"):
        assert await counter.serve(6) == ["a", "b", "c", "a", "b", "a"]


async def test_all_places_may_be_taken() -> None:
    counter = Counter(Turns(1, 3, 3))
    async with crowd(counter, "0", "a", "b", "c", "d") as tasks:
        assert [task.done() for task in tasks] == [False, False, False, False, True]
        assert tasks[-1].result() == BUSY


async def test_those_who_are_known_take_turns_with_all_strangers_together() -> None:
    counter = Counter(Turns(1, 40, 12))
    async with crowd(counter, *(f"network {number % 40}" for number in range(80))) as strangers:
        assert sum(task.done() for task in strangers) == 39, "the strangers' places are full"
        async with crowd(counter, "mine", known=True) as (known,):
            assert not known.done()
            assert "mine" in await counter.serve(2)


async def test_who_goes_away_gives_up_their_place() -> None:
    counter = Counter(Turns(1, 1, 1))
    async with crowd(counter, "a", "b") as (_, waiting):
        waiting.cancel()
        await settle()
        async with crowd(counter, "c") as (third,):
            assert not third.done()
            assert await counter.serve(1) == ["c"]


async def test_who_goes_away_as_their_turn_comes_gives_it_on() -> None:
    turns = Turns(1, 9, 9)
    counter = Counter(turns)
    async with crowd(counter, "a", "b", "c") as (_, second, _third):
        counter._leave.pop(0).set()
        # Until the first has left, and before the second has woken.
        while len(turns._strangers) == 2:
            await asyncio.sleep(0)
        second.cancel()
        await settle()
        assert counter.inside == ["a", "c"]


async def test_a_problem_within_leaves_the_turn_free() -> None:
    turns = Turns(1, 0, 0)
    for _ in range(3):
        with pytest.raises(ValueError, match="within"):
            async with turns.turn("a"):
                raise ValueError("within")
    async with turns.turn("a"):
        pass
