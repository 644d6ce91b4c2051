"""What a step says, compared with what it did: who is told what, what an end needs, and what must not be forgotten."""

from collections.abc import Iterator

from routing import commands as c
from routing import events as e
from routing.state import (
    HELD_BY_AGENT,
    LIVE,
    TALKING,
    Call,
    DeclineRule,
    Floor,
    Leg,
    Outcome,
    Phase,
    ReconnectRule,
    Verdict,
)
from routing.turn import Step

W, R, C, A, D, E = Phase.WAITING, Phase.RINGING, Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING, Phase.ENDED
LEFT = e.LegSilent | e.WorkerLost | e.MediaOffered | e.CallerConnected | e.CallerDisconnected
LOST = e.CallerDisconnected | e.AgentDisconnected | e.LegSilent | e.NodeLost | e.WorkerLost


def broken_in_words(before: Floor, event: e.Event, after: Step) -> list[str]:
    """What is said and not so, or owed and not said; none: nothing."""
    told = [law for said in after.commands for law in _told(before, event, after, said)]
    return [*told, *_owed(before, event, after)]


def broken_in_answer(before: Floor, event: e.Event, answer: c.Answered) -> list[str]:
    """What is wrong with the one answer to a press that changed nothing; none: nothing."""
    call = before.calls.get(getattr(event, "call", ""))
    if call is None or isinstance(event, e.CallRequested):
        return []
    return [] if answer.code in _may_answer(call, event) else [f"{call.id}: answered with {answer.code}"]


def _may_answer(call: Call, event: e.Event) -> set[str]:
    if isinstance(event, e.OfferAccepted | e.OfferDeclined):
        won = isinstance(event, e.OfferAccepted) and (call.agent, call.offers) == (event.agent, event.offer)
        return {"call_ended"} if call.phase is E else {"ok" if won else "offer_gone"}
    if isinstance(event, e.CallerHungUp):
        here = event.socket == call.customer_leg.socket
        return {"call_ended"} if call.phase is E else {"ok" if here else "opened_elsewhere"}
    if isinstance(event, e.MediaOffered):
        return _may_answer_media(call, event)
    if call.phase is E:
        return {"call_ended", "already_decided", "reason_missing"}
    if event.agent != call.agent:  # type: ignore[union-attr]
        return {"not_your_call"}
    if call.phase in {C, D}:
        return {"not_ready_yet" if call.phase is C else "already_decided"}
    return {"ok", "reason_missing", "not_yet", "frame_too_old", "no_picture", "gate_fixed"}


def _may_answer_media(call: Call, event: e.MediaOffered) -> set[str]:
    if call.phase is E:
        return {"call_ended"}
    if call.phase in {W, R}:
        return {"not_connected_yet"}
    # In DECIDING an account may be shut, and a caller may hang up; who has no socket up speaks by an older one.
    here = {"no_worker", "opened_elsewhere", "not_valid" if event.leg is Leg.AGENT else "call_ended"}
    return here if event.socket == call.leg(event.leg).socket else {"opened_elsewhere"}


def _told(before: Floor, event: e.Event, after: Step, said: c.Command) -> Iterator[str]:
    if isinstance(said, c.CallEnded):
        yield from _ended(before, event, after, said)
    elif isinstance(said, c.Ring):
        offer = after.floor.calls[said.call].offer
        if offer is None or (offer.agent, offer.number, offer.deadline) != (said.agent, said.offer, said.deadline):
            yield "a console rings for another offer"
    elif isinstance(said, c.Negotiate):
        old = before.calls[said.call].leg(said.leg)
        now = after.floor.calls.get(said.call)
        if said.media != old.media + 1 or (now is not None and said.worker != now.worker):
            yield "media is negotiated under another number or worker"
    elif isinstance(said, c.KeepPicture | c.VerdictGiven):
        yield from _decided(before, after, said)
    elif isinstance(said, c.Answered) and said.code == "ok" and not said.detail:
        yield from _done(before, event, after, said)


def _decided(before: Floor, after: Step, said: c.KeepPicture | c.VerdictGiven) -> Iterator[str]:
    if isinstance(said, c.KeepPicture):
        call = after.floor.calls[said.call]
        if call.decision is None or (said.decision, said.deadline) != (call.decision.number, call.decision.deadline):
            yield "a picture is kept for another decision"
        elif (said.verdict, said.frame, said.worker) != (call.decision.verdict, call.decision.frame, call.worker):
            yield "another picture is kept"
    else:
        decision = before.calls[said.call].decision
        if decision is None or (said.decision, said.verdict) != (decision.number, decision.verdict):
            yield "another verdict is given than was pressed"


def _done(before: Floor, event: e.Event, after: Step, said: c.Answered) -> Iterator[str]:
    """A press that was answered with ok has done what it is for."""
    if getattr(event, "request", None) != said.request:
        return
    if isinstance(event, e.AgentReady | e.AgentPaused):
        agent = after.floor.agents[event.agent]
        if agent.ready != isinstance(event, e.AgentReady):
            yield "an agent's choice is answered with ok and not kept"
    elif isinstance(event, e.WrapUpEnded) and after.floor.agents[event.agent].wrap_up is not None:
        yield "wrap-up goes on"
    elif isinstance(event, e.CallerHungUp):
        old = before.calls[event.call]
        call = after.floor.calls.get(event.call)
        if call is not None and call.phase in LIVE and not call.hung_up:
            yield "the caller hung up in vain"
        if event.socket != old.customer_leg.socket:
            yield "an older page hung up"
    elif isinstance(event, e.OfferDeclined):
        call = after.floor.calls.get(event.call)
        if call is not None and event.agent not in call.declined:
            yield "a refusal is not kept"


def _ended(before: Floor, event: e.Event, after: Step, said: c.CallEnded) -> Iterator[str]:
    old = before.calls.get(said.call)
    if old is None:
        if said.outcome is not Outcome.CLOSED:
            yield "ended before it began"
        return
    if not _may_end(event, after.floor, old, said.outcome):
        yield f"{said.call} ended as {said.outcome} out of {old.phase} without cause"
    if said.phase not in {old.phase, W if old.phase in {R, C, A, D} else None, A if old.phase is D else None}:
        yield "another phase is kept with the end"
    if old.phase is R and said.phase is R and not any(isinstance(one, c.CancelOffer) for one in after.commands):
        yield "a console goes on ringing"
    closes = [one for one in after.commands if isinstance(one, c.CloseMedia) and one.call == said.call]
    if old.worker is not None and len(closes) != 1 and not isinstance(event, e.WorkerLost):
        yield "media is not closed once"
    keeps = [one for one in after.commands if isinstance(one, c.KeepLastFrame) and one.call == said.call]
    verdict = said.outcome.value in set(Verdict)
    if said.phase in TALKING and bool(keeps) != (old.last_frame is not None and not verdict):
        yield "the last frame is kept for calls that end without a verdict"
    if said.phase in HELD_BY_AGENT and said.agent is not None:
        yield from _released(before, after.floor, said)


def _released(before: Floor, floor: Floor, said: c.CallEnded) -> Iterator[str]:
    agent = floor.agents.get(said.agent or "")
    if agent is None or agent.valid != before.agents[agent.id].valid:
        return
    due = said.phase in TALKING and floor.rules.wrap_up > 0 and agent.valid
    if due != (agent.wrap_up is not None and agent.wrap_up.call == said.call):
        yield "wrap-up follows calls that were ACTIVE, and only these"
    if due and agent.wrap_up is not None and agent.wrap_up.deadline != floor.now + floor.rules.wrap_up:
        yield "wrap-up lasts for another time than it may"
    if agent.last_call_ended_at != floor.now:
        yield "the end of his last call is not noted"


def _may_end(event: e.Event, floor: Floor, old: Call, outcome: Outcome) -> bool:
    """Whether there is a cause for the outcome."""
    now, closes = floor.now, old.closes_at
    lost = old.customer_leg.lost_until
    is_over = old.deadline <= now
    no_picture = old.decision is not None and (
        old.decision.deadline <= now or isinstance(event, e.EvidenceFailed | e.PictureRefused)
    )
    if outcome.value in set(Verdict):
        decision = old.decision
        return isinstance(event, e.EvidenceStored) and decision is not None and decision.verdict == outcome.value
    causes = {
        Outcome.DECLINED: isinstance(event, e.OfferDeclined) and _is_final(old),
        Outcome.NO_AGENT: is_over and (closes is None or closes > now),
        # One whose agent falls away after that is not asked to wait.
        Outcome.CLOSED: closes is not None and closes <= now and (is_over or closes + floor.rules.closing_grace <= now),
        Outcome.CANCELLED: isinstance(event, e.CallerHungUp) or (old.hung_up and no_picture),
        Outcome.AGENT_ENDED: isinstance(event, e.AgentEnded) and event.agent == old.agent and event.reason != "",
        Outcome.CONNECTION_LOST: (lost is not None and lost <= now) or (isinstance(event, LOST) and event.age > 0),
        Outcome.INTERRUPTED: old.rules.reconnect_rule is ReconnectRule.STRICT
        and (no_picture or isinstance(event, LEFT)),
        Outcome.TOO_LONG: is_over and old.phase in TALKING,
        Outcome.SETUP_FAILED: is_over and old.phase is C and old.set_up_tries > 0,
    }
    return causes[outcome]


def _is_final(old: Call) -> bool:
    # Whether somebody is left is the business of `_owed`.
    return old.phase is R


def _owed(before: Floor, event: e.Event, after: Step) -> Iterator[str]:
    """What must follow, and may be missing without a trace."""
    floor, said = after.floor, after.commands
    ends = {one.call: one for one in said if isinstance(one, c.CallEnded)}
    for call in before.calls.values():
        offer = call.offer
        if offer is not None and offer.deadline <= floor.now and call.id not in ends:
            agent = floor.agents.get(offer.agent)
            now = floor.calls[call.id]
            if (agent is not None and agent.ready) or offer.agent not in now.rang_out:
                yield f"{offer.agent} let it ring out and is ready"
        if isinstance(event, e.OfferDeclined) and event.call == call.id and call.id in ends:
            yield from _declined(before, event, call, ends[call.id])
    if isinstance(event, e.CallerConnected | e.AgentConnected):
        yield from _connected(before, event, after)


def _declined(before: Floor, event: e.OfferDeclined, call: Call, end: c.CallEnded) -> Iterator[str]:
    out = call.declined | call.excluded | {event.agent}
    left = [
        a for a in before.agents.values() if a.valid and a.socket_up and a.id not in out and call.skills <= a.skills
    ]
    rules = call.rules
    limit = rules.redirect_limit is not None and len(call.declined) + 1 >= rules.redirect_limit
    capped = before.rules.pair_cap is not None
    if (
        end.outcome is Outcome.DECLINED
        and rules.decline_rule is not DeclineRule.END
        and left
        and not limit
        and not capped
    ):
        yield "declined though somebody is left"


def _connected(before: Floor, event: e.CallerConnected | e.AgentConnected, after: Step) -> Iterator[str]:
    if isinstance(event, e.CallerConnected):
        call = before.calls.get(event.call)
        if call is None or call.phase is E or call.deadline <= after.floor.now:
            return
        socket, up = call.customer_leg.socket, call.customer_leg.socket_up
    else:
        if event.agent not in before.agents:
            return
        socket, up = before.agents[event.agent].socket, before.agents[event.agent].socket_up
    numbers = [one.number for one in after.commands if isinstance(one, c.SocketAssigned)]
    replaced = [one.socket for one in after.commands if isinstance(one, c.Replaced)]
    ended = any(isinstance(one, c.CallEnded) for one in after.commands)
    if not ended and (numbers != [socket + 1] or replaced != ([socket] if up else [])):
        yield "a page is not told its number, or the older one that it is replaced"
