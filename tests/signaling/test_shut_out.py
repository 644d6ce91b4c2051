"""Whose account is shut or whose session is over: their sockets are closed, and the floor is told why."""

import time
from collections.abc import AsyncIterator

import pytest

from routing import events as e
from signaling.sockets import CALLER
from tests.signaling.hub_world import World, console
from tests.signaling.pages import page
from vouch.clock import SECOND, SystemClock


@pytest.fixture
async def opened() -> AsyncIterator[World]:
    """A hub that pushes."""
    made = World()
    made.hub.start()
    yield made
    await made.hub.close()


async def test_the_console_of_a_shut_account_is_closed_with_the_commit(opened: World) -> None:
    for agent in ("a1", "a2"):
        opened.play.agent_ready(agent)
    socket, _ = console(opened, "a1")
    console(opened, "a2")
    await opened.happens(e.AgentChanged("a1", frozenset(), "employer", valid=False))
    assert opened.dropped == [("a1/1", False)]
    assert socket.signed_out


async def test_who_went_to_another_team_keeps_the_console_that_is_open_there(opened: World) -> None:
    opened.play.agent_ready("a1")
    opened.play.agent_ready("a2")
    here, _ = console(opened, "a1")
    opened.hub.place(here, ["CTKV2"])
    console(opened, "a2")
    await opened.happens(e.AgentRemoved("a1"), e.AgentRemoved("a2"))
    assert opened.dropped == [("a2/1", False)]


async def test_the_session_of_who_is_in_a_call_is_looked_up_with_every_tick(opened: World) -> None:
    opened.play.active()
    opened.play.agent_ready("a2")
    console(opened, "a1")
    console(opened, "a2")
    caller = page(CALLER, "p1")
    caller.visitor.session.expires_at = SystemClock().now() + SECOND * 3600
    opened.opens(caller, "c1")
    await opened.settled()
    now = time.monotonic()
    for seconds in (1, 2, 2.5):
        await opened.hub._look_after(now + seconds)
    assert opened.lookups == [2, 2, 0]
    opened.signed_out |= {"digest of a1", "digest of p1"}
    await opened.hub._look_after(now + 3)
    await opened.settled()
    assert sorted(opened.dropped) == [("a1/1", False), ("p1/1", False)]
    assert caller.signed_out


async def test_a_caller_whose_time_ran_out_was_not_sent_away(opened: World) -> None:
    caller = page(CALLER, "p1")
    caller.visitor.session.expires_at = SystemClock().now() - 1
    opened.opens(caller)
    opened.signed_out.add("digest of p1")
    await opened.hub._look_after(time.monotonic() + 5.1)
    await opened.settled()
    assert opened.dropped == [("p1/1", False)]
    assert not caller.signed_out


async def test_a_socket_that_went_during_a_call_is_looked_after_until_the_call_is_over(opened: World) -> None:
    """Its page may go on by its media alone."""
    opened.play.active()
    console(opened, "a1")
    await opened.settled()
    assert opened.hub.remove("a1/1") is not None
    now = time.monotonic()
    await opened.hub._look_after(now + 1)
    assert opened.lookups == [1]
    opened.signed_out.add("digest of a1")
    gone = opened.hub._lost["a1/1"]
    await opened.hub._look_after(now + 2)
    await opened.settled()
    assert gone.signed_out
    await opened.hub._look_after(now + 3)
    assert opened.lookups == [1, 1, 0]


@pytest.mark.parametrize("event", [e.CallerHungUp("c1", 1, "bye"), e.AgentConnected("a1", "n1", "t")])
async def test_a_lost_socket_is_forgotten_when_there_is_nothing_to_look_after(opened: World, event: e.Event) -> None:
    opened.play.active()
    console(opened, "a1")
    await opened.settled()
    opened.hub.remove("a1/1")
    await opened.happens(event)
    assert opened.hub._lost == {}
