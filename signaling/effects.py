"""Performs effects: rows that a floor's transaction left to be done, at least once, by whichever node gets to them.

An effect is leased for a while, performed, answered with the completed event, and only then marked as done: a node
that dies in between leaves it to the next. Whoever performs is idempotent by the effect's id, and an event about an
old decision changes nothing. Effects of one call go in their order, those of different calls side by side.
"""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update

from ekyc.evidence import CallFrame, Evidence
from ekyc.models import PictureKind
from media.errors import MediaRefused
from media.plane import KeptFrame, MediaPlane
from routing.commands import CloseMedia, Effect, KeepLastFrame, KeepPicture, TakePicture
from routing.events import EvidenceFailed, EvidenceStored, PictureRefused
from routing.state import Frame, Verdict
from signaling import codec
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.models import EffectRow
from signaling.writer import Changes
from vouch.accounts.service import Accounts
from vouch.clock import SECOND, Clock
from vouch.database import Database
from vouch.ids import call_number
from vouch.logs import call_context, logger
from vouch.tasks import TaskSet

log = logger(__name__)

_LEASE = 10 * SECOND
_AT_ONCE = 32
_LOOK_EVERY_S = 1.0
_FRAME_CODES = frozenset({"frame_too_old", "frame_unknown"})


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    floor: str
    effect: Effect


class Effects:
    """One node's performer."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        floors: Floors,
        plane: MediaPlane,
        evidence: Evidence,
        accounts: Accounts,
        hub: Hub,
    ) -> None:
        self._database = database
        self._clock = clock
        self._floors = floors
        self._plane = plane
        self._evidence = evidence
        self._accounts = accounts
        self._hub = hub
        self._woken = asyncio.Event()
        self._tasks = TaskSet("effects")
        floors.listen(self._wake)

    def start(self) -> None:
        """Begin to perform what is due."""
        self._tasks.spawn("loop", self._run())

    async def close(self) -> None:
        """Stop; what was begun is done again by the next node, or by this one when it starts again."""
        await self._tasks.close()

    def _wake(self, changes: Changes) -> None:
        if any(isinstance(command, Effect) for command in changes.commands):
            self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                due = await self._claim()
            except Exception:
                log.exception("effects could not be claimed; trying again")
                due = []
            by_call: dict[str, list[_Due]] = defaultdict(list)
            for each in due:
                by_call[each.effect.call].append(each)
            for call, its in by_call.items():
                self._tasks.spawn(f"call {call}", self._perform_all(call, its))
            if len(due) < _AT_ONCE:
                await self._sleep()

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(_LOOK_EVERY_S):
                await self._woken.wait()
        except TimeoutError:
            pass

    async def _claim(self) -> list[_Due]:
        """Lease what is due; rows that another node is claiming just now are passed over."""
        async with self._database.read() as session:
            waiting = select(EffectRow.id).where(
                EffectRow.done_at.is_(None), EffectRow.lease_until <= self._clock.now()
            )
            if (await session.execute(waiting.limit(1))).first() is None:
                return []
        async with self._database.write() as session:
            now = await self._database.now(session)
            open_rows = select(EffectRow).where(EffectRow.done_at.is_(None), EffectRow.lease_until <= now)
            chosen = open_rows.order_by(EffectRow.position).limit(_AT_ONCE).with_for_update(skip_locked=True)
            rows = (await session.scalars(chosen)).all()
            for row in rows:
                row.lease_until = now + _LEASE
            return [_Due(row.id, row.floor, codec.load(codec.EFFECTS[row.type], row.data)) for row in rows]

    async def _perform_all(self, call: str, due: Sequence[_Due]) -> None:
        with call_context(call):
            for each in due:
                await self._perform(each)
                async with self._database.write() as session:
                    done = update(EffectRow).where(EffectRow.id == each.id).values(done_at=self._clock.now())
                    await session.execute(done)

    async def _perform(self, due: _Due) -> None:
        match due.effect:
            case KeepPicture():
                await self._keep_picture(due.floor, due.effect)
            case TakePicture():
                await self._take_picture(due.effect)
            case KeepLastFrame():
                await self._keep_last_frame(due.effect)
            case CloseMedia():
                await self._close_media(due.effect)

    async def _keep_picture(self, floor: str, effect: KeepPicture) -> None:
        try:
            kept = await self._verdict_picture(effect)
        except MediaRefused as refused:
            log.warning("verdict's picture refused", code=refused.code)
            if refused.code in _FRAME_CODES:
                await self._floors.post(floor, PictureRefused(effect.call, effect.decision, refused.code))
                return
            kept = False
        done = EvidenceStored if kept else EvidenceFailed
        await self._floors.post(floor, done(effect.call, effect.decision))

    async def _verdict_picture(self, effect: KeepPicture) -> bool:
        """Whether the verdict's picture is durable now."""
        if effect.late:
            # After the end nothing new can be seen: the verdict stands on the last frame that was presented.
            return any(each.kind == PictureKind.LAST_FRAME for each in await self._evidence.kept(effect.call))
        if effect.worker is None:
            return False
        live = effect.verdict is Verdict.CONFIRMED
        frame = await self._frame(effect.worker, effect.call, effect.frame, live=live)
        await self._keep(effect.call, effect.agent, PictureKind.SNAPSHOT, effect.decision, frame)
        return True

    async def _take_picture(self, effect: TakePicture) -> None:
        if effect.worker is None:
            return
        try:
            frame = await self._frame(effect.worker, effect.call, effect.frame, live=False)
        except MediaRefused as refused:
            log.warning("further picture refused", code=refused.code)
            return
        await self._keep(effect.call, effect.agent, PictureKind.EXTRA, effect.number, frame)

    async def _keep_last_frame(self, effect: KeepLastFrame) -> None:
        if effect.worker is None:
            return
        try:
            # The floor knows only the first frame presented; the worker knows the last one it sent.
            frame = await self._plane.nearest_frame(effect.worker, effect.call, live=False)
        except MediaRefused as refused:
            log.warning("last frame refused", code=refused.code)
            return
        await self._keep(effect.call, None, PictureKind.LAST_FRAME, 0, frame)

    async def _close_media(self, effect: CloseMedia) -> None:
        try:
            await self._plane.close_call(effect.worker, effect.call)
        except MediaRefused as refused:
            log.info("media was gone before it was closed", code=refused.code)

    async def _frame(self, worker: str, call: str, name: Frame | None, *, live: bool) -> KeptFrame:
        if name is None or name.rtp_timestamp is None:
            return await self._plane.nearest_frame(worker, call, live=live)
        return await self._plane.frame(worker, call, name.media, name.rtp_timestamp, live=live)

    async def _keep(self, call: str, agent: str | None, kind: PictureKind, number: int, frame: KeptFrame) -> None:
        account = await self._accounts.get(agent) if agent else None
        await self._evidence.keep(
            CallFrame(
                call=call,
                verification=await self._floors.verification_of(call),
                number=call_number(call),
                decision=number,
                kind=kind,
                jpeg=frame.jpeg,
                width=frame.width,
                height=frame.height,
                arrived_at=frame.arrived_at,
                exact=frame.exact,
                agent_name=account.full_name if account else "",
                agent_jpeg=frame.agent_jpeg,
                agent_arrived_at=frame.agent_arrived_at,
            )
        )
        self._hub.call_changed(call)
