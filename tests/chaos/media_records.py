"""What a fault run finds in an installation on SQLite: workers' processes, live calls, pictures, recordings."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from ekyc.models import CallRecord, Picture, PictureKind, Recording
from media import playable
from signaling.models import FloorCallRow, WorkerRow
from tests.chaos.agents import add_agents
from tests.chaos.machines import children
from tests.installation import Installation
from vouch.clock import SECOND
from vouch.database import Database

_LOOK_S = 0.1
_DEAD_US = 3 * SECOND
_PATIENCE_S = 30.0


@dataclass(frozen=True)
class Stretch:
    """From when to when a recording lasts: seconds since 1970."""

    leg: str
    begins: float
    ends: float


class Records:
    """The rows and files of one installation."""

    def __init__(self, installation: Installation) -> None:
        self._folder = installation.folder
        self._database = Database(installation.database_url)

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    async def add_agents(self, company: str, usernames: list[str], password: str) -> None:
        """Agents who share a password, and so its costly hash."""
        await add_agents(self._database, dict.fromkeys(usernames, company), password)

    async def until_workers(self, living: int) -> None:
        """Wait until so many media workers give a sign of life, as nodes reckon it; TimeoutError after 30 s."""
        async with asyncio.timeout(_PATIENCE_S):
            while await self._living() != living:
                await asyncio.sleep(_LOOK_S)

    async def live_calls(self) -> int:
        """Calls that have not ended."""
        async with self._database.read() as session:
            return (await session.scalars(select(func.count()).where(FloorCallRow.live))).one()

    async def picture_at(self, verification: str) -> float | None:
        """When the frame of the verdict reached its worker; None where it is not the exact one, or none is kept."""
        chosen = select(Picture).where(Picture.verification == verification, Picture.kind == PictureKind.SNAPSHOT)
        async with self._database.read() as session:
            picture = (await session.scalars(chosen)).first()
        return picture.at / SECOND if picture is not None and picture.exact else None

    async def ended_at(self, verification: str) -> float:
        """When its call ended."""
        chosen = select(CallRecord.ended_at).where(CallRecord.verification == verification)
        async with self._database.read() as session:
            ended = (await session.scalars(chosen)).one()
        return time.time() if ended is None else ended / SECOND

    async def recorded(self, verification: str) -> list[Stretch]:
        """What can be read of its recordings, closed or not."""
        chosen = select(Recording).where(Recording.verification == verification)
        async with self._database.read() as session:
            rows = (await session.scalars(chosen)).all()
        return [await asyncio.to_thread(self._stretch, row) for row in rows]

    async def _living(self) -> int:
        async with self._database.read() as session:
            since = await self._database.now(session) - _DEAD_US
            return (await session.scalars(select(func.count()).where(WorkerRow.renewed_at > since))).one()

    def _stretch(self, row: Recording) -> Stretch:
        (file,) = (self._folder / "evidence").glob(f"*/{row.key}")
        with file.open("rb") as recording:
            length = playable.length(recording)
        return Stretch(row.leg, row.began_at / SECOND, (row.began_at + length) / SECOND)


def worker_processes(serve: int) -> list[int]:
    """The media workers that a `vouch serve` has started, by their pids."""
    return [child for child in children(serve) if "media.worker" in " ".join(_command(child))]


def _command(process: int) -> Iterator[str]:
    try:
        yield from Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return
