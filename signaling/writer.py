"""One floor's writer on this node: takes the events that wait, steps the floor with them in one transaction.

It decides nothing; `routing.step` does. Order: lock, read what other nodes wrote, read the database's clock, step each
event, write everything, commit, and only then let anybody know. The cached floor is replaced after the commit and
dropped on any error. An event whose commit was lost is tried again under the same id, which the journal refuses twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from routing.commands import Answered, CloseMedia, Command, KeepLastFrame, KeepPicture, TakePicture
from routing.deadlines import next_deadline
from routing.events import Event, Tick
from routing.state import Call, Floor
from routing.step import step
from signaling import store
from vouch.clock import SECOND
from vouch.database import Database
from vouch.ids import new_id
from vouch.logs import logger

log = logger(__name__)

_LARGEST_BATCH = 64
_LONGEST_QUEUE = 4096
_RETRY_S = 0.25
_EFFECTS = (KeepPicture, TakePicture, KeepLastFrame, CloseMedia)


@dataclass(frozen=True, slots=True)
class Changes:
    """What one step, or the steps of one transaction together, did to a floor."""

    before: Floor
    after: Floor
    commands: tuple[Command, ...]
    calls: frozenset[str]
    """Calls that were touched."""
    forgotten: tuple[Call, ...]
    """Calls that have left the floor, as they were last."""

    def call(self, call: str) -> Call:
        """A touched call as it was left: on the floor, or when it left it."""
        return self.after.calls.get(call) or next(each for each in self.forgotten if each.id == call)


class Records(Protocol):
    """Who writes evidence and results of a floor's changes within the floor's own transaction."""

    async def write(self, session: AsyncSession, changes: Changes) -> None:
        """Write rows for what one step did to the calls."""
        ...


class FloorClosedError(Exception):
    """This node is stopping: the event is not committed here. Another node, or the next start, finds out by itself."""


@dataclass(slots=True)
class _Item:
    event: Event
    id: str
    request: str | None
    committed: asyncio.Future[None]


@dataclass(slots=True)
class _Batch:
    """The growing result of the steps of one transaction."""

    floor: Floor
    steps: list[Changes] = field(default_factory=list)
    stepped: list[store.Stepped] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def take(self, event: Event, event_id: str, now: int) -> None:
        """Step the floor once."""
        result = step(self.floor, event, now)
        self.steps.append(Changes(self.floor, result.floor, result.commands, result.touched_calls, result.forgotten))
        self.floor = result.floor
        self.agents.update(result.touched_agents)
        self.stepped.append(store.Stepped(event_id, event, result.floor.version))

    def whole(self, before: Floor, repeated: Sequence[Answered]) -> Changes:
        """All steps as one change."""
        commands = (*(command for each in self.steps for command in each.commands), *repeated)
        calls = frozenset[str]().union(*(each.calls for each in self.steps))
        forgotten = tuple(call for each in self.steps for call in each.forgotten)
        return Changes(before, self.floor, commands, calls, forgotten)


class FloorWriter:
    """The bounded queue and the one task of a floor on this node.

    `after` is called with each committed change, in order, from the writer's own task; it must not block.
    """

    def __init__(self, floor: str, database: Database, records: Records, after: Callable[[Changes], None]) -> None:
        self.floor_id = floor
        self._database = database
        self._records = records
        self._after = after
        self._queue: asyncio.Queue[_Item] = asyncio.Queue(_LONGEST_QUEUE)
        self._cached: Floor | None = None
        self._deadline: float | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def floor(self) -> Floor | None:
        """The floor as of the last commit that this node saw; None before the first."""
        return self._cached

    async def submit(self, event: Event, *, event_id: str | None = None, request: str | None = None) -> None:
        """Queue an event and return when it is committed.

        `request` is its press's key, if it is a press; then it is the event's id too. FloorClosedError where the node
        stopped before the commit.
        """
        if self._closed:
            raise FloorClosedError
        item = _Item(event, event_id or request or new_id(), request, asyncio.get_running_loop().create_future())
        self._waiting.add(item.committed)
        try:
            await self._queue.put(item)
            await item.committed
        finally:
            self._waiting.discard(item.committed)

    def post(self, event: Event, *, event_id: str | None = None) -> None:
        """Queue an event and do not wait; QueueFull where the floor cannot keep up."""
        item = _Item(event, event_id or new_id(), None, asyncio.get_running_loop().create_future())
        self._queue.put_nowait(item)

    async def run(self) -> None:
        """Work until cancelled; whoever waits then is told with FloorClosedError."""
        try:
            await self._retrying([])
            while True:
                await self._retrying(await self._next_batch())
        finally:
            self._closed = True
            while not self._queue.empty():  # lets in who waits for room, to be told too
                self._queue.get_nowait()
            for committed in self._waiting:
                if not committed.done():
                    committed.set_exception(FloorClosedError())

    async def _next_batch(self) -> list[_Item]:
        """Everything that waits; empty when the earliest deadline came first."""
        try:
            async with asyncio.timeout(self._seconds_to_deadline()):
                batch = [await self._queue.get()]
        except TimeoutError:
            return []
        while len(batch) < _LARGEST_BATCH and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch

    def _seconds_to_deadline(self) -> float | None:
        if self._deadline is None:
            return None
        # The loop's clock measures the time left, the database's clock decides what is due.
        return max(0.0, self._deadline - asyncio.get_running_loop().time())

    async def _retrying(self, items: Sequence[_Item]) -> None:
        while True:
            try:
                changes = await self._commit(items)
            except (OperationalError, InterfaceError, OSError):
                # The commit may have happened: the same ids again are harmless.
                log.exception("floor transaction failed; trying again", floor=self.floor_id, calls=_calls(items))
                self._cached = None
                await asyncio.sleep(_RETRY_S)
            except Exception as error:
                log.exception("floor transaction failed by our fault", floor=self.floor_id, calls=_calls(items))
                self._cached = None
                await self._blame(items, error)
                return
            else:
                self._after(changes)
                for item in items:
                    if not item.committed.done():
                        item.committed.set_result(None)
                return

    async def _blame(self, items: Sequence[_Item], error: Exception) -> None:
        """One event broke the transaction: step the others without it."""
        if len(items) > 1:
            for item in items:
                await self._retrying([item])
            return
        for item in items:
            item.committed.set_exception(error)
            item.committed.exception()  # read once: whoever only posted does not wait for it
        await asyncio.sleep(_RETRY_S)

    async def _commit(self, items: Sequence[_Item]) -> Changes:
        async with self._database.write() as session:
            before = await store.lock(session, self.floor_id, self._cached)
            now = max(await self._database.now(session), before.now)
            batch = _Batch(before)
            repeated = await self._step_all(session, batch, items, now)
            changes = batch.whole(before, repeated)
            await self._write(session, changes, batch, now)
        self._cached = batch.floor
        self._arm(batch.floor, now)
        return changes

    async def _step_all(self, session: AsyncSession, batch: _Batch, items: Sequence[_Item], now: int) -> list[Answered]:
        """Step what is new; give the first answers of presses that were answered before."""
        known = await store.seen(session, [item.id for item in items]) if items else set()
        first = await store.answers(session, [item.request for item in items if item.request])
        for item in items:
            if item.id in known or item.request in first:
                continue
            known.add(item.id)
            batch.take(item.event, item.id, now)
        due = next_deadline(batch.floor)
        if due is not None and due <= now:
            batch.take(Tick(), new_id(), now)
        return list(first.values())

    async def _write(self, session: AsyncSession, changes: Changes, batch: _Batch, now: int) -> None:
        if not batch.stepped:
            return
        touched = [changes.call(call) for call in sorted(changes.calls)]
        await store.save(session, changes.before, changes.after, batch.agents, touched)
        await store.journal(session, self.floor_id, now, batch.stepped)
        own = [command for each in batch.steps for command in each.commands]
        await store.settle(session, [each for each in own if isinstance(each, Answered)], now)
        await store.add_effects(session, changes.after, [each for each in own if isinstance(each, _EFFECTS)])
        for each in batch.steps:
            await self._records.write(session, each)

    def _arm(self, floor: Floor, now: int) -> None:
        due = next_deadline(floor)
        loop = asyncio.get_running_loop()
        self._deadline = None if due is None else loop.time() + (due - now) / SECOND


def _calls(items: Sequence[_Item]) -> list[str]:
    """The calls that events speak of, for the log."""
    return sorted({str(call) for item in items if (call := getattr(item.event, "call", None))})
