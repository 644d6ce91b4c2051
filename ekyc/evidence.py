"""Keeps the frames of calls: the clean picture, its stamped copy, the agent's own frame beside it.

Bytes are durable before the rows that name them exist. Nothing here decides which frame it is: that is the media
plane's, and `decided` in `calls.py` asks for the row before a verdict may be.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import CallRecord, Picture, PictureKind, VerdictRecord
from ekyc.stamp import Stamp, stamp
from vouch.accounts.models import Account
from vouch.blobs import Blob, Blobs
from vouch.database import Database
from vouch.ids import new_id
from vouch.logs import call_context, logger
from vouch.statements import insert

log = logger(__name__)

_KEPT = select(Picture).where(Picture.call == bindparam("call")).order_by(Picture.at, Picture.id)
_AGENT_OF = (
    select(Account.full_name).join(CallRecord, CallRecord.agent == Account.id).where(CallRecord.id == bindparam("call"))
)

LAST_FRAME = 0
"""The number under which a call's last frame is kept; those of presses begin with 1."""


@dataclass(frozen=True, slots=True)
class CallFrame:
    """A frame of a call that is to be kept."""

    call: str
    verification: str
    number: str
    """The call's number that people read."""
    decision: int
    """Of a snapshot the verdict's press, of an extra picture its own number, of a last frame LAST_FRAME."""
    kind: PictureKind
    """SNAPSHOT, EXTRA or LAST_FRAME; AGENT for the agent's own beside a snapshot or a last frame."""
    jpeg: bytes
    """The frame, clean, in full resolution."""
    width: int
    height: int
    arrived_at: int
    """When the frame arrived at the server; it is what the stamp shows."""
    exact: bool
    """Named by its RTP timestamp (True), or the nearest by time."""
    agent_name: str
    """Empty: the name of whoever has the call by its record."""


class Evidence:
    """The pictures of one installation."""

    def __init__(self, database: Database, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs

    async def keep(self, frame: CallFrame) -> Picture:
        """Store a frame and return its picture; the same (call, kind, decision) again returns the first one.

        Errors of disk and database are raised and leave nothing that is named; OSError where `jpeg` is no picture.
        """
        with call_context(frame.call):
            written = await self._write_blobs(frame)
            # After another error the rows may stand nevertheless: then bytes too many are better than bytes too few.
            try:
                async with self._database.write() as session:
                    await insert(session, Picture, row := _picture(frame, *written))
            except IntegrityError:
                # Kept before, most likely; so rare that nobody looks for it until now.
                await self._forget(written)
                first = await self._first(frame)
                if first is None:
                    raise
                return first
            log.info("picture kept", kind=frame.kind, decision=frame.decision, exact=frame.exact)
            return Picture(**row)

    async def kept(self, call: str) -> list[Picture]:
        """The frames kept of a call, the agent's own among them, in the order in which they arrived."""
        async with self._database.read() as session:
            return list((await session.scalars(_KEPT, {"call": call})).all())

    async def find(self, verification: str, kind: PictureKind) -> Picture | None:
        """The picture of this kind that counts: of papers the newest, as snapshot the one that the verdict stands on.

        Where several calls had verdicts, the latest call's; None while there is none.
        """
        async with self._database.read() as session:
            if kind == PictureKind.SNAPSHOT:
                return await proof_of(session, verification)
            chosen = select(Picture).where(Picture.verification == verification, Picture.kind == kind)
            return (await session.scalars(chosen.order_by(Picture.at.desc(), Picture.id.desc()).limit(1))).first()

    async def read(self, picture: Picture | str, *, clean: bool) -> bytes:
        """The JPEG of a picture (or its id): the stamped copy, or the clean one where asked or where none is stamped.

        LookupError for an unknown id; RuntimeError where the bytes are not those that were stored.
        """
        row = picture if isinstance(picture, Picture) else await self._row(picture)
        return await read_blob(self._blobs, row, clean=clean)

    async def _row(self, key: str) -> Picture:
        async with self._database.read() as session:
            row = await session.get(Picture, key)
        if row is None:
            raise LookupError("no such picture")
        return row

    async def _write_blobs(self, frame: CallFrame) -> list[Blob]:
        """Make the clean picture durable, and the stamped one where there is to be one."""
        if frame.kind == PictureKind.AGENT:
            return await self._blobs.put_all([frame.jpeg], ".jpg")
        text = Stamp(frame.arrived_at, frame.number, frame.agent_name or await self._agent_of(frame.call))
        stamped = await asyncio.to_thread(stamp, frame.jpeg, text)
        return await self._blobs.put_all([frame.jpeg, stamped], ".jpg")

    async def _first(self, frame: CallFrame) -> Picture | None:
        chosen = select(Picture).where(
            Picture.call == frame.call, Picture.kind == frame.kind, Picture.decision == frame.decision
        )
        async with self._database.read() as session:
            return (await session.scalars(chosen)).first()

    async def _forget(self, written: Sequence[Blob]) -> None:
        for blob in written:
            await self._blobs.delete(blob.key)

    async def _agent_of(self, call: str) -> str:
        async with self._database.read() as session:
            return (await session.scalars(_AGENT_OF, {"call": call})).first() or ""


async def proof_of(session: AsyncSession, verification: str) -> Picture | None:
    """The frame that the verdict of the latest call stands on: its snapshot, or its last frame where it came late.

    It is what clients are given as `snapshot`. A snapshot that no verdict names was stored too late to count.
    """
    chosen = (
        select(Picture)
        .join(VerdictRecord, VerdictRecord.picture == Picture.id)
        .join(CallRecord, CallRecord.id == VerdictRecord.call)
        .where(VerdictRecord.verification == verification)
        .order_by(CallRecord.attempt.desc())
    )
    return (await session.scalars(chosen.limit(1))).first()


async def read_blob(blobs: Blobs, picture: Picture, *, clean: bool) -> bytes:
    """The bytes of a picture, compared with the hash in its row; RuntimeError where they differ."""
    key, sha256 = picture.clean_key, picture.clean_sha256
    if not clean and picture.stamped_key is not None and picture.stamped_sha256 is not None:
        key, sha256 = picture.stamped_key, picture.stamped_sha256
    data = await blobs.get(key)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise RuntimeError(f"the bytes of picture {picture.id} are not those that were stored")
    return data


def _picture(frame: CallFrame, clean: Blob, stamped: Blob | None = None) -> dict[str, object]:
    return {
        "id": new_id(),
        "verification": frame.verification,
        "kind": frame.kind,
        "source": "call",
        "call": frame.call,
        "decision": frame.decision,
        "at": frame.arrived_at,
        "width": frame.width,
        "height": frame.height,
        "clean_key": clean.key,
        "clean_sha256": clean.sha256,
        "stamped_key": stamped and stamped.key,
        "stamped_sha256": stamped and stamped.sha256,
        "exact": frame.exact,
    }
