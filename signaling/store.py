"""A floor in the database: read under its lock, written with what a batch of steps changed.

Every function runs inside the caller's transaction. Nothing here steps a floor or decides anything.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from routing import index
from routing.commands import Answered, CloseMedia, Effect, KeepLastFrame, KeepPicture
from routing.deadlines import next_deadline
from routing.events import Event
from routing.state import LIVE, Agent, Call, Floor, Seed
from signaling import codec
from signaling.catch_up import News, catch_up
from signaling.models import EffectRow, FloorAgentRow, FloorCallRow, FloorRow, JournalRow, PressRow
from signaling.rules import Team
from signaling.snapshot_rows import keep
from signaling.sql import LOCK, NEWER, REPEATED, WHOLE, WRITE, WRITE_WITH_DATA
from vouch.clock import SECOND, SystemClock
from vouch.database import Base
from vouch.statements import insert_rows, put_rows

LEASE = 2 * SECOND
"""How long an effect is one node's unless it renews that."""


@dataclass(frozen=True, slots=True)
class Stepped:
    """An event that was stepped, for the journal."""

    id: str
    event: Event
    version: int


_FRESH = insert_rows(FloorRow, ("id", "version", "now", "next_deadline", "data"), "ON CONFLICT DO NOTHING RETURNING id")


async def ensure(session: AsyncSession, floor: str, team: Team, seed: Seed, now: int) -> None:
    """Make the floor's row, and its first snapshot, if there is none yet; several nodes may do so at once."""
    fresh = codec.FloorData(team.rules, seed, frozenset(), (), team.hours)
    row = {"id": floor, "version": 0, "now": now, "next_deadline": None, "data": codec.dump(fresh)}
    if (await session.execute(_FRESH, row)).first() is not None:
        await keep(session, index.build(floor, team.rules, seed, now=now, hours=team.hours), journal=0)


async def versions(session: AsyncSession) -> dict[str, int]:
    """The version of every floor."""
    return {row.id: row.version for row in await session.execute(select(FloorRow.id, FloorRow.version))}


async def lock(session: AsyncSession, floor: str, cached: Floor | None) -> Floor:
    """Lock the floor for this transaction and give it as it stands, reading only the rows that are newer than `cached`.

    On SQLite the transaction itself is the lock.
    """
    row = (await session.execute(LOCK[_dialect(session)], {"floor": floor})).one()
    if cached is not None and cached.version == row.version:
        return cached if cached.now >= row.now else replace(cached, now=row.now)
    if cached is not None and cached.version > row.version:
        cached = None  # the database is an older copy
    newer = await session.execute(NEWER, _since(floor, cached))
    return catch_up(cached, _news(floor, row.version, row.now, row.data, newer.all()))


async def look(session: AsyncSession, floor: str, cached: Floor | None) -> tuple[Floor, int]:
    """The floor as it stands, without a lock, and the database's clock.

    All of one version, because it is one statement.
    """
    found = (await session.execute(WHOLE[_dialect(session)], _since(floor, cached))).all()
    itself = next(row for row in found if row.kind == "floor")
    now = itself.clock or SystemClock().now()
    if cached is not None and cached.version == itself.version:
        return cached, now
    if cached is not None and cached.version > itself.version:
        return await look(session, floor, None)
    return catch_up(cached, _news(floor, itself.version, itself.now, itself.data, found)), now


def _since(floor: str, cached: Floor | None) -> dict[str, object]:
    return {"floor": floor, "known": -1 if cached is None else cached.version}


def _dialect(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


def _news(floor: str, version: int, now: int, data: str, rows: Iterable[Any]) -> News:
    agents: dict[str, Agent | None] = {}
    calls: dict[str, Call] = {}
    gone: dict[str, Call] = {}
    for row in rows:
        if row.kind == "agent":
            agents[row.id] = codec.load_agent(row.data) if row.present else None
        elif row.kind == "call":
            (calls if row.present else gone)[row.id] = codec.load_call(row.data)
    return News(floor, version, now, codec.load(codec.FloorData, data), agents, calls, gone)


async def save(
    session: AsyncSession, before: Floor, floor: Floor, agents: Iterable[str], calls: Iterable[Call]
) -> None:
    """Write the floor's row and those of the agents and calls that changed since `before`.

    `calls` are as they stand, or as they were when they left the floor.
    """
    row: dict[str, object] = {"floor": floor.id, "version": floor.version, "now": floor.now}
    row["next_deadline"] = next_deadline(floor)
    data = codec.FloorData.of(floor)
    if data != codec.FloorData.of(before):
        await session.execute(WRITE_WITH_DATA, row | {"data": codec.dump(data)})
    else:
        await session.execute(WRITE, row)
    await _save_agents(session, before, floor, sorted(agents))
    await _save_calls(session, floor, calls)


async def _save_agents(session: AsyncSession, before: Floor, floor: Floor, agents: Sequence[str]) -> None:
    rows = [
        {
            "floor": floor.id,
            "agent": agent,
            "version": floor.version,
            "present": agent in floor.agents,
            "data": codec.dump(kept),
        }
        for agent in agents
        # One who came and went within the transaction leaves no trace.
        if (kept := floor.agents.get(agent) or before.agents.get(agent)) is not None
    ]
    await put(session, FloorAgentRow, rows, ("floor", "agent"), ("version", "present", "data"))


async def _save_calls(session: AsyncSession, floor: Floor, calls: Iterable[Call]) -> None:
    rows = [
        {
            "id": call.id,
            "floor": floor.id,
            "verification": call.verification,
            "version": floor.version,
            "present": call.id in floor.calls,
            "live": call.phase in LIVE,
            "data": codec.dump(call),
        }
        for call in calls
    ]
    await put(session, FloorCallRow, rows, ("id",), ("version", "present", "live", "data"))


async def put(
    session: AsyncSession,
    table: type[Base],
    rows: Sequence[dict[str, object]],
    key: Sequence[str],
    changed: Sequence[str],
) -> None:
    """Insert rows, or change those that are there."""
    if rows:
        await session.execute(put_rows(table, tuple(rows[0]), tuple(key), tuple(changed)), rows)


async def repeated(
    session: AsyncSession, ids: Sequence[str], requests: Sequence[str]
) -> tuple[set[str], dict[str, Answered]]:
    """Which of these event ids the journal has already, and the answers that these presses have got already."""
    if not ids and not requests:
        return set(), {}
    dialect, asked = _dialect(session), {"ids": list(ids), "requests": list(requests)}
    if dialect == "sqlite":
        found = await session.execute(REPEATED[dialect], {name: json.dumps(each) for name, each in asked.items()})
    else:
        found = await session.execute(REPEATED[dialect], asked)
    seen: set[str] = set()
    answers: dict[str, Answered] = {}
    for id_, code, detail in found:
        if code is None:
            seen.add(id_)
        else:
            answers[id_] = Answered(id_, code, detail)
    return seen, answers


async def journal(session: AsyncSession, floor: str, now: int, stepped: Sequence[Stepped]) -> None:
    """Write the events in their order."""
    rows = [
        {
            "event_id": each.id,
            "floor": floor,
            "version": each.version,
            "at": now,
            "type": type(each.event).__name__,
            "data": codec.dump(each.event),
        }
        for each in stepped
    ]
    if rows:
        await session.execute(insert_rows(JournalRow, tuple(rows[0])), rows)


async def settle(session: AsyncSession, answered: Sequence[Answered], now: int) -> None:
    """Keep the first answers to presses."""
    rows = [{"request": each.request, "code": each.code, "detail": each.detail, "at": now} for each in answered]
    if rows:
        # A socket's token may be refused twice, once for each call that was over when its page came to it.
        await session.execute(insert_rows(PressRow, tuple(rows[0]), "ON CONFLICT DO NOTHING"), rows)


async def add_effects(session: AsyncSession, floor: Floor, effects: Sequence[Effect], now: int) -> None:
    """Write effects as rows that are leased to this node, which performs them after the commit."""
    rows = [
        {
            "id": effect_id(effect),
            "floor": floor.id,
            "call": effect.call,
            "position": floor.version * 1000 + place,
            "type": type(effect).__name__,
            "data": codec.dump(effect),
            "lease_until": now + LEASE,
            "done_at": None,
        }
        for place, effect in enumerate(effects)
    ]
    if rows:
        await session.execute(insert_rows(EffectRow, tuple(rows[0])), rows)


def effect_id(effect: Effect) -> str:
    """The id by which whoever performs the effect is idempotent."""
    match effect:
        case KeepPicture():
            return f"{effect.call}:picture:{effect.decision}"
        case KeepLastFrame():
            return f"{effect.call}:last_frame:0"
        case CloseMedia():
            return f"{effect.call}:close:{effect.worker}"
        case _:
            return f"{effect.call}:extra:{effect.number}"
