"""Floors as the bodies of wire views: routing's pure views, with what the shell knows besides (names, kept pictures).

A body is what JSON makes of a view of `messages.py`, without `version` and `server_time`. It is made by hand because
thousands are made in a second; the tests compare each with its type. Bodies are never changed once made.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ekyc.models import Picture, PictureKind
from routing import views
from routing.index import holder
from routing.state import HELD_BY_AGENT, LIVE, QUEUED, Call, Floor, Leg, Phase, Verdict
from vouch.clock import SECOND
from vouch.ids import call_number

Body = dict[str, Any]

BEAT_S = 2
"""How often a page in or before a call says that it lives, so that its loss is noticed within 6 s."""
IDLE_BEAT_S = 5
"""The same of a page by which nobody waits."""
_ROUND_S = 10
_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_SHOWN = {PictureKind.SNAPSHOT: "snapshot", PictureKind.EXTRA: "extra", PictureKind.LAST_FRAME: "last_frame"}


def caller_body(floor: Floor | None, call: str | None) -> Body | None:
    """CallerView; None when its call has left the floor, so that the page keeps what it showed last."""
    if call is None:
        return {"beat_s": BEAT_S, "call": None}
    view = views.caller_view(floor, call) if floor else None
    if floor is None or view is None:
        return None
    shown = {
        "id": view.call,
        "number": call_number(view.call),
        "attempt": view.attempt,
        "state": view.state.value,
        "outcome": view.outcome.value if view.outcome else None,
        "notice": view.notice.value if view.notice else None,
        "position": view.position,
        "expected_wait_s": _rounded(view.expected_wait),
        "lost": _lost(view.lost),
        "media": view.media,
        "renegotiate": _renegotiate(floor.calls[call], Leg.CUSTOMER),
        "started_at": view.started_at,
        "opens_at": view.opens_at,
    }
    return {"beat_s": BEAT_S, "call": shown}


def agent_body(floor: Floor, agent: str, kept: Sequence[Body], queue: Body) -> Body | None:
    """AgentView; None for an agent who was taken off.

    `kept` are the frames kept of his call (`kept_picture`), `queue` is the floor's `queue_summary`.
    """
    view = views.agent_view(floor, agent)
    if view is None:
        return None
    call = view.call
    waited_for = view.offer is not None or (call is not None and call.outcome is None)
    return {
        "beat_s": BEAT_S if waited_for else IDLE_BEAT_S,
        "agent": {
            "id": agent,
            "ready": view.ready,
            "reason": view.pause_reason or None,
            "since": view.since,
            "wrap_up_until": view.wrap_up_until,
        },
        "offer": _offer(floor, view.offer) if view.offer else None,
        "call": _agent_call(floor.calls[call.call], call, kept) if call else None,
        "queue": queue,
        "refusal": (call.refusal or None) if call else None,
    }


def queue_summary(floor: Floor) -> Body:
    """QueueSummary: the callers who wait, reachable or not; not those at whose agents it rings."""
    calls = floor.calls
    waiting = [call.queued_at for place in floor.index.queue if (call := calls[place.call]).phase is Phase.WAITING]
    return {"waiting": len(waiting), "longest_since": min(waiting, default=None)}


def wall_body(teams: Iterable[Body]) -> Body:
    """FloorView of these teams."""
    return {"beat_s": IDLE_BEAT_S, "teams": list(teams)}


class TeamWall:
    """One team's FloorTeam again and again; the tiles that have not changed are the same objects, found at once."""

    def __init__(self) -> None:
        self._tiles: dict[str, tuple[views.AgentTile, Body]] = {}

    def body(self, floor: Floor, names: Mapping[str, str]) -> Body:
        """FloorTeam; `names` are the agents' by account."""
        view = views.floor_view(floor)
        self._tiles = {tile.agent: self._tile(tile, names.get(tile.agent, "")) for tile in view.agents}
        live = sorted((call for call in floor.calls.values() if call.phase in LIVE), key=lambda call: call.queued_at)
        return {
            "company": floor.id,
            "agents": [tile for _, tile in self._tiles.values()],
            "calls": [_floor_call(floor, call) for call in live],
            # A reason of one node carries its name behind an @; whoever reads it sees the reason.
            "held": sorted({reason.partition("@")[0] for reason in view.held}),
        }

    def _tile(self, tile: views.AgentTile, name: str) -> tuple[views.AgentTile, Body]:
        known = self._tiles.get(tile.agent)
        if known is not None and known[0] == tile and known[1]["name"] == name:
            return known
        return tile, {
            "id": tile.agent,
            "name": name,
            "state": tile.state.value,
            "reason": tile.reason or None,
            "since": tile.since,
            "call": tile.call,
        }


def kept_picture(picture: Picture) -> Body | None:
    """KeptPicture; None for a kind that the console does not show."""
    kind = _SHOWN.get(PictureKind(picture.kind))
    return {"kind": kind, "at": picture.at, "key": picture.id} if kind else None


def _floor_call(floor: Floor, call: Call) -> Body:
    return {
        "id": call.id,
        "number": call_number(call.id),
        "verification": call.verification,
        "company": call.company,
        "state": views.call_state(call).value,
        "since": call.queued_at if call.phase in QUEUED else call.accepted_at or call.queued_at,
        "position": views.queue_position(floor, call),
        "agent": holder(call),
    }


def _offer(floor: Floor, offer: views.OfferView) -> Body | None:
    call = floor.calls[offer.call]
    if call.offer is None:
        return None
    return {
        "call": offer.call,
        "offer": offer.number,
        "number": call_number(offer.call),
        "verification": offer.verification,
        "attempt": call.attempt,
        "deadline": offer.deadline,
        "started_at": call.offer.made_at,
    }


def _agent_call(call: Call, view: views.AgentCallView, kept: Sequence[Body]) -> Body:
    verdict = view.verdict or view.deciding
    ended_without = view.outcome is not None and view.outcome.value not in _VERDICTS
    return {
        "id": view.call,
        "number": call_number(view.call),
        "verification": view.verification,
        "attempt": view.attempt,
        "state": view.state.value,
        "outcome": view.outcome.value if view.outcome else None,
        "shut_gates": list(view.gates),
        "checks": [tick.check.value for tick in view.ticks],
        "lost": _lost(view.lost),
        "media": view.media,
        "renegotiate": _renegotiate(call, Leg.AGENT),
        "started_at": view.started_at,
        "deadline": view.deadline,
        "verdict": verdict.value if verdict else None,
        "pressed_at": call.decision.pressed_at if call.decision else None,
        "late_verdict": ended_without and view.started_at is not None and verdict is None,
        "kept": list(kept),
    }


def _renegotiate(call: Call, leg: Leg) -> bool:
    """Whether nothing has arrived on the leg's newest peer connection, or there is none."""
    return call.phase in HELD_BY_AGENT and not call.leg(leg).flowing


def _lost(lost: tuple[views.LostLeg, ...]) -> list[Body]:
    return [{"leg": each.leg.value, "until": each.until} for each in lost]


def _rounded(wait: int | None) -> int | None:
    # In steps, so that a view is not new with every second that a mean moves.
    return None if wait is None else -(-wait // (_ROUND_S * SECOND)) * _ROUND_S
