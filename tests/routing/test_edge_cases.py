"""What call-centre software gets stuck on: two things at the same instant, in both orders, and everybody away.

The cases are those that users of Asterisk's queues and of TaskRouter report; what happens to each alone is told in the
files of the phases.
"""

import pytest

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, Leg, Outcome, Phase, Verdict
from routing.views import AgentState, agent_state, caller_view
from tests.routing.playbook import Playbook

ORDERS = pytest.mark.parametrize("first", [0, 1], ids=["as named", "the other way round"])


def at_once(play: Playbook, first: int, *events: e.Event) -> list[c.Command]:
    """Both at the same instant, the one or the other first."""
    return play.quietly(*(events if first == 0 else reversed(events)))


def answer(said: list[c.Command], request: str) -> str:
    return next(each.code for each in said if isinstance(each, c.Answered) and each.request == request)


def ends(said: list[c.Command]) -> list[tuple[Outcome, Phase]]:
    return [(each.outcome, each.phase) for each in said if isinstance(each, c.CallEnded)]


def test_accept_after_the_ring_has_timed_out() -> None:
    play = Playbook()
    play.ringing()
    said = play.after(20).quietly(e.OfferAccepted("a1", "c1", 1, "w1", "late"))
    assert answer(said, "late") == codes.OFFER_GONE
    assert play.call().phase is Phase.WAITING
    assert (play.agent().ready, play.agent().pause_reason) == (False, "did_not_answer")


@ORDERS
def test_two_accepts_at_once_by_the_agents_of_two_offers(first: int) -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    gone = play.rung()
    play.quietly(e.OfferDeclined(gone, "c1", 1, "busy", "no"))
    won = play.rung()
    said = at_once(play, first, e.OfferAccepted(gone, "c1", 1, "w1", "old"), e.OfferAccepted(won, "c1", 2, "w1", "new"))
    assert (answer(said, "old"), answer(said, "new")) == (codes.OFFER_GONE, codes.OK)
    assert play.call().agent == won


@ORDERS
def test_the_agent_goes_offline_in_the_instant_in_which_he_accepts(first: int) -> None:
    play = Playbook()
    play.ringing()
    said = at_once(play, first, e.OfferAccepted("a1", "c1", 1, "w1", "yes"), e.AgentDisconnected("a1", 1))
    if first == 0:
        assert answer(said, "yes") == codes.OK
        assert play.call().agent_leg.lost_until == play.now + 15 * SECOND
    else:
        assert answer(said, "yes") == codes.OFFER_GONE
        assert play.call().phase is Phase.WAITING


@ORDERS
def test_decline_of_an_offer_that_is_cancelled_in_the_same_instant(first: int) -> None:
    play = Playbook()
    play.ringing()
    said = at_once(play, first, e.OfferDeclined("a1", "c1", 1, "busy", "no"), e.CallerHungUp("c1", 1, "bye"))
    assert len(ends(said)) == 1
    assert ends(said)[0][0] in {Outcome.DECLINED, Outcome.CANCELLED}
    assert agent_state(play.floor, play.agent()) is AgentState.FREE


@ORDERS
def test_the_caller_is_gone_in_the_millisecond_in_which_the_agent_accepts(first: int) -> None:
    play = Playbook()
    play.ringing()
    said = at_once(play, first, e.OfferAccepted("a1", "c1", 1, "w1", "yes"), e.CallerHungUp("c1", 1, "bye"))
    assert ends(said) == [(Outcome.CANCELLED, Phase.CONNECTING if first == 0 else Phase.RINGING)]
    assert answer(said, "yes") == (codes.OK if first == 0 else codes.UNKNOWN_CALL)
    assert agent_state(play.floor, play.agent()) is AgentState.FREE


@ORDERS
def test_the_caller_hangs_up_in_the_instant_of_the_verdict(first: int) -> None:
    play = Playbook()
    agent = play.active()
    play.tick_checks(agent)
    said = at_once(play, first, play.press(Verdict.CONFIRMED), e.CallerHungUp("c1", 1, "bye"))
    if first == 0:
        assert ends(play.quietly(e.EvidenceStored("c1", 1))) == [(Outcome.CONFIRMED, Phase.DECIDING)]
    else:
        assert answer(said, "verdict") == codes.CALL_ENDED
        assert ends(said) == [(Outcome.CANCELLED, Phase.ACTIVE)]


@ORDERS
def test_hang_up_and_loss_in_deciding(first: int) -> None:
    play = Playbook()
    play.active()
    play.deciding()
    at_once(play, first, e.CallerHungUp("c1", 1, "bye"), play.silence(Leg.CUSTOMER, age=16))
    assert play.call().phase is Phase.DECIDING
    assert ends(play.quietly(e.EvidenceStored("c1", 1))) == [(Outcome.CONFIRMED, Phase.DECIDING)]


def test_a_verdict_after_the_end_and_after_wrap_up() -> None:
    play = Playbook()
    play.active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    late = play.press(Verdict.CONFIRMED, "confirm")
    assert answer(play.quietly(late), "confirm") == codes.CALL_ENDED
    after_all = play.press(Verdict.REJECTED, "reject")
    play.after(30).quietly(e.Tick())
    assert answer(play.quietly(after_all), "reject") == codes.UNKNOWN_CALL


def test_a_second_tab_while_it_rings_takes_the_ring_over() -> None:
    play = Playbook()
    play.ringing()
    said = play.quietly(e.AgentConnected("a1", "n2", "second"))
    assert c.Replaced(Leg.AGENT, None, "a1", 1, "n1") in said
    # The first tab's socket closes after it was replaced: the ring goes on at the second.
    play.quietly(e.AgentDisconnected("a1", 1))
    assert play.rung() == "a1"


def test_all_paused_callers_wait_and_are_served_when_somebody_is_back() -> None:
    play = Playbook()
    for agent in ("a1", "a2"):
        play.agent_ready(agent)
        play.quietly(e.AgentPaused(agent, f"pause-{agent}", "lunch"))
    for call in ("c1", "c2", "c3"):
        play.after(1).caller(call)
    views = [caller_view(play.floor, call) for call in ("c1", "c2", "c3")]
    assert [view.position for view in views if view] == [1, 2, 3]
    play.quietly(e.AgentReady("a2", "back"))
    assert play.rung("c1") == "a2"
    # He does not answer either: nobody is left, and in the end each has waited for as long as the rule says.
    assert ends(play.after(20).quietly(e.Tick())) == []
    assert ends(play.after(580).quietly(e.Tick())) == [(Outcome.NO_AGENT, Phase.WAITING)] * 3


@ORDERS
def test_wrap_up_is_over_in_the_instant_in_which_it_is_ended(first: int) -> None:
    play = Playbook()
    play.active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    play.caller("c2")
    said = at_once(play.after(30), first, e.WrapUpEnded("a1", "done"), e.Tick())
    assert answer(said, "done") == codes.OK
    assert play.rung("c2") == "a1"
