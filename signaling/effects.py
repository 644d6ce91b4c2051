"""Performs effects: rows that a floor's transaction left to be done, at least once.

A row is written as leased to the node that writes it, which begins right after the commit, answers with the completed
event, and only then marks the row as done. A lease lasts 2 s and is renewed while the work lasts: of a node that dies
another one takes over well within the 5 s that a verdict waits for its picture. Whoever performs is idempotent by the
effect's id, and an event about an old decision changes nothing. Effects of one call go in their order, those of
different calls side by side. To cut who has left waits for none of them: the worker is told at once, and again until it
has heard it or is dead.

What is done is marked twice a second, many rows at once. A node that is killed before that leaves done effects, which
another one performs again when their lease has passed.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update

from ekyc.evidence import LAST_FRAME, CallFrame, Evidence
from ekyc.models import Picture, PictureKind
from media.errors import MediaRefused
from media.plane import KeptFrame, MediaPlane
from routing.commands import CloseMedia, CutMedia, Effect, KeepLastFrame, KeepPicture, TakePicture
from routing.events import EvidenceFailed, EvidenceStored, PictureRefused
from routing.state import Frame, Verdict
from signaling import codec, store
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.models import EffectRow
from signaling.workers import Workers
from signaling.writer import Changes
from vouch.accounts.service import Accounts
from vouch.clock import MINUTE, Clock
from vouch.database import Database, is_gone
from vouch.ids import call_number
from vouch.logs import call_context, logger
from vouch.statements import table_of
from vouch.tasks import TaskSet

log = logger(__name__)

_AT_ONCE = 32
_LOOK_EVERY_S = 0.5
"""Well within a lease, which is renewed then."""
_LEAVING_S = 2.0
_CUT_AGAIN_S = 0.25
_FRAME_CODES = frozenset({"frame_too_old", "frame_unknown"})

_EFFECT = table_of(EffectRow)
_OPEN = _EFFECT.c.done_at.is_(None)
_THESE = _EFFECT.c.id.in_(bindparam("ids", expanding=True))
_WAITING = select(_EFFECT.c.id).where(_OPEN, _EFFECT.c.lease_until <= bindparam("now")).limit(1)
_DONE = update(_EFFECT).where(_THESE).values(done_at=bindparam("now"))
_RENEW = update(_EFFECT).where(_THESE, _OPEN).values(lease_until=bindparam("until"))


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
        workers: Workers,
    ) -> None:
        self._database = database
        self._clock = clock
        self._floors = floors
        self._plane = plane
        self._evidence = evidence
        self._accounts = accounts
        self._hub = hub
        self._workers = workers
        self._held: set[str] = set()
        """Ids whose lease is this node's."""
        self._done: set[str] = set()
        """Those of them that are performed and not yet marked."""
        self._waiting: dict[str, deque[_Due]] = {}
        """By call; one task works off each."""
        self._names: dict[str, tuple[str, int]] = {}
        """Agents' names, and until when they are not read again."""
        self._tasks = TaskSet("effects")
        floors.listen(self._committed)

    def start(self) -> None:
        """Begin to perform what other nodes left, or this one before it was started again."""
        self._tasks.every(_LOOK_EVERY_S, "look", self._look, at_once=True)

    async def close(self) -> None:
        """Stop; what was begun is done again by the next node, or by this one when it starts again."""
        await self._tasks.close()
        self._held.intersection_update(self._done)  # the others' leases are not renewed
        try:
            async with asyncio.timeout(_LEAVING_S):
                await self._mark()
        except Exception as error:
            log.warning("what is done could not be marked", exc_info=not is_gone(error))

    def _committed(self, changes: Changes) -> None:
        for command in changes.commands:
            if isinstance(command, Effect):
                self._take(_Due(store.effect_id(command), changes.after.id, command))

    def _take(self, due: _Due) -> None:
        """Put an effect that is leased to this node in its call's line."""
        if due.id in self._held or self._workers.out_of_reach(due.effect.worker):
            return
        self._held.add(due.id)
        call = due.effect.call
        if isinstance(due.effect, CutMedia | CloseMedia):
            self._tasks.spawn(f"cut {call}", self._cut(due, due.effect))
        if isinstance(due.effect, CutMedia):
            return
        line = self._waiting.setdefault(call, deque())
        line.append(due)
        if len(line) == 1:
            self._tasks.spawn(f"call {call}", self._perform_all(call, line))

    async def _look(self) -> None:
        """Mark what is done, and take over what nobody does."""
        await self._mark()
        for due in await self._claim():
            self._take(due)

    async def _mark(self) -> None:
        """Write down what is done, and renew the leases of what is not."""
        done, lasting = sorted(self._done), sorted(self._held - self._done)
        if not done and not lasting:
            return
        async with self._database.write() as session:
            now = await self._database.now(session)
            if done:
                await session.execute(_DONE, {"ids": done, "now": now})
            if lasting:
                await session.execute(_RENEW, {"ids": lasting, "until": now + store.LEASE})
        self._done.difference_update(done)
        self._held.difference_update(done)

    async def _claim(self) -> list[_Due]:
        """Lease what nobody holds and this node can do; rows that another node is claiming just now are passed over."""
        async with self._database.read() as session:
            if (await session.execute(_WAITING, {"now": self._clock.now()})).first() is None:
                return []
        async with self._database.write() as session:
            now = await self._database.now(session)
            open_rows = select(EffectRow).where(EffectRow.done_at.is_(None), EffectRow.lease_until <= now)
            chosen = open_rows.order_by(EffectRow.position).limit(_AT_ONCE).with_for_update(skip_locked=True)
            due = []
            for row in (await session.scalars(chosen)).all():
                effect = codec.load(codec.EFFECTS[row.type], row.data)
                if not self._workers.out_of_reach(effect.worker):
                    row.lease_until = now + store.LEASE
                    due.append(_Due(row.id, row.floor, effect))
            return due

    async def _perform_all(self, call: str, line: deque[_Due]) -> None:
        """Work off a call's line; what fails by our fault, or for want of the database, is due again soon."""
        with call_context(call):
            while line:
                due = line[0]
                try:
                    await self._perform(due)
                    self._done.add(due.id)
                except Exception as error:
                    log.warning("an effect failed; trying again", effect=due.id, exc_info=not is_gone(error))
                    # The others of its call too, or they would overtake it.
                    self._held.difference_update(each.id for each in line)
                    break
                line.popleft()
            del self._waiting[call]

    async def _cut(self, due: _Due, effect: CutMedia | CloseMedia) -> None:
        """Have the worker cut who has left. Frames are kept there, so what the call's line still does needs no wait."""
        numbers = (effect.customer, effect.agent) if isinstance(effect, CutMedia) else (None, None)
        with call_context(effect.call):
            while due.id in self._held and due.id not in self._done:
                if await self._is_cut(effect, *numbers):
                    break
                if self._workers.out_of_reach(effect.worker) and isinstance(effect, CutMedia):
                    self._held.discard(due.id)  # another node takes it over
                await asyncio.sleep(_CUT_AGAIN_S)
            if not isinstance(effect, CutMedia):
                return
            if due.id in self._held:
                self._done.add(due.id)

    async def _is_cut(self, effect: CutMedia | CloseMedia, customer: int | None, agent: int | None) -> bool:
        """Try once; True too where there is no worker any more that could go on sending."""
        try:
            await self._plane.cut(effect.worker, effect.call, customer, agent)
        except MediaRefused as refused:
            lives = self._workers.lives(effect.worker)
            log.warning("a leg could not be cut", code=refused.code, again=lives)
            return not lives
        except Exception:
            log.exception("a leg could not be cut by our fault")
            return False
        return True

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
        if self._clock.now() > effect.deadline:
            return  # the floor has gone on without it
        kept = None
        try:
            kept = await self._verdict_picture(effect)
        except MediaRefused as refused:
            log.warning("verdict's picture refused", code=refused.code)
            if refused.code in _FRAME_CODES:
                await self._floors.post(floor, PictureRefused(effect.call, effect.decision, refused.code))
                return
        done = EvidenceFailed if kept is None else EvidenceStored
        await self._floors.post(floor, done(effect.call, effect.decision))
        # The verdict does not wait for it. The call's media are closed by a later effect, so it is still there.
        if kept is not None and effect.worker is not None and not effect.late:
            await self._keep_agents_own(effect.worker, effect.call, effect.decision, kept.at)

    async def _verdict_picture(self, effect: KeepPicture) -> Picture | None:
        """The verdict's picture, which is durable now; None where there is none."""
        if effect.late:
            # After the end nothing new can be seen: the verdict stands on the last frame that was presented.
            kept = await self._evidence.kept(effect.call)
            return next((each for each in kept if each.kind == PictureKind.LAST_FRAME), None)
        if effect.worker is None:
            return None
        live = effect.verdict is Verdict.CONFIRMED
        # Live when he pressed: a node that died with the effect in its hands is no fault of his.
        ago = max(0, self._clock.now() - effect.pressed_at)
        frame = await self._frame(effect.worker, effect.call, effect.frame, live=live, ago=ago)
        return await self._keep(effect.call, effect.agent, PictureKind.SNAPSHOT, effect.decision, frame)

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
        kept = await self._keep(effect.call, None, PictureKind.LAST_FRAME, LAST_FRAME, frame)
        await self._keep_agents_own(effect.worker, effect.call, LAST_FRAME, kept.at)

    async def _keep_agents_own(self, worker: str, call: str, number: int, at: int) -> None:
        """Keep the agent's own frame of that moment beside the customer's; where there is none, that is no error."""
        try:
            frame = await self._plane.agents_own(worker, call, at)
        except MediaRefused as refused:
            log.info("the agent's own frame is missing", code=refused.code)
            return
        await self._keep(call, None, PictureKind.AGENT, number, frame)

    async def _close_media(self, effect: CloseMedia) -> None:
        try:
            await self._plane.close_call(effect.worker, effect.call)
        except MediaRefused as refused:
            if self._workers.lives(effect.worker):
                raise  # it does not answer just now: what it holds of the call must not be forgotten
            log.info("media was gone before it was closed", code=refused.code)

    async def _frame(self, worker: str, call: str, name: Frame | None, *, live: bool, ago: int = 0) -> KeptFrame:
        if name is None or name.rtp_timestamp is None:
            return await self._plane.nearest_frame(worker, call, live=live, ago=ago)
        return await self._plane.frame(worker, call, name.media, name.rtp_timestamp, live=live, ago=ago)

    async def _keep(self, call: str, agent: str | None, kind: PictureKind, number: int, frame: KeptFrame) -> Picture:
        kept = await self._evidence.keep(
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
                agent_name=await self._name_of(agent) if agent else "",
            )
        )
        self._hub.call_changed(call)
        return kept

    async def _name_of(self, agent: str) -> str:
        """An agent's name as it was at most a minute ago; empty for one without an account."""
        now = self._clock.now()
        name, until = self._names.get(agent, ("", now))
        if now >= until:
            account = await self._accounts.get(agent)
            name = account.full_name if account else ""
            self._names[agent] = name, now + MINUTE
        return name
