"""One floor's writer on this node: takes the events that wait, steps the floor with them in one transaction.

It decides nothing; `routing.step` does. Order: lock, read what other nodes wrote, read the database's clock, step each
event, write everything, commit, and only then let anybody know. When the answer to a commit was lost, the journal tells
whether it happened: then what the steps said is acted on now, else the same events are stepped again. A batch that
cannot be committed though the database is there is halved, at once and in its order, until the guilty event stands
alone: it is refused, the others go through. What other nodes commit is read when they, or the look that every node
takes once a second, say that there is something.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from routing.commands import Answered, CloseMedia, Command, CutMedia, KeepLastFrame, KeepPicture, TakePicture
from routing.deadlines import next_deadline
from routing.events import Event, Tick
from routing.state import Call, Floor
from routing.step import step
from signaling import store
from signaling.batches import Batch, Stepped, save
from vouch.clock import SECOND
from vouch.database import Database, is_gone
from vouch.ids import new_id
from vouch.logs import logger

log = logger(__name__)

_LARGEST_BATCH = 64
_LONGEST_QUEUE = 4096
_RETRY_S = 0.25
_OTHERS_FIRST_S = 0.2
"""How long a deadline that another node wrote is left to that node: only one needs to step it."""
_EFFECTS = (KeepPicture, TakePicture, KeepLastFrame, CutMedia, CloseMedia)


@dataclass(frozen=True, slots=True)
class Changes:
    """What one step, or the steps of one transaction together, did to a floor."""

    before: Floor
    after: Floor
    commands: tuple[Command, ...]
    """Empty where other nodes made the changes: they act on them."""
    calls: frozenset[str]
    """Calls that were touched."""
    forgotten: tuple[Call, ...]
    """Calls that have left the floor, as they were last."""
    agents: frozenset[str] = frozenset()
    """Agents who were touched."""
    own: bool = True
    """Whether this node made the changes."""

    def call(self, call: str) -> Call:
        """A touched call as it was left: on the floor, or when it left it."""
        return self.after.calls.get(call) or next(each for each in self.forgotten if each.id == call)


class Records(Protocol):
    """Who writes evidence and results of a floor's changes within the floor's own transaction."""

    async def write(self, session: AsyncSession, steps: Sequence[Changes]) -> None:
        """Write rows for what these steps, in their order, did to the calls."""
        ...


class FloorClosedError(Exception):
    """This node is stopping: the event is not committed here. Another node, or the next start, finds out by itself."""


class EventRefusedError(Exception):
    """No transaction with this event can be committed, by a fault of ours that the writer has logged."""


class _BrokenTransactionError(Exception):
    """Nothing was committed, and the database is not to blame; the cause is why."""


@dataclass(slots=True)
class _Item:
    event: Event
    id: str
    request: str | None
    committed: asyncio.Future[None]
    fresh: bool
    """Whether its id was drawn here for it, so that the journal cannot have it yet."""


@dataclass(slots=True)
class _Batch:
    """The growing result of the steps of one transaction."""

    before: Floor
    floor: Floor = field(init=False)
    steps: list[Changes] = field(default_factory=list)
    stepped: list[Stepped] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    repeated: list[Answered] = field(default_factory=list)
    """First answers of presses that were answered before."""

    def __post_init__(self) -> None:
        self.floor = self.before

    def take(self, event: Event, event_id: str, now: int) -> None:
        """Step the floor once."""
        result = step(self.floor, event, now)
        did = (result.commands, result.touched_calls, result.forgotten, result.touched_agents)
        self.steps.append(Changes(self.floor, result.floor, *did))
        self.floor = result.floor
        self.agents.update(result.touched_agents)
        self.stepped.append(Stepped(event_id, event, result.floor.version))

    def whole(self) -> Changes:
        """All steps as one change."""
        commands = (*(command for each in self.steps for command in each.commands), *self.repeated)
        calls = frozenset[str]().union(*(each.calls for each in self.steps))
        forgotten = tuple(call for each in self.steps for call in each.forgotten)
        return Changes(self.before, self.floor, commands, calls, forgotten, frozenset(self.agents))


class FloorWriter:
    """The bounded queue and the one task of a floor on this node.

    `after` is called with each committed change, in order, from the writer's own task; it must not block.
    """

    def __init__(self, floor: str, database: Database, records: Records, after: Callable[[Changes], None]) -> None:
        self.floor_id = floor
        self._database = database
        self._records = records
        self._after = after
        self._queue: asyncio.Queue[_Item | None] = asyncio.Queue(_LONGEST_QUEUE)  # None: look what others did
        self._looking = False
        self._cached: Floor | None = None
        self._told: Floor | None = None
        self._attempted: _Batch | None = None
        self._deadline: float | None = None
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def floor(self) -> Floor | None:
        """The floor as of the last commit that this node knows of; None before the first."""
        return self._told

    async def submit(self, event: Event, *, event_id: str | None = None, request: str | None = None) -> None:
        """Queue an event and return when it is committed.

        `request` is its press's key, if it is a press; then it is the event's id too. Whoever cancels this withdraws
        the event, unless its transaction is under way. FloorClosedError where the node stopped before the commit,
        EventRefusedError where the event cannot be committed.
        """
        if self._closed:
            raise FloorClosedError
        fresh = event_id is None and request is None
        committed = asyncio.get_running_loop().create_future()
        item = _Item(event, event_id or request or new_id(), request, committed, fresh)
        self._waiting.add(item.committed)
        try:
            await self._queue.put(item)
            await item.committed
        finally:
            self._waiting.discard(item.committed)

    def look(self, version: int) -> None:
        """Another node is said to have brought the floor to `version`: have it read, unless this node has."""
        known = self._told is not None and self._told.version >= version
        # A full queue means a transaction soon, which reads it too.
        if not known and not self._looking and not self._queue.full():
            self._looking = True
            self._queue.put_nowait(None)

    async def run(self) -> None:
        """Work until cancelled; whoever waits then is told with FloorClosedError."""
        try:
            await self._retrying([])
            while True:
                batch = await self._next_batch()
                if batch is None:
                    await self._look()
                else:
                    await self._retrying(batch)
        finally:
            self._closed = True
            while not self._queue.empty():  # lets in who waits for room, to be told too
                self._queue.get_nowait()
            for committed in self._waiting:
                if not committed.done():
                    committed.set_exception(FloorClosedError())

    async def _next_batch(self) -> list[_Item] | None:
        """Every event that waits; empty when the earliest deadline came first, None when there is only news."""
        try:
            async with asyncio.timeout(self._seconds_to_deadline()):
                taken = [await self._queue.get()]
        except TimeoutError:
            return []
        while len(taken) < _LARGEST_BATCH and not self._queue.empty():
            taken.append(self._queue.get_nowait())
        if None in taken:
            self._looking = False
        return [item for item in taken if item is not None] or None

    def _seconds_to_deadline(self) -> float | None:
        if self._deadline is None:
            return None
        # The loop's clock measures the time left, the database's clock decides what is due.
        return max(0.0, self._deadline - asyncio.get_running_loop().time())

    async def _retrying(self, items: Sequence[_Item]) -> None:
        """Commit these events in their order, however often the database is away; refuse those that cannot be."""
        parts = [items]
        while parts:
            part = parts.pop()
            try:
                await self._persist(part)
            except _BrokenTransactionError as broken:
                if part is items:
                    self._cached = None  # should it be at fault: the floor is read anew, once for the batch
                parts.extend(await self._halves(part, broken))

    async def _persist(self, items: Sequence[_Item]) -> None:
        """Commit, again and again while the database is away; _BrokenTransactionError where nothing was, or can be."""
        while True:
            # One that was withdrawn meanwhile is let go; if it was committed after all, that is found out first.
            items = [item for item in items if not item.committed.cancelled()]
            unsettled = self._attempted
            try:
                changes = await self._commit(items)
            except Exception as error:
                gone = is_gone(error)
                # Whether an earlier commit happened comes first: what it did must not be refused.
                if not gone and (unsettled is None or self._attempted is not unsettled):
                    self._attempted = None
                    raise _BrokenTransactionError from error
                self._cached = None
                what = {"floor": self.floor_id, "error": type(error).__name__}
                log.warning("floor transaction failed; trying again", **what, exc_info=not gone)
                await asyncio.sleep(_RETRY_S)
            else:
                self._after(changes)
                for item in items:
                    if not item.committed.done():
                        item.committed.set_result(None)
                return

    async def _halves(self, items: Sequence[_Item], broken: Exception) -> list[Sequence[_Item]]:
        """The parts of a batch that broke its transaction, the first one last; a single event is refused."""
        if len(items) > 1:
            middle = len(items) // 2
            return [items[middle:], items[:middle]]
        about = {"floor": self.floor_id, "calls": _calls(items), "step": [type(item.event).__name__ for item in items]}
        log.error("floor transaction failed by our fault", **about, exc_info=broken.__cause__)
        for item in items:
            if not item.committed.done():
                item.committed.set_exception(EventRefusedError())
                item.committed.exception()  # read once: whoever has given up does not read it
        if not items:
            await asyncio.sleep(_RETRY_S)  # no event is guilty: the deadline that is due would be tried again at once
        return []

    async def _commit(self, items: Sequence[_Item]) -> Changes:
        try:
            return await self._transaction(items, repeats=False)
        except IntegrityError:
            if all(item.fresh for item in items):
                raise
            # The journal refused an event that it has: now ask it which.
            return await self._transaction(items, repeats=True)

    async def _transaction(self, items: Sequence[_Item], *, repeats: bool) -> Changes:
        async with self._database.write() as session:
            before, clock = await store.lock(session, self.floor_id, self._cached)
            self._cached = before
            now = max(self._database.told(clock), before.now)
            batch = await self._committed_before(session, before)
            if batch is None:
                batch = _Batch(before)
                if repeats:
                    items = await self._without_repeats(session, batch, items)
                self._step_all(batch, items, now)
                await self._write(session, batch.whole(), batch, now)
                self._attempted = batch
        self._attempted = None
        self._tell(before)
        self._cached = self._told = batch.floor
        self._arm(batch.floor, now)
        return batch.whole()

    async def _committed_before(self, session: AsyncSession, floor: Floor) -> "_Batch | None":
        """The last batch, if its commit happened though its answer was lost; now it is acted on."""
        attempted = self._attempted
        if attempted is not None and attempted.stepped:
            seen, _ = await store.repeated(session, [attempted.stepped[0].id], [])
            if seen:
                return replace(attempted, before=floor)
        self._attempted = None
        return None

    async def _without_repeats(self, session: AsyncSession, batch: "_Batch", items: Sequence[_Item]) -> Sequence[_Item]:
        """What is new; the first answers of presses that were answered before are noted."""
        ids = [item.id for item in items if not item.fresh]
        known, first = await store.repeated(session, ids, [item.request for item in items if item.request])
        batch.repeated = list(first.values())
        return [item for item in items if item.id not in known and item.request not in first]

    def _step_all(self, batch: "_Batch", items: Sequence[_Item], now: int) -> None:
        seen: set[str] = set()
        for item in items:
            if item.id not in seen:
                seen.add(item.id)
                batch.take(item.event, item.id, now)
        due = next_deadline(batch.floor)
        if due is not None and due <= now:
            batch.take(Tick(), new_id(), now)

    async def _write(self, session: AsyncSession, changes: Changes, batch: "_Batch", now: int) -> None:
        if not batch.stepped:
            return
        own = [command for each in batch.steps for command in each.commands]
        rows = Batch(
            changes.before,
            changes.after,
            agents=sorted(batch.agents),
            calls=[changes.call(call) for call in sorted(changes.calls)],
            stepped=batch.stepped,
            answered=[each for each in own if isinstance(each, Answered)],
            effects=[each for each in own if isinstance(each, _EFFECTS)],
        )
        await save(session, rows, now)
        await self._records.write(session, batch.steps)

    async def _look(self) -> None:
        """Read what other nodes committed."""
        try:
            async with self._database.read() as session:
                floor, clock = await store.look(session, self.floor_id, self._cached)
        except Exception as error:
            # Nothing is lost: every node looks again within a second.
            self._cached = None
            log.warning("floor could not be read", floor=self.floor_id, exc_info=not is_gone(error))
            return
        self._cached = floor
        self._arm(floor, self._database.told(clock), later_s=_OTHERS_FIRST_S)
        self._tell(floor)

    def _tell(self, floor: Floor) -> None:
        """Let those who listen know of what other nodes changed up to now."""
        told, self._told = self._told, floor
        if told is not None and told.version != floor.version:
            self._after(by_others(told, floor))

    def _arm(self, floor: Floor, now: int, later_s: float = 0.0) -> None:
        due = next_deadline(floor)
        loop = asyncio.get_running_loop()
        self._deadline = None if due is None else loop.time() + (due - now) / SECOND + later_s


def by_others(before: Floor, after: Floor) -> Changes:
    """What other nodes did to a floor, read off its data."""
    calls = {id_ for id_, call in after.calls.items() if before.calls.get(id_) is not call}
    agents = {id_ for id_, agent in after.agents.items() if before.agents.get(id_) is not agent}
    forgotten = tuple(call for id_, call in before.calls.items() if id_ not in after.calls)
    return Changes(
        before,
        after,
        (),
        frozenset(calls | {call.id for call in forgotten}),
        forgotten,
        frozenset(agents | {id_ for id_ in before.agents if id_ not in after.agents}),
        own=False,
    )


def _calls(items: Sequence[_Item]) -> list[str]:
    """The calls that events speak of, for the log."""
    return sorted({str(call) for item in items if (call := getattr(item.event, "call", None))})
