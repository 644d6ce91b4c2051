"""What is kept twice for speed, and when a floor wants to be looked at."""

from dataclasses import replace

import pytest
from immutables import Map

from routing.index import Draft, build, check
from routing.ordered import Ordered
from routing.state import SECOND, Agent, Alarm, Due, Floor, Idle, Index, InvariantBrokenError, Phase, TeamRules
from routing.step import next_deadline
from tests.routing.playbook import SEED, T0, Playbook


def rebuilt(floor: Floor) -> Floor:
    return build(
        floor.id,
        floor.rules,
        floor.seed,
        floor.agents.values(),
        floor.calls.values(),
        version=floor.version,
        now=floor.now,
        held=floor.held,
        hours=floor.hours,
        handled=floor.handled,
    )


def test_a_floor_built_from_its_rows_is_the_floor() -> None:
    play = Playbook()
    play.active(agents=("a1", "a2", "a3"))
    play.caller("c2")
    play.caller("c3", skills=frozenset({"english"}))
    assert rebuilt(play.floor) == play.floor


def test_a_wrong_index_is_found() -> None:
    play = Playbook()
    play.ringing(agents=("a1", "a2"))
    play.caller("c2", skills=frozenset({"english"}))
    check(play.floor)
    maps = {name: Map() for name in ("free", "standing", "serving", "live")}
    lists = {name: Ordered() for name in ("queue", "offerable", "alarms")}
    for name, wrong in {**maps, **lists, "capped": Map({"d1": frozenset({"a1"})})}.items():
        with pytest.raises(InvariantBrokenError, match=name):
            check(replace(play.floor, index=replace(play.floor.index, **{name: wrong})))


def test_contradictions_are_refused() -> None:
    play = Playbook()
    play.active()
    call = play.call()
    agents = list(play.floor.agents.values())
    waiting = replace(call, phase=Phase.WAITING, agent=None)
    with pytest.raises(InvariantBrokenError, match="verification"):
        build("f", TeamRules(), SEED, agents, [waiting, replace(waiting, id="c2")])
    with pytest.raises(InvariantBrokenError, match="agent holds two"):
        build("f", TeamRules(), SEED, agents, [call, replace(call, id="c2", verification="v2")])


def test_nobody_leaves_with_work_undone() -> None:
    play = Playbook()
    play.active()
    draft = Draft(play.floor)
    with pytest.raises(InvariantBrokenError, match="with a call"):
        draft.drop_agent("a1")
    with pytest.raises(InvariantBrokenError, match="before its end"):
        draft.drop_call("c1")


def test_a_lost_entry_is_our_fault() -> None:
    play = Playbook()
    play.ringing()
    draft = Draft(replace(play.floor, index=replace(play.floor.index, alarms=Ordered())))
    with pytest.raises(InvariantBrokenError, match="lost an entry"):
        draft.put_call(replace(play.call(), offer=None, phase=Phase.WAITING))


def test_an_empty_floor_wants_nothing() -> None:
    assert next_deadline(build("f", TeamRules(), SEED)) is None
    assert build("f", TeamRules(), SEED).index == Index()


def test_the_next_deadline_is_the_earliest_of_all() -> None:
    play = Playbook()
    play.caller()
    assert next_deadline(play.floor) == T0 + 600 * SECOND
    play.agent_ready()
    assert next_deadline(play.floor) == T0 + 20 * SECOND
    play.accept()
    assert next_deadline(play.floor) == T0 + 10 * SECOND


def test_of_deadlines_at_one_instant_the_customers_loss_goes_first() -> None:
    alarms = sorted([Alarm(5, Due.PHASE, "c1"), Alarm(5, Due.AGENT_LOST, "c2"), Alarm(5, Due.CUSTOMER_LOST, "c3")])
    assert [alarm.due for alarm in alarms] == [Due.CUSTOMER_LOST, Due.AGENT_LOST, Due.PHASE]


def test_agents_are_found_by_what_they_know() -> None:
    floor = build("f", TeamRules(), SEED, [Agent("a1", frozenset({"x"}), ready=True, pause_reason="", socket_up=True)])
    assert floor.index.free == Map({frozenset({"x"}): Ordered([Idle((), "a1")])})
