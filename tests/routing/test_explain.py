"""Who could have been offered a call, who could not and why, and what the draw was."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from routing import events as e
from routing.explain import Match, explained
from routing.state import Exclusion, Strategy, TeamRules
from routing.step import step
from tests.routing.playbook import SEED, Playbook

ENGLISH = frozenset({"english"})


def last_match(play: Playbook, event: e.Event) -> Match:
    result, matches = explained(play.floor, event, play.now)
    assert result == step(play.floor, event, play.now)
    return matches[-1]


def team() -> Playbook:
    """One of each: free without the skill, free with it, paused, offline, in a call, wrapping up, not valid."""
    play = Playbook()
    play.agent_ready("in call", ENGLISH)
    play.caller("c8", skills=ENGLISH)
    play.accept("c8")
    play.agent_ready("wraps up", ENGLISH)
    play.caller("c9", skills=ENGLISH)
    play.accept("c9")
    play.connect("c9")
    play.quietly(e.CallerHungUp("c9", 1, "bye"))
    for agent in ("free", "paused", "offline", "not valid", "skilled"):
        play.agent_ready(agent, frozenset() if agent == "free" else ENGLISH)
    play.quietly(
        e.AgentPaused("paused", "lunch", "lunch"),
        e.AgentDisconnected("offline", 1),
        e.AgentChanged("not valid", ENGLISH, "", False),
    )
    return play


REASONS = {
    "free": Exclusion.LACKS_SKILL,
    "paused": Exclusion.PAUSED,
    "offline": Exclusion.OFFLINE,
    "not valid": Exclusion.NOT_VALID,
    "in call": Exclusion.BUSY,
    "wraps up": Exclusion.WRAP_UP,
}


def test_everybody_is_a_candidate_or_has_a_reason() -> None:
    play = team()
    play.quietly(e.OffersHeld("disk_full"))
    play.caller("c1", skills=ENGLISH)
    match = last_match(play, e.OffersResumed("disk_full"))
    assert (match.call, match.offer, match.agent, match.candidates) == ("c1", 1, "skilled", ("skilled",))
    assert dict(match.passed_over) == REASONS


def test_the_counts_that_are_stored_are_those_of_the_replay() -> None:
    play = team()
    play.caller("c1", skills=ENGLISH)
    offer = play.call("c1").offer
    assert offer is not None
    assert dict(offer.passed_over) == dict.fromkeys(REASONS.values(), 1)


def test_who_declined_or_brought_no_media_or_rang_out_is_told_apart() -> None:
    play = Playbook()
    for agent in ("a1", "a2", "a3", "a4"):
        play.agent_ready(agent)
    play.caller("c1")
    declined = play.rung()
    play.quietly(e.OfferDeclined(declined, "c1", 1, "busy", "no"))
    silent = play.accept()
    play.after(10).quietly(e.Tick())
    late = play.rung()
    play.after(20)
    play.quietly(e.Tick(), e.AgentReady(late, "back"), e.OffersHeld("disk_full"))
    last = play.rung()
    play.quietly(e.AgentDisconnected(last, 1))
    play.quietly(e.AgentConnected(last, "n1", "back"))
    match = last_match(play, e.OffersResumed("disk_full"))
    assert dict(match.passed_over) == {
        declined: Exclusion.DECLINED,
        silent: Exclusion.NO_MEDIA,
        late: Exclusion.RANG_OUT,
    }
    assert match.agent == last


@given(st.integers(1, 60), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_the_draw_hits_whom_it_rang_for(staff: int, call: int) -> None:
    play = Playbook()
    for number in range(staff):
        play.agent_ready(f"a{number:02}", ENGLISH if number % 3 else frozenset())
    play.quietly(e.OffersHeld("disk_full"))
    play.caller(f"c{call}")
    match = last_match(play, e.OffersResumed("disk_full"))
    assert match.drawn() == match.agent
    assert sorted(match.candidates) == [f"a{number:02}" for number in range(staff)]
    assert match.seed == SEED


def test_where_nothing_is_drawn_there_is_no_draw() -> None:
    play = Playbook(TeamRules(strategy=Strategy.LONGEST_IDLE))
    play.agent_ready("a1")
    play.quietly(e.OffersHeld("disk_full"))
    play.caller("c1")
    match = last_match(play, e.OffersResumed("disk_full"))
    assert match.drawn() is None
    assert replace(match, strategy=Strategy.RANDOM).drawn() == "a1"
