"""Who is looked at first, and how often what touches many may be looked at."""

from typing import Any

import pytest

from signaling.agenda import Agenda, Pace, Throttle
from signaling.present import Body
from signaling.sockets import CALLER, CONSOLE, WALL, Socket, Sockets
from tests.signaling.pages import page


class Floor:
    """What an agenda asks of a floor."""

    def __init__(self) -> None:
        self.waiting = 0
        self.calls: list[str] = []

    def summary(self, _: str) -> Body:
        return {"waiting": self.waiting}

    def queue(self, _: str) -> list[str]:
        return self.calls


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
def sockets() -> Sockets:
    return Sockets()


@pytest.fixture
def agenda(sockets: Sockets, floor: Floor) -> Agenda:
    return Agenda(sockets, floor.summary, floor.queue)


def console(sockets: Sockets, agent: str, floor: str = "t1", **shown: Any) -> Socket:
    """A console that shows a queue of nobody."""
    socket = page(CONSOLE, agent)
    sockets.add(socket)
    sockets.place(socket, frozenset({floor}), None)
    socket.shown = {"queue": {"waiting": 0}, **shown}
    return socket


def everything(agenda: Agenda, now: float) -> list[Socket]:
    """What is due now, in order."""
    due = []
    while (socket := agenda.next(now)) is not None:
        due.append(socket)
    return due


def test_rings_go_first_then_the_touched_then_walls(agenda: Agenda, sockets: Sockets) -> None:
    wall, touched, ringing = page(WALL, "s1"), console(sockets, "a1"), console(sockets, "a2")
    agenda.wall([wall])
    agenda.touch([touched])
    agenda.ring([ringing])
    assert everything(agenda, 0) == [ringing, touched, wall]
    assert agenda.wait(0) is None


def test_one_that_is_touched_twice_is_looked_at_once(agenda: Agenda, sockets: Sockets) -> None:
    socket = console(sockets, "a1")
    agenda.touch([socket])
    agenda.touch([socket])
    assert everything(agenda, 0) == [socket]


def test_a_wall_is_looked_at_twice_a_second_and_misses_nothing(agenda: Agenda) -> None:
    wall = page(WALL, "s1")
    agenda.wall([wall])
    assert agenda.next(0) is wall
    agenda.wall([wall])
    assert agenda.next(0.2) is None
    assert agenda.wait(0.2) == pytest.approx(0.3)
    assert agenda.next(0.5) is wall
    assert everything(agenda, 9) == []


def test_the_queue_is_looked_at_from_its_head_at_a_pace(agenda: Agenda, sockets: Sockets, floor: Floor) -> None:
    callers = []
    for number in range(25):
        socket = page(CALLER, f"p{number}")
        sockets.add(socket)
        sockets.place(socket, frozenset({"t1"}), f"c{number}")
        callers.append(socket)
    floor.calls = [f"c{number}" for number in range(25)]
    agenda.queue_moved("t1")
    assert everything(agenda, 0) == callers[:10]
    assert agenda.wait(0) == pytest.approx(0.05)
    assert everything(agenda, 0.05) == callers[10:20]
    agenda.queue_moved("t1")
    assert everything(agenda, 0.1) == callers[20:]
    assert everything(agenda, 0.5) == callers[:10]


def test_an_old_summary_is_replaced_in_turn_at_a_pace(agenda: Agenda, sockets: Sockets, floor: Floor) -> None:
    team = [console(sockets, f"a{number:02}") for number in range(25)]
    agenda.floor_changed("t1")
    assert everything(agenda, 0) == [], "all show what is so"
    floor.waiting = 1
    agenda.floor_changed("t1")
    looked_at = []
    for lot in range(3):
        looked_at += everything(agenda, lot * 0.1)
    assert looked_at == team
    assert agenda.wait(1) is None


def test_those_who_show_the_summary_already_cost_nothing(agenda: Agenda, sockets: Sockets, floor: Floor) -> None:
    team = [console(sockets, f"a{number:02}") for number in range(25)]
    floor.waiting = 1
    for socket in team[:24]:
        socket.shown = {"queue": {"waiting": 1}}
    agenda.floor_changed("t1")
    assert everything(agenda, 0) == [team[24]]


def test_floors_take_turns(agenda: Agenda, sockets: Sockets, floor: Floor) -> None:
    here = [console(sockets, f"a{number}", "t1") for number in range(2)]
    there = [console(sockets, f"b{number}", "t2") for number in range(2)]
    floor.waiting = 1
    agenda.floor_changed("t1")
    agenda.floor_changed("t2")
    assert everything(agenda, 0) == [here[0], there[0], here[1], there[1]]


def test_one_that_is_gone_is_not_looked_at(agenda: Agenda, sockets: Sockets) -> None:
    socket, wall = console(sockets, "a1"), page(WALL, "s1")
    agenda.ring([socket])
    agenda.touch([socket])
    agenda.wall([wall])
    for gone in (socket, wall):
        agenda.forget(gone)
    assert everything(agenda, 0) == []


def test_a_throttle_lets_each_key_through_by_itself() -> None:
    throttle: Throttle[str] = Throttle(0.5)
    throttle.mark("a")
    assert throttle.take(10) == ["a"]
    throttle.mark("a")
    throttle.mark("b")
    assert throttle.take(10.1) == ["b"]
    assert throttle.wait(10.1) == pytest.approx(0.4)
    assert throttle.take(10.5) == ["a"]
    assert throttle.wait(10.5) is None


def test_a_pace_gives_room_again_when_its_time_is_over() -> None:
    pace = Pace(2, 1.0)
    for _ in range(2):
        assert pace.wait(5.0) == 0
        pace.spend(5.0)
    assert pace.wait(5.2) == pytest.approx(0.8)
    assert pace.wait(6.0) == 0
    pace.spend(6.0)
    assert pace.wait(6.0) == 0
