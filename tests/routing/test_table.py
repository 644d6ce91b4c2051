"""The table is total: every event has a row, every row every phase; and nothing a peer sends can raise."""

import itertools
from dataclasses import replace
from typing import Any, get_args

import pytest

from routing import deciding
from routing import events as e
from routing.state import (
    CallRules,
    Channel,
    Check,
    Due,
    Frame,
    InvariantBrokenError,
    Kind,
    Leg,
    Phase,
    TeamRules,
    Verdict,
)
from routing.step import ABSENT_AGENT, ABSENT_CALL, FLOOR, step
from routing.table import AGENT_DUE, AGENTS, CALLS, DUE, PHASE_OVER
from routing.turn import Turn
from tests.routing.playbook import Playbook

HELD = {None, Phase.RINGING, Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING}
BOTH_WAYS = {e.NodeLost, e.WorkerLost}


def test_every_event_of_a_call_has_a_row_with_every_phase() -> None:
    assert set(CALLS) == {*get_args(e.CallEvent), *BOTH_WAYS}
    assert [kind.__name__ for kind, row in CALLS.items() if set(row) != set(Phase)] == []
    assert set(ABSENT_CALL) == set(get_args(e.CallEvent))


def test_every_event_of_an_agent_has_a_row_with_every_phase_that_holds_one() -> None:
    assert set(AGENTS) == {*get_args(e.AgentEvent), e.NodeLost}
    assert [kind.__name__ for kind, row in AGENTS.items() if set(row) != HELD] == []
    assert set(ABSENT_AGENT) == set(get_args(e.AgentEvent))


def test_every_event_of_the_floor_has_a_handler() -> None:
    assert set(FLOOR) == set(get_args(e.FloorEvent))


def test_every_event_belongs_to_one_union() -> None:
    unions = [set(get_args(union)) for union in (e.CallEvent, e.AgentEvent, e.FloorEvent)]
    assert set.union(*unions) == set(get_args(e.Event))
    assert not any(one & other for one, other in itertools.combinations(unions, 2))


def test_every_deadline_has_a_handler() -> None:
    assert {*DUE, *AGENT_DUE} == set(Due)
    assert set(PHASE_OVER) == {Phase.WAITING, Phase.CONNECTING, Phase.ACTIVE}


SAMPLES: dict[str, Any] = {
    "request": "r",
    "call": "c1",
    "verification": "v-c1",
    "company": "CTKV1",
    "attempt": 1,
    "priority": 0,
    "skills": frozenset(),
    "rules": CallRules(),
    "node": "n1",
    "token": "t",
    "socket": 1,
    "age": 0,
    "agent": "a1",
    "reason": "r1",
    "offer": 1,
    "worker": "w1",
    "leg": Leg.AGENT,
    "media": 1,
    "kind": Kind.VIDEO,
    "rtp_timestamp": 1,
    "channel": Channel.SOCKET,
    "number": 1,
    "report": 1,
    "verdict": Verdict.REJECTED,
    "fraud": False,
    "note": "",
    "frame": Frame(1, 1),
    "check": Check.DATA,
    "ticked": True,
    "decision": 1,
    "code": "frame_unknown",
    "gate": "matcher",
    "replacement": None,
    "day": "2026-11-22",
    "seed": "00",
    "employer": "",
    "valid": True,
    "valid_from": None,
    "valid_until": None,
    "dealer": "d1",
    "hours": (),
    "page": "another",
    "signed_out": True,
}


def sample(kind: type) -> Any:
    fields = kind.__slots__  # type: ignore[attr-defined]
    values = {name: SAMPLES[name] for name in fields}
    if kind is e.TeamChanged:
        values["rules"] = TeamRules()
    return kind(**values)


def in_phase(phase: Phase | None) -> Playbook:
    play = Playbook()
    play.agent_ready()
    if phase is None:
        return play
    play.quietly(e.OffersHeld("x"))
    play.caller()
    if phase is not Phase.WAITING:
        play.quietly(e.OffersResumed("x"))
    if phase not in {Phase.WAITING, Phase.RINGING}:
        play.accept()
    if phase in {Phase.ACTIVE, Phase.DECIDING, Phase.ENDED}:
        play.connect()
    if phase is Phase.DECIDING:
        play.deciding()
    if phase is Phase.ENDED:
        play.quietly(e.CallerHungUp("c1", 1, "bye"))
    return play


@pytest.mark.parametrize("kind", get_args(e.Event), ids=lambda kind: kind.__name__)
def test_no_event_raises_in_any_phase_and_the_laws_hold(kind: type) -> None:
    for phase in (None, *Phase):
        play = in_phase(phase)
        assert phase is None or play.call().phase is phase
        play.quietly(sample(kind), sample(kind))


def test_time_that_goes_back_is_our_fault() -> None:
    play = in_phase(None)
    with pytest.raises(InvariantBrokenError, match="time"):
        step(play.floor, e.Tick(), play.now - 1)


def test_what_is_due_only_in_another_phase_is_our_fault() -> None:
    play = in_phase(Phase.ACTIVE)
    for due, words in {Due.RING: "nothing rings", Due.EVIDENCE: "no verdict is pending"}.items():
        with pytest.raises(InvariantBrokenError, match=words):
            DUE[due](Turn(play.floor, play.now), play.call())


def test_a_verdict_of_nobody_is_our_fault() -> None:
    play = in_phase(Phase.DECIDING)
    with pytest.raises(InvariantBrokenError, match="without an agent"):
        deciding.stored(Turn(play.floor, play.now), replace(play.call(), agent=None), e.EvidenceStored("c1", 1))


def test_a_step_that_changes_nothing_leaves_the_version() -> None:
    play = in_phase(Phase.ACTIVE)
    before = play.floor
    result = step(before, e.Tick(), play.now + 1)
    assert (result.floor.version, result.floor.now) == (before.version, play.now + 1)
    assert (result.touched_agents, result.touched_calls, result.queue_changed) == (frozenset(), frozenset(), False)


def test_a_step_names_what_it_touched() -> None:
    play = in_phase(Phase.RINGING)
    result = step(play.floor, e.OfferAccepted("a1", "c1", 1, "w1", "r"), play.now)
    assert (result.touched_agents, result.touched_calls) == (frozenset({"a1"}), frozenset({"c1"}))
    assert result.queue_changed
    assert result.floor.version == play.floor.version + 1


def test_settings_raise_the_version_too() -> None:
    play = in_phase(None)
    result = step(play.floor, e.OffersHeld("disk_full"), play.now)
    assert result.floor.version == play.floor.version + 1
    assert step(result.floor, e.OffersHeld("disk_full"), play.now).floor.version == result.floor.version
