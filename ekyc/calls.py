"""What is written of a call as evidence: its record, the verdict, the verification's state, the results to send.

Every function runs inside the caller's transaction, in which the floor itself is written, and may be called again with
the same ids without effect. What is live of a call is the floor's (package routing); how results travel is `outbox.py`.
A wrong order of calls (a verdict without its picture, an unknown call) is our own fault and raises.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import outbox, signs
from ekyc.models import PAPERS, CallRecord, Picture, PictureKind, State, VerdictRecord, Verification
from ekyc.webhooks_messages import CallEnded, CallEndedMessage, Decided, DecidedMessage
from vouch.accounts.models import Account
from vouch.clock import iso
from vouch.ids import call_number, new_id
from vouch.statements import insert, insert_rows, table_of

VERDICTS = frozenset({State.CONFIRMED, State.REJECTED, State.UNABLE_TO_VERIFY})
"""Outcomes of a call that are verdicts; their result message is `verification.decided`."""

Gap = tuple[str, int, int | None]
"""An interruption: leg, from, until; the last one None where the call ended in it."""


class Opened(NamedTuple):
    """A call of `verification` that was queued at the company `team`, which handles it."""

    call: str
    verification: str
    attempt: int
    team: str
    at: int
    dealer: str | None = None


class _Facts(NamedTuple):
    """What is read of a call before anything is written of it."""

    attempt: int
    ended_at: int | None
    team: str
    dealer: str | None
    queued_at: int
    accepted_at: int | None
    id: str
    """Its verification."""
    client: str
    external_ref: str
    verdict: str | None
    """Id of its verdict."""
    username: str | None
    """Of the agent who is asked for."""


_RECORD, _VERIFICATION, _VERDICT = table_of(CallRecord), table_of(Verification), table_of(VerdictRecord)
_PICTURE, _ACCOUNT = table_of(Picture), table_of(Account)
_LIVE = _RECORD.c.ended_at.is_(None)
_THIS = _RECORD.c.id == bindparam("this")
_OPENED = insert_rows(
    CallRecord,
    ("id", "number", "verification", "attempt", "team", "dealer", "queued_at", "gaps"),
    "ON CONFLICT (id) DO NOTHING",
)
_IN_CALL = (
    update(_VERIFICATION)
    .where(_VERIFICATION.c.id.in_(bindparam("these", expanding=True)))
    .where(exists().where(_RECORD.c.verification == _VERIFICATION.c.id, _LIVE))
    .values(state=State.IN_CALL)
)
_ACCEPTED = (
    update(_RECORD)
    .where(_THIS, _LIVE, or_(_RECORD.c.agent.is_(None), _RECORD.c.agent != bindparam("by")))
    .values(agent=bindparam("by"), accepted_at=bindparam("then"))
)
_STARTED = update(_RECORD).where(_THIS, _LIVE, _RECORD.c.started_at.is_(None)).values(started_at=bindparam("then"))
_ENDED = (
    update(_RECORD)
    .where(_THIS, _LIVE)
    .values(
        outcome=bindparam("how"),
        ended_in=bindparam("phase"),
        ended_at=bindparam("then"),
        agent=func.coalesce(bindparam("by"), _RECORD.c.agent),
        gaps=bindparam("interruptions"),
    )
)
_GIVEN = select(_VERDICT.c.id).where(_VERDICT.c.call == _RECORD.c.id).scalar_subquery()
_FACTS = (
    select(
        *(_RECORD.c[name] for name in ("attempt", "ended_at", "team", "dealer", "queued_at", "accepted_at")),
        _VERIFICATION.c.id,
        _VERIFICATION.c.client,
        _VERIFICATION.c.external_ref,
        _GIVEN.label("verdict"),
        select(_ACCOUNT.c.username).where(_ACCOUNT.c.id == bindparam("by")).scalar_subquery().label("username"),
    )
    .join(_VERIFICATION, _VERIFICATION.c.id == _RECORD.c.verification)
    .where(_THIS)
    # A late verdict and the next call of the same verification may come from two floors.
    .with_for_update(of=_VERIFICATION)
)
_PICTURES = (
    select(*(_PICTURE.c[name] for name in ("id", "kind", "call", "decision", "stamped_sha256", "clean_sha256")))
    .where(_PICTURE.c.verification == bindparam("verification"))
    .order_by(_PICTURE.c.at)
)
_LAST = (
    select(_VERDICT.c.verdict, _VERDICT.c.decided_at)
    .join(_RECORD, _RECORD.c.id == _VERDICT.c.call)
    .where(_RECORD.c.verification == _VERIFICATION.c.id)
    .order_by(_RECORD.c.attempt.desc())
    .limit(1)
)
_STATE = func.coalesce(_LAST.with_only_columns(_VERDICT.c.verdict).scalar_subquery(), State.CREATED)
_SETTLED = (
    update(_VERIFICATION)
    .where(_VERIFICATION.c.id == bindparam("this"))
    .values(
        decided_at=_LAST.with_only_columns(_VERDICT.c.decided_at).scalar_subquery(),
        state=case((exists().where(_RECORD.c.verification == _VERIFICATION.c.id, _LIVE), State.IN_CALL), else_=_STATE),
    )
)
_FRAUD = update(_VERIFICATION).where(_VERIFICATION.c.id == bindparam("this")).values(fraud=True)


async def opened(session: AsyncSession, calls: Sequence[Opened]) -> None:
    """These calls were queued; their verifications are in a call."""
    rows: list[dict[str, Any]] = [
        {
            "id": each.call,
            "number": call_number(each.call),
            "verification": each.verification,
            "attempt": each.attempt,
            "team": each.team,
            "dealer": each.dealer,
            "queued_at": each.at,
            "gaps": [],
        }
        for each in calls
    ]
    await session.execute(_OPENED, rows)
    await session.execute(_IN_CALL, {"these": [each.verification for each in calls]})


async def accepted(session: AsyncSession, call: str, agent: str, at: int) -> None:
    """The agent (account id) took the call; after a re-queue another agent takes the earlier one's place."""
    await session.execute(_ACCEPTED, {"this": call, "by": agent, "then": at})


async def started(session: AsyncSession, call: str, at: int) -> None:
    """Both sides see and hear each other; the first time counts."""
    await session.execute(_STARTED, {"this": call, "then": at})


async def ended(
    session: AsyncSession, call: str, outcome: str, ended_in: str, agent: str | None, at: int, gaps: Sequence[Gap]
) -> None:
    """The call is over, in the phase `ended_in`; without a verdict the client hears `verification.call_ended`.

    Where the outcome is a verdict, `decided` must be called in the same transaction, before or after.
    """
    facts = await _locked(session, call)
    if facts.ended_at is not None:
        return
    told = [{"leg": leg, "from": since, "until": until} for leg, since, until in gaps]
    how = {"how": outcome, "phase": ended_in, "then": at, "by": agent, "interruptions": told}
    await session.execute(_ENDED, {"this": call} | how)
    await _settle(session, facts.id)
    await signs.look(
        session, signs.Over(facts.team, agent, facts.dealer, outcome, facts.queued_at, facts.accepted_at, at)
    )
    if outcome not in VERDICTS:
        data = CallEnded(id=facts.id, external_ref=facts.external_ref, outcome=outcome, attempt=facts.attempt)
        await outbox.post(session, facts.client, facts.id, CallEndedMessage(timestamp=iso(at), data=data), at)


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
    facts = await _locked(session, call, agent)
    if facts.verdict is not None:
        return
    pictures = (await session.execute(_PICTURES, {"verification": facts.id})).all()
    picture = _proof(pictures, call, decision, late=late)
    given = {
        "id": new_id(),
        "verification": facts.id,
        "call": call,
        "verdict": verdict,
        "reason": reason,
        "note": note,
        "fraud": fraud,
        "late": late,
        "agent": agent,
        "pressed_at": pressed_at,
        "decided_at": decided_at,
        "picture": picture.id,
        "checks": dict(checks),
    }
    await insert(session, VerdictRecord, given)
    if fraud:
        await session.execute(_FRAUD, {"this": facts.id})
    if facts.ended_at is not None:
        await _settle(session, facts.id)
    await _tell(session, facts, given, [*_papers(pictures), picture])


async def _tell(session: AsyncSession, facts: _Facts, given: Mapping[str, Any], shown: Sequence[Row[Any]]) -> None:
    """Post the verdict, without fraud flag and note: neither client nor, through it, caller may learn of them."""
    data = Decided.model_validate(
        {
            "id": facts.id,
            "external_ref": facts.external_ref,
            "outcome": given["verdict"],
            "reason": given["reason"],
            "decided_at": iso(given["decided_at"]),
            "attempt": facts.attempt,
            "agent": facts.username,
            "pictures": [_shown(facts.id, kept) for kept in shown],
        }
    )
    message = DecidedMessage(timestamp=data.decided_at, data=data)
    await outbox.post(session, facts.client, facts.id, message, given["decided_at"])


async def _locked(session: AsyncSession, call: str, agent: str | None = None) -> _Facts:
    """A call's facts, its verification locked; NoResultFound for a call that nobody opened."""
    return _Facts(*(await session.execute(_FACTS, {"this": call, "by": agent})).one())


def _proof(pictures: Sequence[Row[Any]], call: str, decision: int, *, late: bool) -> Row[Any]:
    for picture in pictures:
        of_press = picture.kind == PictureKind.SNAPSHOT and picture.decision == decision
        if picture.call == call and (picture.kind == PictureKind.LAST_FRAME if late else of_press):
            return picture
    raise RuntimeError(f"a verdict of call {call} before its picture was stored")


def _papers(pictures: Sequence[Row[Any]]) -> list[Row[Any]]:
    """The newest picture of each paper: later ones do not overwrite earlier ones, but they count."""
    newest = {picture.kind: picture for picture in pictures if picture.kind in PAPERS}
    return [newest[kind] for kind in PAPERS if kind in newest]


async def _settle(session: AsyncSession, verification: str) -> None:
    """Derive the state from the calls: in_call while one lives, else the verdict of the latest call that has one."""
    await session.execute(_SETTLED, {"this": verification})


def _shown(verification: str, picture: Row[Any]) -> dict[str, str]:
    """A picture as the client finds it; the address is made whole when it is sent."""
    kind = picture.kind if picture.kind in PAPERS else PictureKind.SNAPSHOT
    return {
        "kind": kind,
        # What the address answers by itself: the stamped copy, of papers the picture.
        "sha256": picture.stamped_sha256 or picture.clean_sha256,
        "url": f"/api/v1/verifications/{verification}/pictures/{kind}",
    }
