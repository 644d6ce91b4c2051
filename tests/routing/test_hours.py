"""A team's working hours: outside of them a call ends at once, and at closing time those who came before are served."""

from routing import commands as c
from routing import events as e
from routing.hours import is_open, opens_at, working
from routing.state import SECOND, CallRules, Leg, Outcome, Phase, Span
from routing.views import caller_view
from tests.routing.playbook import T0, Playbook, ok

HOUR = 3600 * SECOND
MORNING, AFTERNOON = Span(T0 - HOUR, T0 + HOUR), Span(T0 + 2 * HOUR, T0 + 6 * HOUR)
GRACE = 300


def working_team(at: int = T0) -> Playbook:
    play = Playbook()
    play.quietly(e.HoursChanged((MORNING, AFTERNOON)))
    play.now = at
    return play


def test_a_span_has_its_beginning_and_not_its_end() -> None:
    hours = (MORNING, AFTERNOON)
    assert [is_open(hours, at) for at in (MORNING.start - 1, MORNING.start, MORNING.end - 1, MORNING.end)] == [
        False,
        True,
        True,
        False,
    ]
    assert working(hours, AFTERNOON.start) == AFTERNOON
    assert opens_at(hours, MORNING.start - 1) == MORNING.start
    assert opens_at(hours, MORNING.end) == AFTERNOON.start
    assert opens_at(hours, MORNING.start) is None
    assert opens_at(hours, AFTERNOON.end) is None


def test_a_team_without_hours_always_works() -> None:
    assert is_open(None, 0)
    assert opens_at(None, 0) is None
    assert not is_open((), 0)


def test_outside_the_hours_a_call_ends_at_once_and_the_caller_may_be_told_when() -> None:
    play = working_team(MORNING.end)
    play.agent_ready()
    request = e.CallRequested("join", "c1", "v1", "CTKV4", 1, 0, frozenset(), CallRules(), "n1")
    play >> request
    play << c.CallEnded("c1", "v1", 1, Outcome.CLOSED, Phase.WAITING, None, play.now) << ok("join", "c1")
    assert "c1" not in play.floor.calls
    assert opens_at(play.floor.hours, play.now) == AFTERNOON.start


def test_hours_closing_while_callers_wait() -> None:
    play = working_team(MORNING.end - SECOND)
    play.caller("c1")
    play.after(1).tick_after(GRACE - 0.000_001)
    play.silent()
    play.tick_after(0.000_001)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.CLOSED, Phase.WAITING, None, MORNING.end + GRACE * SECOND)


def test_who_came_before_closing_time_is_still_served_after_it() -> None:
    play = working_team(MORNING.end - SECOND)
    play.caller("c1")
    play.after(60).agent_ready("a1")
    play.accept("c1")
    play.connect("c1")
    assert play.call("c1").phase is Phase.ACTIVE
    play.after(2 * GRACE).quietly(e.Tick())
    assert play.call("c1").phase is Phase.ACTIVE


def test_who_comes_back_to_the_queue_after_closing_time_is_not_made_to_wait_for_nobody() -> None:
    play = working_team(MORNING.end - SECOND)
    play.ringing()
    play.after(5)
    play.accept()
    play.after(10).quietly(e.Tick())
    assert (play.call().phase, play.call().deadline) == (Phase.WAITING, MORNING.end + GRACE * SECOND)

    play = working_team(MORNING.end - SECOND)
    play.active()
    play.after(2 * GRACE).quietly(play.silence(Leg.AGENT, age=14))
    said = play.after(1).quietly(e.Tick())
    ends = [each for each in said if isinstance(each, c.CallEnded)]
    assert [(end.outcome, end.phase) for end in ends] == [(Outcome.CLOSED, Phase.ACTIVE)]


def test_long_before_closing_time_the_longest_wait_ends_it_as_ever() -> None:
    play = working_team()
    play.caller("c1")
    play.tick_after(600)
    play << c.CallEnded("c1", "v-c1", 1, Outcome.NO_AGENT, Phase.WAITING, None, T0 + 600 * SECOND)


def test_hours_that_change_hold_for_calls_that_begin_afterwards() -> None:
    play = working_team()
    play.caller("c1")
    play.quietly(e.HoursChanged(()))
    play.agent_ready("a1")
    assert play.call("c1").phase is Phase.RINGING
    request = e.CallRequested("join", "c2", "v2", "CTKV4", 1, 0, frozenset(), CallRules(), "n1")
    assert c.CallEnded("c2", "v2", 1, Outcome.CLOSED, Phase.WAITING, None, play.now) in play.quietly(request)


def test_a_caller_who_is_told_the_hours_reads_when_the_team_works_next() -> None:
    play = working_team(MORNING.end - SECOND)
    play.active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))
    view = caller_view(play.floor, "c1")
    assert view is not None
    # Hung up: no word of hours.
    assert view.opens_at is None
