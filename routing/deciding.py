"""DECIDING: a verdict stands while its picture is made durable, and exists only once it is.

In ENDED the same is done for a late verdict: the call's outcome stays, the verification gets the verdict.
"""

from routing import codes
from routing.commands import KeepPicture, VerdictGiven
from routing.events import CallerHungUp, EvidenceFailed, EvidenceStored, PictureRefused, VerdictPressed
from routing.legs import broken_for_good, media_left
from routing.moves import end, forget, hand_back
from routing.state import Call, Decision, InvariantBrokenError, Leg, Outcome, Phase, Verdict
from routing.turn import Turn


def pressed(turn: Turn, call: Call, event: VerdictPressed) -> None:
    """Confirm, reject or unable. Confirm needs open gates, a customer who is there, and a picture."""
    code, detail = _refusal(call, event)
    if code != codes.OK:
        turn.answer(event.request, code, detail)
    else:
        _begin(turn, turn.put(call, phase=Phase.DECIDING), event, late=False)


def pressed_again(turn: Turn, call: Call, event: VerdictPressed) -> None:
    """One verdict at a time; the same press, heard twice, is answered once."""
    if call.decision is None or call.decision.request != event.request:
        turn.answer(event.request, codes.ALREADY_DECIDED)


def pressed_late(turn: Turn, call: Call, event: VerdictPressed) -> None:
    """After the end: rejected or unable, by the agent who held the ACTIVE call and is still in its wrap-up."""
    agent = turn.draft.agents.get(event.agent)
    in_wrap_up = agent is not None and agent.wrap_up is not None and agent.wrap_up.call == call.id
    if not in_wrap_up or event.verdict is Verdict.CONFIRMED:
        turn.answer(event.request, codes.CALL_ENDED)
    elif call.verdict is not None or call.decision is not None:
        pressed_again(turn, call, event)
    elif _lacks_reason(event):
        turn.answer(event.request, codes.REASON_MISSING)
    else:
        _begin(turn, call, event, late=True)


def hung_up(turn: Turn, call: Call, event: CallerHungUp) -> None:
    """The verdict stands; the hang-up counts if no picture can be kept. Either way the caller is out at once."""
    if event.socket != call.customer_leg.socket:
        turn.answer(event.request, codes.OPENED_ELSEWHERE)
        return
    if not call.hung_up:
        turn.put(call, hung_up=True)
        media_left(turn, turn.call(call.id), Leg.CUSTOMER)
    turn.answer(event.request, codes.OK)


def stored(turn: Turn, call: Call, event: EvidenceStored) -> None:
    """The picture is durable: now the verdict exists, and ends the call."""
    decision = call.decision
    if decision is None or decision.number != event.decision:
        return
    call = _give(turn, call, decision)
    if call.phase is Phase.DECIDING:
        end(turn, call, Outcome(decision.verdict.value))
    else:
        turn.put(call, decision=None)
        forget(turn, call.id)
    turn.answer(decision.request, codes.OK)


def evidence_failed(turn: Turn, call: Call, event: EvidenceFailed) -> None:
    """No picture could be kept."""
    if call.decision is not None and call.decision.number == event.decision:
        no_picture(turn, call, codes.NO_PICTURE)


def picture_refused(turn: Turn, call: Call, event: PictureRefused) -> None:
    """The frame that was named is too old, or not known."""
    if call.decision is not None and call.decision.number == event.decision:
        no_picture(turn, call, event.code)


def evidence_overdue(turn: Turn, call: Call) -> None:
    """Keeping the picture has taken too long; one that is stored later is swept."""
    no_picture(turn, call, codes.NO_PICTURE)


def no_picture(turn: Turn, call: Call, code: str) -> None:
    """The verdict falls: back to ACTIVE, where what happened meanwhile takes effect; a late one is gone."""
    if call.decision is None:
        raise InvariantBrokenError("no verdict is pending")
    turn.answer(call.decision.request, code)
    if call.phase is Phase.ENDED:
        turn.put(call, decision=None, refusal=code)
        forget(turn, call.id)
        return
    hung_up_meanwhile = call.hung_up
    call = turn.put(call, phase=Phase.ACTIVE, decision=None, hung_up=False, refusal=code)
    if hung_up_meanwhile:
        end(turn, call, Outcome.CANCELLED)
    elif broken_for_good(call):
        end(turn, call, Outcome.INTERRUPTED)
    elif _agent_is_out(turn, call) and not _customer_is_gone(turn, call):
        hand_back(turn, call)


def _agent_is_out(turn: Turn, call: Call) -> bool:
    """Whether his account was taken away while the picture was being kept."""
    return call.agent is not None and not turn.agent(call.agent).valid


def _customer_is_gone(turn: Turn, call: Call) -> bool:
    """Whether the customer's loss became final meanwhile: then it ends the call, as whatever became due fires now."""
    until = call.customer_leg.lost_until
    return until is not None and until <= turn.now


def _refusal(call: Call, event: VerdictPressed) -> tuple[str, str]:
    if event.verdict is not Verdict.CONFIRMED:
        return (codes.REASON_MISSING if _lacks_reason(event) else codes.OK), ""
    if call.gates:
        return codes.NOT_YET, min(call.gates)
    if call.customer_leg.lost_until is not None:
        return codes.FRAME_TOO_OLD, ""
    return (codes.NO_PICTURE if event.frame is None else codes.OK), ""


def _lacks_reason(event: VerdictPressed) -> bool:
    return event.verdict is Verdict.REJECTED and not event.reason


def _begin(turn: Turn, call: Call, event: VerdictPressed, *, late: bool) -> None:
    # Late, only the last frame is still to be had: it was kept when the call ended.
    frame = call.last_frame if late else event.frame
    decision = Decision(
        number=call.decisions + 1,
        verdict=event.verdict,
        reason=event.reason,
        fraud=event.fraud,
        note=event.note,
        frame=frame,
        request=event.request,
        pressed_at=turn.now,
        deadline=turn.now + turn.rules.evidence,
        late=late,
    )
    turn.put(call, decision=decision, decisions=decision.number, refusal="")
    turn.say(
        KeepPicture(
            call=call.id,
            decision=decision.number,
            worker=call.worker,
            frame=frame,
            verdict=decision.verdict,
            reason=decision.reason,
            fraud=decision.fraud,
            agent=event.agent,
            late=late,
            pressed_at=decision.pressed_at,
            deadline=decision.deadline,
        )
    )


def _give(turn: Turn, call: Call, decision: Decision) -> Call:
    if call.agent is None:
        raise InvariantBrokenError("a verdict without an agent")
    turn.say(
        VerdictGiven(
            call=call.id,
            verification=call.verification,
            decision=decision.number,
            verdict=decision.verdict,
            reason=decision.reason,
            fraud=decision.fraud,
            note=decision.note,
            agent=call.agent,
            pressed_at=decision.pressed_at,
            late=decision.late,
        )
    )
    return turn.put(call, verdict=decision.verdict)
