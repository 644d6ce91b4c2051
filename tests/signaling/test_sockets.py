"""Sockets are found by what they show, and by nothing that they no longer show."""

from signaling.sockets import CALLER, CONSOLE, WALL, Sockets
from tests.signaling.pages import page


def test_a_console_is_found_by_its_agent_and_its_team() -> None:
    sockets, socket = Sockets(), page(CONSOLE, "a1")
    sockets.add(socket)
    assert list(sockets.consoles("a1")) == [socket]
    assert not sockets.team("t1")
    sockets.place(socket, frozenset({"t1"}), None)
    assert list(sockets.team("t1")) == [socket]
    assert sockets.remove(socket.sid) is socket
    assert (list(sockets.consoles("a1")), list(sockets.team("t1")), len(sockets)) == ([], [], 0)


def test_a_callers_page_is_found_by_its_present_call() -> None:
    sockets, socket = Sockets(), page(CALLER, "p1")
    sockets.add(socket)
    for call in ("c1", "c2"):
        sockets.place(socket, frozenset({"t1"}), call)
    assert list(sockets.callers("c1")) == []
    assert list(sockets.callers("c2")) == [socket]


def test_a_wall_is_found_by_each_of_its_teams() -> None:
    sockets, socket = Sockets(), page(WALL, "s1")
    sockets.add(socket)
    sockets.place(socket, frozenset({"t1", "t2"}), None)
    assert [list(sockets.walls(team)) for team in ("t1", "t2", "t3")] == [[socket], [socket], []]
    assert not sockets.consoles("s1")


def test_two_tabs_of_one_agent_are_both_found() -> None:
    sockets, tabs = Sockets(), [page(CONSOLE, "a1", number) for number in (1, 2)]
    for tab in tabs:
        sockets.add(tab)
    assert set(sockets.consoles("a1")) == set(tabs)
    sockets.remove(tabs[0].sid)
    assert list(sockets.consoles("a1")) == [tabs[1]]


def test_one_that_is_gone_stays_gone() -> None:
    sockets, socket = Sockets(), page(CALLER, "p1")
    sockets.add(socket)
    sockets.remove(socket.sid)
    sockets.place(socket, frozenset({"t1"}), "c1")
    assert sockets.remove(socket.sid) is None
    assert list(sockets.callers("c1")) == []
