"""Heard, silent, lost: the 15 seconds of each side, second pages, and losses that are our own fault."""

import pytest

from routing import commands as c
from routing import events as e
from routing.state import SECOND, CallRules, Channel, Gap, Kind, Leg, Outcome, Phase, ReconnectRule, TeamRules
from tests.routing.playbook import T0, Playbook


def active(rules: CallRules | None = None, agents: tuple[str, ...] = ("a1",)) -> Playbook:
    play = Playbook()
    play.active(rules, agents)
    return play


def test_a_second_report_of_one_loss_does_not_lengthen_it() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER, age=0))
    play.after(5).quietly(play.silence(Leg.CUSTOMER, age=0))
    assert play.call().customer_leg.lost_until == T0 + 15 * SECOND


def test_an_old_report_changes_nothing() -> None:
    play = active()
    first, second = play.silence(Leg.CUSTOMER), play.sound(Leg.CUSTOMER)
    play.quietly(second, first)
    assert play.call().customer_leg.lost_until is None
    old_sound = play.sound(Leg.CUSTOMER)
    play.quietly(play.silence(Leg.CUSTOMER), old_sound)
    assert play.call().customer_leg.lost_until is not None


def test_a_report_about_an_old_number_changes_nothing() -> None:
    play = active()
    old = play.silence(Leg.CUSTOMER)
    play.negotiate(Leg.CUSTOMER)
    play.flow(Leg.CUSTOMER)
    before = play.floor
    play.quietly(old)
    assert play.floor == before


def test_a_report_from_the_future_counts_from_now() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER, age=-3))
    assert play.call().customer_leg.lost_until == T0 + 15 * SECOND


def test_a_report_that_comes_too_late_ends_the_call_at_once() -> None:
    play = active()
    play.after(16) >> play.silence(Leg.CUSTOMER, age=16)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")
    assert play.call().gaps == (Gap(Leg.CUSTOMER, T0, play.now),)


def test_a_new_peer_connection_is_a_loss_until_it_is_heard() -> None:
    play = active()
    play.after(1).negotiate(Leg.AGENT)
    assert play.call().agent_leg.lost_until == play.now + 15 * SECOND
    assert play.call().phase is Phase.ACTIVE
    play.after(1).flow(Leg.AGENT)
    assert play.call().agent_leg.lost_until is None
    assert play.call().gaps == (Gap(Leg.AGENT, T0 + SECOND, T0 + 2 * SECOND),)
    assert play.call().gates == frozenset({"checks"})


def test_negotiating_again_and_again_does_not_lengthen_a_loss() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    for _ in range(3):
        play.after(4).negotiate(Leg.CUSTOMER)
    assert play.call().customer_leg.lost_until == T0 + 15 * SECOND


@pytest.mark.parametrize(
    ("rule", "gates"),
    [
        (ReconnectRule.RESUME, frozenset({"checks"})),
        (ReconnectRule.RESUME_WITH_RECHECK, frozenset({"checks", "recheck"})),
    ],
)
def test_what_a_gap_of_the_customer_means(rule: ReconnectRule, gates: frozenset[str]) -> None:
    play = active(CallRules(reconnect_rule=rule))
    play.quietly(play.silence(Leg.CUSTOMER), play.sound(Leg.CUSTOMER))
    assert play.call().gates == gates


def test_under_strict_a_gap_of_the_customer_is_the_end() -> None:
    play = active(CallRules(reconnect_rule=ReconnectRule.STRICT))
    play >> play.silence(Leg.CUSTOMER, age=0)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.INTERRUPTED, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")


def test_under_strict_a_gap_of_the_agent_is_not() -> None:
    play = active(CallRules(reconnect_rule=ReconnectRule.STRICT))
    play.quietly(play.silence(Leg.AGENT), play.sound(Leg.AGENT))
    assert play.call().phase is Phase.ACTIVE


def test_the_agent_lost_for_good_sends_the_customer_to_the_head_of_the_queue() -> None:
    play = active()
    play.caller("c2", priority=9)
    play.quietly(play.silence(Leg.AGENT))
    play.tick_after(15)
    play << c.CutMedia("c1", "w1", customer=1, agent=1)
    play.silent()
    call = play.call()
    assert (call.phase, call.at_head, call.queued_at, call.agent) == (Phase.WAITING, True, T0, None)
    assert call.worker == "w1"
    assert (play.agent().ready, play.agent().pause_reason) == (False, "connection_lost")
    assert play.agent().wrap_up is None
    play >> e.AgentReady("a1", "ready")
    play << c.Answered("ready", "ok") << c.Ring("a1", "c1", 2, play.now + 20 * SECOND)


def test_both_lost_at_once_is_the_customers_loss() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT), play.silence(Leg.CUSTOMER))
    play.tick_after(15)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", "w1", play.frame()) << c.CloseMedia("c1", "w1")
    assert play.agent().ready


def test_a_customer_who_waits_again_is_heard_by_his_socket() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT))
    play.after(1).quietly(play.silence(Leg.CUSTOMER))
    play.after(14).quietly(e.Tick())
    assert play.call().phase is Phase.WAITING
    assert play.call().customer_leg.lost_until is None
    assert play.call().gaps == (
        Gap(Leg.CUSTOMER, T0 + SECOND, play.now),
        Gap(Leg.AGENT, T0, play.now),
    )


def test_a_customer_who_waits_again_keeps_the_grace_that_runs() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT))
    play.after(1).quietly(play.silence(Leg.CUSTOMER), e.CallerDisconnected("c1", 1))
    play.after(14).quietly(e.Tick())
    assert play.call().customer_leg.lost_until == T0 + 16 * SECOND


def test_a_customer_without_a_socket_who_waits_again_has_the_grace_of_waiting() -> None:
    play = active()
    play.quietly(e.CallerDisconnected("c1", 1), play.silence(Leg.AGENT))
    play.after(15).quietly(e.Tick())
    assert play.call().customer_leg.lost_until == play.now + 60 * SECOND


def test_a_lost_worker_moves_its_calls_and_nobody_is_blamed() -> None:
    play = active()
    play >> e.WorkerLost("w1", "w2", 3 * SECOND)
    play << c.MediaMoved("c1")
    call = play.call()
    assert (call.worker, call.customer_leg.media, call.agent_leg.media) == ("w2", 2, 2)
    assert call.customer_leg.lost_until == call.agent_leg.lost_until == play.now + 12 * SECOND
    play.negotiate(Leg.CUSTOMER)
    play.flow(Leg.CUSTOMER)
    play.tick_after(12)
    assert play.call().phase is Phase.RINGING
    play << c.CutMedia("c1", "w2", customer=3, agent=2) << c.Ring("a1", "c1", 2, play.now + 20 * SECOND)
    assert play.agent().ready


def test_an_agent_lost_before_the_worker_was_is_his_own_fault() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT))
    play.after(2) >> e.WorkerLost("w1", "w2", SECOND)
    play << c.MediaMoved("c1")
    assert play.call().agent_leg.lost_until == T0 + 15 * SECOND
    play.negotiate(Leg.CUSTOMER)
    play.flow(Leg.CUSTOMER)
    play.after(13).quietly(e.Tick())
    assert not play.agent().ready


def test_a_lost_worker_leaves_other_workers_calls_alone() -> None:
    play = active()
    before = play.floor
    play >> e.WorkerLost("w9", None, 0)
    assert play.floor == before


def test_a_worker_lost_in_set_up_begins_it_anew() -> None:
    play = Playbook()
    play.ringing()
    play.accept()
    play.after(8) >> e.WorkerLost("w1", "w2", 3 * SECOND)
    play << c.MediaMoved("c1")
    assert play.call().deadline == play.now + 10 * SECOND
    assert play.call().customer_leg.lost_until is None


def test_a_worker_lost_under_strict_ends_the_call_once() -> None:
    play = Playbook(TeamRules(wrap_up=0))
    play.active(CallRules(reconnect_rule=ReconnectRule.STRICT))
    frame = play.frame()
    play >> e.WorkerLost("w1", None, 0)
    play << c.MediaMoved("c1")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.INTERRUPTED, Phase.ACTIVE, "a1", play.now)
    play << c.KeepLastFrame("c1", None, frame)
    assert "c1" not in play.floor.calls


def test_a_worker_lost_with_no_other_waits_for_the_next_offer_of_media() -> None:
    play = active()
    play.quietly(e.WorkerLost("w1", None, 0))
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 1, "sdp", "w3")
    play << c.Negotiate("c1", Leg.CUSTOMER, 3, "w3", "sdp")


def test_a_worker_lost_while_the_customer_waits_again() -> None:
    play = active()
    play.quietly(play.silence(Leg.AGENT))
    play.after(15).quietly(e.Tick())
    play >> e.WorkerLost("w1", "w2", 0)
    assert play.call().worker == "w2"


def test_a_lost_node_takes_its_sockets() -> None:
    play = Playbook()
    play.agent_ready("a1", node="n1")
    play.agent_ready("a2", node="n2")
    play.caller()
    rung = play.rung()
    play >> e.NodeLost("n1", 3 * SECOND)
    assert play.call().customer_leg.lost_until == play.now + 57 * SECOND
    assert not play.agent("a1").socket_up
    assert play.agent("a1").gone_since == play.now - 3 * SECOND
    assert play.agent("a2").socket_up
    if rung == "a1":
        play << c.CancelOffer("a1", "c1", 1, "connection_lost")
    play.silent()
    # The closing of a socket that went with its node is no news.
    before = play.floor
    play >> e.CallerDisconnected("c1", 1)
    play >> e.AgentDisconnected("a1", 1)
    assert play.floor == before


def test_a_lost_node_does_not_touch_a_call_whose_media_flows() -> None:
    play = active()
    play >> e.NodeLost("n1", 3 * SECOND)
    assert play.call().customer_leg.lost_until is None
    assert play.call().agent_leg.lost_until is None
    play >> e.AgentConnected("a1", "n2", "back")
    play << c.SocketAssigned(Leg.AGENT, None, "a1", 2, "n2", "back")
    assert (play.call().agent_leg.socket, play.call().agent_leg.node) == (2, "n2")


def test_an_agent_whose_node_was_lost_in_set_up_stays_ready() -> None:
    play = Playbook(TeamRules(set_up=60 * SECOND))
    play.agent_ready("a1", node="n2")
    play.caller()
    play.accept()
    play.quietly(e.NodeLost("n2", 3 * SECOND))
    play.tick_after(12)
    assert play.call().phase is Phase.WAITING
    assert play.agent().ready


def test_the_agents_socket_reported_silent_and_heard_again() -> None:
    play = Playbook()
    play.ringing()
    play.accept()
    play.quietly(e.LegSilent("c1", Leg.AGENT, Channel.SOCKET, 1, 1, 2 * SECOND))
    assert play.agent().gone_since == play.now - 2 * SECOND
    assert play.call().agent_leg.lost_until == play.now + 13 * SECOND
    play.quietly(e.LegHeard("c1", Leg.AGENT, Channel.SOCKET, 1, 2))
    assert (play.agent().socket_up, play.call().agent_leg.lost_until) == (True, None)
    before = play.floor
    play.quietly(
        e.LegSilent("c1", Leg.AGENT, Channel.SOCKET, 1, 2, 0), e.LegHeard("c1", Leg.AGENT, Channel.SOCKET, 1, 1)
    )
    assert play.floor == before


def test_a_report_about_the_socket_of_an_agent_whom_nobody_is() -> None:
    play = Playbook()
    play.caller()
    before = play.floor
    play.quietly(
        e.LegSilent("c1", Leg.AGENT, Channel.SOCKET, 0, 1, 0),
        e.LegHeard("c1", Leg.AGENT, Channel.SOCKET, 0, 2),
    )
    assert play.floor == before


def test_one_kind_heard_on_the_new_number_is_enough() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER))
    play.negotiate(Leg.CUSTOMER)
    play.quietly(e.MediaFlowing("c1", Leg.CUSTOMER, 2, Kind.AUDIO))
    assert play.call().customer_leg.lost_until is None


def test_packets_of_a_kind_that_flowed_before_are_no_news_of_a_silent_leg() -> None:
    play = active()
    play.quietly(play.silence(Leg.CUSTOMER), e.MediaFlowing("c1", Leg.CUSTOMER, 1, Kind.AUDIO))
    assert play.call().customer_leg.lost_until is not None
