"""What is made by hand is what the wire's types say, in every state of a call; and what it tells."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from ekyc.models import Picture
from routing import events as e
from routing.state import Leg, Verdict
from signaling import messages as wire
from signaling import present
from signaling.present import Body
from signaling.wall_messages import FloorView
from tests.routing.playbook import Playbook

KEPT: Body = {"kind": "snapshot", "at": 1, "key": "p1"}


def is_as_typed(view: type[BaseModel], body: Body | None) -> bool:
    """Whether JSON makes the same of the typed view."""
    assert body is not None
    whole = body | {"version": 1, "server_time": 2}
    return view.model_validate(whole).model_dump(mode="json") == whole


def waiting(play: Playbook) -> None:
    play.caller()


def ringing(play: Playbook) -> None:
    play.ringing()


def connecting(play: Playbook) -> None:
    play.ringing()
    play.accept()


def active(play: Playbook) -> None:
    play.active()
    play.tick_checks()


def reconnecting(play: Playbook) -> None:
    play.active()
    play.quietly(e.LegSilent("c1", Leg.CUSTOMER, "media", 1, 1, 3_000_000))  # type: ignore[arg-type]


def deciding(play: Playbook) -> None:
    play.active()
    play.deciding()


def confirmed(play: Playbook) -> None:
    deciding(play)
    play.quietly(e.EvidenceStored("c1", 1))


def hung_up(play: Playbook) -> None:
    play.active()
    play.quietly(e.CallerHungUp("c1", 1, "bye"))


STATES = (waiting, ringing, connecting, active, reconnecting, deciding, confirmed, hung_up)
Way = Callable[[Playbook], None]


@pytest.fixture
def play() -> Playbook:
    return Playbook()


def agent_of(play: Playbook) -> Body:
    body = present.agent_body(play.floor, "a1", [KEPT], present.queue_summary(play.floor))
    assert body is not None
    return body


@pytest.mark.parametrize("way", STATES)
def test_the_callers_view_is_as_typed(play: Playbook, way: Way) -> None:
    way(play)
    assert is_as_typed(wire.CallerView, present.caller_body(play.floor, "c1"))


@pytest.mark.parametrize("way", STATES[1:])
def test_the_agents_view_is_as_typed(play: Playbook, way: Way) -> None:
    way(play)
    assert is_as_typed(wire.AgentView, agent_of(play))


@pytest.mark.parametrize("way", STATES)
def test_the_wall_is_as_typed(play: Playbook, way: Way) -> None:
    way(play)
    wall = present.wall_body([present.TeamWall().body(play.floor, {"a1": "Nguyễn Văn An"})])
    assert is_as_typed(FloorView, wall)


def test_whoever_has_no_call_yet_is_shown_none(play: Playbook) -> None:
    assert is_as_typed(wire.CallerView, present.caller_body(None, None))
    assert present.caller_body(None, "c1") is None
    assert present.caller_body(play.floor, "c1") is None
    assert present.agent_body(play.floor, "a1", [], present.queue_summary(play.floor)) is None


@pytest.mark.parametrize(
    ("way", "beat_s"), [(ringing, 2), (connecting, 2), (active, 2), (deciding, 2), (confirmed, 5), (hung_up, 5)]
)
def test_an_agent_by_whom_somebody_waits_beats_more_often(play: Playbook, way: Way, beat_s: int) -> None:
    way(play)
    assert agent_of(play)["beat_s"] == beat_s


def test_the_queue_counts_who_waits_and_not_those_at_whose_agents_it_rings(play: Playbook) -> None:
    play.ringing()
    assert present.queue_summary(play.floor) == {"waiting": 0, "longest_since": None}
    play.after(5)
    play.caller("c2")
    play.after(5)
    play.caller("c3")
    summary = {"waiting": 2, "longest_since": play.call("c2").queued_at}
    assert present.queue_summary(play.floor) == summary
    play.quietly(e.CallerDisconnected("c2", 1, 0))
    assert present.queue_summary(play.floor) == summary, "one whose page is gone for a moment still waits"


def test_what_a_late_verdict_needs_is_told(play: Playbook) -> None:
    hung_up(play)
    call = agent_of(play)["call"]
    assert (call["state"], call["outcome"], call["late_verdict"]) == ("ended", "cancelled", True)
    play.quietly(play.press(Verdict.REJECTED, "late"))
    call = agent_of(play)["call"]
    assert (call["verdict"], call["pressed_at"], call["late_verdict"]) == ("rejected", play.now, False)


def test_a_tile_that_has_not_changed_is_the_same_object(play: Playbook) -> None:
    wall = present.TeamWall()
    play.agent_ready("a1")
    play.agent_ready("a2")
    before = wall.body(play.floor, {})["agents"]
    play.quietly(e.AgentPaused("a2", "pause", "lunch"))
    after = wall.body(play.floor, {})["agents"]
    assert after[0] is before[0]
    assert (before[1]["state"], after[1]["state"]) == ("free", "paused")
    assert wall.body(play.floor, {"a1": "An"})["agents"][0]["name"] == "An"


@pytest.mark.parametrize(
    ("kind", "shown"), [("snapshot", "snapshot"), ("last_frame", "last_frame"), ("id_front", None)]
)
def test_only_frames_of_the_call_are_kept_pictures(kind: str, shown: str | None) -> None:
    picture: Any = present.kept_picture(Picture(id="p1", kind=kind, at=7))
    assert picture == ({"kind": shown, "at": 7, "key": "p1"} if shown else None)
    assert picture is None or wire.KeptPicture.model_validate(picture)
