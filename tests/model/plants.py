"""Faults to be planted in routing, one place each, and what each of them breaks.

They are texts, applied to a copy (`planting.py`); the product has no switch for them. Every file of routing has at
least one, and every one must be caught.
"""

from typing import NamedTuple


class Plant(NamedTuple):
    """One fault."""

    file: str
    """Within routing."""
    old: str
    """What stands there, exactly once."""
    new: str
    breaks: str


PLANTS = (
    Plant(
        "active.py",
        "if not event.reason:\n        turn.answer(event.request, codes.REASON_MISSING)\n        return\n    end(",
        "if False:\n        return\n    end(",
        "an agent ends a call without a reason",
    ),
    Plant(
        "active.py", "if {Check.DATA, Check.FACES} <= made:", "if Check.DATA in made:", "half of the checks is enough"
    ),
    Plant("active.py", "if event.gate in NEVER_OVERRIDDEN:", "if event.gate == 'frozen':", "a reason opens the checks"),
    Plant(
        "agents.py",
        "if event.socket == agent.socket and agent.socket_up:",
        "if agent.socket_up:",
        "an old socket's end counts",
    ),
    Plant("agents.py", "elif not signed_in(turn, agent):", "elif False:", "who was away for long comes back ready"),
    Plant(
        "agents.py",
        "unring(turn, call, CONNECTION_LOST)",
        "pass",
        "it rings on at an agent whose console is gone",
    ),
    Plant(
        "agents.py",
        "    end_wrap_up(turn, agent)\n    make_not_ready",
        "    make_not_ready",
        "wrap-up outlives the account",
    ),
    Plant(
        "agents.py",
        "event.number != agent.socket or event.report <= agent.socket_report",
        "event.number != agent.socket",
        "an old report counts",
    ),
    Plant(
        "agents.py",
        "if agent.valid_until is not None and agent.valid_until <= turn.now:",
        "if agent.valid_until is not None and agent.valid_until < turn.now:",
        "an account outlives its last date",
    ),
    Plant(
        "agents.py",
        "    elif call is not None:\n        media_left(turn, call, Leg.AGENT)",
        "",
        "who is shut out while a verdict is settled sees on",
    ),
    Plant(
        "agents.py",
        "if event.page != page and call is not None:",
        "if False:",
        "an agent's older page goes on with its media",
    ),
    Plant("agents.py", "event.signed_out:", "False:", "who has signed out stays in the call"),
    Plant("candidates.py", "if each > place:", "if each >= place:", "an agent who is out is drawn"),
    Plant("candidates.py", "idle not in self._out and any", "any", "one who is out is told to be a candidate"),
    Plant("codes.py", '= "ok"', '= "okay"', "a stable code is another word"),
    Plant("commands.py", 'detail: str = ""', 'detail: str = "-"', "an answer bears a detail of nothing"),
    Plant("connecting.py", "if tries > 1:", "if tries > 2:", "set-up is tried for ever"),
    Plant(
        "connecting.py", "customer.presented and agent.presented", "customer.presented", "ACTIVE before the agent sees"
    ),
    Plant(
        "connecting.py",
        "not call.agent_leg.own_fault",
        "call.agent_leg.own_fault",
        "a fault of ours makes an agent not ready",
    ),
    Plant(
        "connecting.py",
        "if event.media == state.media and event.kind",
        "if event.kind",
        "packets of an old connection count",
    ),
    Plant(
        "connecting.py",
        "turn.agent(call.agent).valid",
        "True",
        "who was shut out negotiates again",
    ),
    Plant("connecting.py", "return not call.hung_up", "return True", "who has hung up negotiates again"),
    Plant("deadlines.py", "if call.phase not in QUEUED:", "if False:", "an agent's loss has no end"),
    Plant("deadlines.py", "return min(alarms)\n", "return max(alarms)\n", "the latest deadline is armed"),
    Plant("deciding.py", "if call.gates:", "if False:", "Confirm passes a gate that is shut"),
    Plant(
        "deciding.py",
        "if not in_wrap_up or event.verdict is Verdict.CONFIRMED:",
        "if not in_wrap_up:",
        "a late Confirm",
    ),
    Plant(
        "deciding.py",
        "if decision is None or decision.number != event.decision:",
        "if decision is None:",
        "an old picture proves a new verdict",
    ),
    Plant("deciding.py", "turn.put(call, hung_up=True)", "pass", "a hang-up while deciding is forgotten"),
    Plant("deciding.py", "if not call.hung_up:", "if call.hung_up:", "who hangs up while deciding is seen on"),
    Plant(
        "deciding.py",
        "deadline=turn.now + turn.rules.evidence",
        "deadline=call.deadline",
        "a picture may take for ever",
    ),
    Plant(
        "entries.py",
        "CUSTOMER_LOST = 1\n    AGENT_LOST = 2",
        "CUSTOMER_LOST = 2\n    AGENT_LOST = 1",
        "the agent's loss first",
    ),
    Plant("events.py", "FloorEvent = WorkerLost | NodeLost", "FloorEvent = WorkerLost", "an event type is not one"),
    Plant("explain.py", "offer=call.offers + 1", "offer=call.offers", "an explanation names another draw"),
    Plant(
        "hours.py", "now < hours[before - 1].end", "now <= hours[before - 1].end", "the team works when it has closed"
    ),
    Plant("index.py", "and call.customer_leg.lost_until is None", "", "a caller who is gone is offered"),
    Plant(
        "index.py",
        "self.serving = self.serving.delete(before)\n            self._stand(self.agents[before], busy=False)",
        "self.serving = self.serving.delete(before)",
        "an agent stays busy after his call",
    ),
    Plant("laws.py", 'yield "a stale offer was accepted"', "pass", "a law that looks away"),
    Plant(
        "legs.py", "if event.socket == leg.socket and leg.socket_up:", "if leg.socket_up:", "an old page's end counts"
    ),
    Plant(
        "legs.py",
        "lost_until=min(state.lost_until, until))",
        "lost_until=until)",
        "a running grace begins anew",
    ),
    Plant(
        "legs.py",
        "event.number == state.media and event.report > state.report",
        "event.report > state.report",
        "old media",
    ),
    Plant(
        "leg_events.py",
        '"""Which of the leg\'s sockets."""\n    age: int = 0',
        '"""Which of the leg\'s sockets."""\n    age: int = 60_000_000',
        "a socket that closes now was heard a minute ago",
    ),
    Plant("legs.py", "if event.page != leg.page:", "if False:", "a caller's older page goes on with its media"),
    Plant("legs.py", "event.signed_out:", "False:", "a caller whose session is over is seen on"),
    Plant(
        "legs.py",
        "replace(renewed(state), silent_since=state.silent_since))\n    if",
        "state)\n    if",
        "a number lives on",
    ),
    Plant("legs.py", "return _shut_recheck(turn, call)", "return call", "who comes back is not checked again"),
    Plant("matching.py", "if turn.held:", "if False:", "offers are made while they are held"),
    Plant(
        "matching.py",
        "hopeless.add(call.skills)\n            continue",
        "return",
        "a caller whom nobody can serve holds up the others",
    ),
    Plant(
        "matching.py", "_idle(turn, out | call.rang_out)", "_idle(turn, out)", "who let it ring is asked again first"
    ),
    Plant("moves.py", "at_head=True,", "at_head=False,", "who was being served goes to the end"),
    Plant("moves.py", "cut(turn, call, *Leg)", "cut(turn, call, Leg.AGENT)", "who waits again is seen on"),
    Plant("moves.py", "numbers.get(Leg.AGENT, 0)))", "0))", "an agent from whom a call is taken sees on"),
    Plant("moves.py", "turn.say(CloseMedia(call.id, call.worker))", "pass", "media is left open"),
    Plant("moves.py", "if turn.rules.wrap_up > 0 and agent.valid:", "if False:", "nobody has wrap-up"),
    Plant(
        "moves.py",
        "or call.phase is not Phase.ENDED or call.decision is not None",
        "or call.phase is not Phase.ENDED",
        "a late verdict's call is forgotten",
    ),
    Plant(
        "offers.py",
        "(call.offer.agent, call.offer.number) == (event.agent, event.offer)",
        "call.offer.agent == event.agent",
        "a stale offer is accepted",
    ),
    Plant("offers.py", "declined=call.declined | {event.agent},", "", "who refused is asked again"),
    Plant(
        "offers.py", "(call.gates - {GATE_CHECKS, GATE_RECHECK})", "call.gates", "the last agent's gates bind the next"
    ),
    Plant(
        "offers.py",
        "make_not_ready(turn, turn.agent(agent_id), DID_NOT_ANSWER)",
        "pass",
        "it rings again and again at an empty desk",
    ),
    Plant("ordered.py", "rest = (*piece[:at], *piece[at + 1 :])", "rest = piece[:at]", "who stands behind is lost"),
    Plant("presses.py", "    reason: str | None = None", "    reason: str | None", "Ready needs a reason"),
    Plant("rules.py", "grace: int = 15 * SECOND", "grace: int = 16 * SECOND", "another rule than the operator's"),
    Plant("state.py", "if leg is Leg.CUSTOMER else", "if leg is Leg.AGENT else", "the legs are exchanged"),
    Plant(
        "step.py",
        "    _fire_due(turn)\n    _dispatch(turn, event)\n    _fire_due(turn)",
        "    _dispatch(turn, event)\n    _fire_due(turn)",
        "an accept at the very deadline wins",
    ),
    Plant("step.py", "turn.held -= {event.reason}", "turn.held = frozenset()", "one reason's end ends the others"),
    Plant(
        "strategies/__init__.py",
        "Choose(longest_idle.rank, longest_idle.pick)",
        "Choose(random.rank, random.pick)",
        "chance",
    ),
    Plant("strategies/draw.py", "{self.call}|{self.offer}", "{self.call}", "the next offer draws the same agent"),
    Plant("strategies/fewest_calls.py", "if agent.calls_day == day else 0", "", "yesterday's calls count"),
    Plant(
        "strategies/longest_idle.py",
        "max(agent.since, agent.last_call_ended_at or 0)",
        "agent.since",
        "work is idleness",
    ),
    Plant(
        "strategies/random.py", "candidates.at(draw.below(candidates.count))", "candidates.first()", "no chance at all"
    ),
    Plant("table.py", "D: deciding.hung_up,", "D: waiting.hung_up,", "a hang-up undoes a verdict"),
    Plant("table.py", "D: own(deciding_)", "D: deciding_", "somebody else's press is heard while deciding"),
    Plant("table.py", "A: offers.accepted_again,", "A: _ended,", "an accept heard twice is told that the call is over"),
    Plant("turn.py", "version=old.version + changed", "version=old.version", "no page learns of a change"),
    Plant("turn.py", "self._calls.add(call_id)", "pass", "a call that is over is never written"),
    Plant(
        "views.py", "floor.index.queue.place(place_of(call)) + 1", "floor.index.queue.place(place_of(call))", "place 0"
    ),
    Plant(
        "views.py", "if call.phase in {Phase.CONNECTING, Phase.ACTIVE} and", "if", "DECIDING looks like reconnecting"
    ),
    Plant(
        "waiting.py",
        "rank_at=turn.now - event.priority * turn.rules.head_start",
        "rank_at=turn.now",
        "priority is worth nothing",
    ),
    Plant("waiting.py", "if live is None:", "if True:", "a verification has two calls"),
    Plant("words.py", "LIVE = frozenset(Phase) - {Phase.ENDED}", "LIVE = frozenset(Phase)", "what has ended lives"),
)
