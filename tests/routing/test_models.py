"""The five call models of the operator, by name."""

from routing import commands as c
from routing import events as e
from routing.state import SECOND, CallRules, DeclineRule, Kind, Leg, Notice, Outcome, Phase, ReconnectRule, Verdict
from routing.views import CallState, caller_view
from tests.routing.playbook import T0, Playbook, ok


def test_accepted() -> None:
    play = Playbook()
    play.agent_ready("a1")
    play >> e.CallRequested("join", "c1", "v1", "CTKV4", 1, 0, frozenset(), CallRules(), "n1")
    play << ok("join", "c1")
    play >> e.CallerConnected("c1", "n1", "token")
    play << c.SocketAssigned(Leg.CUSTOMER, "c1", None, 1, "n1", "token")
    play << c.Ring("a1", "c1", 1, T0 + 20 * SECOND)
    play.after(3) >> e.OfferAccepted("a1", "c1", 1, "w1", "accept")
    play << ok("accept")
    assert play.call().notice is Notice.ACCEPTED
    for leg in Leg:
        play >> e.MediaOffered("c1", leg, 1, f"sdp-{leg}", "w2")
        play << c.Negotiate("c1", leg, 1, "w1", f"sdp-{leg}")
    for leg in Leg:
        for kind in Kind:
            play >> e.MediaFlowing("c1", leg, 1, kind)
    play >> e.FramePresented("c1", Leg.CUSTOMER, 1, None)
    assert play.call().phase is Phase.CONNECTING
    play >> e.FramePresented("c1", Leg.AGENT, 1, 90_000)
    assert play.call().phase is Phase.ACTIVE
    play.silent()


def test_accepted_and_confirmed() -> None:
    play = Playbook()
    play.active()
    play.tick_checks()
    play >> play.press(Verdict.CONFIRMED, "press")
    play << c.KeepPicture(
        "c1", 1, "w1", play.frame(), Verdict.CONFIRMED, "r1", False, "a1", False, play.now, play.now + 5 * SECOND
    )
    play.silent()
    play.after(1) >> e.EvidenceStored("c1", 1)
    play << c.VerdictGiven("c1", "v-c1", 1, Verdict.CONFIRMED, "r1", False, "", "a1", T0, False)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONFIRMED, Phase.DECIDING, "a1", play.now)
    play << c.CloseMedia("c1", "w1")
    play << ok("press")


def test_declined_when_nobody_is_left() -> None:
    play = Playbook()
    play.ringing()
    play >> e.OfferDeclined("a1", "c1", 1, "busy", "no")
    play << ok("no")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.DECLINED, Phase.WAITING, None, play.now)
    play.silent()


def test_declined_at_once_by_rule() -> None:
    play = Playbook()
    play.ringing(CallRules(decline_rule=DeclineRule.END), agents=("a1", "a2"))
    play >> e.OfferDeclined(play.rung(), "c1", 1, "busy", "no")
    play << ok("no")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.DECLINED, Phase.WAITING, None, play.now)


def test_redirected_by_a_refusal() -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    first = play.rung()
    second = "a2" if first == "a1" else "a1"
    play >> e.OfferDeclined(first, "c1", 1, "busy", "no")
    play << ok("no")
    play << c.Ring(second, "c1", 2, play.now + 20 * SECOND)
    view = caller_view(play.floor, "c1")
    assert view is not None
    assert (view.state, view.notice) == (CallState.RINGING, Notice.PASSING_ON)
    play.accept()
    play.connect()
    assert play.call().agent == second
    assert play.agent(first).ready


def test_redirected_by_a_ring_that_nobody_answered() -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    first = play.rung()
    second = "a2" if first == "a1" else "a1"
    play.tick_after(20)
    play << c.CancelOffer(first, "c1", 1, "did_not_answer")
    play << c.Ring(second, "c1", 2, play.now + 20 * SECOND)
    assert not play.agent(first).ready
    assert play.agent(first).pause_reason == "did_not_answer"
    assert play.call().notice is Notice.PASSING_ON


def test_lost_for_less_than_15_seconds() -> None:
    play = Playbook()
    play.active(CallRules(reconnect_rule=ReconnectRule.RESUME))
    before = play.call()
    play.after(4) >> play.silence(Leg.CUSTOMER, age=3)
    assert play.call().customer_leg.lost_until == play.now + 12 * SECOND
    play.after(11) >> e.CallerDisconnected("c1", 1)
    play >> e.CallerConnected("c1", "n2", "again")
    play << c.SocketAssigned(Leg.CUSTOMER, "c1", None, 2, "n2", "again")
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 2, "sdp", "w2")
    play << c.Negotiate("c1", Leg.CUSTOMER, 2, "w1", "sdp")
    play >> e.MediaFlowing("c1", Leg.CUSTOMER, 2, Kind.VIDEO)
    after = play.call()
    assert after.customer_leg.lost_until is None
    # The agent has had nothing to do: his leg, his number, his call are what they were.
    assert (after.phase, after.agent, after.agent_leg) == (Phase.ACTIVE, before.agent, before.agent_leg)
    assert [(gap.leg, gap.since, gap.until) for gap in after.gaps] == [(Leg.CUSTOMER, T0 + SECOND, play.now)]
    assert after.gates == frozenset({"checks"})
    play.silent()


def test_lost_for_more_than_15_seconds() -> None:
    play = Playbook()
    play.active()
    play.after(3) >> play.silence(Leg.CUSTOMER, age=3)
    play.after(11.999_999) >> e.Tick()
    assert play.call().phase is Phase.ACTIVE
    play.after(0.000_001) >> e.Tick()
    assert play.now == T0 + 15 * SECOND
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.ACTIVE, "a1", T0 + 15 * SECOND)
    play << c.KeepLastFrame("c1", "w1", play.frame())
    play << c.CloseMedia("c1", "w1")
    play.silent()
    assert play.agent().ready
    assert play.agent().wrap_up is not None
