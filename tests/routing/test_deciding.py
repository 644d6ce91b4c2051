"""Verdicts: what bars them, what stands while the picture is kept, and what may still be said after the end."""

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, CallRules, Kind, Leg, Outcome, Phase, ReconnectRule, TeamRules, Verdict
from routing.step import step
from tests.routing.playbook import T0, Playbook, ok


def active(rules: CallRules | None = None) -> Playbook:
    play = Playbook()
    play.active(rules)
    return play


def deciding(verdict: Verdict = Verdict.CONFIRMED, rules: CallRules | None = None) -> Playbook:
    play = active(rules)
    play.deciding(verdict)
    return play


def test_confirm_is_barred_by_a_shut_gate_and_names_it() -> None:
    play = active()
    play >> play.press(Verdict.CONFIRMED) << c.Answered("verdict", codes.NOT_YET, "checks")
    assert play.call().phase is Phase.ACTIVE


def test_confirm_needs_a_customer_who_is_there() -> None:
    play = active()
    play.tick_checks()
    play.quietly(play.silence(Leg.CUSTOMER))
    play >> play.press(Verdict.CONFIRMED) << c.Answered("verdict", codes.FRAME_TOO_OLD)


def test_confirm_needs_a_picture() -> None:
    play = active()
    play.tick_checks()
    play >> play.press(Verdict.CONFIRMED, frame=None) << c.Answered("verdict", codes.NO_PICTURE)


def test_reject_is_never_gated_but_needs_a_reason() -> None:
    play = active()
    play.quietly(e.GateShut("c1", "frozen"), play.silence(Leg.CUSTOMER))
    play >> play.press(Verdict.REJECTED, reason="") << c.Answered("verdict", codes.REASON_MISSING)
    play >> play.press(Verdict.REJECTED, "again", frame=None, fraud=True)
    play << c.KeepPicture("c1", 1, "w1", None, Verdict.REJECTED, "r1", True, "a1", False, T0, T0 + 5 * SECOND)
    play >> e.EvidenceStored("c1", 1)
    play << c.VerdictGiven("c1", "v-c1", 1, Verdict.REJECTED, "r1", True, "", "a1", T0, False)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.REJECTED, Phase.DECIDING, "a1", play.now)
    play << c.CloseMedia("c1", "w1") << ok("again")


def test_unable_to_verify_needs_no_reason() -> None:
    play = active()
    play.quietly(play.press(Verdict.UNABLE_TO_VERIFY, reason=""))
    play.quietly(e.EvidenceStored("c1", 1))
    assert play.call().outcome is Outcome.UNABLE_TO_VERIFY


def test_the_picture_cannot_be_kept_in_time() -> None:
    play = deciding()
    play.after(4.999_999) >> e.Tick()
    play.silent()
    play.after(0.000_001) >> e.Tick()
    play << c.Answered("verdict", codes.NO_PICTURE)
    assert play.call().phase is Phase.ACTIVE
    assert play.call().refusal == codes.NO_PICTURE
    # Stored after all: swept, not counted.
    play >> e.EvidenceStored("c1", 1)
    play.silent()
    assert play.call().phase is Phase.ACTIVE


def test_what_is_reported_of_an_older_press_changes_nothing() -> None:
    play = deciding()
    play >> e.EvidenceFailed("c1", 1) << c.Answered("verdict", codes.NO_PICTURE)
    play.quietly(play.press(Verdict.REJECTED, "second"))
    assert play.call().refusal == ""
    play >> e.EvidenceStored("c1", 1)
    play >> e.EvidenceFailed("c1", 1)
    play >> e.PictureRefused("c1", 1, codes.FRAME_UNKNOWN)
    play.silent()
    assert play.call().phase is Phase.DECIDING
    play.quietly(e.EvidenceStored("c1", 2))
    assert play.call().outcome is Outcome.REJECTED


def test_the_worker_refuses_the_frame() -> None:
    play = deciding()
    play >> e.PictureRefused("c1", 1, codes.FRAME_TOO_OLD) << c.Answered("verdict", codes.FRAME_TOO_OLD)
    assert play.call().phase is Phase.ACTIVE


def test_a_hang_up_changes_nothing_once_the_picture_is_stored() -> None:
    play = deciding()
    play >> e.CallerHungUp("c1", 1, "bye") << c.CutMedia("c1", "w1", customer=1, agent=0) << ok("bye")
    play.quietly(e.EvidenceStored("c1", 1))
    assert play.call().outcome is Outcome.CONFIRMED


def test_a_hang_up_counts_if_no_picture_can_be_kept() -> None:
    play = deciding()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    play.tick_after(5)
    play << c.Answered("verdict", codes.NO_PICTURE)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_an_older_page_cannot_hang_up() -> None:
    play = deciding()
    play.quietly(e.CallerConnected("c1", "n1", "second page"))
    play >> e.CallerHungUp("c1", 1, "bye") << c.Answered("bye", codes.OPENED_ELSEWHERE)


def test_a_loss_that_becomes_final_waits_for_the_verdict() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    play.after(12).quietly(play.press(Verdict.REJECTED))
    play.after(4) >> e.Tick()
    play.silent()
    play.after(0) >> e.EvidenceStored("c1", 1)
    play.said.clear()
    assert play.call().outcome is Outcome.REJECTED


def test_a_loss_that_became_final_fires_when_the_verdict_falls() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    play.after(12).quietly(play.press(Verdict.REJECTED))
    play.after(5) >> e.Tick()
    play << c.Answered("verdict", codes.NO_PICTURE)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_the_longest_call_waits_for_the_verdict() -> None:
    play = active(CallRules(longest_call=20 * SECOND))
    play.after(19).quietly(play.press(Verdict.REJECTED))
    play.after(3) >> e.Tick()
    play.silent()
    play.after(2) >> e.Tick()
    play << c.Answered("verdict", codes.NO_PICTURE)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.TOO_LONG, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_under_strict_a_loss_waits_for_the_verdict_and_then_counts() -> None:
    play = deciding(rules=CallRules(reconnect_rule=ReconnectRule.STRICT))
    play.quietly(play.silence(Leg.CUSTOMER))
    assert play.call().phase is Phase.DECIDING
    play >> e.EvidenceFailed("c1", 1)
    play << c.Answered("verdict", codes.NO_PICTURE)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.INTERRUPTED, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_a_page_may_reconnect_while_the_picture_is_kept() -> None:
    play = deciding()
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 1, "sdp", None) << c.Negotiate("c1", Leg.CUSTOMER, 2, "w1", "sdp")
    play >> e.MediaFlowing("c1", Leg.CUSTOMER, 2, Kind.VIDEO)
    play >> e.EvidenceFailed("c1", 1) << c.Answered("verdict", codes.NO_PICTURE)
    assert play.call().gates == frozenset({"recheck"})


def ended_by_hang_up(rules: TeamRules | None = None) -> Playbook:
    play = Playbook(rules)
    play.active()
    play.tick_checks()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    return play


def test_in_wrap_up_a_late_rejection_gives_the_verification_its_verdict() -> None:
    play = ended_by_hang_up()
    play.after(10) >> play.press(Verdict.REJECTED, "late", fraud=True)
    play << c.KeepPicture(
        "c1", 1, "w1", play.frame(), Verdict.REJECTED, "r1", True, "a1", True, play.now, play.now + 5 * SECOND
    )
    pressed_at = play.now
    play >> play.press(Verdict.REJECTED, "twice") << c.Answered("twice", codes.ALREADY_DECIDED)
    play.after(1) >> e.EvidenceStored("c1", 1)
    play << c.VerdictGiven("c1", "v-c1", 1, Verdict.REJECTED, "r1", True, "", "a1", pressed_at, True)
    play << ok("late")
    assert (play.call().outcome, play.call().verdict) == (Outcome.CANCELLED, Verdict.REJECTED)
    play >> play.press(Verdict.UNABLE_TO_VERIFY, "more") << c.Answered("more", codes.ALREADY_DECIDED)


def test_in_wrap_up_nothing_is_confirmed() -> None:
    play = ended_by_hang_up()
    play >> play.press(Verdict.CONFIRMED) << c.Answered("verdict", codes.CALL_ENDED)
    play >> play.press(Verdict.REJECTED, reason="") << c.Answered("verdict", codes.REASON_MISSING)
    play >> play.press(Verdict.REJECTED, agent="a2") << c.Answered("verdict", codes.CALL_ENDED)


def test_after_wrap_up_a_verdict_is_too_late() -> None:
    play = ended_by_hang_up()
    press = play.press(Verdict.REJECTED)
    play.after(30) >> press << c.Answered("verdict", codes.UNKNOWN_CALL)


def test_a_late_verdict_outlives_the_wrap_up_until_its_picture_is_kept() -> None:
    play = ended_by_hang_up()
    play.after(29).quietly(play.press(Verdict.REJECTED, "late"))
    press = play.press(Verdict.REJECTED, "later")
    play.after(2) >> e.Tick()
    play.silent()
    assert play.agent().wrap_up is None
    play >> press << c.Answered("later", codes.CALL_ENDED)
    play >> e.EvidenceStored("c1", 1)
    play << c.VerdictGiven("c1", "v-c1", 1, Verdict.REJECTED, "r1", False, "", "a1", T0 + 29 * SECOND, True)
    play << ok("late")
    assert "c1" not in play.floor.calls


def test_a_late_verdict_without_its_picture_is_gone() -> None:
    play = ended_by_hang_up()
    play.quietly(play.press(Verdict.REJECTED, "late"))
    play >> e.EvidenceFailed("c1", 1) << c.Answered("late", codes.NO_PICTURE)
    play.quietly(play.press(Verdict.REJECTED, "again"))
    play.tick_after(5) << c.Answered("again", codes.NO_PICTURE)
    assert (play.call().verdict, play.call().decision) == (None, None)


def test_without_wrap_up_a_call_is_forgotten_at_its_end() -> None:
    play = Playbook(TeamRules(wrap_up=0))
    play.active()
    result = step(play.floor, e.CallerHungUp("c1", 1, "bye"), play.now)
    assert len(result.floor.calls) == 0
    assert [(call.id, call.outcome) for call in result.forgotten] == [("c1", Outcome.CANCELLED)]
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    assert play.agent().wrap_up is None


def test_of_a_loss_that_became_final_and_an_account_taken_away_meanwhile_the_loss_counts() -> None:
    play = Playbook()
    agent = play.active()
    play.quietly(play.silence(Leg.CUSTOMER, age=14))
    play.quietly(play.press(Verdict.REJECTED), e.AgentChanged(agent, frozenset(), "", False))
    said = play.after(5).quietly(e.Tick())
    ends = [each for each in said if isinstance(each, c.CallEnded)]
    assert [(end.outcome, end.phase) for end in ends] == [(Outcome.CONNECTION_LOST, Phase.ACTIVE)]
