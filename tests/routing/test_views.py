"""What pages show."""

from routing import events as e
from routing.state import SECOND, CallRules, Check, CheckMade, Leg, Notice, Outcome, Phase, TeamRules, Verdict
from routing.views import (
    AgentCallView,
    AgentState,
    AgentView,
    CallerView,
    CallState,
    LostLeg,
    OfferView,
    agent_view,
    caller_view,
    floor_view,
)
from tests.routing.playbook import T0, Playbook


def caller(play: Playbook, call: str = "c1") -> CallerView:
    view = caller_view(play.floor, call)
    assert view is not None
    return view


def console(play: Playbook, agent: str = "a1") -> AgentView:
    view = agent_view(play.floor, agent)
    assert view is not None
    return view


def his_call(play: Playbook, agent: str = "a1") -> AgentCallView:
    call = console(play, agent).call
    assert call is not None
    return call


def tile(play: Playbook, agent: str = "a1") -> tuple[AgentState, int, str | None]:
    found = next(tile for tile in floor_view(play.floor).agents if tile.agent == agent)
    return found.state, found.since, found.call


def test_who_is_not_on_the_floor_has_no_view() -> None:
    play = Playbook()
    assert caller_view(play.floor, "c1") is None
    assert agent_view(play.floor, "a1") is None


def test_the_way_of_a_call_as_its_caller_sees_it() -> None:
    play = Playbook()
    play.caller()
    assert (caller(play).state, caller(play).position, caller(play).deadline) == (
        CallState.WAITING,
        1,
        T0 + 600 * SECOND,
    )
    play.agent_ready()
    view = caller(play)
    assert (view.state, view.position, view.deadline, view.notice) == (CallState.RINGING, 1, T0 + 20 * SECOND, None)
    play.accept()
    view = caller(play)
    assert (view.state, view.position, view.expected_wait) == (CallState.CONNECTING, None, None)
    assert (view.notice, view.agent, view.worker_bound, view.offers) == (Notice.ACCEPTED, "a1", True, 1)
    play.connect()
    view = caller(play)
    assert (view.state, view.started_at, view.media, view.agent_media) == (CallState.ACTIVE, T0, 1, 1)
    play.deciding()
    assert (caller(play).state, caller(play).deadline) == (CallState.DECIDING, T0 + 5 * SECOND)
    play.quietly(e.EvidenceStored("c1", 1))
    view = caller(play)
    assert (view.state, view.outcome, view.ended_at, view.deadline) == (CallState.ENDED, Outcome.CONFIRMED, T0, None)


def test_reconnecting_is_shown_while_a_leg_is_lost() -> None:
    play = Playbook()
    play.active()
    play.quietly(play.silence(Leg.AGENT, age=3))
    assert caller(play).state is CallState.RECONNECTING
    assert caller(play).lost == (LostLeg(Leg.AGENT, T0 + 12 * SECOND),)
    assert his_call(play).state is CallState.RECONNECTING
    play.quietly(play.sound(Leg.AGENT))
    assert caller(play).state is CallState.ACTIVE


def test_reconnecting_is_shown_in_set_up_too_but_not_over_a_verdict() -> None:
    play = Playbook()
    play.ringing()
    play.accept()
    play.quietly(e.CallerDisconnected("c1", 1))
    assert his_call(play).state is CallState.RECONNECTING
    play.quietly(e.CallerConnected("c1", "n1", "back"))
    play.connect()
    play.deciding()
    play.quietly(play.silence(Leg.CUSTOMER))
    assert his_call(play).state is CallState.DECIDING


def test_places_in_the_queue_count_those_for_whom_it_rings() -> None:
    play = Playbook(TeamRules(usual_call=60 * SECOND))
    play.agent_ready("a1")
    play.agent_ready("a2")
    for number in (1, 2, 3, 4):
        play.after(1).caller(f"c{number}")
    assert [caller(play, f"c{number}").position for number in (1, 2, 3, 4)] == [1, 2, 3, 4]
    assert [caller(play, f"c{number}").expected_wait for number in (3, 4)] == [90 * SECOND, 120 * SECOND]


def test_the_expected_wait_follows_the_last_calls() -> None:
    play = Playbook(TeamRules(wrap_up=10 * SECOND))
    play.active()
    play.after(40).quietly(e.AgentEnded("a1", "c1", "r", "end"), e.WrapUpEnded("a1", "done"))
    play.caller("c2")
    assert caller(play, "c2").expected_wait == 50 * SECOND


def test_without_anybody_at_work_no_wait_is_promised() -> None:
    play = Playbook()
    play.caller()
    assert caller(play).expected_wait is None


def test_the_console_before_accepting() -> None:
    play = Playbook()
    play.ringing()
    view = console(play)
    assert view.offer == OfferView("c1", "v-c1", 1, T0 + 20 * SECOND)
    assert view.call is None
    assert (view.ready, view.present, view.socket, view.calls_today) == (True, True, 1, 0)


def test_the_console_in_a_call() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.CheckSet("a1", "c1", Check.DATA, True, "1"), e.GateShut("c1", "a_gate"))
    call = his_call(play)
    assert (call.gates, call.ticks) == (("a_gate", "checks"), (CheckMade(Check.DATA, T0),))
    assert (call.state, call.media, call.customer_media, call.last_frame) == (CallState.ACTIVE, 1, 1, play.frame())
    assert console(play).offer is None
    assert console(play).calls_today == 1


def test_the_console_while_and_after_a_verdict_is_kept() -> None:
    play = Playbook()
    play.active()
    play.deciding(Verdict.REJECTED)
    assert his_call(play).deciding is Verdict.REJECTED
    play.quietly(e.PictureRefused("c1", 1, "frame_too_old"))
    assert (his_call(play).deciding, his_call(play).refusal) == (None, "frame_too_old")
    play.quietly(play.press(Verdict.REJECTED, "again"), e.EvidenceStored("c1", 2))
    call = his_call(play)
    assert (call.state, call.outcome, call.verdict) == (CallState.ENDED, Outcome.REJECTED, Verdict.REJECTED)
    assert console(play).wrap_up_until == T0 + 30 * SECOND
    play.quietly(e.WrapUpEnded("a1", "done"))
    assert (console(play).call, console(play).wrap_up_until) == (None, None)


def test_yesterdays_calls_are_not_todays() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.SeedSet("2026-11-22", "00"))
    assert console(play).calls_today == 0


def test_an_agents_day_on_the_supervisors_wall() -> None:
    play = Playbook()
    play.quietly(e.AgentJoined("a1", frozenset(), "partner"))
    assert tile(play) == (AgentState.OFFLINE, T0, None)
    play.quietly(e.AgentConnected("a1", "n1", "t"))
    assert tile(play) == (AgentState.PAUSED, T0, None)
    play.after(1).quietly(e.AgentReady("a1", "ready"))
    assert tile(play) == (AgentState.FREE, T0 + SECOND, None)
    play.after(1).caller()
    assert tile(play) == (AgentState.RINGING, T0 + 2 * SECOND, "c1")
    play.after(1).accept()
    play.connect()
    assert tile(play) == (AgentState.IN_CALL, T0 + 3 * SECOND, "c1")
    play.after(1).quietly(e.AgentEnded("a1", "c1", "r", "end"))
    assert tile(play) == (AgentState.WRAP_UP, T0 + 4 * SECOND, "c1")
    play.after(1).quietly(e.WrapUpEnded("a1", "done"))
    assert tile(play) == (AgentState.FREE, T0 + 4 * SECOND, None)
    play.after(1).quietly(e.AgentDisconnected("a1", 1))
    assert tile(play) == (AgentState.OFFLINE, T0 + 6 * SECOND, None)


def test_the_queue_on_the_supervisors_wall() -> None:
    play = Playbook()
    play.quietly(e.OffersHeld("disk_full"), e.OffersHeld("a_reason"))
    play.caller("c1")
    play.after(1).caller("c2", priority=5)
    play.quietly(e.CallerDisconnected("c1", 1))
    view = floor_view(play.floor)
    assert view.held == ("a_reason", "disk_full")
    assert (view.floor, view.version) == ("CTKV1", play.floor.version)
    assert [(entry.call, entry.position, entry.priority, entry.reachable) for entry in view.queue] == [
        ("c2", 1, 5, True),
        ("c1", 2, 0, False),
    ]
    assert view.queue[1].waiting_since == T0
    assert view.queue[1].company == "CTKV4"
    assert view.queue[1].state is CallState.WAITING


def test_declined_is_said_only_when_it_is_final() -> None:
    play = Playbook()
    play.active()
    play.agent_ready("a2")
    play.caller("c2", rules=CallRules(redirect_limit=1))
    play.caller("c3")
    play.quietly(e.OfferDeclined("a2", "c2", 1, "busy", "no"))
    assert play.floor.calls.get("c2") is None
    play.quietly(e.OfferDeclined("a2", "c3", 1, "busy", "no"))
    assert caller(play, "c3").notice is Notice.PASSING_ON
    assert play.call("c3").phase is Phase.WAITING
