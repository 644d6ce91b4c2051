"""A floor, a hub and pages for the hub's tests, without sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, cast

import pytest

from routing import events as e
from routing.step import step
from signaling import present
from signaling.changes import apply
from signaling.hub import Hub
from signaling.present import Body
from signaling.sockets import CALLER, CONSOLE, Socket
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


@pytest.fixture(name="world")
async def world_fixture() -> AsyncIterator[World]:
    world = World()
    world.hub.start()
    yield world
    await world.hub.close()


def console(world: World, agent: str = "a1", number: int = 1) -> tuple[Socket, Page]:
    socket = page(CONSOLE, agent, number)
    return socket, world.opens(socket)
