"""When the hub lets pages go because their sessions have ended."""

import time

from signaling.sockets import CALLER
from tests.signaling.hub_world import Page, World, console, world_fixture  # noqa: F401 - a fixture
from tests.signaling.pages import page


async def test_sessions_are_looked_up_together_every_5_s(world: World) -> None:
    for agent in ("a1", "a2", "a3"):
        world.play.agent_ready(agent)
        console(world, agent)
    world.signed_out.add("digest of a2")
    now = time.monotonic()
    for seconds in (1, 5.1, 6, 10.2):
        await world.hub._look_after(now + seconds)
        await world.settled()
    assert world.lookups == [0, 3, 0, 2]
    assert world.dropped == [("a2/1", False)]


async def test_a_page_that_signs_out_is_closed_at_once_and_no_other(world: World) -> None:
    world.play.caller("c1")
    for number in (1, 2):
        world.opens(page(CALLER, "the page", number), "c1")
    world.opens(page(CALLER, "another page"), "c1")
    world.hub.signed_out("digest of the page")
    await world.settled()
    assert sorted(world.dropped) == [("the page/1", False), ("the page/2", False)]


async def test_a_great_many_sockets_are_looked_up_a_part_at_a_time(world: World) -> None:
    for number in range(150):
        world.opens(page(CALLER, f"p{number}"))
    now = time.monotonic()
    for seconds in (5.1, 5.2, 5.3):
        await world.hub._look_after(now + seconds)
    assert world.lookups == [100, 50, 0]


async def test_a_session_that_was_ended_anywhere_is_out_with_the_next_look(world: World) -> None:
    world.play.agent_ready("a1")
    world.play.agent_ready("a2")
    console(world, "a1"), console(world, "a2")
    world.ended = world.signed_out = {"digest of a2"}
    await world.hub._look_after(time.monotonic())  # neither is due for its own check yet
    await world.settled()
    assert world.dropped == [("a2/1", False)]
