"""What is written of a call as evidence: its record, the verdict, the verification's state, the results to send.

Every function runs inside the caller's transaction, in which the floor itself is written, and may be called again with
the same ids without effect. What is live of a call is the floor's (package routing); how results travel is `outbox.py`.
A wrong order of calls (a verdict without its picture, an unknown call) is our own fault and raises.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import outbox
from ekyc.models import PAPERS, CallRecord, Picture, PictureKind, State, VerdictRecord, Verification
from ekyc.webhooks_messages import CallEnded, CallEndedMessage, Decided, DecidedMessage
from vouch.accounts.models import Account
from vouch.clock import iso
from vouch.ids import call_number, new_id

VERDICTS = frozenset({State.CONFIRMED, State.REJECTED, State.UNABLE_TO_VERIFY})
"""Outcomes of a call that are verdicts; their result message is `verification.decided`."""

Gap = tuple[str, int, int | None]
"""An interruption: leg, from, until; the last one None where the call ended in it."""


async def opened(session: AsyncSession, call: str, verification: str, attempt: int, team: str, at: int) -> None:
    """A call of `verification` was queued at the company `team` that handles it."""
    row = await _verification(session, verification)
    if await session.get(CallRecord, call) is not None:
        return
    session.add(
        CallRecord(
            id=call,
            number=call_number(call),
            verification=verification,
            attempt=attempt,
            team=team,
            queued_at=at,
            gaps=[],
        )
    )
    row.state = State.IN_CALL


async def accepted(session: AsyncSession, call: str, agent: str, at: int) -> None:
    """The agent (account id) took the call; after a re-queue another agent takes the earlier one's place."""
    record = await _record(session, call)
    if record.ended_at is None and record.agent != agent:
        record.agent = agent
        record.accepted_at = at


async def started(session: AsyncSession, call: str, at: int) -> None:
    """Both sides see and hear each other; the first time counts."""
    record = await _record(session, call)
    if record.ended_at is None and record.started_at is None:
        record.started_at = at


async def ended(
    session: AsyncSession, call: str, outcome: str, ended_in: str, agent: str | None, at: int, gaps: Sequence[Gap]
) -> None:
    """The call is over, in the phase `ended_in`; without a verdict the client hears `verification.call_ended`.

    Where the outcome is a verdict, `decided` must be called in the same transaction, before or after.
    """
    record = await _record(session, call)
    verification = await _verification(session, record.verification)
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
    record = await _record(session, call)
    verification = await _verification(session, record.verification)
    if (await session.scalars(select(VerdictRecord.id).where(VerdictRecord.call == call))).first() is not None:
        return
    picture = await _proof(session, call, decision, late=late)
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
    await _settle(session, verification)
    await _tell(session, verification, record.attempt, given, picture)


async def _tell(
    session: AsyncSession, verification: Verification, attempt: int, given: VerdictRecord, picture: Picture
) -> None:
    """Post the verdict, without fraud flag and note: neither client nor, through it, caller may learn of them."""
    account = await session.get_one(Account, given.agent)
    data = Decided.model_validate(
        {
            "id": verification.id,
            "external_ref": verification.external_ref,
            "outcome": given.verdict,
            "reason": given.reason,
            "decided_at": iso(given.decided_at),
            "attempt": attempt,
            "agent": account.username,
            "pictures": [_shown(kept) for kept in [*await _papers(session, verification.id), picture]],
        }
    )
    message = DecidedMessage(timestamp=data.decided_at, data=data)
    outbox.post(session, verification, message, given.decided_at)


async def _verification(session: AsyncSession, verification: str) -> Verification:
    # Locked: a late verdict and the next call of the same verification may come from two floors.
    wanted = select(Verification).where(Verification.id == verification).with_for_update()
    return (await session.scalars(wanted, execution_options={"populate_existing": True})).one()


async def _record(session: AsyncSession, call: str) -> CallRecord:
    return await session.get_one(CallRecord, call)


async def _proof(session: AsyncSession, call: str, decision: int, *, late: bool) -> Picture:
    wanted = select(Picture).where(Picture.call == call)
    if late:
        wanted = wanted.where(Picture.kind == PictureKind.LAST_FRAME)
    else:
        wanted = wanted.where(Picture.kind == PictureKind.SNAPSHOT, Picture.decision == decision)
    picture = (await session.scalars(wanted)).first()
    if picture is None:
        raise RuntimeError(f"a verdict of call {call} before its picture was stored")
    return picture


async def _papers(session: AsyncSession, verification: str) -> list[Picture]:
    """The newest picture of each paper: later ones do not overwrite earlier ones, but they count."""
    wanted = select(Picture).where(Picture.verification == verification, Picture.kind.in_(PAPERS)).order_by(Picture.at)
    newest = {picture.kind: picture for picture in (await session.scalars(wanted)).all()}
    return [newest[kind] for kind in PAPERS if kind in newest]


async def _settle(session: AsyncSession, verification: Verification) -> None:
    """Derive the state from the calls: in_call while one lives, else the verdict of the latest call that has one."""
    live = select(CallRecord.id).where(CallRecord.verification == verification.id, CallRecord.ended_at.is_(None))
    verdicts = (
        select(VerdictRecord)
        .join(CallRecord, CallRecord.id == VerdictRecord.call)
        .where(VerdictRecord.verification == verification.id)
        .order_by(CallRecord.attempt.desc())
    )
    last = (await session.scalars(verdicts)).first()
    verification.decided_at = last.decided_at if last else None
    if (await session.scalars(live)).first() is not None:
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
