"""Takes the recordings of calls as they grow, and what each second of a leg carried.

Pieces may come twice, from two nodes at once, and to any node: whatever is taken, is durable when the method returns,
and what comes again changes nothing. How they are given out is `playback.py`.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import BinaryIO, NamedTuple, Protocol

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import CallRecord, LegFactsRow, Recording
from vouch.blobs import Blobs, GapError
from vouch.clock import MINUTE, Clock
from vouch.database import Database
from vouch.logs import call_context, logger
from vouch.statements import insert_rows, statement, table_of

log = logger(__name__)

_QUIET = MINUTE
"""How long after a call's end nothing more is expected of its recordings: microseconds."""
_MOST_KNOWN = 4_096
_AT_A_TIME = 50
_R, _C = table_of(Recording), table_of(CallRecord)
_NAME_TYPES = {name: _R.c[name].type for name in ("call", "leg", "media")}
_BEGIN = statement(
    "INSERT INTO recording (call, leg, media, verification, key, began_at) "
    "SELECT :call, :leg, :media, verification, :key, :began_at FROM call_record WHERE id = :call "
    "ON CONFLICT (call, leg, media) DO NOTHING",
    **_NAME_TYPES,
    key=_R.c.key.type,
    began_at=_R.c.began_at.type,
)
_KEY = statement("SELECT key FROM recording WHERE call = :call AND leg = :leg AND media = :media", **_NAME_TYPES)
# A recording only ever grows: one that was closed for want of news is closed again where more has come.
_CLOSE = statement(
    "UPDATE recording SET length = :length, size = :size, sha256 = :sha256, closed_at = :closed_at "
    "WHERE call = :call AND leg = :leg AND media = :media AND (size IS NULL OR size < :size)",
    **_NAME_TYPES,
    **{name: _R.c[name].type for name in ("length", "size", "sha256", "closed_at")},
)
_LEFT = (
    select(_R.c.call, _R.c.leg, _R.c.media, _R.c.key)
    .join(_C, _C.c.id == _R.c.call)
    .where(_R.c.closed_at.is_(None), _C.c.ended_at <= bindparam("then"))
    .limit(_AT_A_TIME)
)
_FACTS = insert_rows(
    LegFactsRow,
    ("call", "leg", "media", "first_at", "seconds"),
    "ON CONFLICT (call, leg, media, first_at) DO NOTHING",
)


class Piece(Protocol):
    """The next bytes of a recording, as the media plane tells them."""

    @property
    def call(self) -> str:
        """The call's id."""
        ...

    @property
    def leg(self) -> str:
        """Whose: `customer` or `agent`."""
        ...

    @property
    def media(self) -> int:
        """The leg's media number."""
        ...

    @property
    def offset(self) -> int:
        """Bytes of the file before these."""
        ...

    @property
    def data(self) -> bytes:
        """These; they may be none."""
        ...

    @property
    def began_at(self) -> int:
        """The zero of the file's times."""
        ...

    @property
    def length(self) -> int:
        """How long the recording is with these: microseconds."""
        ...

    @property
    def last(self) -> bool:
        """Nothing follows."""
        ...


class Gauge(Protocol):
    """Who can read recordings."""

    def length(self, file: BinaryIO) -> int:
        """How long a recording is, as far as it can be read: microseconds. Blocks."""
        ...


class _Name(NamedTuple):
    call: str
    leg: str
    media: int


class Recordings:
    """The recordings of one installation as they come to be."""

    def __init__(self, database: Database, clock: Clock, blobs: Blobs, gauge: Gauge) -> None:
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._gauge = gauge
        self._known: OrderedDict[_Name, str] = OrderedDict()
        """Keys of blobs, so that a piece needs no query."""
        self._drawn: dict[_Name, str] = {}
        """Keys whose row is not there yet: tried again, the same blob is used."""

    async def take(self, piece: Piece) -> None:
        """Keep a piece; it is durable on return.

        Raises where it cannot be kept now: GapError where earlier ones are missing, OSError of the disk, errors of the
        database. Then it has to come again. A piece of a call that nobody knows is dropped.
        """
        name = _Name(piece.call, piece.leg, piece.media)
        with call_context(piece.call):
            key = self._known.get(name) or await self._find(name) or await self._begin(name, piece)
            if key is None:
                log.warning("recording of an unknown call")
                return
            await self._blobs.append(key, piece.offset, piece.data)
            self._remember(name, key)
            if piece.last:
                await self._close(name, key, piece.length)
                self._known.pop(name, None)

    async def take_facts(
        self, call: str, leg: str, media: int, first_at: int, seconds: Mapping[str, Sequence[object]]
    ) -> None:
        """Keep what a leg carried from `first_at` on; `seconds` by name of what was measured. Told again: nothing."""
        row = {"call": call, "leg": leg, "media": media, "first_at": first_at, "seconds": dict(seconds)}
        async with self._database.write() as session:
            await session.execute(_FACTS, row)

    async def close_left(self) -> None:
        """Close those whose worker died before their last piece, with what is there; to be repeated every few seconds.

        Several nodes may do so at once.
        """
        async with self._database.read() as session:
            left = (await session.execute(_LEFT, {"then": self._clock.now() - _QUIET})).all()
        for call, leg, media, key in left:
            with call_context(call):
                try:
                    length = await asyncio.to_thread(self._length, key)
                    await self._close(_Name(call, leg, media), key, length)
                except OSError as error:
                    log.warning("recording cannot be read", error=type(error).__name__)
                else:
                    log.info("recording closed without its end", leg=leg, media=media)

    async def _find(self, name: _Name) -> str | None:
        async with self._database.read() as session:
            return await _key(session, name)

    async def _begin(self, name: _Name, piece: Piece) -> str | None:
        """Give the recording its row, once its first bytes are durable; None where nobody knows the call."""
        if piece.offset > 0:
            raise GapError(f"the recording has not begun, and these begin at {piece.offset}")
        drawn = self._drawn.setdefault(name, self._blobs.new_key(".webm"))
        await self._blobs.append(drawn, 0, piece.data)
        async with self._database.write() as session:
            await session.execute(_BEGIN, {**name._asdict(), "key": drawn, "began_at": piece.began_at})
            key = await _key(session, name)
        self._drawn.pop(name, None)
        if key != drawn:  # another node was told the same piece, and was faster
            await self._blobs.delete(drawn)
        return key

    async def _close(self, name: _Name, key: str, length: int) -> None:
        size, sha256 = await asyncio.to_thread(self._digest, key)
        closed = {"length": length, "size": size, "sha256": sha256, "closed_at": self._clock.now()}
        async with self._database.write() as session:
            await session.execute(_CLOSE, name._asdict() | closed)

    def _digest(self, key: str) -> tuple[int, str]:
        with self._blobs.open(key) as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), found

    def _length(self, key: str) -> int:
        with self._blobs.open(key) as file:
            return self._gauge.length(file)

    def _remember(self, name: _Name, key: str) -> None:
        self._known[name] = key
        self._known.move_to_end(name)
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


async def _key(session: AsyncSession, name: _Name) -> str | None:
    key: str | None = (await session.execute(_KEY, name._asdict())).scalar_one_or_none()
    return key
