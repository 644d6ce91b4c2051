"""Agents: readiness, presence, second tabs, wrap-up, and what happens to their accounts."""

import pytest

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, Leg, Phase, TeamRules, Verdict
from routing.step import next_deadline
from tests.routing.playbook import T0, Playbook, ok


def test_ready_and_paused_are_his_choice() -> None:
    play = Playbook()
    play.agent_present()
    assert (play.agent().ready, play.agent().pause_reason) == (False, "just_joined")
    play.after(5) >> e.AgentReady("a1", "1") << ok("1")
    assert (play.agent().ready, play.agent().pause_reason, play.agent().since) == (True, "", play.now)
    since = play.now
    play.after(5) >> e.AgentReady("a1", "2") << ok("2")
    assert play.agent().since == since
    play >> e.AgentPaused("a1", "3", "lunch") << ok("3")
    assert (play.agent().ready, play.agent().pause_reason, play.agent().since) == (False, "lunch", play.now)
    play.after(5) >> e.AgentPaused("a1", "4", "training") << ok("4")
    assert play.agent().pause_reason == "training"


def test_a_second_tab_takes_over_and_the_first_is_told() -> None:
    play = Playbook()
    play.active()
    play >> e.AgentConnected("a1", "n2", "second")
    play << c.Replaced(Leg.AGENT, None, "a1", 1, "n1")
    play << c.SocketAssigned(Leg.AGENT, None, "a1", 2, "n2", "second")
    play >> e.AgentDisconnected("a1", 1)
    play.silent()
    assert play.agent().socket_up
    play >> e.MediaOffered("c1", Leg.AGENT, 1, "sdp", "w1") << c.Answered("sdp", codes.OPENED_ELSEWHERE)
    play >> e.MediaOffered("c1", Leg.AGENT, 2, "sdp2", "w1") << c.Negotiate("c1", Leg.AGENT, 2, "w1", "sdp2")


@pytest.mark.parametrize(("gone", "ready"), [(60, True), (60.000_001, False)])
def test_who_was_gone_for_more_than_60_seconds_comes_back_not_ready(gone: float, ready: bool) -> None:
    play = Playbook()
    play.agent_ready()
    play.quietly(e.AgentDisconnected("a1", 1))
    play.after(gone).quietly(e.AgentConnected("a1", "n1", "back"))
    assert play.agent().ready is ready
    assert play.agent().pause_reason == ("" if ready else "was_away")


def test_who_paused_and_was_gone_keeps_his_own_reason() -> None:
    play = Playbook()
    play.agent_ready()
    play.quietly(e.AgentPaused("a1", "1", "lunch"), e.AgentDisconnected("a1", 1))
    play.after(3600).quietly(e.AgentConnected("a1", "n1", "back"))
    assert play.agent().pause_reason == "lunch"


def test_who_is_gone_is_not_offered_anything() -> None:
    play = Playbook()
    play.agent_ready()
    play.quietly(e.AgentDisconnected("a1", 1))
    play.caller()
    assert play.call().phase is Phase.WAITING
    play >> e.AgentConnected("a1", "n1", "back")
    play << c.SocketAssigned(Leg.AGENT, None, "a1", 2, "n1", "back")
    play << c.Ring("a1", "c1", 1, play.now + 20 * SECOND)


def test_wrap_up_ends_by_time() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.AgentEnded("a1", "c1", "r", "end"))
    play.caller("c2")
    assert play.call("c2").phase is Phase.WAITING
    play.tick_after(30)
    play << c.Ring("a1", "c2", 1, play.now + 20 * SECOND)
    assert "c1" not in play.floor.calls


def test_wrap_up_is_ended_early() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.AgentEnded("a1", "c1", "r", "end"))
    play >> e.WrapUpEnded("a1", "done") << ok("done")
    assert "c1" not in play.floor.calls
    play >> e.WrapUpEnded("a1", "again") << ok("again")


def test_pausing_or_being_ready_leaves_the_wrap_up() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.AgentEnded("a1", "c1", "r", "end"), e.AgentPaused("a1", "1", "lunch"), e.AgentReady("a1", "2"))
    assert play.agent().wrap_up is not None


def test_calls_are_counted_by_day() -> None:
    play = Playbook(TeamRules(wrap_up=0))
    play.active()
    play.quietly(e.AgentEnded("a1", "c1", "r", "end"))
    play.caller("c2")
    play.accept("c2")
    assert play.agent().calls_today == 2
    play.quietly(e.CallerHungUp("c2", 1, "bye"), e.SeedSet("2026-11-22", "11ff"))
    play.caller("c3")
    play.accept("c3")
    assert (play.agent().calls_today, play.agent().calls_day) == (1, "2026-11-22")


def test_an_account_that_is_not_valid_cannot_be_ready() -> None:
    play = Playbook()
    play.agent_present()
    play.quietly(e.AgentChanged("a1", frozenset(), "", False))
    play >> e.AgentReady("a1", "1") << c.Answered("1", codes.NOT_VALID)


def test_joining_twice_is_a_change() -> None:
    play = Playbook()
    play.agent_ready()
    play.quietly(e.AgentJoined("a1", frozenset({"english"}), "partner"))
    assert play.agent().ready
    assert (play.agent().skills, play.agent().employer) == (frozenset({"english"}), "partner")
    play.quietly(e.AgentChanged("a9", frozenset(), "", True))
    assert not play.agent("a9").ready


@pytest.mark.parametrize("event", [e.AgentChanged("a1", frozenset(), "", False), e.AgentRemoved("a1")])
def test_an_account_taken_away_while_it_rings(event: e.Event) -> None:
    play = Playbook()
    play.ringing()
    play >> event
    play << c.CancelOffer("a1", "c1", 1, "account_changed")
    assert play.call().phase is Phase.WAITING


@pytest.mark.parametrize("event", [e.AgentChanged("a1", frozenset(), "", False), e.AgentRemoved("a1")])
def test_an_account_taken_away_in_a_call(event: e.Event) -> None:
    play = Playbook()
    play.active()
    play >> event
    assert (play.call().phase, play.call().at_head) == (Phase.WAITING, True)
    assert ("a1" in play.floor.agents) is isinstance(event, e.AgentChanged)


def test_an_account_taken_away_while_a_verdict_waits() -> None:
    play = Playbook()
    play.active()
    play.deciding(Verdict.REJECTED)
    play.quietly(e.AgentRemoved("a1"))
    assert play.call().phase is Phase.DECIDING
    play.quietly(e.EvidenceStored("c1", 1))
    assert "a1" not in play.floor.agents
    assert "c1" not in play.floor.calls


def test_an_account_taken_away_whose_verdict_falls() -> None:
    play = Playbook()
    play.active()
    play.deciding(Verdict.REJECTED)
    play.quietly(e.AgentRemoved("a1"), e.EvidenceFailed("c1", 1))
    assert play.call().phase is Phase.WAITING
    assert "a1" not in play.floor.agents


def test_an_account_taken_away_in_wrap_up() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.AgentEnded("a1", "c1", "r", "end"), e.AgentRemoved("a1"))
    assert (len(play.floor.agents), len(play.floor.calls)) == (0, 0)


def test_what_names_an_agent_who_is_not_there() -> None:
    play = Playbook()
    play >> e.AgentConnected("a9", "n1", "token") << c.Answered("token", codes.UNKNOWN_AGENT)
    play >> e.AgentReady("a9", "1") << c.Answered("1", codes.UNKNOWN_AGENT)
    play >> e.AgentDisconnected("a9", 1)
    play >> e.AgentRemoved("a9")
    play.silent()


def test_an_account_is_valid_from_its_first_date_until_its_last() -> None:
    play = Playbook()
    begins, ends = T0 + 100 * SECOND, T0 + 200 * SECOND
    play.quietly(e.AgentJoined("a1", frozenset(), "", True, begins, ends), e.AgentConnected("a1", "n1", "t"))
    play >> e.AgentReady("a1", "early") << c.Answered("early", codes.NOT_VALID)
    play.caller("c1")
    play.tick_after(100)
    play.silent()
    play.quietly(e.AgentReady("a1", "ready"))
    assert play.rung("c1") == "a1"
    play.accept("c1")
    play.connect("c1")
    play.after(100).quietly(e.Tick())
    assert (play.agent().valid, play.agent().pause_reason) == (False, "account_changed")
    # The customer is not thrown out for it.
    assert play.call("c1").phase is Phase.WAITING
    assert play.call("c1").at_head


def test_dates_that_never_let_an_account_be_valid() -> None:
    play = Playbook()
    over = e.AgentJoined("a1", frozenset(), "", True, None, T0)
    backwards = e.AgentJoined("a2", frozenset(), "", True, T0 + 2, T0 + 1)
    play.quietly(over, backwards)
    assert not play.agent("a1").valid
    assert not play.agent("a2").valid
    assert next_deadline(play.floor) is None
