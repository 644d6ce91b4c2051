"""This node's heartbeat, and what is done about nodes that have stopped theirs.

A node's row is renewed every second. One that is 3 s old, or that begins again under a new boot number, is dead: the
sockets and workers that its floors name are told to be lost, with the age of its last renewal, so that the calls' 15
seconds count from when it was last alive.
"""

import asyncio
from collections.abc import Iterable

from sqlalchemy import select

from routing.events import NodeLost, WorkerLost
from signaling.floors import Floors
from signaling.models import NodeRow
from vouch.clock import SECOND
from vouch.database import Database
from vouch.ids import new_id
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

_RENEW_S = 1.0
_DEAD = 3 * SECOND


class Nodes:
    """The rows of all nodes, seen from this one."""

    def __init__(self, name: str, database: Database, floors: Floors) -> None:
        self.name = name
        self._boot = new_id()
        self._database = database
        self._floors = floors
        self._mourned: set[tuple[str, str]] = set()
        self._tasks = TaskSet("nodes")

    async def start(self, workers: Iterable[str]) -> None:
        """Announce this node; if it ran before, tell the floors that all it held is lost.

        `workers` are the names of its media workers, which begin anew with it.
        """
        async with self._database.write() as session:
            now = await self._database.now(session)
            row = await session.get(NodeRow, self.name, with_for_update=True)
            age = None if row is None else max(0, now - row.renewed_at)
            if row is None:
                session.add(NodeRow(name=self.name, boot=self._boot, started_at=now, renewed_at=now))
            else:
                row.boot, row.started_at, row.renewed_at = self._boot, now, now
        if age is not None:
            await self._mourn(self.name, list(workers), age)
        self._tasks.spawn("heartbeat", self._run())

    async def close(self) -> None:
        """Stop renewing."""
        await self._tasks.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._renew()
            except Exception:
                log.warning("heartbeat failed", exc_info=True)
            await asyncio.sleep(_RENEW_S)

    async def _renew(self) -> None:
        async with self._database.write() as session:
            now = await self._database.now(session)
            own = await session.get(NodeRow, self.name)
            if own is not None:
                own.renewed_at = now
            stale = select(NodeRow).where(NodeRow.renewed_at < now - _DEAD, NodeRow.name != self.name)
            dead = [(row.name, row.boot, now - row.renewed_at) for row in (await session.scalars(stale)).all()]
        for name, boot, age in dead:
            if (name, boot) not in self._mourned:
                self._mourned.add((name, boot))
                log.warning("a node is dead", node=name)
                await self._mourn(name, [], age)

    async def _mourn(self, node: str, workers: list[str], age: int) -> None:
        """Tell every floor; the event's id names the death, so that several nodes may tell it."""
        for floor in self._floors.all():
            await self._floors.post(floor.id, NodeLost(node, age))
            theirs = {
                call.worker for call in floor.calls.values() if call.worker and call.worker.startswith(f"{node}-w")
            }
            for worker in sorted({*workers, *theirs}):
                replacement = worker if worker in workers else None
                await self._floors.post(floor.id, WorkerLost(worker, replacement, age))
