"""The floors that this node works on: a writer each, found by team, call or verification.

Events go in by `post` and `press`; committed changes come out to those who listen, other nodes' too, once `look` or a
push has brought them here.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from routing.commands import Answered
from routing.events import Event, Tick
from routing.state import Call, Floor, Seed
from signaling import store
from signaling.codec import load_call
from signaling.models import FloorCallRow
from signaling.rules import Team
from signaling.writer import Changes, FloorWriter, Records
from vouch.clock import Clock
from vouch.database import Database, is_gone
from vouch.logs import logger
from vouch.statements import table_of
from vouch.tasks import TaskSet

log = logger(__name__)
Listener = Callable[[Changes], None]

_ANSWER_S = 10.0
_CALL = table_of(FloorCallRow)
_THIS = select(_CALL.c.floor, _CALL.c.verification, _CALL.c.data).where(_CALL.c.id == bindparam("call"))
_LATEST = (
    select(_CALL.c.floor, _CALL.c.id, _CALL.c.live)
    .where(_CALL.c.verification == bindparam("verification"))
    .order_by(_CALL.c.live.desc(), _CALL.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class FoundCall:
    """Where a call is."""

    floor: str
    call: str
    live: bool


class Floors:
    """Every floor of the installation, each with its writer once somebody needs it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        records: Records,
        team: Callable[[str], Team],
        draw_seed: Callable[[], Seed],
    ) -> None:
        self._database = database
        self._clock = clock
        self._records = records
        self._team = team
        self._draw_seed = draw_seed
        self._writers: dict[str, FloorWriter] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._opened: set[str] = set()
        self._of_call: dict[str, str] = {}
        self._asked: dict[str, asyncio.Future[Answered]] = {}
        self._unanswered: set[str] = set()
        self._listeners: list[Listener] = []
        self._tasks = TaskSet("floors")

    def listen(self, listener: Listener) -> None:
        """Have `listener` called with every committed change; it must not block."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Take up every floor that the database has: their deadlines run whether anybody is connected or not."""
        await self.look()

    async def look(self) -> None:
        """Take up what other nodes did: their commits and the floors that they opened; one query."""
        async with self._database.read() as session:
            versions = await store.versions(session)
        for floor, version in versions.items():
            if floor in self._writers:
                self._writers[floor].look(version)
            else:
                await self.writer(floor)

    def pushed(self, floor: str, version: int) -> None:
        """Another node says that it brought a floor to this version."""
        if floor in self._writers:
            self._writers[floor].look(version)

    async def close(self) -> None:
        """Stop the writers; what was not committed is lost, as if the process had died."""
        await self._tasks.close()

    def all(self) -> list[Floor]:
        """Every floor as this node last saw it."""
        return [floor for writer in self._writers.values() if (floor := writer.floor) is not None]

    def get(self, floor: str) -> Floor | None:
        """One floor as this node last saw it."""
        writer = self._writers.get(floor)
        return writer.floor if writer else None

    async def writer(self, floor: str) -> FloorWriter:
        """The writer of a team's floor; the floor begins to exist with the first question for it."""
        if floor in self._opened:
            return self._writers[floor]
        async with self._opening.setdefault(floor, asyncio.Lock()):
            if floor not in self._writers:
                async with self._database.write() as session:
                    await store.ensure(session, floor, self._team(floor), self._draw_seed(), self._clock.now())
                writer = FloorWriter(floor, self._database, self._records, self._committed)
                self._writers[floor] = writer
                self._tasks.spawn(floor, writer.run())
                # Returns when the floor has been read.
                await writer.submit(Tick())
            self._opened.add(floor)
        return self._writers[floor]

    async def of_call(self, call: str) -> str | None:
        """The floor of a call, live or not; None for a call that never was."""
        if call not in self._of_call:
            row = await self._row(call)
            if row is None:
                return None
            self._of_call[call] = row.floor
        return self._of_call[call]

    async def last_known(self, call: str) -> Call | None:
        """A call as its floor knows it, or last knew it."""
        row = await self._row(call)
        return None if row is None else load_call(row.data)

    async def verification_of(self, call: str) -> str:
        """The verification of a call that some floor has had."""
        floor = self._of_call.get(call)
        if floor is not None and (known := self.call(floor, call)) is not None:
            return known.verification
        row = await self._row(call)
        if row is None:
            raise LookupError("no floor has had this call")
        verification: str = row.verification
        return verification

    async def latest_call(self, verification: str, within: AsyncSession | None = None) -> FoundCall | None:
        """A verification's live call, else its last one, forgotten by its floor or not: a page that was away when its
        call ended is shown how. Asked in the caller's transaction where he has one.
        """
        async with nullcontext(within) if within is not None else self._database.read() as session:
            row = (await session.execute(_LATEST, {"verification": verification})).one_or_none()
        return None if row is None else FoundCall(row.floor, row.id, row.live)

    async def _row(self, call: str) -> Row[*tuple[Any, ...]] | None:
        async with self._database.read() as session:
            return (await session.execute(_THIS, {"call": call})).one_or_none()

    def call(self, floor: str, call: str) -> Call | None:
        """A call as this node last saw it."""
        known = self.get(floor)
        return None if known is None else known.calls.get(call)

    def call_of_agent(self, floor: str, agent: str) -> Call | None:
        """The call that an agent holds or wraps up; not one that only rings."""
        known = self.get(floor)
        if known is None or agent not in known.agents:
            return None
        held = known.index.serving.get(agent)
        wrap_up = known.agents[agent].wrap_up
        chosen = held or (wrap_up.call if wrap_up else None)
        call = known.calls.get(chosen) if chosen else None
        return call if call is not None and call.agent == agent else None

    async def post(self, floor: str, event: Event, *, event_id: str | None = None) -> None:
        """Feed an event and return when it is committed."""
        await (await self.writer(floor)).submit(event, event_id=event_id)

    async def press(self, floor: str, event: Event, request: str) -> Answered:
        """Feed a press and return its answer: the first one, however often it is repeated.

        `request` must be the event's own. Raises TimeoutError where no answer came within 10 s, as while the database
        is away.
        """
        with self.expected(request) as answered:
            async with asyncio.timeout(_ANSWER_S):
                await (await self.writer(floor)).submit(event, request=request)
                self._unanswered.add(request)
                return await asyncio.shield(answered)

    @contextmanager
    def expected(self, request: str) -> Iterator[asyncio.Future[Answered]]:
        """The answer to a request, from whichever step it comes while this lasts."""
        asked = self._asked.setdefault(request, asyncio.get_running_loop().create_future())
        try:
            yield asked
        finally:
            self._asked.pop(request, None)
            self._unanswered.discard(request)

    def _committed(self, changes: Changes) -> None:
        for call in changes.calls:
            self._of_call[call] = changes.after.id
        for gone in changes.forgotten:
            self._of_call.pop(gone.id, None)
        self._settle(command for command in changes.commands if isinstance(command, Answered))
        if self._unanswered and not changes.own:
            # A verdict is answered by the step that ends it, which another node may have made.
            self._tasks.spawn("answers", self._find_answers())
        for listener in self._listeners:
            try:
                listener(changes)
            except Exception:
                log.exception("a change could not be passed on", floor=changes.after.id)

    def _settle(self, answers: Iterable[Answered]) -> None:
        for answer in answers:
            if (asked := self._asked.get(answer.request)) and not asked.done():
                asked.set_result(answer)

    async def _find_answers(self) -> None:
        try:
            async with self._database.read() as session:
                _, found = await store.repeated(session, [], list(self._unanswered))
        except Exception as error:
            # Who waits is told to send the press again, and gets the answer then.
            log.warning("answers could not be read", exc_info=not is_gone(error))
        else:
            self._settle(found.values())
