"""A floor in the database, read under its lock or without; `batches.py` writes what steps changed.

Every function runs inside the caller's transaction. Nothing here steps a floor or decides anything.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from routing import index
from routing.commands import Answered, CloseMedia, CutMedia, Effect, KeepLastFrame, KeepPicture
from routing.state import Agent, Call, Floor, Seed
from signaling import codec
from signaling.catch_up import News, catch_up
from signaling.models import FloorRow
from signaling.rules import Team
from signaling.seed_seal import BOX, closed, opened
from signaling.snapshot_rows import keep
from signaling.sql import LOCK, REPEATED, WHOLE
from vouch.clock import SECOND
from vouch.sealing import Box
from vouch.statements import insert_rows

LEASE = 2 * SECOND
"""How long an effect is one node's unless it renews that."""


_FRESH = insert_rows(FloorRow, ("id", "version", "now", "next_deadline", "data"), "ON CONFLICT DO NOTHING RETURNING id")


async def ensure(session: AsyncSession, floor: str, team: Team, seed: Seed, now: int) -> None:
    """Make the floor's row, and its first snapshot, if there is none yet; several nodes may do so at once."""
    fresh = codec.FloorData(team.rules, seed, frozenset(), (), team.hours)
    row = {
        "id": floor,
        "version": 0,
        "now": now,
        "next_deadline": None,
        "data": codec.dump(closed(fresh, session.info.get(BOX))),
    }
    if (await session.execute(_FRESH, row)).first() is not None:
        await keep(session, index.build(floor, team.rules, seed, now=now, hours=team.hours), journal=0)


async def versions(session: AsyncSession) -> dict[str, int]:
    """The version of every floor."""
    return {row.id: row.version for row in await session.execute(select(FloorRow.id, FloorRow.version))}


async def lock(session: AsyncSession, floor: str, cached: Floor | None) -> tuple[Floor, int]:
    """Lock the floor for this transaction and give it as it stands, with the database's clock (`Database.told`).

    Reads only the rows that are newer than `cached`. On SQLite the transaction itself is the lock.
    """
    row = (await session.execute(LOCK[dialect(session)], {"floor": floor})).one()
    if cached is not None and cached.version == row.version:
        return (cached if cached.now >= row.now else replace(cached, now=row.now)), row.clock
    return (await look(session, floor, cached))[0], row.clock


async def look(session: AsyncSession, floor: str, cached: Floor | None) -> tuple[Floor, int]:
    """The floor as it stands, without a lock, and the database's clock (`Database.told`).

    All of one version, because it is one statement.
    """
    found = (await session.execute(WHOLE[dialect(session)], _since(floor, cached))).all()
    itself = next(row for row in found if row.kind == "floor")
    if cached is not None and cached.version == itself.version:
        return cached, itself.clock
    if cached is not None and cached.version > itself.version:
        return await look(session, floor, None)  # the database is an older copy
    return catch_up(
        cached, _news(floor, itself.version, itself.now, itself.data, found, session.info.get(BOX))
    ), itself.clock


def _since(floor: str, cached: Floor | None) -> dict[str, object]:
    return {"floor": floor, "known": -1 if cached is None else cached.version}


def dialect(session: AsyncSession) -> str:
    """`sqlite` or `postgresql`."""
    return session.get_bind().dialect.name


def _news(floor: str, version: int, now: int, data: str, rows: Iterable[Any], box: Box | None) -> News:
    agents: dict[str, Agent | None] = {}
    calls: dict[str, Call] = {}
    gone: dict[str, Call] = {}
    for row in rows:
        if row.kind == "agent":
            agents[row.id] = codec.load_agent(row.data) if row.present else None
        elif row.kind == "call":
            (calls if row.present else gone)[row.id] = codec.load_call(row.data)
    return News(floor, version, now, opened(codec.load(codec.FloorData, data), box), agents, calls, gone)


async def repeated(
    session: AsyncSession, ids: Sequence[str], requests: Sequence[str]
) -> tuple[set[str], dict[str, Answered]]:
    """Which of these event ids the journal has already, and the answers that these presses have got already."""
    if not ids and not requests:
        return set(), {}
    asked = {"ids": list(ids), "requests": list(requests)}
    kind = dialect(session)
    lists = {name: json.dumps(each) for name, each in asked.items()} if kind == "sqlite" else asked
    found = await session.execute(REPEATED[kind], lists)
    seen: set[str] = set()
    answers: dict[str, Answered] = {}
    for id_, code, detail in found:
        if code is None:
            seen.add(id_)
        else:
            answers[id_] = Answered(id_, code, detail)
    return seen, answers


def effect_id(effect: Effect) -> str:
    """The id by which whoever performs the effect is idempotent."""
    match effect:
        case KeepPicture():
            return f"{effect.call}:picture:{effect.decision}"
        case KeepLastFrame():
            return f"{effect.call}:last_frame:0"
        case CutMedia():
            return f"{effect.call}:cut:{effect.customer}:{effect.agent}:{effect.worker}"
        case CloseMedia():
            return f"{effect.call}:close:{effect.worker}"
        case _:
            return f"{effect.call}:extra:{effect.number}"
