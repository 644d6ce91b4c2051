"""What a batch of steps came to, as rows: all of it written at once, in the transaction that holds the floor's lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from routing.commands import Answered, Effect
from routing.deadlines import next_deadline
from routing.events import Event
from routing.state import LIVE, Call, Floor
from signaling import codec
from signaling.models import EffectRow, FloorAgentRow, FloorCallRow, JournalRow, PressRow
from signaling.seed_seal import BOX, closed
from signaling.sql import COLUMNS, INSERT, SAVE, WRITE, parameter
from signaling.store import LEASE, dialect, effect_id
from vouch.database import Base
from vouch.sealing import Box

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stepped:
    """An event that was stepped, for the journal."""

    id: str
    event: Event
    version: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The steps of one transaction."""

    before: Floor
    after: Floor
    agents: Sequence[str]
    """Agents who were touched."""
    calls: Sequence[Call]
    """Calls that were touched, as they stand, or as they were when they left the floor."""
    stepped: Sequence[Stepped]
    answered: Sequence[Answered]
    """First answers to presses."""
    effects: Sequence[Effect]
    """What is to be done; leased to this node, which does it after the commit."""


async def save(session: AsyncSession, batch: Batch, now: int) -> None:
    """Write a batch: in one statement where the database can.

    An event that the journal has already is refused (IntegrityError), and the transaction with it.
    """
    floor, data = batch.after, codec.FloorData.of(batch.after)
    box = session.info.get(BOX)
    row: Row = {
        "floor": floor.id,
        "version": floor.version,
        "now": floor.now,
        "next_deadline": next_deadline(floor),
        "data": codec.dump(closed(data, box)) if data != codec.FloorData.of(batch.before) else None,
    }
    tables: dict[type[Base], list[Row]] = {
        FloorAgentRow: _agents(batch),
        FloorCallRow: [_call(floor, call) for call in batch.calls],
        JournalRow: [_journal(floor.id, each, now, box) for each in batch.stepped],
        PressRow: [_press(each, now) for each in batch.answered],
        EffectRow: [_effect(floor, place, each, now) for place, each in enumerate(batch.effects)],
    }
    if dialect(session) == "postgresql":
        arrays = {
            parameter(table, name): [each[name] for each in rows]
            for table, rows in tables.items()
            for name in COLUMNS[table]
        }
        await session.execute(SAVE, row | arrays)
        return
    await session.execute(WRITE, row)
    for table, rows in tables.items():
        if rows:
            await session.execute(INSERT[table], rows)


def _agents(batch: Batch) -> list[Row]:
    floor = batch.after
    return [
        {
            "floor": floor.id,
            "agent": agent,
            "version": floor.version,
            "present": agent in floor.agents,
            "data": codec.dump(kept),
        }
        for agent in batch.agents
        # One who came and went within the transaction leaves no trace.
        if (kept := floor.agents.get(agent) or batch.before.agents.get(agent)) is not None
    ]


def _call(floor: Floor, call: Call) -> Row:
    return {
        "id": call.id,
        "floor": floor.id,
        "verification": call.verification,
        "version": floor.version,
        "present": call.id in floor.calls,
        "live": call.phase in LIVE,
        "data": codec.dump(call),
    }


def _journal(floor: str, stepped: Stepped, now: int, box: Box | None) -> Row:
    return {
        "event_id": stepped.id,
        "floor": floor,
        "version": stepped.version,
        "at": now,
        "type": type(stepped.event).__name__,
        "data": codec.dump(closed(stepped.event, box)),
    }


def _press(answered: Answered, now: int) -> Row:
    return {"request": answered.request, "code": answered.code, "detail": answered.detail, "at": now}


def _effect(floor: Floor, place: int, effect: Effect, now: int) -> Row:
    return {
        "id": effect_id(effect),
        "floor": floor.id,
        "call": effect.call,
        "position": floor.version * 1000 + place,
        "type": type(effect).__name__,
        "data": codec.dump(effect),
        "lease_until": now + LEASE,
    }
