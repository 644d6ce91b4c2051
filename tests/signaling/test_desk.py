"""Views are made from memory; what must be read beside is shown when it is there, and read again when it may be old."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any, cast

import pytest

from ekyc.evidence import Evidence
from ekyc.models import Picture
from routing import events as e
from routing.state import Call, Floor
from signaling import desk as desks
from signaling.desk import Desk
from signaling.floors import Floors
from signaling.sockets import CALLER, CONSOLE, WALL, Socket
from tests.routing.playbook import Playbook
from tests.signaling.pages import page
from vouch.accounts.models import Account, Role
from vouch.accounts.service import Accounts

TEAM = frozenset({"CTKV1"})


class Shelves:
    """Floors, evidence and accounts, with a count of what was read."""

    def __init__(self) -> None:
        self.play = Playbook()
        self.pictures: list[Picture] = []
        self.names = {"a1": "Nguyễn Văn An"}
        self.ended: dict[str, Call] = {}
        self.read: list[str] = []
        self.fails = False
        self.slowly = asyncio.Event()
        self.slowly.set()

    async def _reading(self, what: str) -> None:
        self.read.append(what)
        if self.fails:
            raise OSError
        await self.slowly.wait()

    def get(self, floor: str) -> Floor | None:
        return self.play.floor if floor in TEAM else None

    def all(self) -> list[Floor]:
        return [self.play.floor]

    def call_of_agent(self, _: str, agent: str) -> Call | None:
        return next((call for call in self.play.floor.calls.values() if call.agent == agent), None)

    async def last_known(self, call: str) -> Call | None:
        await self._reading(f"call {call}")
        return self.ended.get(call)

    async def kept(self, call: str) -> list[Picture]:
        found = list(self.pictures)
        await self._reading(f"pictures of {call}")
        return found

    async def of_company(self, company: str, _: Role) -> list[Account]:
        await self._reading(f"names of {company}")
        return [Account(id=id_, full_name=name) for id_, name in self.names.items()]


@pytest.fixture
def shelves() -> Shelves:
    return Shelves()


@pytest.fixture
async def desk(shelves: Shelves, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    monkeypatch.setattr(desks, "_RETRY_S", 0)
    monkeypatch.setattr(desks, "_LATER_S", (0, 0, 0))
    desk = Desk(cast(Floors, shelves), cast(Evidence, shelves), cast(Accounts, shelves))
    yield desk
    await desk.close()


@pytest.fixture
def shown(desk: Desk) -> list[Socket]:
    """The sockets of which something has been read."""
    shown: list[Socket] = []

    def show(sockets: Iterable[Socket]) -> None:
        shown.extend(sockets)

    desk.shown_by(show)
    return shown


def at(namespace: str, name: str, call: str | None = None) -> Socket:
    socket = page(namespace, name)
    socket.floors, socket.call = TEAM, call
    return socket


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_pictures_are_read_when_there_may_be_some_and_not_again(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.active()
    socket = at(CONSOLE, "a1")
    desk.body(socket)
    await settled()
    assert shelves.read == [], "before a verdict and without a press there are none"
    shelves.play.deciding()
    desk.body(socket)
    await settled()
    assert shelves.read == [], "it is being kept"
    shelves.pictures = [Picture(id="p1", kind="snapshot", at=7)]
    socket.kept_for = None  # as the hub does when a call has changed
    body: Any = desk.body(socket)
    assert body["call"]["kept"] == []
    await settled()
    assert shown == [socket]
    shelves.play.quietly(e.EvidenceStored("c1", 1))
    body = desk.body(socket)
    assert body["call"]["kept"] == [{"kind": "snapshot", "at": 7, "key": "p1"}]
    await settled()
    assert shelves.read == ["pictures of c1"]


async def test_a_verdicts_picture_that_another_node_kept_is_read_once_the_floor_speaks_of_it(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.active()
    socket = at(CONSOLE, "a1")
    desk.body(socket)
    shelves.play.deciding()
    desk.body(socket)
    shelves.pictures = [Picture(id="p1", kind="snapshot", at=7)]
    shelves.play.quietly(e.EvidenceStored("c1", 1))
    desk.body(socket)
    await settled()
    body: Any = desk.body(socket)
    assert [each["key"] for each in body["call"]["kept"]] == ["p1"]
    assert shelves.read == ["pictures of c1"]


async def test_pictures_that_come_while_they_are_read_are_read_again(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.active()
    shelves.play.deciding()
    socket = at(CONSOLE, "a1")
    shelves.slowly.clear()
    desk.body(socket)
    await settled()
    shelves.pictures = [Picture(id="p1", kind="snapshot", at=7)]
    socket.kept_for = None  # as the hub does when a call has changed
    desk.body(socket)
    shelves.slowly.set()
    await settled()
    body: Any = desk.body(socket)
    assert [each["key"] for each in body["call"]["kept"]] == ["p1"]
    assert shelves.read == ["pictures of c1"] * 2


async def test_a_picture_that_another_node_is_still_keeping_is_looked_for_again(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.active()
    shelves.play.quietly(e.CallerHungUp("c1", 1, "bye"))
    socket = at(CONSOLE, "a1")
    shelves.slowly.clear()
    desk.body(socket)
    await settled()
    shelves.pictures = [Picture(id="p1", kind="last_frame", at=7)]
    shelves.slowly.set()
    await settled()
    body: Any = desk.body(socket)
    assert [each["key"] for each in body["call"]["kept"]] == ["p1"]
    assert shelves.read == ["pictures of c1"] * 2
    assert shown == [socket] * 2


async def test_what_could_not_be_read_is_tried_again(desk: Desk, shelves: Shelves, shown: list[Socket]) -> None:
    shelves.play.active()
    shelves.play.deciding()
    shelves.pictures = [Picture(id="p1", kind="snapshot", at=7)]
    shelves.fails = True
    socket = at(CONSOLE, "a1")
    desk.body(socket)
    await settled()
    assert shown == [socket]
    shelves.fails = False
    desk.body(socket)
    await settled()
    body: Any = desk.body(socket)
    assert body["call"]["kept"]


async def test_a_caller_whose_call_is_forgotten_is_shown_how_it_ended(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.caller("c1")
    socket = at(CALLER, "p1", "c1")
    assert desk.body(socket)
    commands = shelves.play.quietly(e.CallerHungUp("c1", 1, "bye"))
    assert commands
    assert "c1" not in shelves.play.floor.calls
    assert desk.body(socket) is None
    await settled()
    assert shown == [socket]
    assert desk.body(socket) is None, "no row tells of it"
    await settled()
    assert shelves.read == ["call c1"]


async def test_the_ended_call_is_read_once(desk: Desk, shelves: Shelves, shown: list[Socket]) -> None:
    play = Playbook()
    play.active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    shelves.ended["c1"] = play.call()
    socket = at(CALLER, "p1", "c1")
    desk.body(socket)
    await settled()
    for _ in range(2):
        body: Any = desk.body(socket)
        assert (body["call"]["state"], body["call"]["outcome"]) == ("ended", "cancelled")
    assert shelves.read == ["call c1"]
    assert shown == [socket]


async def test_a_wall_waits_for_the_names_once(desk: Desk, shelves: Shelves, shown: list[Socket]) -> None:
    shelves.play.agent_ready("a1")
    shelves.play.agent_ready("a2")
    walls = [at(WALL, "s1"), at(WALL, "s2")]
    assert [desk.body(wall) for wall in walls] == [None, None]
    await settled()
    assert set(shown) == set(walls)
    bodies: list[Any] = [desk.body(wall) for wall in walls]
    assert [tile["name"] for tile in bodies[0]["teams"][0]["agents"]] == ["Nguyễn Văn An", ""]
    assert bodies[0]["teams"][0] is bodies[1]["teams"][0], "one body for all who look"
    assert shelves.read == ["names of CTKV1"]


async def test_a_wall_that_could_not_read_the_names_tries_again(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    shelves.play.agent_ready("a1")
    shelves.fails = True
    wall = at(WALL, "s1")
    desk.body(wall)
    await settled()
    assert shown == [wall]
    shelves.fails = False
    desk.body(wall)
    await settled()
    assert desk.body(wall)


async def test_a_newcomers_name_follows_on_a_wall_that_shows_something(
    desk: Desk, shelves: Shelves, shown: list[Socket]
) -> None:
    wall = at(WALL, "s1")
    wall.shown = desk.body(wall)
    shelves.play.agent_ready("a1")
    body: Any = desk.body(wall)
    assert body["teams"][0]["agents"][0]["name"] == ""
    await settled()
    body = desk.body(wall)
    assert body["teams"][0]["agents"][0]["name"] == "Nguyễn Văn An"
    assert shown == [wall]


async def test_one_summary_of_the_queue_serves_every_console(desk: Desk, shelves: Shelves) -> None:
    shelves.play.caller("c1")
    assert desk.summary("CTKV1") == {"waiting": 1, "longest_since": shelves.play.now}
    assert desk.summary("CTKV1") is desk.summary("CTKV1")
    assert desk.summary("CTKV2") is None
    assert (list(desk.queue("CTKV1")), list(desk.queue("CTKV2"))) == (["c1"], [])


async def test_only_the_call_on_his_desk_may_be_read(desk: Desk, shelves: Shelves) -> None:
    shelves.play.ringing()
    assert await desk.may_read("a1", "c1")
    assert not await desk.may_read("a1", "c2")
    assert await desk.call_of("nobody") is None
    assert desk.agent_of("c1") is None
    shelves.play.accept()
    assert (desk.agent_of("c1"), desk.agent_of("c9")) == ("a1", None)
