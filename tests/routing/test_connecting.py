"""Connecting: what makes a call ACTIVE, set-up that fails, and negotiating anew."""

import pytest

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, Kind, Leg, Outcome, Phase, TeamRules
from tests.routing.playbook import T0, Playbook, ok


def connecting(rules: TeamRules | None = None, agents: tuple[str, ...] = ("a1",)) -> Playbook:
    play = Playbook(rules)
    play.ringing(agents=agents)
    play.accept()
    return play


def proof(play: Playbook) -> list[e.Event]:
    """What must have been seen of both legs."""
    play.negotiate(Leg.CUSTOMER)
    play.negotiate(Leg.AGENT)
    flows: list[e.Event] = [e.MediaFlowing("c1", leg, 1, kind) for leg in Leg for kind in Kind]
    return flows + [e.FramePresented("c1", leg, 1, 7) for leg in Leg]


@pytest.mark.parametrize("missing", range(6))
def test_active_needs_every_kind_from_both_legs_and_both_pages(missing: int) -> None:
    play = connecting()
    needed = proof(play)
    last = needed.pop(missing)
    play.quietly(*needed)
    assert play.call().phase is Phase.CONNECTING
    play.quietly(last)
    assert play.call().phase is Phase.ACTIVE
    assert play.call().started_at == play.now
    assert play.call().deadline == play.now + 1800 * SECOND


def test_an_agent_without_a_microphone() -> None:
    play = connecting(TeamRules(agent_audio_required=False))
    play.quietly(*(event for event in proof(play) if event != e.MediaFlowing("c1", Leg.AGENT, 1, Kind.AUDIO)))
    assert play.call().phase is Phase.ACTIVE


def test_what_an_older_peer_connection_showed_does_not_count() -> None:
    play = connecting()
    needed = proof(play)
    play.quietly(*needed[:-1])
    play.negotiate(Leg.CUSTOMER)
    play.quietly(needed[-1], *needed)
    assert play.call().phase is Phase.CONNECTING
    play.flow(Leg.CUSTOMER)
    play.present(Leg.CUSTOMER)
    assert play.call().phase is Phase.ACTIVE


def test_a_leg_that_fell_silent_in_set_up_must_be_heard_first() -> None:
    play = connecting()
    needed = proof(play)
    play.quietly(*needed[:-1], play.silence(Leg.CUSTOMER), needed[-1])
    assert play.call().phase is Phase.CONNECTING
    play.quietly(play.sound(Leg.CUSTOMER), e.FramePresented("c1", Leg.AGENT, 1, 8))
    assert play.call().phase is Phase.ACTIVE


def test_being_heard_again_may_be_what_was_missing() -> None:
    play = connecting()
    needed = proof(play)
    play.quietly(*needed[:-1], play.silence(Leg.CUSTOMER), needed[-1], play.sound(Leg.CUSTOMER))
    assert play.call().phase is Phase.ACTIVE


def test_no_media_in_time_once_is_another_agents_turn() -> None:
    play = connecting(agents=("a1", "a2"))
    first = play.call().agent
    second = "a2" if first == "a1" else "a1"
    play.negotiate(Leg.CUSTOMER)
    play.tick_after(10)
    play << c.CutMedia("c1", "w1", customer=1, agent=0) << c.Ring(second, "c1", 2, play.now + 20 * SECOND)
    call = play.call()
    assert first is not None
    assert call.excluded == frozenset({first})
    assert (call.at_head, call.queued_at, call.agent) == (True, T0, None)
    assert play.agent(first).ready
    assert play.agent(first).wrap_up is None


def test_no_media_in_time_again_ends_the_call() -> None:
    play = connecting(agents=("a1", "a2"))
    play.after(10).quietly(e.Tick())
    second = play.rung()
    play >> e.OfferAccepted(second, "c1", 2, "w2", "accept")
    play << c.MediaMoved("c1") << ok("accept")
    play.tick_after(10)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.SETUP_FAILED, Phase.CONNECTING, second, play.now)
    play << c.CloseMedia("c1", "w1")
    assert play.floor.agents[second].wrap_up is None


def test_set_up_counts_anew_once_the_call_was_active() -> None:
    play = connecting(agents=("a1", "a2"))
    play.after(10).quietly(e.Tick())
    second = play.accept()
    play.connect()
    play.quietly(play.silence(Leg.AGENT))
    play.after(15).quietly(e.AgentReady(second, "ready"))
    play.accept()
    play.after(10).quietly(e.Tick())
    assert play.call().phase is Phase.WAITING


def test_the_next_agent_begins_on_new_media_numbers() -> None:
    play = connecting(agents=("a1", "a2"))
    for leg in Leg:
        play.negotiate(leg)
    play.after(10).quietly(e.Tick())
    play >> e.OfferAccepted(play.rung(), "c1", 2, "w2", "accept")
    play << c.MediaMoved("c1") << ok("accept")
    call = play.call()
    assert (call.customer_leg.media, call.agent_leg.media, call.worker) == (2, 2, "w1")
    play.connect()
    assert (play.call().customer_leg.media, play.call().agent_leg.media) == (3, 3)
    assert play.call().phase is Phase.ACTIVE


def test_media_is_negotiated_only_once_an_agent_has_accepted() -> None:
    play = Playbook()
    play.ringing()
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 1, "sdp", "w1")
    play << c.Answered("sdp", codes.NOT_CONNECTED_YET)


def test_an_older_page_cannot_negotiate() -> None:
    play = connecting()
    play.quietly(e.CallerConnected("c1", "n1", "second page"))
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 1, "sdp", "w1")
    play << c.Answered("sdp", codes.OPENED_ELSEWHERE)
    play >> e.MediaOffered("c1", Leg.CUSTOMER, 2, "sdp2", "w1")
    play << c.Negotiate("c1", Leg.CUSTOMER, 1, "w1", "sdp2")


def test_without_a_worker_the_page_is_told_to_try_again() -> None:
    play = Playbook()
    play.ringing()
    play.quietly(e.OfferAccepted("a1", "c1", 1, None, "accept"))
    play >> e.MediaOffered("c1", Leg.AGENT, 1, "sdp", None) << c.Answered("sdp", codes.NO_WORKER)
    play >> e.MediaOffered("c1", Leg.AGENT, 1, "sdp2", "w7") << c.Negotiate("c1", Leg.AGENT, 1, "w7", "sdp2")
    assert play.call().worker == "w7"


def test_the_callers_hang_up_frees_the_agent_without_wrap_up() -> None:
    play = connecting()
    play >> e.CallerHungUp("c1", 1, "bye")
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CANCELLED, Phase.CONNECTING, "a1", play.now)
    play << c.CloseMedia("c1", "w1") << ok("bye")
    assert play.agent().wrap_up is None
    assert "c1" not in play.floor.calls


def test_before_media_a_leg_is_heard_by_its_socket() -> None:
    play = connecting(TeamRules(set_up=60 * SECOND))
    play.quietly(e.CallerDisconnected("c1", 1, age=2 * SECOND))
    play.tick_after(12.999_999)
    play.silent()
    play.tick_after(0.000_001)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CONNECTION_LOST, Phase.CONNECTING, "a1", play.now)
    play << c.CloseMedia("c1", "w1")
    assert play.agent().ready


def test_a_caller_gone_while_it_rang_has_15_seconds_from_the_accept() -> None:
    play = Playbook(TeamRules(set_up=60 * SECOND))
    play.ringing()
    play.quietly(e.CallerDisconnected("c1", 1))
    play.after(18)
    play.accept()
    assert play.call().customer_leg.lost_until == play.now + 15 * SECOND


def test_once_active_a_lost_socket_is_no_loss() -> None:
    play = connecting()
    needed = proof(play)
    play.quietly(e.CallerDisconnected("c1", 1), *needed)
    assert play.call().phase is Phase.ACTIVE
    assert play.call().customer_leg.lost_until is None
    play.quietly(e.AgentDisconnected("a1", 1))
    assert play.call().agent_leg.lost_until is None


def test_the_agents_console_gone_in_set_up() -> None:
    play = connecting(TeamRules(set_up=60 * SECOND))
    play.quietly(e.AgentDisconnected("a1", 1))
    assert play.call().agent_leg.lost_until == play.now + 15 * SECOND
    play.after(5).quietly(e.AgentConnected("a1", "n1", "back"))
    assert play.call().agent_leg.lost_until is None
    play.quietly(e.AgentDisconnected("a1", 2))
    play.tick_after(15)
    assert play.call().phase is Phase.WAITING
    assert play.agent().pause_reason == "connection_lost"
