"""Waiting: joining, joining again, reachability, the longest wait."""

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, CallRules, Channel, Leg, Outcome, Phase
from tests.routing.playbook import T0, Playbook, ok


def join(request: str, call: str, verification: str = "v1") -> e.CallRequested:
    return e.CallRequested(request, call, verification, "CTKV1", 1, 0, frozenset(), CallRules(), "n1")


def test_a_caller_whose_page_is_not_connected_yet_is_not_rung_for() -> None:
    play = Playbook()
    play.agent_ready()
    play >> join("join", "c1")
    play << ok("join", "c1")
    play.silent()
    play.after(60) >> e.Tick()
    play << c.CallEnded("c1", "v1", 1, Outcome.CONNECTION_LOST, Phase.WAITING, None, play.now)


def test_joining_again_is_answered_with_the_live_call() -> None:
    play = Playbook()
    play >> join("first", "c1") << ok("first", "c1")
    play >> join("second", "c2") << ok("second", "c1")
    play >> join("third", "c1", "v9") << ok("third", "c1")
    assert list(play.floor.calls) == ["c1"]


def test_a_second_page_takes_over() -> None:
    play = Playbook()
    play.caller()
    play >> e.CallerConnected("c1", "n2", "second")
    play << c.Replaced(Leg.CUSTOMER, "c1", None, 1, "n1")
    play << c.SocketAssigned(Leg.CUSTOMER, "c1", None, 2, "n2", "second")
    play >> e.CallerDisconnected("c1", 1)
    play.silent()
    assert play.call().customer_leg.socket_up
    play >> e.CallerHungUp("c1", 1, "old page")
    play << c.Answered("old page", codes.OPENED_ELSEWHERE)
    play >> e.CallerHungUp("c1", 2, "bye")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.WAITING, None, play.now) << ok("bye")


def test_nobody_for_the_longest_wait() -> None:
    play = Playbook()
    play.caller()
    play.after(599.999_999) >> e.Tick()
    play.silent()
    play.after(0.000_001) >> e.Tick()
    play << c.CallEnded("c1", "v-c1", 1, Outcome.NO_AGENT, Phase.WAITING, None, T0 + 600 * SECOND)


def test_who_is_gone_keeps_his_place_and_is_not_offered() -> None:
    play = Playbook()
    play.caller("c1")
    play.after(1).caller("c2")
    play.quietly(e.CallerDisconnected("c1", 1))
    play >> e.AgentJoined("a1", frozenset(), "")
    play.agent_ready("a1")
    assert (play.call("c1").phase, play.call("c2").phase) == (Phase.WAITING, Phase.RINGING)
    play.after(59) >> e.CallerConnected("c1", "n1", "back")
    play.said.clear()
    play.quietly(e.AgentReady("a1", "ready"))
    assert play.call("c1").phase is Phase.RINGING


def test_who_is_gone_for_60_seconds_has_left() -> None:
    play = Playbook()
    play.caller()
    play.quietly(e.CallerDisconnected("c1", 1, age=10 * SECOND))
    play.after(49.999_999) >> e.Tick()
    play.silent()
    play.after(0.000_001) >> e.Tick()
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.WAITING, None, T0 + 50 * SECOND)


def test_a_socket_that_goes_silent_and_is_heard_again() -> None:
    play = Playbook()
    play.caller()
    play.quietly(e.LegSilent("c1", Leg.CUSTOMER, Channel.SOCKET, 1, 1, 5 * SECOND))
    assert play.call().customer_leg.lost_until == T0 + 55 * SECOND
    play.quietly(e.LegHeard("c1", Leg.CUSTOMER, Channel.SOCKET, 1, 2))
    assert play.call().customer_leg.lost_until is None
    # The first report, come late or twice, is old.
    play.quietly(e.LegSilent("c1", Leg.CUSTOMER, Channel.SOCKET, 1, 1, 5 * SECOND))
    assert play.call().customer_leg.lost_until is None


def test_reports_of_media_mean_nothing_before_there_is_any() -> None:
    play = Playbook()
    play.ringing()
    before = play.floor
    play >> e.LegSilent("c1", Leg.CUSTOMER, Channel.MEDIA, 0, 1, 0)
    play >> e.LegHeard("c1", Leg.CUSTOMER, Channel.MEDIA, 0, 2)
    assert play.floor == before


def test_what_names_a_call_that_is_not_there() -> None:
    play = Playbook()
    play >> e.CallerConnected("c9", "n1", "token") << c.Answered("token", codes.UNKNOWN_CALL)
    play >> e.CallerHungUp("c9", 1, "bye") << c.Answered("bye", codes.UNKNOWN_CALL)
    play >> e.EvidenceStored("c9", 1)
    play.silent()
