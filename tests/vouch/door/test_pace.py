"""Requests that come in one instant begin a few at a time, and networks take turns."""

import asyncio
from collections.abc import Callable

from tests.vouch.door.conftest import GET, PATIENT, house
from vouch.door.guard import MOST_AHEAD
from vouch.door.pace import Pace
from vouch.tasks import TaskSet


def begin(begun: list[str], name: str) -> Callable[[], None]:
    return lambda: begun.append(name)


async def turn() -> None:
    await asyncio.sleep(0)


async def test_in_one_turn_of_the_loop_only_so_many_begin() -> None:
    pace, begun = Pace(at_once=3), list[str]()
    at_once = [pace.ask("a", begin(begun, f"{number}")) for number in range(10)]
    assert at_once == [True] * 3 + [False] * 7
    for expected in (["3", "4", "5"], ["6", "7", "8"], ["9"]):
        begun.clear()
        await turn()
        assert begun == expected


async def test_who_comes_after_a_crowd_of_one_network_is_next() -> None:
    pace, begun = Pace(at_once=2), list[str]()
    for number in range(100):
        pace.ask("crowd", begin(begun, f"crowd {number}"))
    pace.ask("bystander", begin(begun, "bystander"))
    await turn()
    assert begun == ["crowd 2", "bystander"]


async def test_a_new_request_does_not_overtake_those_that_wait() -> None:
    pace, begun = Pace(at_once=1), list[str]()
    assert pace.ask("a", begin(begun, "first"))
    assert not pace.ask("a", begin(begun, "second"))
    assert not pace.ask("a", begin(begun, "third"))
    await turn()
    assert not pace.ask("a", begin(begun, "fourth"))
    for _ in range(2):
        await turn()
    assert begun == ["second", "third", "fourth"]


async def test_an_idle_loop_lets_everybody_begin_at_once_again() -> None:
    pace = Pace(at_once=1)
    for _ in range(3):
        assert pace.ask("a", begin([], ""))
        await turn()


async def test_every_one_of_a_crowd_is_answered() -> None:
    async with house(PATIENT) as running:
        peers = [await running.peer() for _ in range(100)]
        for peer in peers:
            await peer.send(GET)
        assert [(await peer.answer())[0] for peer in peers] == [200] * 100
        # The next request of a connection waits for its turn too, and is not lost.
        assert [await peer.ask() for peer in peers[:20]] == [200] * 20


async def test_who_leaves_before_their_turn_is_not_missed() -> None:
    async with house(PATIENT) as running:
        peers = [await running.peer() for _ in range(60)]
        for peer in peers:
            await peer.send(GET)
        for peer in peers[30:]:
            await peer.close()
        assert [(await peer.answer())[0] for peer in peers[:30]] == [200] * 30
        await running.until(lambda: len(running.crowd) == 30)


async def test_requests_that_were_sent_together_begin_in_their_turn_too() -> None:
    async with house(PATIENT) as running:
        peers = [await running.peer() for _ in range(40)]
        begun: list[int] = []

        async def count() -> None:
            before = 0
            while True:
                begun.append(len(running.arrived) - before)
                before = len(running.arrived)
                await turn()

        tasks = TaskSet("test")
        tasks.spawn("count", count())
        for peer in peers:
            peer.writer.write(GET * 15)
        for peer in peers:
            assert [(await peer.answer())[0] for _ in range(15)] == [200] * 15
        await tasks.close()
        assert sum(begun) == 40 * 15
        # Those that had their turn before their octets were read arrive beside those that had it afterwards.
        assert max(begun) <= 2 * 16


async def test_a_peer_that_waits_for_no_answer_is_let_go() -> None:
    async with house(PATIENT) as running:
        peer = await running.peer()
        await peer.send(GET * 100)
        assert [(await peer.answer())[0] for _ in range(MOST_AHEAD + 2)] == [200] * (MOST_AHEAD + 1) + [429]
        assert await peer.is_ended()
        # Who waits may ask as often as they like.
        patient = await running.peer()
        assert [await patient.ask() for _ in range(3 * MOST_AHEAD)] == [200] * (3 * MOST_AHEAD)
