"""ACTIVE: what the agent may do while he and the customer see each other. Verdicts: `deciding.py`."""

from routing import codes
from routing.commands import TakePicture
from routing.events import AgentEnded, CheckSet, GateOpened, GateOverridden, GateShut, PictureRequested
from routing.moves import end
from routing.state import (
    GATE_CHECKS,
    GATE_RECHECK,
    NEVER_OVERRIDDEN,
    Call,
    Check,
    CheckMade,
    Outcome,
    Override,
)
from routing.turn import Turn


def agent_ended(turn: Turn, call: Call, event: AgentEnded) -> None:
    """The agent ends the call, without a verdict."""
    if not event.reason:
        turn.answer(event.request, codes.REASON_MISSING)
        return
    end(turn, call, Outcome.AGENT_ENDED, event.reason)
    turn.answer(event.request, codes.OK)


def picture_requested(turn: Turn, call: Call, event: PictureRequested) -> None:
    """A further picture, of what the agent sees; the answer's detail is its number."""
    number = call.pictures + 1
    call = turn.put(call, pictures=number)
    frame = event.frame or call.last_frame
    turn.say(TakePicture(call.id, number, call.worker, frame, event.agent, event.request))
    turn.answer(event.request, codes.OK, str(number))


def check_set(turn: Turn, call: Call, event: CheckSet) -> None:
    """A tick, kept with its time; ticked again it keeps the first."""
    made = {tick.check for tick in call.ticks}
    if event.ticked and event.check not in made:
        ticks = (*call.ticks, CheckMade(event.check, turn.now))
        turn.put(call, ticks=ticks, gates=_gates(call, made | {event.check}, event.check))
    elif not event.ticked and event.check in made:
        ticks = tuple(tick for tick in call.ticks if tick.check is not event.check)
        turn.put(call, ticks=ticks, gates=_gates(call, made - {event.check}, event.check))
    turn.answer(event.request, codes.OK)


def gate_shut(turn: Turn, call: Call, event: GateShut) -> None:
    """Something forbids Confirm."""
    turn.put(call, gates=call.gates | {event.gate})


def gate_opened(turn: Turn, call: Call, event: GateOpened) -> None:
    """It does so no longer."""
    turn.put(call, gates=call.gates - {event.gate})


def gate_overridden(turn: Turn, call: Call, event: GateOverridden) -> None:
    """The agent answers for a gate that the system could not open."""
    if event.gate in NEVER_OVERRIDDEN:
        turn.answer(event.request, codes.GATE_FIXED, event.gate)
    elif not event.reason:
        turn.answer(event.request, codes.REASON_MISSING)
    else:
        if event.gate in call.gates:
            entry = Override(event.gate, event.agent, event.reason, turn.now)
            turn.put(call, gates=call.gates - {event.gate}, overrides=(*call.overrides, entry))
        turn.answer(event.request, codes.OK)


def call_too_long(turn: Turn, call: Call) -> None:
    """The longest call has passed."""
    end(turn, call, Outcome.TOO_LONG)


def _gates(call: Call, made: set[Check], changed: Check) -> frozenset[str]:
    """The gates with the one that `changed` belongs to shut or open, by what is ticked now."""
    if changed is Check.RECHECK:
        return call.gates - {GATE_RECHECK} if Check.RECHECK in made else call.gates | {GATE_RECHECK}
    if {Check.DATA, Check.FACES} <= made:
        return call.gates - {GATE_CHECKS}
    return call.gates | (call.rules.gates & {GATE_CHECKS})
