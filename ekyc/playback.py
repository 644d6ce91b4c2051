"""Gives recordings out to those who may see the verification: what there is of a call, and the files themselves.

A recording is compared with its hash each time before anything of it is given out. How they come to be is
`recordings.py`.
"""

import hashlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.copies import Copies, Make
from ekyc.directory import Companies, seen
from ekyc.directory_models import Shown
from ekyc.models import CallRecord, LegFactsRow, Recording
from vouch.blobs import Blobs
from vouch.database import Database
from vouch.problems import Problem

_CHUNK = 1 << 20


class ShownRecording(Shown):
    """One peer connection's recording."""

    leg: str
    media: int
    began_at: int
    length: int | None
    """Microseconds; as the rest None while it is not closed."""
    size: int | None
    sha256: str | None
    closed_at: int | None


class ShownFacts(Shown):
    """Seconds of one peer connection."""

    leg: str
    media: int
    first_at: int
    seconds: dict[str, Any]


class CallRecordings(Shown):
    """What there is of a call."""

    call: str
    verification: str
    company: str
    recordings: tuple[ShownRecording, ...]
    """By leg, then in their order."""
    facts: tuple[ShownFacts, ...]


class Player(Protocol):
    """Who knows what players need."""

    def make_seekable(self, source: BinaryIO, target: BinaryIO) -> None:
        """Write a copy that has length and index; ValueError where nothing can be read. Blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Playable:
    """A recording that may be read."""

    verification: str
    company: str
    name: str
    """As a file is called: the call's number, leg and media number."""
    size: int
    """Bytes of the copy that was asked for."""
    sha256: str
    """Of the original."""
    copies: Copies
    copy: str
    make: Make

    def chunks(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Its bytes [start, stop)."""
        return self.copies.chunks(self.copy, self.make, start, stop)


class Playback:
    """The recordings of one installation as supervisors see them; `folder` is where copies lie while they are used."""

    def __init__(self, database: Database, blobs: Blobs, player: Player, folder: Path) -> None:
        self._database = database
        self._blobs = blobs
        self._player = player
        self._folder = folder
        self._copies = Copies(folder)

    async def close(self) -> None:
        """Forget all copies."""
        await self._copies.close()

    async def of_call(self, call: str, companies: Companies) -> CallRecordings | None:
        """What there is of a call; None where there is no such call, or its verification may not be seen."""
        async with self._database.read() as session:
            record, company = await _call(session, call, companies)
            if record is None:
                return None
            made = select(Recording).where(Recording.call == call).order_by(Recording.leg, Recording.media)
            facts = select(LegFactsRow).where(LegFactsRow.call == call)
            facts = facts.order_by(LegFactsRow.leg, LegFactsRow.media, LegFactsRow.first_at)
            return CallRecordings(
                call=call,
                verification=record.verification,
                company=company,
                recordings=tuple(ShownRecording.model_validate(row) for row in (await session.scalars(made)).all()),
                facts=tuple(ShownFacts.model_validate(row) for row in (await session.scalars(facts)).all()),
            )

    async def playable(self, call: str, leg: str, media: int, companies: Companies, original: bool) -> Playable | None:  # noqa: FBT001 - as the port of agent_console has it
        """A recording as it was stored (`original`), or as players need it; None where there is none to be seen.

        Problem `not_closed` while it grows, `not_playable`; RuntimeError where the bytes are not those of its hash.
        """
        async with self._database.read() as session:
            record, company = await _call(session, call, companies)
            row = await session.get(Recording, (call, leg, media)) if record else None
        if record is None or row is None:
            return None
        if row.sha256 is None or row.size is None:
            raise Problem(409, "not_closed", "It is still being written. Try again a minute after the call.")
        make = partial(self._original if original else self._seekable, row.key, row.size, row.sha256)
        copy = f"{row.sha256} {'original' if original else 'seekable'}"
        try:
            size = await self._copies.size(copy, make)
        except ValueError:
            raise Problem(422, "not_playable", "Nothing of this recording can be played.") from None
        name = f"{record.number}-{leg}-{media}.webm"
        return Playable(record.verification, company, name, size, row.sha256, self._copies, copy, make)

    def _original(self, key: str, size: int, sha256: str, target: BinaryIO) -> None:
        """Copy and compare in one go: what is given out is what was compared."""
        found = hashlib.sha256()
        with self._blobs.open(key) as source:
            while size > 0 and (data := source.read(min(_CHUNK, size))):
                found.update(data)
                target.write(data)
                size -= len(data)
        if found.hexdigest() != sha256:
            raise RuntimeError(f"the bytes of recording {key} are not those that were stored")

    def _seekable(self, key: str, size: int, sha256: str, target: BinaryIO) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as same:
            self._original(key, size, sha256, same)
            same.seek(0)
            self._player.make_seekable(same, target)


async def _call(session: AsyncSession, call: str, companies: Companies) -> tuple[CallRecord | None, str]:
    """A call whose verification may be seen, and the company that this belongs to."""
    record = await session.get(CallRecord, call)
    row = await seen(session, record.verification, companies) if record else None
    return (None, "") if row is None else (record, row.company)
