"""Floors as wire messages: routing's pure views, with what the shell knows besides (names, kept pictures, numbers)."""

from collections.abc import Iterable, Mapping
from typing import Literal

from ekyc.models import Picture, PictureKind
from routing import views
from routing.index import holder
from routing.state import HELD_BY_AGENT, LIVE, QUEUED, Call, Floor, Leg, Verdict
from signaling import messages as wire
from vouch.clock import SECOND
from vouch.ids import call_number

_ROUND_S = 10
_VERDICTS = frozenset(verdict.value for verdict in Verdict)
_SHOWN: dict[PictureKind, Literal["snapshot", "extra", "last_frame"]] = {
    PictureKind.SNAPSHOT: "snapshot",
    PictureKind.EXTRA: "extra",
    PictureKind.LAST_FRAME: "last_frame",
}


def caller_view(floor: Floor | None, call: str | None, now: int) -> wire.CallerView | None:
    """What a caller's page shows; None when its call has left the floor, so that it keeps what it showed last."""
    if call is None:
        return wire.CallerView(version=0, server_time=now, call=None)
    view = views.caller_view(floor, call) if floor else None
    if floor is None or view is None:
        return None
    shown = wire.CallerCall(
        id=view.call,
        number=call_number(view.call),
        attempt=view.attempt,
        state=view.state.value,
        outcome=view.outcome.value if view.outcome else None,
        notice=view.notice.value if view.notice else None,
        position=view.position,
        expected_wait_s=_rounded(view.expected_wait),
        lost=_lost(view.lost),
        media=view.media,
        renegotiate=_renegotiate(floor.calls[call], Leg.CUSTOMER),
        started_at=view.started_at,
    )
    return wire.CallerView(version=0, server_time=now, call=shown)


def agent_view(floor: Floor, agent: str, kept: Iterable[Picture], now: int) -> wire.AgentView | None:
    """What an agent's console shows; `kept` are the frames kept of his call. None for an agent who was taken off."""
    view = views.agent_view(floor, agent)
    if view is None:
        return None
    return wire.AgentView(
        version=0,
        server_time=now,
        agent=wire.AgentSelf(
            id=agent,
            ready=view.ready,
            reason=view.pause_reason or None,
            since=view.since,
            wrap_up_until=view.wrap_up_until,
        ),
        offer=_offer(floor, view.offer),
        call=_agent_call(floor, view.call, kept),
        queue=_queue(floor, view.offer.call if view.offer else None),
        refusal=view.call.refusal or None if view.call else None,
    )


def floor_team(floor: Floor, names: Mapping[str, str]) -> wire.FloorTeam:
    """A team's floor for its supervisor; `names` are the agents' by account."""
    view = views.floor_view(floor)
    live = sorted((call for call in floor.calls.values() if call.phase in LIVE), key=lambda call: call.queued_at)
    return wire.FloorTeam(
        company=floor.id,
        agents=tuple(
            wire.FloorAgent(
                id=tile.agent,
                name=names.get(tile.agent, ""),
                state=tile.state.value,
                reason=tile.reason or None,
                since=tile.since,
                call=tile.call,
            )
            for tile in view.agents
        ),
        calls=tuple(_floor_call(floor, call) for call in live),
        held=view.held,
    )


def _floor_call(floor: Floor, call: Call) -> wire.FloorCall:
    return wire.FloorCall(
        id=call.id,
        number=call_number(call.id),
        verification=call.verification,
        company=call.company,
        state=views.call_state(call).value,
        since=call.queued_at if call.phase in QUEUED else call.accepted_at or call.queued_at,
        position=views.queue_position(floor, call),
        agent=holder(call),
    )


def _offer(floor: Floor, offer: views.OfferView | None) -> wire.OfferView | None:
    call = floor.calls[offer.call] if offer else None
    if offer is None or call is None or call.offer is None:
        return None
    return wire.OfferView(
        call=offer.call,
        offer=offer.number,
        number=call_number(offer.call),
        verification=offer.verification,
        attempt=call.attempt,
        deadline=offer.deadline,
        started_at=call.offer.made_at,
    )


def _agent_call(floor: Floor, view: views.AgentCallView | None, kept: Iterable[Picture]) -> wire.AgentCall | None:
    if view is None:
        return None
    decision = floor.calls[view.call].decision
    verdict = view.verdict or view.deciding
    ended_without = view.outcome is not None and view.outcome.value not in _VERDICTS
    return wire.AgentCall(
        id=view.call,
        number=call_number(view.call),
        verification=view.verification,
        attempt=view.attempt,
        state=view.state.value,
        outcome=view.outcome.value if view.outcome else None,
        shut_gates=view.gates,
        checks=tuple(tick.check.value for tick in view.ticks),
        lost=_lost(view.lost),
        media=view.media,
        renegotiate=_renegotiate(floor.calls[view.call], Leg.AGENT),
        started_at=view.started_at,
        deadline=view.deadline,
        verdict=verdict.value if verdict else None,
        pressed_at=decision.pressed_at if decision else None,
        late_verdict=ended_without and view.started_at is not None and verdict is None,
        kept=tuple(
            wire.KeptPicture(kind=_SHOWN[PictureKind(each.kind)], at=each.at, key=each.id)
            for each in kept
            if each.kind in _SHOWN
        ),
    )


def _renegotiate(call: Call, leg: Leg) -> bool:
    """Whether nothing has arrived on the leg's newest peer connection, or there is none."""
    return call.phase in HELD_BY_AGENT and not call.leg(leg).flowing


def _queue(floor: Floor, own: str | None) -> wire.QueueSummary:
    """Who waits besides the call that rings at this console itself."""
    waiting = [floor.calls[place.call].queued_at for place in floor.index.queue if place.call != own]
    return wire.QueueSummary(waiting=len(waiting), longest_since=min(waiting, default=None))


def _lost(lost: tuple[views.LostLeg, ...]) -> tuple[wire.Lost, ...]:
    return tuple(wire.Lost(leg=each.leg.value, until=each.until) for each in lost)


def _rounded(wait: int | None) -> int | None:
    # In steps, so that a view is not new with every second that a mean moves.
    return None if wait is None else -(-wait // (_ROUND_S * SECOND)) * _ROUND_S
