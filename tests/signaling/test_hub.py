"""What pages are sent: the whole view, then what has changed, and the whole again where something was lost."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, cast

import pytest

from routing import events as e
from routing.step import step
from signaling import present
from signaling.changes import apply
from signaling.hub import Hub
from signaling.present import Body
from signaling.sockets import CALLER, CONSOLE, WALL, Socket
from signaling.writer import Changes
from tests.routing.playbook import Playbook
from tests.signaling.pages import page
from vouch.accounts.sessions import Sessions, Visitor
from vouch.clock import SystemClock


class Page:
    """The page behind a socket: keeps the protocol as `signaling/client` does."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.view: Body = {}
        self.asks = False
        self.deaf = False

    def hears(self, event: str, data: dict[str, Any]) -> None:
        if self.deaf:
            return
        self.messages.append(event)
        if event == "view":
            self.view, self.asks = data, False
        elif data["since"] == self.view.get("version"):
            stamp = {"version": data["version"], "server_time": data["server_time"]}
            self.view = apply(self.view, data["changes"]) | stamp
        else:
            self.asks = True

    @property
    def shows(self) -> Body:
        return {name: value for name, value in self.view.items() if name not in {"version", "server_time"}}


class World:
    """A floor, a hub, and pages; `Views`, `Sessions` and the way out in one."""

    def __init__(self) -> None:
        self.play = Playbook()
        self.hub = Hub(cast(Sessions, self), SystemClock(), self, self._emit, self._drop)
        self.pages: dict[str, Page] = {}
        self.order: list[str] = []
        self.dropped: list[tuple[str, bool]] = []
        self.signed_out: set[str] = set()
        self.ended: set[str] = set()
        self.lookups: list[int] = []
        self.broken: set[str] = set()

    def opens(self, socket: Socket, call: str | None = None) -> Page:
        """A page comes and is shown its view."""
        self.hub.add(socket)
        self.hub.place(socket, ["CTKV1"], call)
        self.pages[socket.sid] = Page()
        self.hub.open(socket)
        return self.pages[socket.sid]

    async def happens(self, *events: e.Event) -> None:
        """Each event is a commit."""
        for event in events:
            before = self.play.floor
            did = step(before, event, self.play.now)
            self.play.quietly(event)
            told = (did.commands, did.touched_calls, did.forgotten, did.touched_agents)
            self.hub.committed(Changes(before, did.floor, *told))
        await self.settled()

    async def settled(self) -> None:
        """Everything that is due at once is sent."""
        for _ in range(60):
            await asyncio.sleep(0)

    def body(self, socket: Socket) -> Body | None:
        if socket.sid in self.broken:
            raise RuntimeError
        if socket.namespace == CALLER:
            return present.caller_body(self.play.floor, socket.call)
        if socket.namespace == CONSOLE:
            return present.agent_body(self.play.floor, socket.agent, socket.kept[1], self.summary(""))
        return present.wall_body([present.TeamWall().body(self.play.floor, {})])

    def summary(self, _: str) -> Body:
        return present.queue_summary(self.play.floor)

    def queue(self, _: str) -> Iterable[str]:
        return [place.call for place in self.play.floor.index.queue]

    def agent_of(self, call: str) -> str | None:
        return self.play.call(call).agent

    async def still_valid(self, visitors: Sequence[Visitor]) -> set[str]:
        self.lookups.append(len(visitors))
        return {visitor.session.digest for visitor in visitors} - self.signed_out

    async def ended_lately(self) -> set[str]:
        return self.ended

    async def _emit(self, _namespace: str, sid: str, event: str, data: dict[str, Any]) -> None:
        self.order.append(sid)
        self.pages[sid].hears(event, data)
        await asyncio.sleep(0)

    async def _drop(self, socket: Socket, replaced: bool) -> None:
        if self.hub.remove(socket.sid) is not None:
            self.dropped.append((socket.sid, replaced))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.hub.start()
    yield world
    await world.hub.close()


def console(world: World, agent: str = "a1", number: int = 1) -> tuple[Socket, Page]:
    socket = page(CONSOLE, agent, number)
    return socket, world.opens(socket)


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


async def test_a_session_that_was_ended_anywhere_is_out_with_the_next_look(world: World) -> None:
    world.play.agent_ready("a1")
    world.play.agent_ready("a2")
    console(world, "a1"), console(world, "a2")
    world.ended = world.signed_out = {"digest of a2"}
    await world.hub._look_after(time.monotonic())  # neither is due for its own check yet
    await world.settled()
    assert world.dropped == [("a2/1", False)]
