"""Drafts: what is scanned on our own screen before there is a verification. A draft's id is a secret of its page."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.card import Card, parse
from ekyc.models import Draft, DraftPicture, PictureKind
from ekyc.pictures import Darkroom, Prepared
from vouch.blobs import Blob, Blobs
from vouch.clock import HOUR, Clock
from vouch.database import Database
from vouch.ids import digest, new_secret
from vouch.problems import Problem, not_found

LIFETIME = HOUR
_PER_ADDRESS = 300
# Only there a citizen card has its code.
_CODED = frozenset({PictureKind.ID_FRONT, PictureKind.ID_BACK})


@dataclass(frozen=True, slots=True)
class Scanned:
    """A paper that was just taken in."""

    kind: PictureKind
    width: int
    height: int
    sha256: str
    warnings: list[str]


class Drafts:
    """Keeps drafts and their pictures."""

    def __init__(self, database: Database, clock: Clock, blobs: Blobs, darkroom: Darkroom) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._darkroom = darkroom

    async def start(self, address: str) -> str:
        """A new draft's id; Problem `too_many_drafts` where `address` started very many within its lifetime."""
        now = self._clock.now()
        draft = new_secret()
        async with self._database.write() as session:
            recent = select(func.count()).where(Draft.address == address, Draft.created_at > now - LIFETIME)
            if (await session.execute(recent)).scalar_one() >= _PER_ADDRESS:
                raise Problem(429, "too_many_drafts", "Too many forms were begun from here; try again in an hour.")
            session.add(Draft(digest=digest(draft), address=address, created_at=now))
        return draft

    async def check(self, draft: str) -> None:
        """Problem `not_found` or `draft_used` where no picture can be added."""
        async with self._database.read() as session:
            await self._open(session, draft)

    async def scan(self, draft: str, kind: PictureKind, source: str, data: bytes) -> Scanned:
        """Take in a paper's picture in place of an earlier one of its kind.

        Problem as `check` and `pictures.prepare` say.
        """
        prepared = await self._darkroom.prepare(data)
        code = await self._darkroom.read_code([prepared.jpeg]) if kind in _CODED else None
        blob = await self._blobs.put(prepared.jpeg, ".jpg")
        try:
            replaced = await self._replace(draft, kind, source, prepared, blob, code)
        except Problem:
            await self._blobs.delete(blob.key)
            raise
        if replaced is not None:
            await self._blobs.delete(replaced)
        return Scanned(kind, prepared.width, prepared.height, blob.sha256, prepared.warnings)

    async def card(self, draft: str) -> Card | None:
        """The card whose code was read in the draft's pictures; Problem `not_found`."""
        async with self._database.read() as session:
            found = await self.find(session, draft)
            return card_in(await pictures_of(session, found.digest))

    async def find(self, session: AsyncSession, draft: str, *, lock: bool = False) -> Draft:
        """The draft of this id; Problem `not_found` where its hour has passed."""
        found = await session.get(Draft, digest(draft), with_for_update=lock)
        if found is None or found.created_at + LIFETIME <= self._clock.now():
            raise not_found("draft")
        return found

    async def _open(self, session: AsyncSession, draft: str, *, lock: bool = False) -> Draft:
        found = await self.find(session, draft, lock=lock)
        if found.verification is not None:
            raise Problem(409, "draft_used", "This form was sent already; its pictures cannot be changed.")
        return found

    async def _replace(
        self, draft: str, kind: PictureKind, source: str, prepared: Prepared, blob: Blob, code: str | None
    ) -> str | None:
        """Write the picture's row; gives the key of the blob that nothing names any more."""
        async with self._database.write() as session:
            # Locked, so that a picture cannot be changed while the draft becomes a verification.
            found = await self._open(session, draft, lock=True)
            earlier = await session.get(DraftPicture, (found.digest, kind))
            replaced = earlier.key if earlier else None
            await session.merge(
                DraftPicture(
                    draft=found.digest,
                    kind=kind,
                    source=source,
                    key=blob.key,
                    sha256=blob.sha256,
                    width=prepared.width,
                    height=prepared.height,
                    code=code,
                    at=self._clock.now(),
                )
            )
            return replaced


async def pictures_of(session: AsyncSession, draft_digest: str) -> list[DraftPicture]:
    """The draft's pictures."""
    chosen = select(DraftPicture).where(DraftPicture.draft == draft_digest).order_by(DraftPicture.kind)
    return list((await session.scalars(chosen)).all())


def code_in(pictures: list[DraftPicture]) -> str | None:
    """The text of the citizen card's code that was read in one of them."""
    return next((picture.code for picture in pictures if picture.code), None)


def card_in(pictures: list[DraftPicture]) -> Card | None:
    """The card that the code tells of."""
    code = code_in(pictures)
    return parse(code) if code else None
