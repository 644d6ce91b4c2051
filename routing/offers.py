"""RINGING: an offer is a reservation with a number; a press that names an old one changes nothing."""

from dataclasses import replace

from immutables import Map

from routing import codes
from routing.agents import make_not_ready, signed_in
from routing.commands import MediaMoved, Ring
from routing.events import OfferAccepted, OfferDeclined
from routing.moves import end, unring
from routing.state import (
    DID_NOT_ANSWER,
    GATE_CHECKS,
    GATE_RECHECK,
    Agent,
    Call,
    DeclineRule,
    Exclusion,
    InvariantBrokenError,
    LegState,
    Met,
    Notice,
    Offer,
    Outcome,
    Phase,
)
from routing.turn import Turn


def ring(turn: Turn, call: Call, agent_id: str, among: int, passed_over: tuple[tuple[Exclusion, int], ...]) -> None:
    """Offer a call that waits to an agent who is free, one `among` so many; how many were `passed_over`, and why."""
    number = call.offers + 1
    offer = Offer(number, agent_id, turn.now, turn.now + turn.rules.ring_time_out, among, turn.seed.day, passed_over)
    turn.put(call, phase=Phase.RINGING, offer=offer, offers=number)
    turn.say(Ring(agent_id, call.id, number, offer.deadline))


def accepted(turn: Turn, call: Call, event: OfferAccepted) -> None:
    """The agent takes the call; media may be negotiated from now on."""
    if not _is_current(call, event):
        turn.answer(event.request, codes.OFFER_GONE)
        return
    agent = turn.agent(event.agent)
    if call.customer_leg.media > 0:
        turn.say(MediaMoved(call.id))
    turn.put(
        call,
        phase=Phase.CONNECTING,
        offer=None,
        agent=agent.id,
        accepted_at=turn.now,
        deadline=turn.now + turn.rules.set_up,
        worker=call.worker or event.worker,
        customer_leg=_connecting_leg(turn, call),
        agent_leg=replace(call.agent_leg, socket=agent.socket, socket_up=agent.socket_up, node=agent.node),
        # What the agent before found or opened says nothing about what this one sees.
        gates=call.rules.gates | (call.gates - {GATE_CHECKS, GATE_RECHECK}),
        notice=Notice.ACCEPTED,
    )
    _count(turn, agent, call.dealer)
    turn.answer(event.request, codes.OK)


def accepted_again(turn: Turn, call: Call, event: OfferAccepted) -> None:
    """A second press on an offer that this agent has won already."""
    won = call.agent == event.agent and call.offers == event.offer
    turn.answer(event.request, codes.OK if won else codes.OFFER_GONE)


def declined(turn: Turn, call: Call, event: OfferDeclined) -> None:
    """The agent refuses and is out for this call; the next one is asked, or the call ends."""
    if not _is_current(call, event):
        turn.answer(event.request, codes.OFFER_GONE)
        return
    turn.answer(event.request, codes.OK)
    # His console knows: nothing is left to cancel.
    call = turn.put(
        call,
        phase=Phase.WAITING,
        offer=None,
        declined=call.declined | {event.agent},
        notice=Notice.PASSING_ON,
    )
    if _refusal_is_final(turn, call):
        end(turn, call, Outcome.DECLINED)


def rang_out(turn: Turn, call: Call) -> None:
    """Nobody pressed: the agent is taken as gone from his desk."""
    if call.offer is None:
        raise InvariantBrokenError("nothing rings")
    agent_id = call.offer.agent
    unring(turn, turn.put(call, rang_out=call.rang_out | {agent_id}), DID_NOT_ANSWER)
    make_not_ready(turn, turn.agent(agent_id), DID_NOT_ANSWER)


def may_serve(call: Call, agent: Agent, capped: Map[str, frozenset[str]]) -> bool:
    """Whether the agent is somebody for this call at all, free or not; `capped` is the index's."""
    out = agent.id in call.declined or agent.id in call.excluded or agent.id in capped.get(call.dealer, ())
    return agent.valid and call.skills <= agent.skills and not out


def _refusal_is_final(turn: Turn, call: Call) -> bool:
    rules = call.rules
    if rules.decline_rule is DeclineRule.END:
        return True
    if rules.redirect_limit is not None and len(call.declined) >= rules.redirect_limit:
        return True
    capped = turn.draft.capped
    return not any(may_serve(call, agent, capped) and signed_in(turn, agent) for agent in turn.draft.agents.values())


def _is_current(call: Call, event: OfferAccepted | OfferDeclined) -> bool:
    return call.offer is not None and (call.offer.agent, call.offer.number) == (event.agent, event.offer)


def _connecting_leg(turn: Turn, call: Call) -> LegState:
    """The caller's leg as an agent comes to it: the longer grace of waiting ends."""
    leg = call.customer_leg
    if leg.lost_until is None:
        return leg
    return replace(leg, lost_until=min(leg.lost_until, turn.now + call.rules.grace))


def _count(turn: Turn, agent: Agent, dealer: str) -> None:
    day = turn.seed.day
    today, met = (agent.calls_today, agent.met) if agent.calls_day == day else (0, ())
    if dealer and turn.rules.pair_cap is not None:
        times = {each.dealer: each.calls for each in met}
        times[dealer] = times.get(dealer, 0) + 1
        met = tuple(Met(*each) for each in sorted(times.items()))
    turn.put_agent(agent, calls_day=day, calls_today=today + 1, met=met)
