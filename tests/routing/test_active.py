"""In the call: ends without a verdict, pictures, checks and gates."""

import pytest

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, Check, CheckMade, Frame, Leg, Outcome, Override, Phase, Verdict
from tests.routing.playbook import T0, Playbook, ok


def active() -> Playbook:
    play = Playbook()
    play.active()
    return play


def test_the_agent_ends_with_a_reason() -> None:
    play = active()
    play >> e.AgentEnded("a1", "c1", "", "end") << c.Answered("end", codes.REASON_MISSING)
    play >> e.AgentEnded("a1", "c1", "wrong_person", "end2")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.AGENT_ENDED, Phase.ACTIVE, "a1", play.now, "wrong_person")
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1") << ok("end2")
    assert play.call().end_reason == "wrong_person"


def test_the_caller_hangs_up() -> None:
    play = active()
    play >> e.CallerHungUp("c1", 1, "bye")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1") << ok("bye")
    assert play.call().ended_in is Phase.ACTIVE


def test_the_longest_call() -> None:
    play = active()
    play.tick_after(1800)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.TOO_LONG, Phase.ACTIVE, "a1", T0 + 1800 * SECOND)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_further_pictures_are_numbered() -> None:
    play = active()
    play >> e.PictureRequested("a1", "c1", Frame(1, 5), "p1")
    play << c.TakePicture("c1", 1, "w1", Frame(1, 5), "a1", "p1") << ok("p1", "1")
    play >> e.PictureRequested("a1", "c1", None, "p2")
    play << c.TakePicture("c1", 2, "w1", play.frame(), "a1", "p2") << ok("p2", "2")


def test_both_ticks_open_checks_and_each_is_kept_with_its_time() -> None:
    play = active()
    play >> e.CheckSet("a1", "c1", Check.DATA, True, "1") << ok("1")
    assert play.call().gates == frozenset({"checks"})
    play.after(2) >> e.CheckSet("a1", "c1", Check.FACES, True, "2") << ok("2")
    play.after(2) >> e.CheckSet("a1", "c1", Check.FACES, True, "3") << ok("3")
    assert play.call().gates == frozenset()
    assert play.call().ticks == (CheckMade(Check.DATA, T0), CheckMade(Check.FACES, T0 + 2 * SECOND))
    play >> e.CheckSet("a1", "c1", Check.DATA, False, "4") << ok("4")
    assert play.call().gates == frozenset({"checks"})
    play >> e.CheckSet("a1", "c1", Check.DATA, False, "5") << ok("5")


def test_the_recheck_is_ticked_only_after_a_gap() -> None:
    play = active()
    play.tick_checks()
    play.quietly(play.silence(Leg.CUSTOMER), play.sound(Leg.CUSTOMER))
    assert play.call().gates == frozenset({"recheck"})
    play >> e.CheckSet("a1", "c1", Check.RECHECK, True, "1") << ok("1")
    assert play.call().gates == frozenset()
    play.quietly(play.silence(Leg.CUSTOMER), play.sound(Leg.CUSTOMER))
    assert play.call().gates == frozenset({"recheck"})
    assert {tick.check for tick in play.call().ticks} == {Check.DATA, Check.FACES}
    play >> e.CheckSet("a1", "c1", Check.RECHECK, True, "2") << ok("2")
    play >> e.CheckSet("a1", "c1", Check.RECHECK, False, "3") << ok("3")
    assert play.call().gates == frozenset({"recheck"})


def test_gates_of_the_system() -> None:
    play = active()
    play.tick_checks()
    play >> e.GateShut("c1", "recording")
    play >> play.press(Verdict.CONFIRMED) << c.Answered("verdict", codes.NOT_YET, "recording")
    play >> e.GateOpened("c1", "recording")
    play >> play.press(Verdict.CONFIRMED, "verdict2")
    play.said.clear()
    assert play.call().phase is Phase.DECIDING


def test_a_gate_shut_before_the_accept_is_shut_after_it() -> None:
    play = Playbook()
    play.ringing()
    play.quietly(e.GateShut("c1", "frozen"))
    play.accept()
    assert play.call().gates == frozenset({"checks", "frozen"})


def test_a_gate_that_the_system_cannot_open_the_agent_opens_with_a_reason() -> None:
    play = active()
    play.quietly(e.GateShut("c1", "matcher"))
    play >> e.GateOverridden("a1", "c1", "matcher", "", "1") << c.Answered("1", codes.REASON_MISSING)
    play >> e.GateOverridden("a1", "c1", "matcher", "not_assessed", "2") << ok("2")
    play >> e.GateOverridden("a1", "c1", "matcher", "not_assessed", "3") << ok("3")
    assert play.call().gates == frozenset({"checks"})
    assert play.call().overrides == (Override("matcher", "a1", "not_assessed", T0),)


@pytest.mark.parametrize("gate", ["recording", "frozen", "checks"])
def test_some_gates_no_reason_opens(gate: str) -> None:
    play = active()
    play.quietly(e.GateShut("c1", gate))
    play >> e.GateOverridden("a1", "c1", gate, "in a hurry", "1") << c.Answered("1", codes.GATE_FIXED, gate)
    assert gate in play.call().gates


def presses(agent: str) -> list[e.Event]:
    return [
        e.VerdictPressed(agent, "c1", Verdict.REJECTED, "r", False, "", None, "p"),
        e.AgentEnded(agent, "c1", "r", "p"),
        e.PictureRequested(agent, "c1", None, "p"),
        e.CheckSet(agent, "c1", Check.DATA, True, "p"),
        e.GateOverridden(agent, "c1", "matcher", "r", "p"),
    ]


@pytest.mark.parametrize("press", presses("a2"))
def test_another_agents_press_changes_nothing(press: e.Event) -> None:
    play = active()
    play.agent_ready("a2")
    before = play.floor
    play >> press << c.Answered("p", codes.NOT_YOUR_CALL)
    assert play.floor == before


@pytest.mark.parametrize("press", presses("a1"))
def test_a_press_before_the_call_is_active(press: e.Event) -> None:
    play = Playbook()
    play.ringing()
    play >> press << c.Answered("p", codes.NOT_YOUR_CALL)
    play.accept()
    play >> press << c.Answered("p", codes.NOT_READY_YET)


@pytest.mark.parametrize("press", presses("a1"))
def test_a_press_while_a_verdict_waits(press: e.Event) -> None:
    play = active()
    play.deciding()
    play >> press << c.Answered("p", codes.ALREADY_DECIDED)
