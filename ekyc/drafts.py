"""Drafts: what is scanned on our own screen before there is a verification. A draft is its dealer's alone.

How many an account begins is bounded, and what all of them hold on disk: `ekyc/sweep.py` takes away the old ones.
"""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.card import Card, parse
from ekyc.models import Draft, DraftPicture, PictureKind
from ekyc.pictures import Darkroom, Prepared
from vouch.blobs import Blob, Blobs
from vouch.clock import HOUR, SECOND, Clock
from vouch.database import Database
from vouch.ids import digest, new_secret
from vouch.problems import Problem, not_found
from vouch.settings import Settings

LIFETIME = HOUR
_MEASURED_EVERY = 5 * SECOND
"""Counting all drafts costs more than taking in a picture; in between what is added here is added up."""
# Only there a citizen card has its code.
_CODED = frozenset({PictureKind.ID_FRONT, PictureKind.ID_BACK})
_LATER_S = 600
_HELD = (
    select(func.count(Draft.digest.distinct()), func.coalesce(func.sum(DraftPicture.size), 0))
    .outerjoin(DraftPicture, DraftPicture.draft == Draft.digest)
    .where(Draft.verification.is_(None))
)


@dataclass(frozen=True, slots=True)
class Scanned:
    """A paper that was just taken in."""

    kind: PictureKind
    width: int
    height: int
    sha256: str
    warnings: list[str]


@dataclass(slots=True)
class _Fill:
    """What the drafts of no verification hold."""

    drafts: int = 0
    octets: int = 0
    measured_at: int | None = None


class Drafts:
    """Keeps drafts and their pictures."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, blobs: Blobs, darkroom: Darkroom) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._darkroom = darkroom
        self._fill = _Fill()

    async def start(self, account: str) -> str:
        """A new draft's id.

        Problem `too_many_drafts` where the account began very many within the hour, `drafts_full` where all drafts
        together hold as much as they may.
        """
        now = self._clock.now()
        draft = new_secret()
        async with self._database.write() as session:
            recent = select(func.count()).where(Draft.account == account, Draft.created_at > now - LIFETIME)
            if (await session.execute(recent)).scalar_one() >= self._settings.drafts_per_hour:
                raise Problem(
                    429, "too_many_drafts", "This account began too many forms; wait an hour.", retry_after_s=_LATER_S
                )
            fill = await self._measure(session)
            if fill.drafts >= self._settings.most_drafts or fill.octets >= self._settings.most_draft_octets:
                raise _full()
            session.add(Draft(digest=digest(draft), account=account, created_at=now))
        self._fill.drafts += 1
        return draft

    async def check(self, draft: str, account: str) -> None:
        """Problem `not_found` or `draft_used` where no picture can be added, `drafts_full` as `start` says."""
        async with self._database.read() as session:
            await self._open(session, draft, account)
            fill = await self._measure(session)
        if fill.octets >= self._settings.most_draft_octets:
            raise _full()

    async def scan(self, draft: str, account: str, kind: PictureKind, source: str, data: bytes) -> Scanned:
        """Take in a paper's picture in place of an earlier one of its kind.

        `source`: what the page says of where it is from. Problem as `check` and `Darkroom.prepare` say.
        """
        prepared = await self._darkroom.prepare(data, source_of(account))
        code = await self._darkroom.read_code([prepared.jpeg], source_of(account)) if kind in _CODED else None
        blob = await self._blobs.put(prepared.jpeg, ".jpg")
        try:
            replaced = await self._replace(draft, account, kind, source, prepared, blob, code)
        except Problem:
            await self._blobs.delete(blob.key)
            raise
        self._fill.octets += blob.size
        if replaced is not None:
            await self._blobs.delete(replaced)
        return Scanned(kind, prepared.width, prepared.height, blob.sha256, prepared.warnings)

    async def card(self, draft: str, account: str) -> Card | None:
        """The card whose code was read in the draft's pictures; Problem `not_found`."""
        async with self._database.read() as session:
            found = await self.find(session, draft, account)
            return card_in(await pictures_of(session, found.digest))

    async def find(self, session: AsyncSession, draft: str, account: str, *, lock: bool = False) -> Draft:
        """The account's draft of this id; Problem `not_found` where its hour has passed."""
        found = await session.get(Draft, digest(draft), with_for_update=lock)
        if found is None or found.account != account or found.created_at + LIFETIME <= self._clock.now():
            raise not_found("draft")
        return found

    async def _measure(self, session: AsyncSession) -> _Fill:
        """What drafts hold, as counted a few seconds ago at most, and added to since."""
        now = self._clock.now()
        if self._fill.measured_at is None or not 0 <= now - self._fill.measured_at < _MEASURED_EVERY:
            drafts, octets = (await session.execute(_HELD)).one()
            self._fill = _Fill(drafts, int(octets), now)
        return self._fill

    async def _open(self, session: AsyncSession, draft: str, account: str, *, lock: bool = False) -> Draft:
        found = await self.find(session, draft, account, lock=lock)
        if found.verification is not None:
            raise Problem(409, "draft_used", "This form was sent already; its pictures cannot be changed.")
        return found

    async def _replace(
        self,
        draft: str,
        account: str,
        kind: PictureKind,
        source: str,
        prepared: Prepared,
        blob: Blob,
        code: str | None,
    ) -> str | None:
        """Write the picture's row; gives the key of the blob that nothing names any more."""
        async with self._database.write() as session:
            # Locked, so that a picture cannot be changed while the draft becomes a verification.
            found = await self._open(session, draft, account, lock=True)
            earlier = await session.get(DraftPicture, (found.digest, kind))
            replaced = earlier.key if earlier else None
            await session.merge(
                DraftPicture(
                    draft=found.digest,
                    kind=kind,
                    source=source,
                    key=blob.key,
                    sha256=blob.sha256,
                    size=blob.size,
                    width=prepared.width,
                    height=prepared.height,
                    code=code,
                    at=self._clock.now(),
                )
            )
            return replaced


def source_of(account: str) -> str:
    """Whose pictures these are, for the darkroom."""
    return f"account:{account}"


def _full() -> Problem:
    return Problem(
        503, "drafts_full", "Too many unfinished forms are kept; try again in a few minutes.", retry_after_s=_LATER_S
    )


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
