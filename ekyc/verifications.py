"""Reading verifications: where one stands now, and how its client sees it. Nothing is changed here."""

from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.evidence import proof_of
from ekyc.messages import Attempt, CallRuling, PictureLink, VerificationView
from ekyc.models import PAPERS, CallRecord, Channel, Picture, PictureKind, State, VerdictRecord, Verification
from ekyc.policy import Decision
from ekyc.tokens import Holder
from vouch.clock import iso
from vouch.problems import Problem, not_found
from vouch.statements import table_of

FOR_CLIENTS = (*PAPERS, PictureKind.SNAPSHOT)
"""Kinds of pictures that go back to the client."""
VERIFICATION = table_of(Verification)
"""The table, for statements that read a verification together with something else."""
_COLUMNS = tuple(VERIFICATION.c.keys())


def verification_in(row: Row[Any]) -> Verification:
    """The verification out of a row that has all columns of VERIFICATION; no session knows it."""
    return Verification(**{name: row._mapping[name] for name in _COLUMNS})


def state_of(verification: Verification, now: int) -> State:
    """The state at `now`: one that nobody decided in time is expired, whether or not a sweep has written that yet."""
    state = State(verification.state)
    return State.EXPIRED if state == State.CREATED and verification.expires_at <= now else state


def check_callable(verification: Verification, now: int) -> None:
    """Problem `already_confirmed`, `verification_expired` or `call_not_possible` where no (further) call can be made.

    A rejected one can be called for again, yet not for ever: its time runs out like that of any other.
    """
    state = state_of(verification, now)
    if state == State.CONFIRMED:
        raise Problem(409, "already_confirmed", "This verification is confirmed; no further call is needed.")
    if state == State.EXPIRED or verification.expires_at <= now:
        raise Problem(410, "verification_expired", "The time for calling has passed; open a new verification.")
    if verification.decision == Decision.NOT_POSSIBLE:
        raise Problem(409, "call_not_possible", "This customer has to come to a point of sale in person.")


def can_call(verification: Verification, now: int) -> bool:
    """Whether a call can be made at `now`, as far as the caller may know."""
    try:
        check_callable(verification, now)
    except Problem:
        return False
    return True


async def owned(session: AsyncSession, verification: str, holder: Holder) -> Verification:
    """The verification, if `holder`'s client opened it for a company of its token; Problem `not_found`."""
    found = await session.get(Verification, verification)
    if found is None or found.client != holder.client or found.company not in holder.companies:
        raise not_found("verification")
    return found


async def calls_of(session: AsyncSession, verification: str) -> list[CallRecord]:
    """Its calls, the first one first."""
    chosen = select(CallRecord).where(CallRecord.verification == verification).order_by(CallRecord.attempt)
    return list((await session.scalars(chosen)).all())


async def latest_papers(session: AsyncSession, verification: str) -> dict[PictureKind, Picture]:
    """Of each paper the latest picture."""
    chosen = select(Picture).where(Picture.verification == verification, Picture.kind.in_(PAPERS))
    papers = (await session.scalars(chosen.order_by(Picture.at, Picture.id))).all()
    return {PictureKind(picture.kind): picture for picture in papers}


async def latest_pictures(session: AsyncSession, verification: str) -> dict[PictureKind, Picture]:
    """What clients are given: of each paper the latest picture, as snapshot the one that the verdict stands on."""
    found = await latest_papers(session, verification)
    proof = await proof_of(session, verification)
    return found if proof is None else found | {PictureKind.SNAPSHOT: proof}


async def view(session: AsyncSession, verification: Verification, url: str, now: int) -> VerificationView:
    """All that its client may know; `url` is Vouch's public address."""
    calls = await calls_of(session, verification.id)
    verdicts = await _verdicts(session, verification.id)
    pictures = await latest_pictures(session, verification.id)
    last = _attempt(calls[-1], verdicts.get(calls[-1].id)) if calls else None
    return VerificationView(
        id=verification.id,
        external_ref=verification.external_ref,
        company=verification.company,
        channel=Channel(verification.channel),
        state=state_of(verification, now),
        call=CallRuling(decision=Decision(verification.decision), rule=verification.rule),
        outcome=(last.verdict or last.outcome) if last else None,
        reason=last.reason if last else None,
        decided_at=_time(verification.decided_at),
        attempt=last.attempt if last else 0,
        attempts=tuple(_attempt(call, verdicts.get(call.id)) for call in calls),
        pictures=tuple(
            picture_link(verification.id, kind, pictures[kind], url) for kind in FOR_CLIENTS if kind in pictures
        ),
        created_at=iso(verification.created_at),
        expires_at=iso(verification.expires_at),
    )


def picture_link(verification: str, kind: PictureKind, picture: Picture, url: str) -> PictureLink:
    """Where the integration API gives a picture, and the hash of what it gives."""
    return PictureLink(
        kind=kind,
        sha256=picture.stamped_sha256 or picture.clean_sha256,
        url=f"{url}/api/v1/verifications/{verification}/pictures/{kind}",
    )


def _attempt(call: CallRecord, verdict: VerdictRecord | None) -> Attempt:
    return Attempt(
        attempt=call.attempt,
        number=call.number,
        outcome=call.outcome,
        verdict=verdict.verdict if verdict else None,
        reason=verdict.reason if verdict else None,
        queued_at=iso(call.queued_at),
        started_at=_time(call.started_at),
        ended_at=_time(call.ended_at),
    )


async def _verdicts(session: AsyncSession, verification: str) -> dict[str, VerdictRecord]:
    """Verdicts by call."""
    chosen = select(VerdictRecord).where(VerdictRecord.verification == verification)
    return {verdict.call: verdict for verdict in (await session.scalars(chosen)).all()}


def _time(instant: int | None) -> str | None:
    return None if instant is None else iso(instant)
