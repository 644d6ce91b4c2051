"""Who is offered what: order of the queue, skills, and reasons why nothing is offered."""

from routing import commands as c
from routing import events as e
from routing.state import SECOND, Phase, TeamRules
from tests.routing.playbook import Playbook

ENGLISH = frozenset({"english"})
BOTH = frozenset({"english", "chinese"})


def served_order(play: Playbook) -> list[str]:
    """In which order one agent is offered the callers, each hanging up when it rings for him."""
    order = []
    play.agent_ready()
    while "a1" in play.floor.index.serving:
        order.append(play.floor.index.serving["a1"])
        play.quietly(e.CallerHungUp(order[-1], 1, f"bye-{order[-1]}"))
    return order


def test_priority_first_then_time_then_id() -> None:
    play = Playbook()
    play.caller("c2")
    play.caller("c1")
    play.after(1).caller("c3")
    play.after(1).caller("c4", priority=1)
    assert served_order(play) == ["c4", "c1", "c2", "c3"]


def test_a_point_of_priority_is_a_head_start_so_nobody_waits_for_ever() -> None:
    play = Playbook(TeamRules(head_start=120 * SECOND))
    play.caller("c1")
    play.after(119).caller("c2", priority=1)
    play.after(121).caller("c3", priority=2)
    play.after(2).caller("c4", priority=2)
    assert served_order(play) == ["c2", "c1", "c3", "c4"]


def test_a_caller_who_cannot_be_served_does_not_hold_up_the_next() -> None:
    play = Playbook()
    play.caller("c1", skills=ENGLISH)
    play.after(1).caller("c2", skills=ENGLISH)
    play.after(1).caller("c3")
    play.agent_ready("a1")
    assert [play.call(call).phase for call in ("c1", "c2", "c3")] == [Phase.WAITING, Phase.WAITING, Phase.RINGING]


def test_who_knows_more_may_serve_who_needs_less() -> None:
    play = Playbook()
    play.agent_ready("a1")
    play.agent_ready("a2", BOTH)
    play.agent_ready("a3", ENGLISH)
    play.caller("c1", skills=BOTH)
    assert play.rung("c1") == "a2"
    play.caller("c2", skills=ENGLISH)
    assert play.rung("c2") == "a3"


def test_many_callers_and_agents_are_matched_in_one_step() -> None:
    play = Playbook()
    play.quietly(e.OffersHeld("no_media_worker"))
    for number in range(4):
        play.agent_ready(f"a{number}")
        play.caller(f"c{number}")
    play >> e.OffersResumed("no_media_worker")
    assert sorted(command.call for command in play.said if isinstance(command, c.Ring)) == ["c0", "c1", "c2", "c3"]
    assert len({command.agent for command in play.said if isinstance(command, c.Ring)}) == 4
    play.said.clear()


def test_offers_are_held_while_any_reason_holds() -> None:
    play = Playbook()
    play.quietly(e.OffersHeld("disk_full"), e.OffersHeld("no_media_worker"), e.OffersHeld("disk_full"))
    play.agent_ready()
    play.caller()
    play >> e.OffersResumed("disk_full")
    play.silent()
    play >> e.OffersResumed("no_media_worker")
    play << c.Ring("a1", "c1", 1, play.now + 20 * SECOND)


def test_holding_leaves_what_rings() -> None:
    play = Playbook()
    play.ringing()
    play.quietly(e.OffersHeld("disk_full"))
    assert play.call().phase is Phase.RINGING


def test_changed_rules_leave_deadlines_that_run() -> None:
    play = Playbook()
    play.ringing()
    play.quietly(e.TeamChanged(TeamRules(ring_time_out=5 * SECOND)))
    play.after(19).quietly(e.Tick())
    assert play.call().phase is Phase.RINGING


def test_agents_made_free_and_callers_come_back_are_matched_whatever_came_first() -> None:
    play = Playbook()
    play.caller()
    play.quietly(e.CallerDisconnected("c1", 1))
    play.agent_ready()
    assert play.call().phase is Phase.WAITING
    play.quietly(e.CallerConnected("c1", "n1", "back"))
    assert play.call().phase is Phase.RINGING
