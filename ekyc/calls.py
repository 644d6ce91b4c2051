"""What is written of a call as evidence: its record, the verdict, the verification's state, the results to send.

Every function runs inside the caller's transaction, in which the floor itself is written, and may be called again with
the same ids without effect. What is live of a call is the floor's (package routing); how results travel is `outbox.py`.
A wrong order of calls (a verdict without its picture, an unknown call) is our own fault and raises.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import outbox
from ekyc.models import PAPERS, CallRecord, Picture, PictureKind, State, VerdictRecord, Verification
from ekyc.webhooks_messages import CallEnded, CallEndedMessage, Decided, DecidedMessage
from vouch.accounts.models import Account
from vouch.clock import iso
from vouch.ids import call_number, new_id

VERDICTS = frozenset({State.CONFIRMED, State.REJECTED, State.UNABLE_TO_VERIFY})
"""Outcomes of a call that are verdicts; their result message is `verification.decided`."""

_PLAIN = {"synchronize_session": False}
"""These statements begin no work of the session's own: nothing of it has to follow."""

Gap = tuple[str, int, int | None]
"""An interruption: leg, from, until; the last one None where the call ended in it."""


class Opened(NamedTuple):
    """A call of `verification` that was queued at the company `team`, which handles it."""

    call: str
    verification: str
    attempt: int
    team: str
    at: int


async def opened(session: AsyncSession, calls: Sequence[Opened]) -> None:
    """These calls were queued; their verifications are in a call."""
    rows = [
        {
            "id": each.call,
            "number": call_number(each.call),
            "verification": each.verification,
            "attempt": each.attempt,
            "team": each.team,
            "queued_at": each.at,
            "gaps": [],
        }
        for each in calls
    ]
    known = await session.scalars(select(CallRecord.id).where(CallRecord.id.in_([row["id"] for row in rows])))
    seen = set(known)
    if new := [row for row in rows if row["id"] not in seen]:
        await session.execute(insert(CallRecord), new)
        theirs = [row["verification"] for row in new]
        await session.execute(update(Verification).where(Verification.id.in_(theirs)).values(state=State.IN_CALL))


async def accepted(session: AsyncSession, call: str, agent: str, at: int) -> None:
    """The agent (account id) took the call; after a re-queue another agent takes the earlier one's place."""
    another = or_(CallRecord.agent.is_(None), CallRecord.agent != agent)
    live = update(CallRecord).where(CallRecord.id == call, CallRecord.ended_at.is_(None), another)
    await session.execute(live.values(agent=agent, accepted_at=at), execution_options=_PLAIN)


async def started(session: AsyncSession, call: str, at: int) -> None:
    """Both sides see and hear each other; the first time counts."""
    live = update(CallRecord).where(
        CallRecord.id == call, CallRecord.ended_at.is_(None), CallRecord.started_at.is_(None)
    )
    await session.execute(live.values(started_at=at), execution_options=_PLAIN)


async def ended(
    session: AsyncSession, call: str, outcome: str, ended_in: str, agent: str | None, at: int, gaps: Sequence[Gap]
) -> None:
    """The call is over, in the phase `ended_in`; without a verdict the client hears `verification.call_ended`.

    Where the outcome is a verdict, `decided` must be called in the same transaction, before or after.
    """
    record, verification = await _locked(session, call)
    if record.ended_at is not None:
        return
    record.outcome, record.ended_in, record.ended_at = outcome, ended_in, at
    record.agent = agent or record.agent
    record.gaps = [{"leg": leg, "from": since, "until": until} for leg, since, until in gaps]
    await _settle(session, verification)
    if outcome not in VERDICTS:
        data = CallEnded(
            id=verification.id, external_ref=verification.external_ref, outcome=outcome, attempt=record.attempt
        )
        outbox.post(session, verification, CallEndedMessage(timestamp=iso(at), data=data), at)


async def decided(
    session: AsyncSession,
    call: str,
    verdict: str,
    reason: str | None,
    note: str | None,
    fraud: bool,  # noqa: FBT001 - one of the verdict's own fields
    late: bool,  # noqa: FBT001
    agent: str,
    pressed_at: int,
    decided_at: int,
    decision: int,
    checks: Mapping[str, Any],
) -> None:
    """A verdict whose picture is kept under the number `decision`; the client hears `verification.decided`.

    A late one stands on the call's last frame. RuntimeError where that picture is not stored: a result exists only
    once its picture is durable.
    """
    record, verification = await _locked(session, call)
    if (await session.scalars(select(VerdictRecord.id).where(VerdictRecord.call == call))).first() is not None:
        return
    pictures = await _pictures(session, verification.id)
    picture = _proof(pictures, call, decision, late=late)
    given = VerdictRecord(
        id=new_id(),
        verification=verification.id,
        call=call,
        verdict=verdict,
        reason=reason,
        note=note,
        fraud=fraud,
        late=late,
        agent=agent,
        pressed_at=pressed_at,
        decided_at=decided_at,
        picture=picture.id,
        checks=dict(checks),
    )
    session.add(given)
    verification.fraud = verification.fraud or fraud
    if record.ended_at is not None:
        await _settle(session, verification)
    await _tell(session, verification, record.attempt, given, [*_papers(pictures), picture])


async def _tell(
    session: AsyncSession, verification: Verification, attempt: int, given: VerdictRecord, shown: Sequence[Picture]
) -> None:
    """Post the verdict, without fraud flag and note: neither client nor, through it, caller may learn of them."""
    username = (await session.execute(select(Account.username).where(Account.id == given.agent))).scalar_one()
    data = Decided.model_validate(
        {
            "id": verification.id,
            "external_ref": verification.external_ref,
            "outcome": given.verdict,
            "reason": given.reason,
            "decided_at": iso(given.decided_at),
            "attempt": attempt,
            "agent": username,
            "pictures": [_shown(kept) for kept in shown],
        }
    )
    message = DecidedMessage(timestamp=data.decided_at, data=data)
    outbox.post(session, verification, message, given.decided_at)


async def _locked(session: AsyncSession, call: str) -> tuple[CallRecord, Verification]:
    """A call and its verification; NoResultFound for a call that nobody opened."""
    wanted = (
        select(CallRecord, Verification)
        .join(Verification, Verification.id == CallRecord.verification)
        .where(CallRecord.id == call)
        # A late verdict and the next call of the same verification may come from two floors.
        .with_for_update(of=Verification)
    )
    found = (await session.execute(wanted, execution_options={"populate_existing": True})).one()
    return found[0], found[1]


async def _pictures(session: AsyncSession, verification: str) -> Sequence[Picture]:
    """Everything that is kept of a verification, as it came in."""
    wanted = select(Picture).where(Picture.verification == verification).order_by(Picture.at)
    return (await session.scalars(wanted)).all()


def _proof(pictures: Sequence[Picture], call: str, decision: int, *, late: bool) -> Picture:
    for picture in pictures:
        of_press = picture.kind == PictureKind.SNAPSHOT and picture.decision == decision
        if picture.call == call and (picture.kind == PictureKind.LAST_FRAME if late else of_press):
            return picture
    raise RuntimeError(f"a verdict of call {call} before its picture was stored")


def _papers(pictures: Sequence[Picture]) -> list[Picture]:
    """The newest picture of each paper: later ones do not overwrite earlier ones, but they count."""
    newest = {picture.kind: picture for picture in pictures if picture.kind in PAPERS}
    return [newest[kind] for kind in PAPERS if kind in newest]


async def _settle(session: AsyncSession, verification: Verification) -> None:
    """Derive the state from the calls: in_call while one lives, else the verdict of the latest call that has one."""
    attempts = (
        select(CallRecord.ended_at, VerdictRecord.verdict, VerdictRecord.decided_at)
        .outerjoin(VerdictRecord, VerdictRecord.call == CallRecord.id)
        .where(CallRecord.verification == verification.id)
        .order_by(CallRecord.attempt.desc())
    )
    rows = (await session.execute(attempts)).all()
    last = next((row for row in rows if row.verdict is not None), None)
    verification.decided_at = last.decided_at if last else None
    if any(row.ended_at is None for row in rows):
        verification.state = State.IN_CALL
    else:
        verification.state = last.verdict if last else State.CREATED


def _shown(picture: Picture) -> dict[str, str]:
    """A picture as the client finds it; the address is made whole when it is sent."""
    kind = picture.kind if picture.kind in PAPERS else PictureKind.SNAPSHOT
    return {
        "kind": kind,
        # What the address answers by itself: the stamped copy, of papers the picture.
        "sha256": picture.stamped_sha256 or picture.clean_sha256,
        "url": f"/api/v1/verifications/{picture.verification}/pictures/{kind}",
    }
