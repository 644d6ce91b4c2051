"""Tidies up what has run out: verifications nobody called for, drafts, used and old join tokens."""

from sqlalchemy import delete, or_, select, update

from ekyc.drafts import LIFETIME
from ekyc.models import Draft, DraftPicture, JoinToken, State, Verification
from vouch.blobs import Blobs
from vouch.clock import DAY
from vouch.database import Database

_DRAFTS_AT_A_TIME = 200


async def sweep(database: Database, blobs: Blobs, now: int) -> None:
    """One round, to be repeated every few minutes; nothing depends on its being punctual, and two may overlap."""
    async with database.write() as session:
        undecided = update(Verification).where(Verification.state == State.CREATED, Verification.expires_at <= now)
        await session.execute(undecided.values(state=State.EXPIRED))
        # Kept for a day so that a page which shows its old token again is told apart from a guess.
        old = or_(JoinToken.used_at <= now - DAY, JoinToken.expires_at <= now - DAY)
        await session.execute(delete(JoinToken).where(old))
    for key in await _drop_drafts(database, now):
        await blobs.delete(key)


async def _drop_drafts(database: Database, now: int) -> list[str]:
    """Delete old drafts; gives the blobs that nothing names any more: a verification took over those of its draft."""
    async with database.write() as session:
        past = select(Draft).where(Draft.created_at <= now - LIFETIME).limit(_DRAFTS_AT_A_TIME)
        drafts = (await session.scalars(past.with_for_update(skip_locked=True))).all()
        digests = [draft.digest for draft in drafts]
        unused = [draft.digest for draft in drafts if draft.verification is None]
        orphans = await session.scalars(select(DraftPicture.key).where(DraftPicture.draft.in_(unused)))
        keys = list(orphans.all())
        await session.execute(delete(DraftPicture).where(DraftPicture.draft.in_(digests)))
        await session.execute(delete(Draft).where(Draft.digest.in_(digests)))
    return keys
