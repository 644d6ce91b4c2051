"""Receives a verification from another system: idempotency, pictures made ready and kept, then one transaction."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import join
from ekyc.intake import KeptPaper, Opening, check_papers, earlier, fingerprint, judge, open_verification
from ekyc.join import Join
from ekyc.messages import NewVerification
from ekyc.models import IdempotencyKey, PictureKind, Verification
from ekyc.pictures import Darkroom, Prepared
from ekyc.tokens import Holder
from vouch.blobs import Blobs
from vouch.clock import Clock
from vouch.database import Database
from vouch.logs import logger
from vouch.problems import Problem
from vouch.settings import Settings

log = logger(__name__)
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

    @property
    def fingerprint(self) -> str:
        """What a repeated request must have in common with this one."""
        hashes = {kind: hashlib.sha256(content).hexdigest() for kind, content in self.files.items()}
        return fingerprint(self.holder.company, self.data, hashes)


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

    async def receive(self, delivered: Delivered) -> Opened:
        """Open a verification, or give the one that the same request opened before, with a fresh join token.

        Problem as `intake.judge`, `intake.check_papers`, `intake.earlier` and `pictures.prepare` say.
        """
        if (known := await self._known(delivered)) is not None:
            return await self._again(known)
        prepared = {kind: await self._darkroom.prepare(content) for kind, content in delivered.files.items()}
        code = await self._darkroom.read_code([prepared[kind].jpeg for kind in _CODED if kind in prepared])
        papers = tuple([await self._keep(kind, picture) for kind, picture in prepared.items()])
        try:
            return await self._open(delivered, papers, code)
        except (Problem, IntegrityError) as refused:
            # Nothing names these pictures. After any other error nobody knows: the commit may have gone through.
            await self._forget(papers)
            known = await self._known(delivered)
            if known is None:
                raise
            log.info("the same request came twice at once", refused=type(refused).__name__)
            return await self._again(known)

    async def _known(self, delivered: Delivered) -> Verification | None:
        """What the same request opened before; what speaks against a new one speaks before its pictures are read."""
        async with self._database.read() as session:
            found = await earlier(session, delivered.holder, delivered.key, delivered.fingerprint)
            if found is not None:
                return found
            await judge(
                session,
                delivered.holder,
                delivered.data,
                self._clock.now(),
                match_lifts_table=self._match_lifts_table,
            )
        check_papers(delivered.data.customer.id_type, set(delivered.files))
        return None

    async def _again(self, known: Verification) -> Opened:
        async with self._database.write() as session:
            return await self._with_join(session, known, self._clock.now())

    async def _open(self, delivered: Delivered, papers: tuple[KeptPaper, ...], code: str | None) -> Opened:
        """IntegrityError: the same request was answered meanwhile."""
        now = self._clock.now()
        opening = Opening(delivered.holder, delivered.data, papers, code)
        async with self._database.write() as session:
            verification = await open_verification(
                session, opening, now, self._settings.verification_s, match_lifts_table=self._match_lifts_table
            )
            session.add(
                IdempotencyKey(
                    client=delivered.holder.client,
                    key=delivered.key,
                    fingerprint=delivered.fingerprint,
                    verification=verification.id,
                    created_at=now,
                )
            )
            return await self._with_join(session, verification, now)

    async def _with_join(self, session: AsyncSession, verification: Verification, now: int) -> Opened:
        return Opened(verification, await join.issue(session, verification.id, now, self._settings.join_token_s))

    async def _keep(self, kind: PictureKind, picture: Prepared) -> KeptPaper:
        blob = await self._blobs.put(picture.jpeg, ".jpg")
        # What another system sends may come from anywhere: nobody can say that it is a camera's live picture.
        source = "file"
        return KeptPaper(kind, source, blob.key, blob.sha256, picture.width, picture.height, self._clock.now())

    async def _forget(self, papers: tuple[KeptPaper, ...]) -> None:
        for paper in papers:
            await self._blobs.delete(paper.key)
