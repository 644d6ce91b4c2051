"""This node's heartbeat, and what is done about processes that have stopped theirs.

Once a second, in one transaction, a node renews its own row and those of the media workers that it hears, and reads
all rows. Then it compares them with its floors: whoever holds sockets or calls there and is dead is told to be lost,
with the age of his last renewal, so that the calls' 15 seconds count from when he was last alive. This looks at how
things stand and not at what has happened, so nothing can be missed; and since floors name processes by their boot
numbers, several nodes may tell the same death.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from routing.events import NodeLost
from routing.state import Floor
from signaling.floors import Floors
from signaling.models import NodeRow
from signaling.roll import DEAD, Entry, Roll, Steadiness, identity
from signaling.workers import Workers
from vouch.database import Database, is_gone
from vouch.ids import new_id
from vouch.logs import logger
from vouch.statements import put, table_of
from vouch.tasks import TaskSet, woken

log = logger(__name__)

_RENEW_S = 1.0
_AGAIN_S = 0.25
_LEAVING_S = 2.0
_NODE = table_of(NodeRow)
_RENEW = (
    update(_NODE)
    # Of the next boot number it is where the answer to the commit that wrote it was lost.
    .where(_NODE.c.name == bindparam("own"), _NODE.c.boot.in_(bindparam("boots", expanding=True)))
    .values(
        boot=case((_NODE.c.mourned, bindparam("next")), else_=_NODE.c.boot),
        mourned=False,
        renewed_at=bindparam("now"),
    )
    .returning(_NODE.c.boot)
)
_ALL = select(_NODE.c.name, _NODE.c.boot, _NODE.c.renewed_at)


class Nodes:
    """The rows of all nodes, seen from this one.

    `on_mourned` is called when this node was taken for dead, before it goes on under a new boot number: the sockets
    that it holds are lost to the floors. `on_replaced` is called when another process has started under its name: it
    must stop. `follow` is told the database's time once a second.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        follow: Callable[[int], None],
        floors: Floors,
        workers: Workers,
        on_mourned: Callable[[], None],
        on_replaced: Callable[[], None],
    ) -> None:
        self.name = name
        self._boot, self._next_boot = new_id(), new_id()
        self._database = database
        self._follow = follow
        self._floors = floors
        self._workers = workers
        self._on_mourned, self._on_replaced = on_mourned, on_replaced
        self._roll = Roll()
        self._steadiness = Steadiness()
        self._announced = False
        self._woken = asyncio.Event()
        self._tasks = TaskSet("nodes")
        self._mourning = TaskSet("mourning")

    @property
    def identity(self) -> str:
        """By what floors name this process as the holder of a socket."""
        return identity(self.name, self._boot)

    def living(self) -> frozenset[str]:
        """The names of the nodes that live, this one always."""
        return self._roll.names() | {self.name}

    async def tell_time(self) -> None:
        """Ask for the database's time, before anything else is done with it."""
        async with self._database.read() as session:
            self._follow(await self._database.now(session))

    async def start(self) -> None:
        """Announce this node; if it ran before, the floors are told at once that all it held is lost."""
        await self._announce()
        self._announced = True
        await self.beat()
        self._tasks.spawn("heartbeat", self._run())

    def soon(self) -> None:
        """Have the next heartbeat now: a worker has come up, which others may use once its row is there."""
        self._woken.set()

    async def leave(self) -> None:
        """Say that this node stops, before it does: its calls go on elsewhere at once, by no fault of theirs."""
        await self._tasks.close()
        await self._mourning.close()
        if not self._announced:
            return
        try:
            async with asyncio.timeout(_LEAVING_S):
                for floor in self._floors.all():
                    if self.identity in _holders(floor):
                        await self._floors.post(floor.id, NodeLost(self.identity, 0))
                await self._workers.leave(self._floors.all())
                async with self._database.write() as session:
                    mine = (NodeRow.name == self.name, NodeRow.boot == self._boot)
                    await session.execute(delete(NodeRow).where(*mine))
        except Exception as error:
            log.warning("the other nodes could not be told of the end", exc_info=not is_gone(error))

    async def beat(self) -> None:
        """Renew, read all rows, and mourn the dead beside."""
        # The floors first: whoever they name had announced himself by then, so that his row is among those read.
        floors = self._floors.all()
        async with self._database.write() as session:
            now = await self._database.now(session)
            self._follow(now)
            boot = await self._renew(session, now)
            workers = await self._workers.renew(session, now)
            entries = [Entry(*row) for row in await session.execute(_ALL)]
        if boot is None:
            self._on_replaced()
            return
        if boot != self._boot:
            self._begin_anew()
        steady = self._steadiness.renewed()
        self._roll.read(entries, now, steady=steady)
        await self._workers.read(workers, now, steady=steady)
        if not len(self._mourning):
            self._mourning.spawn("mourn", self._mourn_all(floors))

    async def _announce(self) -> None:
        async with self._database.write() as session:
            now = await self._database.now(session)
            row = await session.get(NodeRow, self.name, with_for_update=True)
            if row is not None:
                self._roll.remember(Entry(row.name, row.boot, row.renewed_at))
            own = {"boot": self._boot, "started_at": now, "renewed_at": now, "mourned": False}
            await put(session, NodeRow, [{"name": self.name, **own}], ("name",), tuple(own))

    async def _renew(self, session: AsyncSession, now: int) -> str | None:
        """Renew this node's row and give its boot number; None where another process has taken the name."""
        own = {"own": self.name, "boots": [self._boot, self._next_boot], "next": self._next_boot, "now": now}
        boot: str | None = (await session.execute(_RENEW, own)).scalar_one_or_none()
        if boot is None:
            log.error("another process has started under this node's name", node=self.name)
        return boot

    def _begin_anew(self) -> None:
        log.warning("this node was taken for dead; it begins anew", node=self.name)
        self._boot, self._next_boot = self._next_boot, new_id()
        self._on_mourned()

    async def _run(self) -> None:
        while True:
            await woken(self._woken, _RENEW_S)
            try:
                await self.beat()
            except Exception as error:
                log.warning("heartbeat failed", exc_info=not is_gone(error))
                await asyncio.sleep(_AGAIN_S)

    async def _mourn_all(self, floors: Sequence[Floor]) -> None:
        try:
            for process in sorted({holder for floor in floors for holder in _holders(floor)} - {self.identity}):
                age = self._roll.dead_for(process)
                if age is not None and await self._is_dead(process):
                    await self._mourn(process, floors)
            await self._workers.mourn(floors)
        except Exception as error:
            log.warning("the dead could not be mourned; trying again", exc_info=not is_gone(error))

    async def _is_dead(self, process: str) -> bool:
        """Whether he has not renewed since; marked, so that he notices it if he is alive after all."""
        entry = self._roll.entry(process)
        if entry is None:
            return True
        unchanged = (NodeRow.name == entry.name, NodeRow.boot == entry.boot, NodeRow.renewed_at == entry.renewed_at)
        async with self._database.write() as session:
            marked = await session.execute(
                update(NodeRow).where(*unchanged).values(mourned=True).returning(NodeRow.name)
            )
            return marked.first() is not None

    async def _mourn(self, process: str, floors: Iterable[Floor]) -> None:
        log.warning("a node is dead", node=process)
        for floor in floors:
            if process in _holders(floor):
                age = self._roll.dead_for(process)
                await self._floors.post(floor.id, NodeLost(process, DEAD if age is None else age))


def _holders(floor: Floor) -> set[str]:
    """Who holds the sockets that the floor believes to be connected."""
    callers = (call.customer_leg for call in floor.calls.values())
    return {each.node for each in (*callers, *floor.agents.values()) if each.socket_up and each.node is not None}
