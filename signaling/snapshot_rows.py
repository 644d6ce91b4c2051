"""What a snapshot of a floor is: its row, and the whole floor in it. `snapshots.py` says when one is made."""

import asyncio
import json
import zlib
from dataclasses import dataclass

from sqlalchemy import Select, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from routing import index
from routing.state import Floor
from signaling import codec
from signaling.models import FloorSnapshotRow, JournalRow
from signaling.seed_seal import BOX, closed, opened
from vouch import __version__
from vouch.database import Database
from vouch.sealing import Box


@dataclass(frozen=True, slots=True)
class Start:
    """A snapshot, opened."""

    floor: Floor
    journal: int
    """The last row of the journal that it holds; 0: none."""
    made_by: str
    """The version of Vouch whose code made it."""


async def keep(session: AsyncSession, floor: Floor, journal: int, data: bytes | None = None) -> None:
    """Write a snapshot; `data` as `pack` gives it, made here where it is left out."""
    row = {
        "floor": floor.id,
        "version": floor.version,
        "now": floor.now,
        "journal": journal,
        "made_by": __version__,
        "data": pack(floor, session.info.get(BOX)) if data is None else data,
    }
    await session.execute(insert(FloorSnapshotRow), row)


async def last_event(session: AsyncSession, floor: Floor) -> int:
    """The last row of the journal that a floor holds; 0: none.

    A later one of the same version changed nothing but the time.
    """
    row = select(func.max(JournalRow.id)).where(JournalRow.floor == floor.id)
    held = row.where(JournalRow.version <= floor.version, JournalRow.at <= floor.now)
    return (await session.execute(held)).scalar_one() or 0


def pack(floor: Floor, box: Box | None = None) -> bytes:
    """A floor as compressed lines of JSON: what rows keep of it, without the index, which follows."""
    about = {"id": floor.id, "version": floor.version, "now": floor.now, "agents": len(floor.agents)}
    lines = [json.dumps(about), codec.dump(closed(codec.FloorData.of(floor), box))]
    lines += map(codec.dump, floor.agents.values())
    lines += map(codec.dump, floor.calls.values())
    return zlib.compress("\n".join(lines).encode(), 3)


def unpack(data: bytes, box: Box | None = None) -> Floor:
    """The floor that `pack` took; equal to it."""
    head, kept, *lines = zlib.decompress(data).decode().split("\n")
    about, itself = json.loads(head), opened(codec.load(codec.FloorData, kept), box)
    agents, calls = lines[: about["agents"]], lines[about["agents"] :]
    return index.build(
        about["id"],
        itself.rules,
        itself.seed,
        map(codec.load_agent, agents),
        map(codec.load_call, calls),
        version=about["version"],
        now=about["now"],
        held=itself.held,
        hours=itself.hours,
        handled=itself.handled,
    )


async def before(database: Database, floor: str, instant: int) -> Start | None:
    """The newest snapshot of a floor from before an instant; None where there is none so old."""
    return await _open(database, _newest(floor).where(FloorSnapshotRow.now < instant))


async def at_version(database: Database, floor: str, version: int) -> Start | None:
    """The newest snapshot of a floor that is not newer than a version; None where there is none so old."""
    return await _open(database, _newest(floor).where(FloorSnapshotRow.version <= version))


async def oldest(database: Database, floor: str) -> Start | None:
    """The first snapshot of a floor; None where there is none at all."""
    rows = select(FloorSnapshotRow).where(FloorSnapshotRow.floor == floor)
    return await _open(database, rows.order_by(FloorSnapshotRow.version).limit(1))


def _newest(floor: str) -> Select[FloorSnapshotRow]:
    rows = select(FloorSnapshotRow).where(FloorSnapshotRow.floor == floor)
    return rows.order_by(FloorSnapshotRow.version.desc()).limit(1)


async def _open(database: Database, chosen: Select[FloorSnapshotRow]) -> Start | None:
    async with database.read() as session:
        row = (await session.scalars(chosen)).first()
    if row is None:
        return None
    return Start(await asyncio.to_thread(unpack, row.data, database.info.get(BOX)), row.journal, row.made_by)
