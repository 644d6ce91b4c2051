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
    while await _drop_drafts(database, blobs, now):
        pass


async def _drop_drafts(database: Database, blobs: Blobs, now: int) -> bool:
    """Delete the oldest drafts that have run out, so many at a time; whether there may be more.

    Their pictures go with them, but not those that a verification has taken over.
    """
    async with database.write() as session:
        past = select(Draft.digest).where(Draft.created_at <= now - LIFETIME).order_by(Draft.created_at)
        chosen = past.limit(_DRAFTS_AT_A_TIME).with_for_update(skip_locked=True)
        digests = (await session.scalars(chosen)).all()
        unused = select(Draft.digest).where(Draft.digest.in_(digests), Draft.verification.is_(None))
        keys = (await session.scalars(select(DraftPicture.key).where(DraftPicture.draft.in_(unused)))).all()
        await session.execute(delete(DraftPicture).where(DraftPicture.draft.in_(digests)))
        await session.execute(delete(Draft).where(Draft.digest.in_(digests)))
    for key in keys:
        await blobs.delete(key)
    return len(digests) == _DRAFTS_AT_A_TIME
