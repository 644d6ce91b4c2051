"""A dealer and an agent may not meet as often as they like: against collusion, where the team wants it."""

from routing import events as e
from routing.state import CallRules, DeclineRule, Exclusion, Outcome, Phase, TeamRules
from tests.routing.playbook import Playbook

CAP = TeamRules(pair_cap=1, wrap_up=0)


def calls(play: Playbook, call: str, dealer: str, agent: str) -> None:
    """A call of a dealer that an agent accepts and that ends."""
    play.caller(call, dealer=dealer)
    assert play.accept(call) == agent
    play.quietly(e.CallerHungUp(call, 1, f"bye-{call}"))


def test_an_agent_who_has_had_his_share_of_a_dealer_is_passed_over() -> None:
    play = Playbook(CAP)
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    play.caller("c2", dealer="d1")
    assert play.call("c2").phase is Phase.WAITING
    play.agent_ready("a2")
    assert play.rung("c2") == "a2"
    offer = play.call("c2").offer
    assert offer is not None
    assert offer.passed_over == ((Exclusion.MET_TOO_OFTEN, 1),)


def test_other_dealers_and_customers_by_themselves_are_served() -> None:
    play = Playbook(CAP)
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    calls(play, "c2", "d2", "a1")
    calls(play, "c3", "", "a1")
    calls(play, "c4", "", "a1")
    assert dict(play.floor.index.capped) == {"d1": frozenset({"a1"}), "d2": frozenset({"a1"})}


def test_the_next_day_all_begins_anew() -> None:
    play = Playbook(CAP)
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    play.caller("c2", dealer="d1")
    play.quietly(e.SeedSet("2026-11-22", "00ff"))
    assert play.rung("c2") == "a1"


def test_a_cap_that_is_lifted_lets_those_who_wait_be_served() -> None:
    play = Playbook(CAP)
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    play.caller("c2", dealer="d1")
    play.quietly(e.TeamChanged(TeamRules(pair_cap=2)))
    assert play.rung("c2") == "a1"


def test_without_a_cap_nothing_is_counted() -> None:
    play = Playbook(TeamRules(wrap_up=0, pair_cap=None))
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    assert play.agent("a1").met == ()


def test_who_may_not_meet_is_not_somebody_left_after_a_refusal() -> None:
    play = Playbook(CAP)
    play.agent_ready("a1")
    calls(play, "c1", "d1", "a1")
    play.agent_ready("a2")
    play.caller("c2", dealer="d1", rules=CallRules(decline_rule=DeclineRule.REDIRECT))
    ends = play.quietly(e.OfferDeclined("a2", "c2", 1, "busy", "no"))
    assert [end.outcome for end in ends if hasattr(end, "outcome")] == [Outcome.DECLINED]
