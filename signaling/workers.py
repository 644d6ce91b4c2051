"""The media workers of the whole installation: announced in the database, dialled by every node, mourned when dead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from media import clock
from media.plane import MediaPlane, WorkerState, worker_id
from routing.events import WorkerLost
from routing.state import LIVE, Floor
from signaling.floors import Floors
from signaling.models import WorkerRow
from signaling.roll import Entry, Roll
from vouch.clock import SECOND
from vouch.logs import logger
from vouch.statements import put, table_of

log = logger(__name__)

_HEARD = 2_000_000
"""A worker that spoke within this time, four pauses between its signs of life, is renewed."""
_FORGOTTEN = 60 * SECOND
"""After this time the row of a dead worker is removed, unless nodes were told of it."""
_COLUMNS = ("node", "address", "boot", "calls", "capacity", "renewed_at")
_KNOWN = ("name", "node", "address", "boot", "renewed_at")
_WORKER = table_of(WorkerRow)
_ALL = select(*(_WORKER.c[name] for name in _KNOWN))
_FORGET = delete(_WORKER).where(_WORKER.c.node != "", _WORKER.c.renewed_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class KnownWorker:
    """A worker's row."""

    name: str
    node: str
    address: str
    boot: str
    renewed_at: int


class Workers:
    """What this node knows of the workers; `told` are those that run by themselves, addresses by name."""

    def __init__(self, node: str, told: Mapping[str, str], plane: MediaPlane, floors: Floors) -> None:
        self._node = node
        self._told = told
        self._plane = plane
        self._floors = floors
        self._roll = Roll()

    def choose(self) -> str | None:
        """Id of the worker that a call without one would get; None if none lives or has room."""
        return self._plane.choose(among=self._roll.living())

    def any(self) -> bool:
        """Whether any worker of the installation lives, connected to this node or not."""
        return bool(self._roll.living())

    def lives(self, worker: str) -> bool:
        """Whether a worker of this id lives, connected to this node or not."""
        return worker in self._roll.living()

    def out_of_reach(self, worker: str | None) -> bool:
        """Whether a worker lives that this node is not connected to: others may be."""
        return worker is not None and worker in self._roll.living() and not self._plane.reaches(worker)

    async def renew(self, session: AsyncSession, now: int) -> Sequence[KnownWorker]:
        """Write what this node hears, in the heartbeat's transaction: its own workers and others'; gives all rows."""
        known = {row.name: row for row in [KnownWorker(*row) for row in await session.execute(_ALL)]}
        for row in known.values():
            self._roll.remember(Entry(row.name, row.boot, row.renewed_at))
        rows = [*self._heard(known, now), *self._new(known)]
        await put(session, WorkerRow, rows, ("name",), _COLUMNS)
        known |= {row["name"]: KnownWorker(*(row[name] for name in _KNOWN)) for row in rows}
        forgotten = now - _FORGOTTEN
        if any(row.node and row.renewed_at < forgotten for row in known.values()):
            await session.execute(_FORGET, {"before": forgotten})
        return [row for row in known.values() if not row.node or row.renewed_at >= forgotten]

    def _heard(self, known: Mapping[str, KnownWorker], now: int) -> list[dict[str, Any]]:
        """Rows of the workers that spoke lately."""
        spoken = clock.now() - _HEARD
        own = {state.name for state in self._plane.own()}
        heard = [state for state in self._plane.workers() if state.alive and state.heard_at >= spoken]
        # In the order of their names, as every node does: two that wrote them crosswise would wait for each other.
        return [self._row(state, known, own, now) for state in heard]

    def _new(self, known: Mapping[str, KnownWorker]) -> list[dict[str, Any]]:
        """Rows of the workers that this node was told of and that have none, or are elsewhere now."""
        return [
            {"name": name, "node": "", "address": address, "boot": "", "calls": 0, "capacity": 0, "renewed_at": 0}
            for name, address in sorted(self._told.items())
            if name not in known or known[name].address != address
        ]

    def _row(self, state: WorkerState, known: Mapping[str, KnownWorker], own: set[str], now: int) -> dict[str, Any]:
        row = known.get(state.name)
        return {
            "name": state.name,
            "node": self._node if state.name in own else row.node if row else "",
            "address": state.address,
            "boot": state.boot,
            "calls": state.calls,
            "capacity": state.capacity,
            "renewed_at": now,
        }

    async def read(self, rows: Sequence[KnownWorker], now: int, *, steady: bool) -> None:
        """Take in all rows, and dial whoever is in them."""
        self._roll.read([Entry(row.name, row.boot, row.renewed_at) for row in rows], now, steady=steady)
        await self._plane.dial({row.name: row.address for row in rows})

    async def mourn(self, floors: Sequence[Floor]) -> None:
        """Tell floors whose calls are in dead workers.

        Where each goes on is chosen when its first page offers anew: all at once in one place might be too many.
        """
        for floor in floors:
            for worker in sorted(_workers(floor)):
                age = self._roll.dead_for(worker)
                if age is not None:
                    log.warning("calls are in a media worker that is dead", worker=worker, floor=floor.id)
                    await self._floors.post(floor.id, WorkerLost(worker, None, age))

    async def leave(self, floors: Sequence[Floor]) -> None:
        """This node's own workers are about to end."""
        own = {state.id for state in self._plane.own()}
        for floor in floors:
            for worker in sorted(_workers(floor) & own):
                await self._floors.post(floor.id, WorkerLost(worker, None, 0))

    async def lost(self, name: str, boot: str, age: int) -> None:
        """A process of this node has ended: told at once, before its row is old."""
        worker = worker_id(name, boot)
        for floor in self._floors.all():
            if worker in _workers(floor):
                await self._floors.post(floor.id, WorkerLost(worker, None, age))


def _workers(floor: Floor) -> set[str]:
    return {call.worker for call in floor.calls.values() if call.worker is not None and call.phase in LIVE}
