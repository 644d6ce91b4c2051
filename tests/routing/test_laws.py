"""The laws see what is wrong: corrupted floors, and faults planted in the code while a scenario runs."""

from dataclasses import replace
from typing import Any

import pytest

from routing import agents, codes, connecting, deciding, legs, moves, offers, turn
from routing import commands as c
from routing import events as e
from routing.index import build
from routing.laws import broken_in_state, broken_in_step
from routing.state import (
    SECOND,
    Agent,
    Call,
    CallRules,
    Channel,
    Due,
    Floor,
    Index,
    InvariantBrokenError,
    Leg,
    LegState,
    Notice,
    Outcome,
    Phase,
    Verdict,
    WrapUp,
)
from routing.table import CALLS, DUE
from routing.turn import Step
from tests.routing.playbook import T0, Playbook


def active() -> Playbook:
    play = Playbook()
    play.active()
    return play


def floor_with(play: Playbook, call: dict[str, Any] | None = None, agent: dict[str, Any] | None = None) -> Floor:
    """The floor with fields of c1 and a1 overwritten, its index made to fit."""
    calls = [replace(play.call(), **(call or {}))]
    members = [replace(play.agent(), **(agent or {}))]
    return build("f", play.floor.rules, play.floor.seed, members, calls, now=play.now)


PRESS = {"verdict": Verdict.CONFIRMED, "reason": "", "fraud": False, "frame": None, "request": "r"}
ENDED = {"phase": Phase.ENDED, "outcome": Outcome.CANCELLED, "ended_at": T0, "ended_in": Phase.ACTIVE}


@pytest.mark.parametrize(
    ("law", "call", "agent"),
    [
        ("an agent holds a live call from CONNECTING on", {"agent": None}, {}),
        ("an outcome stands in ENDED", {"outcome": Outcome.DECLINED}, {}),
        ("an outcome stands in ENDED", {**ENDED, "ended_at": None}, {}),
        ("a verdict's outcome without", {**ENDED, "outcome": Outcome.CONFIRMED}, {}),
        ("DECIDING without a decision", {"phase": Phase.DECIDING}, {}),
        ("kept after its end", ENDED, {}),
        ("a leg is lost exactly while", {"customer_leg": LegState(lost_until=T0 + 1, lost_since=T0)}, {}),
        ("a loss has a beginning", {"customer_leg": LegState(silent_since=T0, lost_until=T0 + 1)}, {}),
        ("does not copy his socket", {}, {"socket": 9}),
        ("a reason stands while", {}, {"pause_reason": "lunch"}),
        ("wrap-up only after", {}, {"wrap_up": WrapUp("c9", T0, T0 + 1)}),
        ("a call during wrap-up", {}, {"wrap_up": WrapUp("c9", T0, T0 + 1)}),
        ("stays on the floor", ENDED, {"leaving": True}),
        ("a deadline has passed", {"deadline": T0}, {}),
    ],
)
def test_a_corrupted_floor_breaks_its_law(law: str, call: dict[str, Any], agent: dict[str, Any]) -> None:
    assert [broken for broken in broken_in_state(floor_with(active(), call, agent)) if law in broken]


def test_corrupted_offers_and_decisions() -> None:
    play = Playbook()
    play.ringing()
    offer = play.call().offer
    play.accept()
    play.connect()
    play.deciding()
    decision = play.call().decision
    assert decision is not None
    broken = broken_in_state(floor_with(play, {"phase": Phase.ACTIVE, "offer": offer}))
    assert [law for law in broken if "an offer stands in RINGING" in law]
    assert [law for law in broken if "a decision outside DECIDING" in law]
    late = replace(decision, late=True)
    assert [law for law in broken_in_state(floor_with(play, {"decision": late})) if "a late confirmation" in law]


def test_a_floor_whose_index_does_not_fit() -> None:
    play = active()
    broken = broken_in_state(replace(play.floor, index=replace(play.floor.index, serving=Index().serving)))
    assert [law for law in broken if "index serving" in law]


def test_two_calls_for_one_agent_and_one_verification() -> None:
    play = active()
    calls = play.floor.calls.set("c2", replace(play.call(), id="c2"))
    broken = broken_in_state(replace(play.floor, calls=calls))
    assert "an agent holds two live calls" in broken
    assert "a verification has two live calls" in broken


def test_a_call_that_time_alone_would_not_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    play = active()
    monkeypatch.setattr("routing.laws.call_alarm", lambda _: None)
    assert [law for law in broken_in_state(play.floor) if "time alone" in law]


def compare(before: Floor, event: e.Event, after: Floor, *commands: c.Command) -> list[str]:
    every = frozenset({*before.agents, *after.agents}), frozenset({*before.calls, *after.calls})
    return broken_in_step(before, event, Step(after, commands, *every, forgotten=(), queue_changed=False))


def changed(play: Playbook, **changes: Any) -> Floor:
    calls = play.floor.calls.set("c1", replace(play.call(), **changes))
    return replace(play.floor, calls=calls, version=play.floor.version + 1)


@pytest.mark.parametrize(
    ("law", "changes"),
    [
        ("what a call began with", {"queued_at": T0 + 1}),
        ("a number fell", {"offers": 0}),
        ("CONNECTING follows an accepted offer", {"phase": Phase.CONNECTING}),
        ("DECIDING follows the press", {"phase": Phase.DECIDING}),
        ("a media number fell", {"customer_leg": LegState(media=0)}),
        ("was forgotten", {"customer_leg": LegState(media=1)}),
        ("a verdict exists only once", {"verdict": Verdict.REJECTED}),
        ("CallEnded is said once", ENDED),
    ],
)
def test_a_step_that_breaks_with_history(law: str, changes: dict[str, Any]) -> None:
    play = active()
    assert [broken for broken in compare(play.floor, e.Tick(), changed(play, **changes)) if law in broken]


def test_more_steps_that_break_with_history() -> None:
    play = Playbook()
    play.ringing()
    assert "call c1: ACTIVE follows CONNECTING" in compare(play.floor, e.Tick(), changed(play, phase=Phase.ACTIVE))
    play.quietly(e.GateShut("c1", "x"))
    play.floor = changed(play, declined=frozenset({"a1"}))
    assert [law for law in compare(play.floor, e.Tick(), changed(play, declined=frozenset())) if "is no longer" in law]
    ring = c.Ring("a1", "c1", 1, T0)
    assert "an offer's number was used before" in compare(play.floor, e.Tick(), play.floor, ring)
    twice = [c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.RINGING, None, T0)] * 2
    assert "a call ended twice" in compare(play.floor, e.Tick(), play.floor, *twice)
    late = c.VerdictGiven("c1", "v-c1", 1, Verdict.CONFIRMED, "", False, "", "a1", T0, True)
    assert "a late confirmation was given" in compare(play.floor, e.Tick(), play.floor, late)
    assert "time went back" in compare(play.floor, e.Tick(), replace(play.floor, now=T0 - 1))
    assert [law for law in compare(play.floor, e.Tick(), replace(changed(play, offers=5), version=0)) if "rises" in law]


def test_steps_that_break_with_an_agents_history() -> None:
    play = Playbook()
    play.agent_present()
    ready = replace(play.agent(), ready=True, pause_reason="")
    after = replace(play.floor, agents=play.floor.agents.set("a1", replace(ready, socket=0)))
    broken = compare(play.floor, e.Tick(), after)
    assert "agent a1: a socket number fell" in broken
    assert "agent a1: made ready by somebody else" in broken
    unready = replace(ready, ready=False, pause_reason="connection_lost")
    before = replace(play.floor, agents=play.floor.agents.set("a1", ready))
    after = replace(play.floor, agents=play.floor.agents.set("a1", unready))
    assert "agent a1: made not ready for a fault of ours" in compare(before, e.NodeLost("n1", 0), after)


def test_a_gap_that_is_rewritten() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT), play.sound(Leg.AGENT))
    assert [law for law in compare(play.floor, e.Tick(), changed(play, gaps=())) if "recorded gap" in law]


# Faults planted in the code, each with the scenario that must find it.


def breaks(play: Playbook, event: e.Event, law: str) -> None:
    with pytest.raises(AssertionError) as caught:
        play.quietly(event)
    assert law in str(caught.value)


@pytest.fixture(autouse=True)
def _laws_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the playbook's own checks name what is broken."""

    def checked(self: Playbook, event: e.Event) -> list[c.Command]:
        before = self.floor
        result = turn_of(before, event, self.now)
        broken = [*broken_in_state(result.floor), *broken_in_step(before, event, result)]
        if broken:
            raise AssertionError("; ".join(broken))
        self.floor = result.floor
        return list(result.commands)

    from routing.step import step as turn_of  # noqa: PLC0415 - bound late, so that planted faults run

    monkeypatch.setattr(Playbook, "_step", checked)


def test_planted_a_stale_offer_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Playbook()
    play.ringing()
    play.after(20).quietly(e.AgentReady("a1", "ready"))
    monkeypatch.setattr(offers, "_is_current", lambda *_: True)
    breaks(play, e.OfferAccepted("a1", "c1", 1, "w1", "accept"), "a stale offer was accepted")


def test_planted_a_grace_that_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(at_work: turn.Turn, call: Call, leg: Leg, since: int, *, own_fault: bool) -> Call:
        until = since + call.rules.grace
        state = replace(call.leg(leg), lost_since=since, lost_until=until, own_fault=own_fault)
        return legs.with_leg(at_work, call, leg, state)

    monkeypatch.setattr(legs, "_lose", lose)
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    breaks(play.after(5), play.silence(Leg.CUSTOMER), "a running grace was lengthened")


def test_planted_confirm_past_a_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deciding, "_refusal", lambda *_: (codes.OK, ""))
    play = active()
    breaks(play, play.press(Verdict.CONFIRMED), "confirmed past a gate that is shut")
    play = active()
    play.tick_checks()
    breaks(play, play.press(Verdict.CONFIRMED, frame=None), "confirmed without a live picture")


def test_planted_a_verdict_without_its_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(at_work: turn.Turn, call: Call, _: e.EvidenceFailed) -> None:
        call = at_work.put(call, verdict=Verdict.CONFIRMED, decision=None)
        moves.end(at_work, call, Outcome.CONFIRMED)
        at_work.answer("verdict", codes.OK)

    monkeypatch.setitem(CALLS[e.EvidenceFailed], Phase.DECIDING, give)  # type: ignore[arg-type]
    play = active()
    play.deciding()
    breaks(play, e.EvidenceFailed("c1", 1), "a verdict exists only once its own picture is stored")


def test_planted_nobody_is_matched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("routing.step.match", lambda _: None)
    play = Playbook()
    play.agent_ready()
    play.quietly(e.CallRequested("r", "c1", "v1", "x", 1, 0, frozenset(), CallRules(), "n1"))
    breaks(play, e.CallerConnected("c1", "n1", "t"), "free and eligible while a reachable caller waits")


def test_planted_who_has_a_call_counts_as_free(monkeypatch: pytest.MonkeyPatch) -> None:
    play = active()
    play.caller("c2")
    monkeypatch.setattr("routing.index.standing", lambda agent, busy: "free" if agent.ready else "paused")
    with pytest.raises(AssertionError, match="index standing"):
        play.quietly(e.AgentReady("a1", "r"), e.AgentChanged("a1", frozenset({"x"}), "", True))


def test_planted_our_own_fault_is_the_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    def blame(at_work: turn.Turn, call: Call) -> None:
        agents.make_not_ready(at_work, at_work.agent(call.agent or ""), "connection_lost")
        moves.hand_back(at_work, call)

    monkeypatch.setitem(DUE, Due.AGENT_LOST, blame)  # type: ignore[arg-type]
    play = active()
    play.quietly(e.WorkerLost("w1", "w2", 0))
    play.negotiate(Leg.CUSTOMER)
    play.flow(Leg.CUSTOMER)
    breaks(play.after(15), e.Tick(), "made not ready for a fault of ours")


def test_planted_a_press_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CALLS[e.CallerHungUp], Phase.ACTIVE, lambda *_: None)  # type: ignore[arg-type]
    breaks(active(), e.CallerHungUp("c1", 1, "bye"), "a press has one answer, not 0")


def test_planted_a_second_end(monkeypatch: pytest.MonkeyPatch) -> None:
    play = active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))

    def again(at_work: turn.Turn, call: Call, event: e.CallerHungUp) -> None:
        moves.end(at_work, call, Outcome.TOO_LONG)
        at_work.answer(event.request, codes.OK)

    monkeypatch.setitem(CALLS[e.CallerHungUp], Phase.ENDED, again)  # type: ignore[arg-type]
    breaks(play.after(1), e.CallerHungUp("c1", 1, "bye2"), "an end is final")


def test_planted_a_change_that_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(self: turn.Turn, call: Call, **changes: Any) -> Call:
        new = replace(call, **changes)
        self.draft.put_call(new)
        return new

    play = active()
    monkeypatch.setattr(turn.Turn, "put", put)
    breaks(play, e.GateShut("c1", "x"), "not named as touched")


def test_planted_an_agent_is_made_ready_by_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Playbook()
    play.agent_present()
    monkeypatch.setattr(
        agents, "_socket_up", lambda at_work, agent, *_, **__: at_work.put_agent(agent, ready=True, pause_reason="")
    )
    breaks(play, e.AgentConnected("a1", "n1", "t"), "made ready by somebody else")


def test_planted_a_deadline_that_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    play = active()
    monkeypatch.setitem(DUE, Due.PHASE, lambda *_: None)  # type: ignore[arg-type]
    with pytest.raises(InvariantBrokenError, match="still due"):
        play.after(1800).quietly(e.Tick())


def test_planted_set_up_without_both_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    def skip(at_work: turn.Turn, call: Call, event: e.OfferAccepted) -> None:
        at_work.put(call, phase=Phase.ACTIVE, offer=None, agent=event.agent, notice=Notice.ACCEPTED)
        at_work.answer(event.request, codes.OK)

    play = Playbook()
    play.ringing()
    monkeypatch.setitem(CALLS[e.OfferAccepted], Phase.RINGING, skip)  # type: ignore[arg-type]
    breaks(play, e.OfferAccepted("a1", "c1", 1, "w1", "r"), "ACTIVE follows CONNECTING")


def test_planted_who_leaves_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (moves, legs):
        monkeypatch.setattr(module, "cut", lambda *_: None)
    leaves = {
        "customer": e.CallerConnected("c1", "n1", "t", "another page"),
        "agent": e.AgentConnected("a1", "n1", "t", "another page"),
    }
    for who, event in leaves.items():
        breaks(active(), event, f"the {who} has left and is not cut")
    breaks(active(), e.AgentRemoved("a1"), "the customer has left and is not cut")
    play = active()
    play.deciding()
    breaks(play, e.AgentRemoved("a1"), "the agent has left and is not cut")


def test_planted_media_are_left_open_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_close_media", lambda *_: None)
    breaks(active(), e.CallerHungUp("c1", 1, "bye"), "the agent has left and is not cut")


def test_planted_who_is_out_negotiates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "in_call", lambda *_: True)
    play = active()
    play.deciding()
    play.quietly(e.AgentRemoved("a1"))
    breaks(play, e.MediaOffered("c1", Leg.AGENT, 1, "r", "w1"), "the agent negotiates and is not in the call")


def test_a_cut_of_another_number_or_call_is_none() -> None:
    play = active()
    after = replace(play.floor, calls=play.floor.calls.delete("c1"))
    for said in (c.CutMedia("c1", "w1", 0, 0), c.CutMedia("c2", "w1", 9, 9)):
        broken = compare(play.floor, e.Tick(), after, said)
        assert [law for law in broken if "has left and is not cut" in law]
    broken = compare(play.floor, e.Tick(), after, c.CutMedia("c1", "w1", 1, 1))
    assert not [law for law in broken if "has left and is not cut" in law]


def test_without_a_fault_the_same_scenarios_hold() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    play.after(5).quietly(play.silence(Leg.CUSTOMER))
    play.quietly(e.LegHeard("c1", Leg.CUSTOMER, Channel.MEDIA, 1, 9))
    assert connecting.is_connected(play.call(), play.floor.rules)
    assert isinstance(play.agent(), Agent)
    assert play.now == T0 + 5 * SECOND
