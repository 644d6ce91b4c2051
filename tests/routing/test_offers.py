"""Ringing: reservations with numbers, refusals, and presses that come too late."""

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, CallRules, Notice, Outcome, Phase, TeamRules
from tests.routing.playbook import Playbook, ok


def test_an_accept_at_the_very_deadline_loses() -> None:
    play = Playbook()
    play.ringing()
    play.after(20) >> e.OfferAccepted("a1", "c1", 1, "w1", "late")
    play << c.CancelOffer("a1", "c1", 1, "did_not_answer")
    play << c.Answered("late", codes.OFFER_GONE)
    assert play.call().phase is Phase.WAITING


def test_an_accept_just_before_the_deadline_wins() -> None:
    play = Playbook()
    play.ringing()
    play.after(19.999_999) >> e.OfferAccepted("a1", "c1", 1, "w1", "accept")
    play << ok("accept")
    assert play.call().phase is Phase.CONNECTING


def test_a_late_accept_of_an_old_offer_changes_nothing() -> None:
    play = Playbook()
    play.ringing()
    play.after(20) >> e.Tick()
    play << c.CancelOffer("a1", "c1", 1, "did_not_answer")
    play >> e.AgentReady("a1", "ready")
    play << ok("ready") << c.Ring("a1", "c1", 2, play.now + 20 * SECOND)
    play >> e.OfferAccepted("a1", "c1", 1, "w1", "late")
    play << c.Answered("late", codes.OFFER_GONE)
    assert play.call().phase is Phase.RINGING


def test_two_accepts_at_once_are_one() -> None:
    play = Playbook()
    play.ringing()
    play >> e.OfferAccepted("a1", "c1", 1, "w1", "first")
    play << ok("first")
    play >> e.OfferAccepted("a1", "c1", 1, "w2", "second")
    play << ok("second")
    assert play.call().worker == "w1"
    assert play.agent().calls_today == 1


def test_nobody_accepts_an_offer_made_to_another() -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    other = "a2" if play.rung() == "a1" else "a1"
    play >> e.OfferAccepted(other, "c1", 1, "w1", "mine")
    play << c.Answered("mine", codes.OFFER_GONE)
    rung = play.rung()
    play >> e.OfferAccepted(rung, "c1", 1, "w1", "accept")
    play << ok("accept")
    play >> e.OfferAccepted(other, "c1", 1, "w1", "again")
    play << c.Answered("again", codes.OFFER_GONE)
    assert play.call().agent == rung


def test_declining_a_cancelled_offer_changes_nothing() -> None:
    play = Playbook()
    play.ringing()
    play.after(20) >> e.OfferDeclined("a1", "c1", 1, "busy", "no")
    play << c.CancelOffer("a1", "c1", 1, "did_not_answer")
    play << c.Answered("no", codes.OFFER_GONE)
    assert play.call().declined == frozenset()


def test_declining_after_accepting_changes_nothing() -> None:
    play = Playbook()
    play.ringing()
    play.accept()
    play >> e.OfferDeclined("a1", "c1", 1, "busy", "no")
    play << c.Answered("no", codes.OFFER_GONE)
    assert play.call().phase is Phase.CONNECTING


def test_declining_anothers_offer_changes_nothing() -> None:
    play = Playbook()
    play.ringing()
    play.agent_ready("a2")
    play >> e.OfferDeclined("a2", "c1", 1, "busy", "no")
    play << c.Answered("no", codes.OFFER_GONE)
    assert play.call().phase is Phase.RINGING


def test_who_declined_is_out_and_stays_ready() -> None:
    play = Playbook()
    play.ringing(agents=("a1",))
    play.agent_present("a2")
    play >> e.OfferDeclined("a1", "c1", 1, "busy", "no")
    play << ok("no")
    play.silent()
    assert play.call().phase is Phase.WAITING
    assert play.call().notice is Notice.PASSING_ON
    assert play.agent("a1").ready


def test_somebody_busy_counts_as_left() -> None:
    play = Playbook()
    play.active()
    play.agent_ready("a2")
    play.caller("c2")
    play >> e.OfferDeclined("a2", "c2", 1, "busy", "no")
    play << ok("no")
    assert play.call("c2").phase is Phase.WAITING


def test_somebody_gone_for_too_long_is_not_left() -> None:
    play = Playbook()
    play.agent_ready("a2")
    play.quietly(e.AgentDisconnected("a2", 1))
    play.ringing()
    play.after(0).quietly(e.Tick())
    play.after(19).quietly(e.OfferDeclined("a1", "c1", 1, "busy", "no"))
    assert play.call().phase is Phase.WAITING
    play.caller("c2")
    play.after(42) >> e.OfferDeclined("a1", "c2", 1, "busy", "no")
    # c2 rang out at a1 meanwhile: its offer is gone, and he is not ready.
    assert [type(command).__name__ for command in play.said] == ["CancelOffer", "Answered"]
    play.said.clear()
    play >> e.AgentReady("a1", "ready")
    play << ok("ready") << c.Ring("a1", "c2", 2, play.now + 20 * SECOND)
    play >> e.OfferDeclined("a1", "c2", 2, "busy", "no2")
    play << ok("no2")
    play << c.CallEnded("c2", "v-c2", 1, Outcome.DECLINED, Phase.WAITING, None, play.now)


def test_somebody_without_the_skill_is_not_left() -> None:
    play = Playbook()
    play.agent_ready("a1", frozenset({"english"}))
    play.agent_ready("a2")
    play.caller(skills=frozenset({"english"}))
    play >> e.OfferDeclined("a1", "c1", 1, "busy", "no")
    play << ok("no")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.DECLINED, Phase.WAITING, None, play.now)


def test_so_many_refusals_end_the_call() -> None:
    play = Playbook()
    play.ringing(CallRules(redirect_limit=2), agents=("a1", "a2", "a3"))
    play.quietly(e.OfferDeclined(play.rung(), "c1", 1, "busy", "no"))
    play >> e.OfferDeclined(play.rung(), "c1", 2, "busy", "no2")
    play << ok("no2")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.DECLINED, Phase.WAITING, None, play.now)


def test_who_let_it_ring_out_is_asked_again_after_the_others() -> None:
    play = Playbook()
    play.ringing()
    play.tick_after(20)
    play << c.CancelOffer("a1", "c1", 1, "did_not_answer")
    play.quietly(e.OffersHeld("disk_full"), e.AgentReady("a1", "ready"))
    play.agent_ready("a2")
    play >> e.OffersResumed("disk_full")
    play << c.Ring("a2", "c1", 2, play.now + 20 * SECOND)
    play >> e.OfferDeclined("a2", "c1", 2, "busy", "no")
    play << ok("no") << c.Ring("a1", "c1", 3, play.now + 20 * SECOND)


def test_back_from_ringing_the_queue_time_and_the_longest_wait_are_the_old_ones() -> None:
    play = Playbook()
    play.ringing(CallRules(longest_wait=30 * SECOND))
    play.tick_after(20)
    play << c.CancelOffer("a1", "c1", 1, "did_not_answer")
    play.agent_ready("a2")
    play.tick_after(10)
    play.silent()
    assert play.call().phase is Phase.RINGING
    play.tick_after(10)
    play << c.CancelOffer("a2", "c1", 2, "did_not_answer")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.NO_AGENT, Phase.WAITING, None, play.now)


def test_the_agents_console_gone_while_it_rings_is_the_next_ones_turn() -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    first = play.rung()
    second = "a2" if first == "a1" else "a1"
    play >> e.AgentDisconnected(first, 1)
    play << c.CancelOffer(first, "c1", 1, "connection_lost")
    play << c.Ring(second, "c1", 2, play.now + 20 * SECOND)
    assert play.agent(first).ready


def test_a_hang_up_while_it_rings_stops_the_ring() -> None:
    play = Playbook()
    play.ringing()
    play >> e.CallerHungUp("c1", 1, "bye")
    play << c.CancelOffer("a1", "c1", 1, "cancelled")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.RINGING, None, play.now)
    play << ok("bye")
    assert "c1" not in play.floor.calls
    play >> e.OfferAccepted("a1", "c1", 1, "w1", "accept")
    play << c.Answered("accept", codes.UNKNOWN_CALL)


def test_pausing_while_it_rings_leaves_the_ring() -> None:
    play = Playbook()
    play.ringing()
    play >> e.AgentPaused("a1", "pause", "lunch")
    play << ok("pause")
    play >> e.OfferAccepted("a1", "c1", 1, "w1", "accept")
    play << ok("accept")


def test_no_time_to_answer_at_all_still_comes_to_an_end() -> None:
    play = Playbook(TeamRules(ring_time_out=0))
    play.agent_ready()
    play.caller()
    assert play.call().phase is Phase.WAITING
    assert not play.agent().ready
