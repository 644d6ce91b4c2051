"""Whole floors kept every so many versions, so that a replay of the journal need not start at its beginning.

A floor never changes, so a snapshot is made after the commit, from the floor that was committed, and written in a
transaction of its own: a node killed in between leaves a replay that starts earlier, and its next start makes up for
it. What is in a snapshot: `snapshot_rows.py`.
"""

import asyncio

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from routing.state import Floor
from signaling.models import FloorSnapshotRow
from signaling.seed_seal import BOX
from signaling.snapshot_rows import keep, last_event, pack
from signaling.writer import Changes
from vouch import __version__
from vouch.database import Database
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

EVERY = 1_000
"""Versions from one snapshot to the next."""


class Snapshots:
    """Keeps a snapshot of every floor that changes on this node, and of each as this version of Vouch first finds it.

    The latter because other code may step otherwise: a replay should start where its own code started.
    """

    def __init__(self, database: Database, every: int = EVERY) -> None:
        self._database = database
        self._every = every
        self._seen: set[str] = set()
        self._busy: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._tasks = TaskSet("snapshots")

    def committed(self, changes: Changes) -> None:
        """Listener of `Floors`: begins a snapshot where one is due."""
        floor = changes.after
        due = changes.own and floor.version // self._every > changes.before.version // self._every
        # A floor whose snapshot is still being written is one of many steps: the next one that is due will do.
        if (due or floor.id not in self._seen) and floor.id not in self._busy:
            self._seen.add(floor.id)
            self._busy.add(floor.id)
            task = self._tasks.spawn(floor.id, self._keep(floor))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def written(self) -> None:
        """Return when every snapshot that was begun is there, or was left out."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """Stop; what was not written yet is left out."""
        await self._tasks.close()

    async def _keep(self, floor: Floor) -> None:
        try:
            if not await self._is_kept(floor):
                await self._write(floor)
        except IntegrityError:
            log.debug("another node keeps this snapshot", floor=floor.id)
        except Exception:
            log.exception("a snapshot was left out", floor=floor.id, version=floor.version)
        finally:
            self._busy.discard(floor.id)

    async def _is_kept(self, floor: Floor) -> bool:
        columns = select(FloorSnapshotRow.version, FloorSnapshotRow.made_by)
        newest = columns.where(FloorSnapshotRow.floor == floor.id).order_by(FloorSnapshotRow.version.desc()).limit(1)
        async with self._database.read() as session:
            found = (await session.execute(newest)).first()
        due = floor.version - floor.version % self._every
        return found is not None and found.made_by == __version__ and found.version >= due

    async def _write(self, floor: Floor) -> None:
        # 10,000 agents take 50 ms, in pieces so small that the loop goes on in between.
        data = await asyncio.to_thread(pack, floor, self._database.info.get(BOX))
        async with self._database.write() as session:
            await keep(session, floor, await last_event(session, floor), data)
