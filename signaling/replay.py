"""The journal stepped again: from a snapshot, event by event, with the very code that stepped it first.

What comes out must be what is stored; where it is not, somebody changed rows by hand, or this version of Vouch steps
otherwise than the one that wrote them. Whoever looks for something in a replay is an `Observer`. Stepping runs in a
thread, a page of the journal at a time.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Protocol

from sqlalchemy import select

from routing.events import Event
from routing.state import Call, Floor
from routing.step import step
from routing.turn import Step, Watch
from signaling import codec
from signaling.models import JournalRow
from signaling.seed_seal import BOX, opened
from signaling.snapshot_rows import Start
from vouch import __version__
from vouch.database import Database
from vouch.sealing import Box

_PAGE = 500
_BREATH = 10
_BREATH_S = 0.001


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal."""

    id: int
    version: int
    at: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """One event, stepped again."""

    entry: Entry
    event: Event
    before: Floor
    step: Step


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replay and what is stored part."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Observer(Protocol):
    """What is looked for in a replay. Called in a thread, never twice at once."""

    @property
    def watch(self) -> Watch | None:
        """Told of every match, before `see` is called with its step."""
        ...

    def see(self, replayed: Replayed) -> bool:
        """Look at a step; False: that was enough."""
        ...


class Nothing:
    """Observer of a replay of which only the end matters."""

    watch: Watch | None = None

    def see(self, _: Replayed) -> bool:
        """Go on."""
        return True


@dataclass(slots=True)
class Run:
    """How far a replay has come."""

    floor: Floor
    box: Box | None = field(default=None, repr=False)
    """What opens the journal's seeds."""
    events: int = 0
    difference: Difference | None = None
    """The first one; the replay ends with it."""
    over: bool = False


class TooLongError(Exception):
    """More events would have to be stepped than were allowed."""


async def replay(
    database: Database,
    start: Start,
    observer: Observer,
    *,
    last: int | None = None,
    until: int | None = None,
    most: int | None = None,
) -> Run:
    """Step what the journal holds after a snapshot, until the observer has enough or a difference is found.

    `last` is the last row to step, `until` the instant before which rows are stepped. `most` is for a node that serves:
    TooLongError beyond so many events, and the thread gives way to the node's own work.
    """
    run = Run(start.floor, box=database.info.get(BOX))
    async for page in _pages(database, start.floor.id, start.journal, last, until):
        if most is not None and run.events + len(page) > most:
            raise TooLongError
        await asyncio.to_thread(_step_all, run, page, observer, gives_way=most is not None)
        if run.over:
            break
    return run


async def _pages(
    database: Database, floor: str, after: int, last: int | None, until: int | None
) -> AsyncIterator[Sequence[Entry]]:
    columns = (JournalRow.id, JournalRow.version, JournalRow.at, JournalRow.type, JournalRow.data)
    rows = select(*columns).where(JournalRow.floor == floor).order_by(JournalRow.id).limit(_PAGE)
    rows = rows if last is None else rows.where(JournalRow.id <= last)
    rows = rows if until is None else rows.where(JournalRow.at < until)
    while True:
        async with database.read() as session:
            page = [Entry(*row) for row in await session.execute(rows.where(JournalRow.id > after))]
        if not page:
            return
        yield page
        after = page[-1].id


def _step_all(run: Run, page: Sequence[Entry], observer: Observer, *, gives_way: bool) -> None:
    for entry in page:
        _step(run, entry, observer)
        if run.over:
            return
        if gives_way and run.events % _BREATH == 0:
            # Without it the interpreter lets the node's loop wait 5 ms each time.
            time.sleep(_BREATH_S)


def _step(run: Run, entry: Entry, observer: Observer) -> None:
    where = f"journal row {entry.id} ({entry.type})"
    try:
        event: Event = opened(codec.load(codec.EVENTS[entry.type], entry.data), run.box)
        stepped = step(run.floor, event, entry.at, observer.watch)
    except Exception as error:  # noqa: BLE001 - a row that somebody changed may lead to any
        run.difference = Difference(where, f"cannot be stepped: {type(error).__name__}")
        run.over = True
        return
    run.events += 1
    if stepped.floor.version == entry.version:
        run.over = not observer.see(Replayed(entry, event, run.floor, stepped))
    else:
        what = f"the floor's version is {entry.version} in the journal, {stepped.floor.version} in the replay"
        run.difference = Difference(where, what)
        run.over = True
    run.floor = stepped.floor


def call_difference(stored: Call, replayed: Call | None) -> Difference | None:
    """What the stored call and the replayed one do not have in common."""
    if replayed is None:
        return Difference(f"call {stored.id}", "it is stored, and the replay has none")
    apart = _apart(stored, replayed)
    return Difference(f"call {stored.id}", apart) if apart else None


def floor_difference(stored: Floor, replayed: Floor) -> Difference | None:
    """What the stored floor and the replayed one do not have in common; the first thing that is found."""
    if stored == replayed:
        return None
    for kind, ours, theirs in (("agent", stored.agents, replayed.agents), ("call", stored.calls, replayed.calls)):
        for id_ in sorted({*ours, *theirs}):
            one, other = ours.get(id_), theirs.get(id_)
            if one is None or other is None:
                return Difference(f"{kind} {id_}", f"only in the {'replay' if one is None else 'stored floor'}")
            if one != other:
                return Difference(f"{kind} {id_}", _apart(one, other))
    return Difference(f"floor {stored.id}", _apart(stored, replayed, but=("agents", "calls")))


def other_code(start: Start) -> str | None:
    """What to think of a difference where the snapshot was made by another version of Vouch; None: by this one."""
    if start.made_by == __version__:
        return None
    return f"The snapshot was made by Vouch {start.made_by}, this is {__version__}: a difference may come from that."


def _apart(stored: Any, replayed: Any, but: Sequence[str] = ()) -> str:
    names = [each.name for each in fields(stored) if each.name not in but]
    pairs = [(name, getattr(stored, name), getattr(replayed, name)) for name in names]
    shown = [f"{name} is stored as {_plain(one)}, replayed as {_plain(two)}" for name, one, two in pairs if one != two]
    return "; ".join(shown)


def _plain(value: Any) -> str:
    # A seed may be secret until its day is over.
    return "another one" if hasattr(value, "value") and hasattr(value, "day") else repr(value)
