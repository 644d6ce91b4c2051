"""What must hold of every floor, and between a floor and the next. Pure checkers, for tests and for the state explorer.

State laws find what is wrong now; faults about history (a stale offer accepted, a grace made longer) show only in
the comparison of before and after. Each function gives the laws that are broken, in words; none: all hold.
"""

from collections.abc import Iterator

from routing import events as e
from routing.commands import Answered, CallEnded, CloseMedia, CutMedia, Negotiate, Ring, VerdictGiven
from routing.deadlines import call_alarm, next_deadline
from routing.hours import is_open
from routing.index import check, holder
from routing.offers import may_serve
from routing.state import (
    CONNECTION_LOST,
    HELD_BY_AGENT,
    LIVE,
    TALKING,
    Agent,
    Call,
    Floor,
    InvariantBrokenError,
    Leg,
    LegState,
    Phase,
    Verdict,
)
from routing.turn import Step


def broken_in_state(floor: Floor) -> list[str]:
    """The laws that a floor breaks, as it stands after a step."""
    broken = [*_index_laws(floor), *_pairing_laws(floor), *_time_laws(floor)]
    for call in floor.calls.values():
        broken += [f"call {call.id}: {law}" for law in _call_laws(floor, call)]
    for agent in floor.agents.values():
        broken += [f"agent {agent.id}: {law}" for law in _agent_laws(floor, agent)]
    return broken


def broken_in_step(before: Floor, event: e.Event, step: Step) -> list[str]:
    """The laws that a step breaks, seen from the floor before it."""
    after = step.floor
    broken = [*_bookkeeping_laws(before, step), *_command_laws(before, step), *_answer_laws(before, event, step)]
    broken += _presence_laws(before, event, step)
    for id_, old in before.calls.items():
        new = after.calls.get(id_)
        if new is not None:
            broken += [f"call {id_}: {law}" for law in _history_laws(old, new, event, after.now)]
    for id_, agent in before.agents.items():
        broken += [f"agent {id_}: {law}" for law in _readiness_laws(before, agent, after.agents.get(id_), event)]
    return broken


def _index_laws(floor: Floor) -> Iterator[str]:
    try:
        check(floor)
    except InvariantBrokenError as error:
        yield str(error)


def _pairing_laws(floor: Floor) -> Iterator[str]:
    live = [call for call in floor.calls.values() if call.phase in LIVE]
    held = [agent for agent in map(holder, live) if agent is not None]
    if len(held) != len(set(held)):
        yield "an agent holds two live calls"
    if len(live) != len({call.verification for call in live}):
        yield "a verification has two live calls"
    if floor.held:
        return
    capped = floor.index.capped
    reachable = [call for call in live if call.phase is Phase.WAITING and call.customer_leg.lost_until is None]
    for agent in floor.agents.values():
        is_free = agent.ready and agent.valid and agent.socket_up and agent.wrap_up is None and agent.id not in held
        if is_free and any(may_serve(call, agent, capped) for call in reachable):
            yield f"agent {agent.id} is free and eligible while a reachable caller waits"


def _time_laws(floor: Floor) -> Iterator[str]:
    due = next_deadline(floor)
    if due is not None and due <= floor.now:
        yield "a deadline has passed and has not fired"


def _call_laws(floor: Floor, call: Call) -> Iterator[str]:
    if (call.phase is Phase.RINGING) != (call.offer is not None):
        yield "an offer stands in RINGING and nowhere else"
    if call.phase in LIVE and (call.phase in HELD_BY_AGENT) != (call.agent is not None):
        yield "an agent holds a live call from CONNECTING on and never before"
    if len({call.phase is Phase.ENDED, call.outcome is not None, call.ended_at is not None}) > 1:
        yield "an outcome stands in ENDED and nowhere else"
    if call.phase in LIVE and call_alarm(call) is None:
        yield "time alone would never settle it"
    if call.outcome is not None and call.outcome.value in set(Verdict) and call.verdict != call.outcome.value:
        yield "a verdict's outcome without the stored verdict"
    yield from _decision_laws(floor, call)
    yield from _loss_laws(floor, call)


def _decision_laws(floor: Floor, call: Call) -> Iterator[str]:
    if call.phase is Phase.DECIDING and (call.decision is None or call.decision.late):
        yield "DECIDING without a decision of its own"
    if call.phase is not Phase.DECIDING and call.decision is not None and not call.decision.late:
        yield "a decision outside DECIDING"
    if call.decision is not None and call.decision.late and call.decision.verdict is Verdict.CONFIRMED:
        yield "a late confirmation"
    wrapping_up = any(agent.wrap_up and agent.wrap_up.call == call.id for agent in floor.agents.values())
    if call.phase is Phase.ENDED and call.decision is None and not wrapping_up:
        yield "kept after its end with nothing to settle"


def _loss_laws(floor: Floor, call: Call) -> Iterator[str]:
    customer, agent = call.customer_leg, call.agent_leg
    if call.phase in TALKING:
        judged = [(customer, customer.silent_since is None), (agent, agent.silent_since is None)]
    elif call.phase is Phase.ENDED:
        judged = [(customer, True), (agent, True)]
    else:
        judged = [(customer, customer.socket_up), (agent, agent.socket_up or call.phase is not Phase.CONNECTING)]
    for leg, heard in judged:
        if (leg.lost_until is None) != heard:
            yield "a leg is lost exactly while the connection that counts is not heard"
        if (leg.lost_until is None) != (leg.lost_since is None):
            yield "a loss has a beginning and an end"
    if call.phase in HELD_BY_AGENT and call.agent is not None:
        his = floor.agents[call.agent]
        if (agent.socket, agent.socket_up, agent.node) != (his.socket, his.socket_up, his.node):
            yield "the agent's leg does not copy his socket"


def _agent_laws(floor: Floor, agent: Agent) -> Iterator[str]:
    dates = [date for date in (agent.valid_from, agent.valid_until) if date is not None]
    if any(date <= floor.now for date in dates) or (agent.valid and agent.valid_from is not None):
        yield "valid from its first date on, until its last"
    if agent.ready == bool(agent.pause_reason):
        yield "a reason stands while he is not ready and never else"
    if agent.wrap_up is not None:
        call = floor.calls.get(agent.wrap_up.call)
        if call is None or call.phase is not Phase.ENDED or call.ended_in not in TALKING or call.agent != agent.id:
            yield "wrap-up only after his own call that was ACTIVE"
        if agent.id in floor.index.serving:
            yield "a call during wrap-up"
    if agent.leaving and agent.id not in floor.index.serving:
        yield "stays on the floor with nothing to settle"


def _bookkeeping_laws(before: Floor, step: Step) -> Iterator[str]:
    after = step.floor
    agents = {id_ for id_ in {*before.agents, *after.agents} if before.agents.get(id_) != after.agents.get(id_)}
    calls = {id_ for id_ in {*before.calls, *after.calls} if before.calls.get(id_) != after.calls.get(id_)}
    if not agents <= step.touched_agents or not calls <= step.touched_calls:
        yield "something changed and is not named as touched"
    changed = bool(agents or calls) or _settings(before) != _settings(after)
    if after.version - before.version not in {0, 1} or (changed and after.version == before.version):
        yield "the version rises by one with every step that changes something"
    if after.now < before.now:
        yield "time went back"


def _settings(floor: Floor) -> tuple[object, ...]:
    return floor.rules, floor.seed, floor.held, floor.hours


def _command_laws(before: Floor, step: Step) -> Iterator[str]:
    after = step.floor
    ends = [command.call for command in step.commands if isinstance(command, CallEnded)]
    if len(ends) != len(set(ends)):
        yield "a call ended twice"
    was_live = {id_ for id_, call in before.calls.items() if call.phase in LIVE}
    gone = {id_ for id_ in was_live if id_ not in after.calls or after.calls[id_].phase is Phase.ENDED}
    if not gone <= set(ends) or any(id_ in before.calls and id_ not in was_live for id_ in ends):
        yield "CallEnded is said once, when a live call ends"
    if any(id_ not in before.calls and not is_open(before.hours, after.now) for id_ in after.calls):
        yield "a call began while the team does not work"
    for command in step.commands:
        if isinstance(command, Ring):
            yield from _ring_laws(after, command)
        if isinstance(command, Ring) and after.calls[command.call].offer is not None:
            old = before.calls.get(command.call)
            if old is not None and command.offer <= old.offers:
                yield "an offer's number was used before"
        if isinstance(command, VerdictGiven) and command.late and command.verdict is Verdict.CONFIRMED:
            yield "a late confirmation was given"


def _presence_laws(before: Floor, event: e.Event, step: Step) -> Iterator[str]:
    """Whoever left a call has been cut in that very step; nobody negotiates who is not in it."""
    after = step.floor
    cut = {(id_, leg): _cut(step, id_, leg) for id_ in {*before.calls, *after.calls} for leg in Leg}
    for id_, old in before.calls.items():
        for leg in Leg:
            was, number = present(before, old, leg), old.leg(leg).media
            has_left = was is not None and was != present(after, after.calls.get(id_), leg)
            died = isinstance(event, e.WorkerLost) and event.worker == old.worker
            if has_left and number > 0 and old.worker is not None and not died and cut[id_, leg] < number:
                yield f"call {id_}: the {leg} has left and is not cut"
    for said in step.commands:
        if not isinstance(said, Negotiate) or cut[said.call, said.leg] >= said.media:
            continue
        if present(after, after.calls.get(said.call), said.leg) is None:
            yield f"call {said.call}: the {said.leg} negotiates and is not in the call"


def present(floor: Floor, call: Call | None, leg: Leg) -> tuple[str, str] | None:
    """Who may send and see on a leg, and by which page; None: nobody."""
    if call is None or call.phase not in HELD_BY_AGENT or call.agent is None:
        return None
    if leg is Leg.CUSTOMER:
        return None if call.hung_up else (call.verification, call.customer_leg.page)
    agent = floor.agents[call.agent]
    return (agent.id, agent.page) if agent.valid else None


def _cut(step: Step, call: str, leg: Leg) -> float:
    """Up to which media number the step cut a leg; 0: it did not."""
    numbers = [0.0]
    for said in step.commands:
        if isinstance(said, CutMedia) and said.call == call:
            numbers.append(said.customer if leg is Leg.CUSTOMER else said.agent)
        elif isinstance(said, CloseMedia) and said.call == call:
            numbers.append(float("inf"))
    return max(numbers)


def _ring_laws(after: Floor, ring: Ring) -> Iterator[str]:
    agent, call, cap = after.agents[ring.agent], after.calls[ring.call], after.rules.pair_cap
    met = sum(each.calls for each in agent.met if each.dealer == call.dealer and agent.calls_day == after.seed.day)
    if cap is not None and call.dealer and met >= cap:
        yield "rung for a dealer whom he has met too often today"
    if not call.skills <= agent.skills:
        yield "rung without the skills that the call needs"


def _answer_laws(before: Floor, event: e.Event, step: Step) -> Iterator[str]:
    request = getattr(event, "request", None)
    if request is None:
        return
    said = [command for command in step.commands if isinstance(command, Answered | Negotiate)]
    answers = sum(command.request == request for command in said)
    call = step.floor.calls.get(getattr(event, "call", ""))
    pending = call is not None and call.decision is not None and call.decision.request == request
    if answers + pending != 1:
        yield f"a press has one answer, not {answers + pending}"


def _history_laws(old: Call, new: Call, event: e.Event, now: int) -> Iterator[str]:
    yield from _fixed_laws(old, new)
    for leg in Leg:
        yield from _leg_laws(old.leg(leg), new.leg(leg))
    if new.phase is Phase.CONNECTING and old.phase is not Phase.CONNECTING:
        yield from _acceptance_laws(old, event, now)
    if new.phase is Phase.ACTIVE and old.phase not in {Phase.CONNECTING, Phase.ACTIVE, Phase.DECIDING}:
        yield "ACTIVE follows CONNECTING"
    if new.phase is Phase.DECIDING and old.phase is not Phase.DECIDING:
        yield from _press_laws(old, event)
    if new.verdict is not None and old.verdict is None:
        decision = old.decision.number if old.decision else None
        if not isinstance(event, e.EvidenceStored) or event.decision != decision:
            yield "a verdict exists only once its own picture is stored"


def _beginning(call: Call) -> tuple[object, ...]:
    """What never changes of a call."""
    return call.verification, call.queued_at, call.rank_at, call.dealer, call.closes_at, call.rules


def _fixed_laws(old: Call, new: Call) -> Iterator[str]:
    if _beginning(old) != _beginning(new):
        yield "what a call began with changed"
    if old.phase is Phase.ENDED:
        ending = (old.phase, old.outcome, old.ended_in, old.ended_at, old.agent)
        if ending != (new.phase, new.outcome, new.ended_in, new.ended_at, new.agent):
            yield "an end is final"
    numbers = [(old.offers, new.offers), (old.decisions, new.decisions), (old.pictures, new.pictures)]
    if any(after < before for before, after in numbers):
        yield "a number fell"
    if not (old.declined <= new.declined and old.excluded <= new.excluded):
        yield "an agent who was out for this call is no longer"
    if old.gaps != new.gaps[: len(old.gaps)]:
        yield "a recorded gap changed"


def _leg_laws(old: LegState, new: LegState) -> Iterator[str]:
    if new.media < old.media:
        yield "a media number fell"
    if new.media == old.media and not old.flowing <= new.flowing:
        yield "what flowed on a media number was forgotten"
    if old.lost_until is not None and new.lost_until is not None and new.lost_until > old.lost_until:
        yield "a running grace was lengthened"


def _acceptance_laws(old: Call, event: e.Event, now: int) -> Iterator[str]:
    if not isinstance(event, e.OfferAccepted) or old.offer is None:
        yield "CONNECTING follows an accepted offer"
    elif (event.agent, event.offer) != (old.offer.agent, old.offer.number) or old.offer.deadline <= now:
        yield "a stale offer was accepted"


def _press_laws(old: Call, event: e.Event) -> Iterator[str]:
    if not isinstance(event, e.VerdictPressed) or event.agent != old.agent or old.phase is not Phase.ACTIVE:
        yield "DECIDING follows the press of the agent who holds the ACTIVE call"
    elif event.verdict is Verdict.CONFIRMED:
        if old.gates:
            yield "confirmed past a gate that is shut"
        if old.customer_leg.lost_until is not None or event.frame is None:
            yield "confirmed without a live picture"


def _readiness_laws(before: Floor, old: Agent, new: Agent | None, event: e.Event) -> Iterator[str]:
    if new is None:
        return
    if new.socket < old.socket:
        yield "a socket number fell"
    if new.ready and not old.ready and not isinstance(event, e.AgentReady):
        yield "made ready by somebody else"
    if old.ready and not new.ready and new.pause_reason == CONNECTION_LOST:
        call = before.calls.get(before.index.serving.get(old.id, ""))
        # The loss itself may be news of this very step, then it is not ours by construction of WorkerLost and NodeLost.
        if call is not None and call.agent_leg.own_fault:
            yield "made not ready for a fault of ours"
        if isinstance(event, e.WorkerLost | e.NodeLost) and (call is None or call.agent_leg.lost_until is None):
            yield "made not ready for a fault of ours"
