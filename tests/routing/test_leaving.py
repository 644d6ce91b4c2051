"""Every way out of a call x every phase with media: who leaves is cut in the very step by which they leave."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from routing import codes
from routing import commands as c
from routing import events as e
from routing.state import SECOND, Leg, Phase, Verdict
from tests.routing.playbook import Playbook

C, A, D = Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING
CUSTOMER, AGENT = frozenset({Leg.CUSTOMER}), frozenset({Leg.AGENT})
BOTH = CUSTOMER | AGENT


class Way(NamedTuple):
    """One way out of a call."""

    name: str
    leaves: Callable[[Playbook], e.Event]
    """What happens; brings the scenario to the moment before, where that takes time."""
    phases: dict[Phase, frozenset[Leg]]
    """Whose media are over by it, by phase."""


def disabled(_: Playbook) -> e.Event:
    return e.AgentChanged("a1", frozenset(), "employer", valid=False)


def dates_over(play: Playbook) -> e.Event:
    play.quietly(e.AgentChanged("a1", frozenset(), "employer", True, None, play.now + SECOND))
    play.after(1)
    return e.Tick()


def removed(_: Playbook) -> e.Event:
    return e.AgentRemoved("a1")


def signed_out(play: Playbook) -> e.Event:
    return e.AgentDisconnected("a1", play.agent().socket, signed_out=True)


def signed_out_without_a_socket(play: Playbook) -> e.Event:
    play.quietly(e.AgentDisconnected("a1", play.agent().socket))
    return signed_out(play)


def other_console(_: Playbook) -> e.Event:
    return e.AgentConnected("a1", "n2", "t", "another page")


def agent_lost(play: Playbook) -> e.Event:
    lost = e.AgentDisconnected("a1", 1) if play.call().phase is C else play.silence(Leg.AGENT)
    play.quietly(lost)
    play.after(15)
    return e.Tick()


def set_up_failed(play: Playbook) -> e.Event:
    play.after(10)
    return e.Tick()


def agent_ends(_: Playbook) -> e.Event:
    return e.AgentEnded("a1", "c1", "technical", "end")


def customer_lost(play: Playbook) -> e.Event:
    lost = e.CallerDisconnected("c1", 1) if play.call().phase is C else play.silence(Leg.CUSTOMER)
    play.quietly(lost)
    play.after(15)
    return e.Tick()


def hung_up(_: Playbook) -> e.Event:
    return e.CallerHungUp("c1", 1, "bye")


def other_tab(_: Playbook) -> e.Event:
    return e.CallerConnected("c1", "n2", "t", "another page")


def session_over(_: Playbook) -> e.Event:
    return e.CallerDisconnected("c1", 1, signed_out=True)


def decided(_: Playbook) -> e.Event:
    return e.EvidenceStored("c1", 1)


def too_long(play: Playbook) -> e.Event:
    play.after(1800)
    return e.Tick()


def gone_home(play: Playbook) -> e.Event:
    """The agent falls away, and the team works no more: the call is over."""
    play.quietly(e.HoursChanged(()))
    return disabled(play)


WAYS = (
    Way("account disabled", disabled, {C: BOTH, A: BOTH, D: AGENT}),
    Way("validity over", dates_over, {C: BOTH, A: BOTH, D: AGENT}),
    Way("role or company changed", removed, {C: BOTH, A: BOTH, D: AGENT}),
    Way("signed out", signed_out, {C: BOTH, A: BOTH, D: AGENT}),
    Way("signed out without a socket", signed_out_without_a_socket, {C: BOTH, A: BOTH, D: AGENT}),
    Way("other console", other_console, {C: AGENT, A: AGENT, D: AGENT}),
    Way("agent lost", agent_lost, {A: BOTH}),
    Way("set-up failed", set_up_failed, {C: BOTH}),
    Way("agent ended the call", agent_ends, {A: BOTH}),
    Way("team gone home", gone_home, {C: BOTH, A: BOTH}),
    Way("customer lost", customer_lost, {A: BOTH}),
    Way("customer hung up", hung_up, {C: BOTH, A: BOTH, D: CUSTOMER}),
    Way("other tab", other_tab, {C: CUSTOMER, A: CUSTOMER, D: CUSTOMER}),
    Way("customer's session over", session_over, {C: CUSTOMER, A: CUSTOMER, D: CUSTOMER}),
    Way("verdict", decided, {D: BOTH}),
    Way("longest call over", too_long, {A: BOTH}),
)


def in_phase(phase: Phase) -> Playbook:
    """c1 with a1, both peer connections negotiated."""
    play = Playbook()
    play.ringing()
    play.accept()
    if phase is C:
        for leg in Leg:
            play.negotiate(leg)
        return play
    play.connect()
    if phase is D:
        play.deciding(Verdict.REJECTED)
    return play


def cut(commands: list[c.Command]) -> dict[Leg, float]:
    """Up to which number each leg is cut."""
    found = dict.fromkeys(Leg, 0.0)
    for said in commands:
        if isinstance(said, c.CloseMedia):
            found = {leg: float("inf") for leg in Leg}
        elif isinstance(said, c.CutMedia):
            assert said.worker == "w1"
            found[Leg.CUSTOMER] = max(found[Leg.CUSTOMER], said.customer)
            found[Leg.AGENT] = max(found[Leg.AGENT], said.agent)
    return found


EVERY = [(way, phase) for way in WAYS for phase in way.phases]


@pytest.mark.parametrize(("way", "phase"), EVERY, ids=[f"{way.name}, {phase}" for way, phase in EVERY])
def test_who_leaves_is_cut_in_that_step_and_negotiates_no_more(way: Way, phase: Phase) -> None:
    play = in_phase(phase)
    event = way.leaves(play)
    numbers = {leg: play.call().leg(leg).media for leg in Leg}
    found = cut(play.quietly(event))
    for leg in Leg:
        assert (found[leg] >= numbers[leg] > 0) == (leg in way.phases[phase])
        # By the page that left, which holds the socket that it had, and knows the number.
        if leg in way.phases[phase]:
            again = play.quietly(e.MediaOffered("c1", leg, 1, f"again-{leg}", "w1"))
            assert isinstance(again[0], c.Answered)
            assert again[0].code != codes.OK
            late = [e.MediaFlowing("c1", leg, numbers[leg], kind) for kind in ("audio", "video")]
            assert play.quietly(*late) == []


@pytest.mark.parametrize("phase", [C, A, D])
def test_the_same_page_goes_on_by_another_socket_and_nothing_is_cut(phase: Phase) -> None:
    play = in_phase(phase)
    said = play.quietly(e.CallerConnected("c1", "n2", "t"), e.AgentConnected("a1", "n2", "t"))
    assert cut(said) == dict.fromkeys(Leg, 0.0)
    assert {play.call().leg(leg).media for leg in Leg} == {1}


@pytest.mark.parametrize("leg", Leg)
def test_who_takes_over_by_another_page_goes_on_in_the_call(leg: Leg) -> None:
    play = in_phase(A)
    play.quietly(other_tab(play) if leg is Leg.CUSTOMER else other_console(play))
    assert play.call().leg(leg).lost_until == play.now + 15 * SECOND
    play.negotiate(leg)
    play.flow(leg)
    assert play.call().phase is A
    assert play.call().leg(leg).lost_until is None


def test_a_verdict_stands_though_its_agent_is_out_and_the_call_passes_on_where_it_falls() -> None:
    play = in_phase(D)
    play.quietly(disabled(play))
    assert play.call().phase is D
    again = play.quietly(e.MediaOffered("c1", Leg.AGENT, 1, "again", "w1"))
    assert again == [c.Answered("again", codes.NOT_VALID)]
    play.quietly(e.EvidenceFailed("c1", 1))
    assert play.call().phase is Phase.WAITING


def test_a_verdict_of_one_who_is_out_ends_the_call() -> None:
    play = in_phase(D)
    play.quietly(disabled(play), e.EvidenceStored("c1", 1))
    assert "c1" not in play.floor.calls


def test_who_has_hung_up_does_not_come_back_while_the_verdict_is_settled() -> None:
    play = in_phase(D)
    play.quietly(hung_up(play))
    again = play.quietly(e.MediaOffered("c1", Leg.CUSTOMER, 1, "again", "w1"))
    assert again == [c.Answered("again", codes.CALL_ENDED)]


def test_nobody_is_cut_twice_for_one_end() -> None:
    """Effects are known by call and numbers, so the same may not be said again."""
    play = in_phase(D)
    said = play.quietly(
        disabled(play),
        disabled(play),
        removed(play),
        hung_up(play),
        e.CallerHungUp("c1", 1, "bye again"),
        session_over(play),
        session_over(play),
        e.EvidenceFailed("c1", 1),
    )
    cuts = [one for one in said if isinstance(one, c.CutMedia)]
    assert len(cuts) == len(set(cuts)) == 4
