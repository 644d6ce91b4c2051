"""What must hold between a floor and the next, told a second time from the rules and without routing's own functions.

`routing.laws` looks for what must never be; this looks for what each step owes: how long a deadline runs, what an end
needs, who is told what. A fault that only changes a number or forgets a command shows here.
"""

from collections.abc import Iterator
from typing import Any

from routing import events as e
from routing.state import (
    HELD_BY_AGENT,
    LIVE,
    QUEUED,
    TALKING,
    Agent,
    Call,
    Floor,
    Kind,
    Leg,
    Phase,
    ReconnectRule,
    TeamRules,
)
from routing.turn import Step
from tests.model.said import broken_in_words

W, R, C, A, D, E = Phase.WAITING, Phase.RINGING, Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING, Phase.ENDED
WAYS = {(W, R), (R, W), (R, C), (R, R), (C, W), (C, R), (C, A), (A, D), (A, W), (A, R), (D, A), (D, W), (D, R)}
"""Ways from phase to phase within one step, but for ends; who comes back may ring again at once."""


def broken_in_history(before: Floor, event: e.Event, after: Step) -> list[str]:
    """What the step owes and did not do; none: nothing."""
    floor = after.floor
    broken = broken_in_words(before, event, after)
    for id_, new in floor.calls.items():
        old = before.calls.get(id_)
        if old is None:
            broken += [f"call {id_}: {law}" for law in _begun(floor, event, new)]
        elif old is not new:
            broken += [f"call {id_}: {law}" for law in _changed(before, event, floor, old, new)]
    for id_, agent in floor.agents.items():
        known = before.agents.get(id_)
        if known is not None and known is not agent:
            broken += [f"agent {id_}: {law}" for law in _agent(before, event, floor, known, agent)]
    return broken


def _begun(floor: Floor, event: e.Event, new: Call) -> Iterator[str]:
    if not isinstance(event, e.CallRequested) or event.call != new.id:
        yield "began by itself"
        return
    longest = floor.now + new.rules.longest_wait
    closes = longest if new.closes_at is None else new.closes_at + floor.rules.closing_grace
    if new.deadline != min(longest, closes):
        yield "waits for another time than it may"
    if new.rank_at != floor.now - event.priority * floor.rules.head_start:
        yield "has another head start than its priority's"
    if new.customer_leg.lost_until != floor.now + new.rules.waiting_grace:
        yield "whose page has not come is lost from the beginning"


def _changed(before: Floor, event: e.Event, floor: Floor, old: Call, new: Call) -> Iterator[str]:
    if old.phase is not new.phase and new.phase is not E and (old.phase, new.phase) not in WAYS:
        yield f"went from {old.phase} to {new.phase}"
    if new.offer is not None and new.offer != old.offer:
        yield from _offered(before, floor, old, new)
    if new.phase is C and old.phase is not C:
        yield from _accepted(before, event, floor, old, new)
    if new.phase is A and old.phase is C:
        yield from _active(floor, new)
    if new.phase is D and old.phase is A:
        yield from _decided(floor, old, new)
    if new.phase is A and old.phase is D and (new.deadline, new.gates) != (old.deadline, old.gates):
        yield "came back from DECIDING as another call"
    if new.phase in QUEUED and old.phase in HELD_BY_AGENT:
        yield from _came_back(event, floor, old, new)
    if new.phase in QUEUED and old.phase in QUEUED and _in_queue(old) != _in_queue(new):
        yield "lost its place or its patience"
    if old.phase in LIVE and new.phase in LIVE:
        yield from _legs(event, floor, old, new)
        yield from _gates(event, old, new)


def _in_queue(call: Call) -> tuple[Any, ...]:
    return call.deadline, call.at_head, call.rank_at


def _offered(before: Floor, floor: Floor, old: Call, new: Call) -> Iterator[str]:
    offer = new.offer
    assert offer is not None
    if (offer.made_at, offer.deadline) != (floor.now, floor.now + floor.rules.ring_time_out):
        yield "rings for another time than it may"
    if offer.number != new.offers or offer.number <= old.offers:
        yield "an offer has another number than the last"
    if offer.agent in new.declined | new.excluded:
        yield "rings at somebody who is out"
    if floor.held:
        yield "rings while offers are held"
    free = [agent for agent in floor.agents.values() if _is_free(floor, agent) and agent.id not in new.rang_out]
    out = new.declined | new.excluded
    if offer.agent in new.rang_out and any(agent.id not in out and new.skills <= agent.skills for agent in free):
        yield "rings again at somebody who let it ring, though another is free"
    ahead = [c for c in floor.calls.values() if c.phase is W and c.customer_leg.lost_until is None and _before(c, new)]
    if any(offer.agent not in call.declined | call.excluded for call in ahead):
        yield "was served before somebody who stands before it"


def _before(one: Call, other: Call) -> bool:
    return (not one.at_head, one.rank_at, one.id) < (not other.at_head, other.rank_at, other.id)


def _is_free(floor: Floor, agent: Agent) -> bool:
    busy = any(call.offer and call.offer.agent == agent.id for call in floor.calls.values())
    busy = busy or any(call.agent == agent.id and call.phase in LIVE for call in floor.calls.values())
    return agent.ready and agent.socket_up and agent.valid and agent.wrap_up is None and not busy


def _accepted(before: Floor, event: e.Event, floor: Floor, old: Call, new: Call) -> Iterator[str]:
    if (new.accepted_at, new.deadline) != (floor.now, floor.now + floor.rules.set_up):
        yield "is set up for another time than it may"
    if new.gates != new.rules.gates | (old.gates - {"checks", "recheck"}) or new.ticks or new.last_frame:
        yield "keeps what the agent before found or opened"
    if new.agent_leg.flowing or new.agent_leg.presented or new.started_at is not None:
        yield "keeps the connection of the agent before"
    lost = new.customer_leg.lost_until
    if lost is not None and lost > floor.now + new.rules.grace:
        yield "keeps the longer grace of waiting"
    agent, was = floor.agents[new.agent or ""], before.agents[new.agent or ""]
    counted = was.calls_today if was.calls_day == floor.seed.day else 0
    if (agent.calls_today, agent.calls_day) != (counted + 1, floor.seed.day):
        yield "is not counted"
    if new.worker != (old.worker or getattr(event, "worker", None)):
        yield "is bound to another worker"


def _active(floor: Floor, new: Call) -> Iterator[str]:
    if new.deadline != floor.now + new.rules.longest_call or new.started_at != floor.now or new.set_up_tries:
        yield "is ACTIVE for another time than it may"
    if not _is_set_up(new, floor.rules):
        yield "is ACTIVE before all is seen and heard"


def _is_set_up(call: Call, rules: TeamRules) -> bool:
    needed = {Leg.CUSTOMER: set(Kind), Leg.AGENT: set(Kind) if rules.agent_audio_required else {Kind.VIDEO}}
    legs = [(call.leg(leg), kinds) for leg, kinds in needed.items()]
    return all(leg.flowing >= kinds and leg.presented and leg.silent_since is None for leg, kinds in legs)


def _decided(floor: Floor, old: Call, new: Call) -> Iterator[str]:
    decision = new.decision
    if decision is None or (decision.pressed_at, decision.late) != (floor.now, False):
        yield "a decision that was not just pressed"
    elif decision.deadline != floor.now + floor.rules.evidence or decision.number != old.decisions + 1:
        yield "a picture has another time than it may, or an old number"
    if (new.deadline, new.refusal) != (old.deadline, ""):
        yield "deciding changed the longest call, or kept the last refusal"


def _came_back(event: e.Event, floor: Floor, old: Call, new: Call) -> Iterator[str]:
    if not new.at_head or new.agent is not None or new.rank_at != old.rank_at:
        yield "comes back elsewhere than at the head, in its old order"
    closes = new.deadline if new.closes_at is None else new.closes_at + floor.rules.closing_grace
    if new.deadline > min(floor.now + new.rules.longest_wait, closes):
        yield "comes back with more patience than it may"
    if new.customer_leg.media <= old.customer_leg.media or new.agent_leg.media <= old.agent_leg.media:
        yield "comes back with the media numbers of the agent before"
    lost, gone = old.customer_leg.lost_until, old.agent_leg.lost_until
    if lost is not None and lost < floor.now and (gone is None or lost <= gone):
        yield "comes back though its caller was gone for good"
    if new.set_up_tries > 1:
        yield "set-up is tried for ever"
    failed = old.phase is C and isinstance(event, e.Tick) and old.deadline <= floor.now
    if (
        failed
        and (gone is None or gone > floor.now)
        and (old.agent not in new.excluded or new.set_up_tries != old.set_up_tries + 1)
    ):
        yield "a failed set-up is not counted against the pair"


def _legs(event: e.Event, floor: Floor, old: Call, new: Call) -> Iterator[str]:
    for leg in Leg:
        was, now = old.leg(leg), new.leg(leg)
        if was.lost_until is None and now.lost_until is not None and now.lost_since is not None:
            grace = new.rules.waiting_grace if new.phase in QUEUED else new.rules.grace
            if now.lost_until - now.lost_since != grace or now.lost_since > floor.now:
                yield f"the {leg}'s loss runs for another time than it may"
        talks = old.phase in TALKING and new.phase in TALKING
        if talks and was.lost_since is not None and now.lost_until is None:
            if not new.gaps or (new.gaps[-1].leg, new.gaps[-1].since, new.gaps[-1].until) != (
                leg,
                was.lost_since,
                floor.now,
            ):
                yield f"the {leg}'s gap is not noted"
            rechecks = new.rules.reconnect_rule is ReconnectRule.RESUME_WITH_RECHECK
            if leg is Leg.CUSTOMER and rechecks and "recheck" not in new.gates:
                yield "the customer came back unchecked"
        # Whose fault it was is told when it is lost, and not changed while it stays so.
        ours = isinstance(event, e.WorkerLost | e.NodeLost)
        if was.lost_until is None and now.lost_until is not None and now.own_fault != ours and new.phase not in QUEUED:
            yield f"the {leg}'s loss is laid to somebody else"
    if new.hung_up and not old.hung_up and not isinstance(event, e.CallerHungUp):
        yield "hung up by nobody"


def _gates(event: e.Event, old: Call, new: Call) -> Iterator[str]:
    if old.phase is not new.phase:
        return
    openers = e.GateOpened | e.GateOverridden | e.CheckSet
    if old.gates - new.gates and not isinstance(event, openers):
        yield "a gate opened by itself"
    if isinstance(event, e.GateOpened | e.GateShut) and (event.gate in new.gates) != isinstance(event, e.GateShut):
        yield "a gate does not do what it is told"
    if isinstance(event, e.CheckSet):
        ticked = {tick.check for tick in new.ticks}
        if (event.check in ticked) != event.ticked:
            yield "a check is not as it was ticked"
        if "checks" in new.rules.gates and ("checks" in new.gates) == ({"data", "faces"} <= ticked):
            yield "the gate of the checks is not as they are"
    if isinstance(event, e.GateOverridden) and old.gates != new.gates and len(new.overrides) != len(old.overrides) + 1:
        yield "an opened gate is not in the evidence"


def _agent(before: Floor, event: e.Event, floor: Floor, old: Agent, new: Agent) -> Iterator[str]:
    held = before.calls.get(before.index.serving.get(old.id, ""))
    if old.ready and not new.ready:
        reasons = {
            "lunch": isinstance(event, e.AgentPaused),
            "did_not_answer": held is not None and held.offer is not None and held.offer.deadline <= floor.now,
            "connection_lost": held is not None and held.phase in HELD_BY_AGENT,
            "was_away": isinstance(event, e.AgentConnected) and _away(floor, old),
            "account_changed": not new.valid,
        }
        if not reasons.get(new.pause_reason, False):
            yield f"not ready for {new.pause_reason}"
    if isinstance(event, e.AgentConnected) and new.ready and _away(floor, old):
        yield "comes back ready though he was away for long"
    if old.wrap_up is not None and new.wrap_up is None:
        is_over = old.wrap_up.deadline <= floor.now
        if not is_over and not isinstance(event, e.WrapUpEnded) and new.valid:
            yield "wrap-up ended early"
    if new.socket_up and (new.gone_since is not None or new.socket == 0):
        yield "gone and here"
    if isinstance(event, e.AgentDisconnected) and event.socket == old.socket and new.socket_up:
        yield "is still here"


def _away(floor: Floor, agent: Agent) -> bool:
    gone = agent.gone_since
    return not agent.socket_up and (gone is None or floor.now - gone > floor.rules.away_after)
