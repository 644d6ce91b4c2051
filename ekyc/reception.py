"""Receives a verification from another system: idempotency, pictures made ready and kept, then one transaction."""

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from ekyc import join
from ekyc.intake import KeptPaper, Opening, check_papers, earlier, fingerprint, grounds, judge, open_verification
from ekyc.join import Join
from ekyc.messages import NewVerification
from ekyc.models import PAPERS, IdempotencyKey, PictureKind, Verification
from ekyc.pictures import LARGEST_BYTES, Darkroom, Prepared
from ekyc.policy import Ruling
from ekyc.tokens import Holder
from vouch.blobs import Blobs
from vouch.clock import Clock
from vouch.database import Database
from vouch.logs import logger
from vouch.problems import Problem
from vouch.settings import Settings
from vouch.statements import insert

log = logger(__name__)
Made = TypeVar("Made")
# Where a card's code is printed: on the front, on later cards on the back.
_CODED = (PictureKind.ID_FRONT, PictureKind.ID_BACK)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A request to open a verification."""

    holder: Holder
    key: str
    """Its Idempotency-Key."""
    data: NewVerification
    files: Mapping[PictureKind, bytes]
    fingerprint: str
    """What a repeated request must have in common with this one."""
    at: int
    """When it came: what it opens is judged by this instant and begins with it."""

    @classmethod
    def of(
        cls, holder: Holder, key: str, data: NewVerification, files: Mapping[PictureKind, bytes], at: int
    ) -> "Delivered":
        """With the fingerprint of its contents."""
        hashes = {kind: hashlib.sha256(content).hexdigest() for kind, content in files.items()}
        return cls(holder, key, data, files, fingerprint(holder.company, data, hashes), at)


@dataclass(frozen=True, slots=True)
class Opened:
    """A verification and a fresh token for its call page."""

    verification: Verification
    join: Join


class Reception:
    """Opens verifications for the integration API."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        blobs: Blobs,
        darkroom: Darkroom,
        *,
        match_lifts_table: bool,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._darkroom = darkroom
        self._match_lifts_table = match_lifts_table

    def hold(self, holder: Holder, octets: int | None) -> AbstractContextManager[None]:
        """Count a request of so many octets (None: it does not say) as in memory; Problem `pictures_busy`."""
        largest = len(PAPERS) * LARGEST_BYTES
        return self._darkroom.hold(source_of(holder), largest if octets is None else min(octets, largest))

    async def receive(self, delivered: Delivered) -> Opened:
        """Open a verification, or give the one that the same request opened before, with a fresh join token.

        Problem as `intake.judge`, `intake.check_papers`, `intake.earlier` and `pictures.prepare` say.
        """
        known = await self._known(delivered)
        if isinstance(known, Verification):
            return await self._again(known)
        papers, code = await self._develop(delivered.files, source_of(delivered.holder))
        opening = Opening(delivered.holder, delivered.data, papers, code, known)
        try:
            return await self._open(delivered, opening)
        except (Problem, IntegrityError) as refused:
            # Nothing names these pictures. After any other error nobody knows: the commit may have gone through.
            await self._forget(papers)
            known = await self._known(delivered)
            if not isinstance(known, Verification):
                raise
            log.info("the same request came twice at once", refused=type(refused).__name__)
            return await self._again(known)

    async def _known(self, delivered: Delivered) -> Verification | Ruling:
        """What the same request opened before; what speaks against a new one speaks before its pictures are read."""
        data, now = delivered.data, delivered.at
        async with self._database.read() as session:
            found = await grounds(session, delivered.holder, data, now, delivered.key)
            if (known := earlier(found, delivered.fingerprint)) is not None:
                return await session.get_one(Verification, known)
        ruling = judge(found, data, now, match_lifts_table=self._match_lifts_table)
        check_papers(data.customer.id_type, set(delivered.files))
        return ruling

    async def _again(self, known: Verification) -> Opened:
        async with self._database.write() as session:
            fresh = await join.reissue(session, known.id, self._clock.now(), self._settings.join_token_s)
            return Opened(known, fresh)

    async def _open(self, delivered: Delivered, opening: Opening) -> Opened:
        """IntegrityError: the same request was answered meanwhile."""
        async with self._database.write() as session:
            verification = await open_verification(session, opening, delivered.at, self._settings.verification_s)
            row = {
                "client": delivered.holder.client,
                "company": delivered.holder.company,
                "key": delivered.key,
                "fingerprint": delivered.fingerprint,
                "verification": verification.id,
                "created_at": delivered.at,
            }
            await insert(session, IdempotencyKey, row)
            first = await join.issue(session, verification.id, self._clock.now(), self._settings.join_token_s)
            return Opened(verification, first)

    async def _develop(
        self, files: Mapping[PictureKind, bytes], source: str
    ) -> tuple[tuple[KeptPaper, ...], str | None]:
        """The pictures made ready and durable, and what the card's code says; side by side, for somebody waits.

        Of several that cannot be taken the first one's Problem is raised.
        """
        preparing = (self._darkroom.prepare(data, source) for data in files.values())
        tried = await asyncio.gather(*preparing, return_exceptions=True)
        prepared = {kind: _unless_refused(picture) for kind, picture in zip(files, tried, strict=True)}
        kept, code = await asyncio.gather(
            self._keep(prepared),
            self._darkroom.read_code([prepared[kind].jpeg for kind in _CODED if kind in prepared], source),
            return_exceptions=True,
        )
        papers = _unless_refused(kept)
        try:
            return papers, _unless_refused(code)
        except BaseException:
            await self._forget(papers)
            raise

    async def _keep(self, prepared: Mapping[PictureKind, Prepared]) -> tuple[KeptPaper, ...]:
        blobs = await self._blobs.put_all([picture.jpeg for picture in prepared.values()], ".jpg")
        now = self._clock.now()
        # What another system sends may come from anywhere: nobody can say that it is a camera's live picture.
        source = "file"
        return tuple(
            KeptPaper(kind, source, blob.key, blob.sha256, picture.width, picture.height, now)
            for blob, (kind, picture) in zip(blobs, prepared.items(), strict=True)
        )

    async def _forget(self, papers: tuple[KeptPaper, ...]) -> None:
        for paper in papers:
            await self._blobs.delete(paper.key)


def source_of(holder: Holder) -> str:
    """Whose pictures these are, for the darkroom."""
    return f"client:{holder.client}:{'+'.join(holder.companies)}"


def _unless_refused(done: Made | BaseException) -> Made:
    if isinstance(done, BaseException):
        raise done
    return done
