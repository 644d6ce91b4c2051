"""What pages are sent: the whole view, then what has changed, and the whole again where something was lost."""

import asyncio
import time

from routing import events as e
from signaling.sockets import CALLER, CONSOLE, WALL
from signaling.writer import Changes
from tests.signaling.hub_world import Page, World, console, world_fixture  # noqa: F401 - a fixture
from tests.signaling.pages import page


async def test_first_the_whole_view_then_what_has_changed(world: World) -> None:
    world.play.agent_present("a1")
    socket, shown = console(world)
    await world.settled()
    assert shown.messages == ["view"]
    await world.happens(e.AgentReady("a1", "r1"))
    assert shown.messages == ["view", "changes"]
    assert shown.shows == world.body(socket)
    assert shown.view["version"] == socket.version == 2


async def test_nothing_is_sent_before_the_handshake_is_over(world: World) -> None:
    world.play.agent_present("a1")
    socket = page(CONSOLE, "a1")
    socket.open = False
    world.hub.add(socket)
    world.hub.place(socket, ["CTKV1"])
    world.pages[socket.sid] = Page()
    await world.happens(e.AgentReady("a1", "r1"))
    assert world.order == []
    world.hub.open(socket)
    await world.settled()
    assert world.order == [socket.sid]


async def test_a_page_that_turns_to_another_call_is_shown_it_without_a_commit(world: World) -> None:
    world.play.caller("c1")
    socket = page(CALLER, "p1")
    shown = world.opens(socket)
    await world.settled()
    assert shown.shows["call"] is None
    world.hub.place(socket, ["CTKV1"], "c1")
    await world.settled()
    assert shown.shows["call"]["id"] == "c1"


async def test_a_commit_is_told_to_those_whom_it_concerns_alone(world: World) -> None:
    for agent in ("a1", "a2", "a3"):
        world.play.agent_ready(agent)
    consoles = {agent: console(world, agent)[1] for agent in ("a1", "a2", "a3")}
    world.play.caller("c1")
    caller = world.opens(page(CALLER, "p1"), "c1")
    await world.settled()
    agent = world.play.rung("c1")
    world.order.clear()
    await world.happens(e.OfferAccepted(agent, "c1", 1, "w1", "accept"))
    assert sorted(world.order) == sorted([f"{agent}/1", "p1/1"])
    assert consoles[agent].shows["call"]["state"] == "connecting"
    assert caller.shows["call"]["notice"] == "accepted"


async def test_a_ring_goes_before_everything_else(world: World) -> None:
    world.play.agent_ready("a1")
    world.opens(page(WALL, "s1"))
    console(world, "a1")
    world.play.caller("c1", skills=frozenset({"english"}))
    world.opens(page(CALLER, "p1"), "c1")
    await world.settled()
    world.order.clear()
    await world.happens(e.AgentChanged("a1", frozenset({"english"}), "", True))
    assert world.order[:2] == ["a1/1", "p1/1"]


async def test_a_floor_that_has_not_changed_is_not_looked_at(world: World) -> None:
    world.play.agent_ready("a1")
    console(world)
    await world.settled()
    world.order.clear()
    await world.happens(e.Tick())
    assert world.order == []


async def test_the_others_see_within_a_second_that_somebody_waits(world: World) -> None:
    world.play.agent_present("a1")
    _, shown = console(world)
    await world.settled()
    world.play.caller("c0")
    await world.happens(e.CallerConnected("c0", "n1", "again"))
    async with asyncio.timeout(1):
        while shown.shows["queue"]["waiting"] != 1:
            await asyncio.sleep(0.01)
    assert shown.messages == ["view", "changes"]


async def test_the_floor_gives_a_socket_its_number_and_a_newer_one_replaces_it(world: World) -> None:
    world.play.quietly(e.AgentJoined("a1", frozenset(), ""))
    first, second = page(CONSOLE, "a1", 1), page(CONSOLE, "a1", 2)
    for socket in (first, second):
        socket.number = 0
        world.opens(socket)
        await world.happens(e.AgentConnected("a1", "n1", socket.sid))
    assert (first.number, second.number) == (1, 2)
    assert world.dropped == [("a1/1", True)]


async def test_a_page_that_is_taken_over_on_another_node_is_closed_too(world: World) -> None:
    world.play.agent_present("a1")
    console(world)
    await world.settled()
    before = world.play.floor
    world.play.quietly(e.AgentConnected("a1", "n2", "there"))
    world.hub.committed(Changes(before, world.play.floor, (), frozenset(), (), frozenset({"a1"})))
    await world.settled()
    assert world.dropped == [("a1/1", True)]


async def test_a_page_that_asks_is_sent_the_whole(world: World) -> None:
    world.play.agent_ready("a1")
    socket, shown = console(world)
    await world.settled()
    world.hub.beat(socket, 0)
    await world.settled()
    assert shown.messages == ["view"], "that one was still on its way"
    socket.whole_at -= 1
    world.hub.beat(socket, 0)
    await world.settled()
    assert shown.messages == ["view", "view"]
    assert (shown.view["version"], shown.shows) == (1, world.body(socket))


async def test_what_is_not_acknowledged_in_time_is_sent_again_as_a_whole(world: World) -> None:
    world.play.ringing()
    socket, shown = console(world)
    await world.settled()
    world.hub.beat(socket, 1)
    shown.deaf = True
    world.play.after(1)
    await world.happens(e.OfferAccepted("a1", "c1", 1, "w1", "accept"))
    shown.deaf = False
    sent = time.monotonic()
    await world.hub._look_after(sent + 2.4)
    await world.settled()
    assert shown.messages == ["view"]
    await world.hub._look_after(sent + 2.7)
    await world.settled()
    assert shown.messages == ["view", "view"]
    assert shown.shows == world.body(socket)
    assert shown.shows["call"]["state"] == "connecting"
    world.hub.beat(socket, 2)
    await world.hub._look_after(sent + 5)
    await world.settled()
    assert shown.messages == ["view", "view"]


async def test_a_page_that_misses_one_of_many_asks_and_goes_on(world: World) -> None:
    world.play.agent_ready("a1")
    socket, shown = console(world)
    await world.settled()
    for number in range(4):
        shown.deaf = number == 1
        event = e.AgentPaused("a1", f"r{number}", "lunch") if number % 2 == 0 else e.AgentReady("a1", f"r{number}")
        await world.happens(event)
    assert shown.asks
    socket.whole_at -= 1
    world.hub.beat(socket, 0)
    await world.happens(e.AgentPaused("a1", "r9", "lunch"))
    assert shown.shows == world.body(socket)


async def test_an_acknowledgment_of_what_was_never_sent_counts_for_nothing(world: World) -> None:
    world.play.agent_ready("a1")
    socket, shown = console(world)
    await world.settled()
    world.hub.beat(socket, 57)
    await world.hub._look_after(time.monotonic() + 7)
    await world.settled()
    assert shown.messages == ["view", "view"]


async def test_a_page_by_which_somebody_waits_is_given_up_after_6_s_another_after_12(world: World) -> None:
    world.play.ringing(agents=("a1",))
    world.play.agent_ready("a2")
    for agent in ("a1", "a2"):
        console(world, agent)
    await world.settled()
    now = time.monotonic()
    await world.hub._look_after(now + 5.9)
    await world.settled()
    assert world.dropped == []
    await world.hub._look_after(now + 6.1)
    await world.settled()
    assert world.dropped == [("a1/1", False)]
    await world.hub._look_after(now + 12.1)
    await world.settled()
    assert world.dropped == [("a1/1", False), ("a2/1", False)]


async def test_one_that_is_silent_when_it_begins_to_ring_has_6_s_from_then_on(world: World) -> None:
    world.play.agent_ready("a1")
    socket, _ = console(world)
    await world.settled()
    socket.heard -= 10
    world.play.caller("c1")
    await world.happens(e.CallerConnected("c1", "n1", "again"))
    world.hub.refresh([socket])
    await world.settled()
    now = time.monotonic()
    await world.hub._look_after(now + 5.9)
    await world.settled()
    assert world.dropped == []
    await world.hub._look_after(now + 6.1)
    await world.settled()
    assert world.dropped == [("a1/1", False)]


async def test_kept_pictures_are_shown_to_the_calls_agent(world: World) -> None:
    world.play.active()
    world.play.agent_ready("a2")
    socket, shown = console(world, "a1")
    console(world, "a2")
    await world.settled()
    world.order.clear()
    socket.kept_for = "as it was read before"
    socket.kept = ("c1", ({"kind": "extra", "at": 1, "key": "k"},))
    world.hub.call_changed("c1")
    await world.settled()
    assert socket.kept_for is None
    assert world.order == ["a1/1"]
    assert shown.shows["call"]["kept"] == [{"kind": "extra", "at": 1, "key": "k"}]


async def test_a_view_that_fails_keeps_nobody_else_from_theirs(world: World) -> None:
    for agent in ("a1", "a2"):
        world.play.agent_ready(agent)
    world.broken.add("a1/1")
    socket, first = console(world, "a1")
    _, second = console(world, "a2")
    await world.settled()
    assert (first.messages, second.messages) == ([], ["view"])
    world.broken.clear()
    world.hub.refresh([socket])
    await world.settled()
    assert first.messages == ["view"]
