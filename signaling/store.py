"""A floor in the database: read under its lock, written with what a batch of steps changed.

Every function runs inside the caller's transaction. Nothing here steps a floor or decides anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from routing import index
from routing.commands import Answered, CloseMedia, Effect, KeepLastFrame, KeepPicture
from routing.deadlines import next_deadline
from routing.events import Event
from routing.state import LIVE, Agent, Call, Floor, Seed, TeamRules
from signaling import codec
from signaling.models import EffectRow, FloorAgentRow, FloorCallRow, FloorRow, JournalRow, PressRow


@dataclass(frozen=True, slots=True)
class Stepped:
    """An event that was stepped, for the journal."""

    id: str
    event: Event
    version: int


async def ensure(session: AsyncSession, floor: str, rules: TeamRules, seed: Seed, now: int) -> None:
    """Make the floor's row if there is none yet."""
    if await session.get(FloorRow, floor) is None:
        fresh = codec.FloorData(rules, seed, frozenset(), ())
        session.add(FloorRow(id=floor, version=0, now=now, next_deadline=None, data=codec.dump(fresh)))


async def lock(session: AsyncSession, floor: str, cached: Floor | None) -> Floor:
    """Lock the floor for this transaction and give it as it stands, reading only the rows that are newer than `cached`.

    On SQLite the transaction itself is the lock.
    """
    row = (await session.execute(select(FloorRow).where(FloorRow.id == floor).with_for_update())).scalar_one()
    if cached is not None and cached.version == row.version:
        return cached
    known = -1 if cached is None else cached.version
    agents = await _agents(session, floor, known, {} if cached is None else dict(cached.agents))
    calls = await _calls(session, floor, known, {} if cached is None else dict(cached.calls))
    data = codec.load(codec.FloorData, row.data)
    return index.build(
        floor,
        data.rules,
        data.seed,
        agents.values(),
        calls.values(),
        version=row.version,
        now=row.now,
        held=data.held,
        hours=data.hours,
        handled=data.handled,
    )


async def _agents(session: AsyncSession, floor: str, known: int, agents: dict[str, Agent]) -> dict[str, Agent]:
    newer = select(FloorAgentRow).where(FloorAgentRow.floor == floor, FloorAgentRow.version > known)
    for row in (await session.scalars(newer)).all():
        agents.pop(row.agent, None)
        if row.present:
            agents[row.agent] = codec.load_agent(row.data)
    return agents


async def _calls(session: AsyncSession, floor: str, known: int, calls: dict[str, Call]) -> dict[str, Call]:
    newer = select(FloorCallRow).where(FloorCallRow.floor == floor, FloorCallRow.version > known)
    if known < 0:
        newer = newer.where(FloorCallRow.present)
    for row in (await session.scalars(newer)).all():
        calls.pop(row.id, None)
        if row.present:
            calls[row.id] = codec.load_call(row.data)
    return calls


async def save(
    session: AsyncSession, before: Floor, floor: Floor, agents: Iterable[str], calls: Iterable[Call]
) -> None:
    """Write the floor's row and those of the agents and calls that changed since `before`.

    `calls` are as they stand, or as they were when they left the floor.
    """
    row: dict[str, object] = {"version": floor.version, "now": floor.now, "next_deadline": next_deadline(floor)}
    data = codec.FloorData.of(floor)
    if data != codec.FloorData.of(before):
        row["data"] = codec.dump(data)
    await session.execute(update(FloorRow).where(FloorRow.id == floor.id).values(**row))
    for agent in sorted(agents):
        await _save_agent(session, before, floor, agent)
    for call in calls:
        await _save_call(session, before, floor, call)


async def _save_agent(session: AsyncSession, before: Floor, floor: Floor, agent: str) -> None:
    kept = floor.agents.get(agent)
    values: dict[str, object] = {"version": floor.version, "present": kept is not None}
    if kept is not None:
        values["data"] = codec.dump(kept)
    if agent in before.agents or not await _insert_agent(session, floor.id, agent, values):
        this = (FloorAgentRow.floor == floor.id, FloorAgentRow.agent == agent)
        await session.execute(update(FloorAgentRow).where(*this).values(**values))


async def _insert_agent(session: AsyncSession, floor: str, agent: str, values: dict[str, object]) -> bool:
    # An agent who was taken off and comes back has a row already.
    if "data" not in values or await session.get(FloorAgentRow, (floor, agent)) is not None:
        return False
    await session.execute(insert(FloorAgentRow).values(floor=floor, agent=agent, **values))
    return True


async def _save_call(session: AsyncSession, before: Floor, floor: Floor, call: Call) -> None:
    values: dict[str, object] = {
        "version": floor.version,
        "present": call.id in floor.calls,
        "live": call.phase in LIVE,
        "data": codec.dump(call),
    }
    if call.id in before.calls:
        await session.execute(update(FloorCallRow).where(FloorCallRow.id == call.id).values(**values))
    else:
        new = {"id": call.id, "floor": floor.id, "verification": call.verification}
        await session.execute(insert(FloorCallRow).values(**new, **values))


async def seen(session: AsyncSession, ids: Sequence[str]) -> set[str]:
    """Which of these event ids the journal has already."""
    found = await session.execute(select(JournalRow.event_id).where(JournalRow.event_id.in_(ids)))
    return set(found.scalars())


async def answers(session: AsyncSession, requests: Sequence[str]) -> dict[str, Answered]:
    """The answers that these presses have got already."""
    if not requests:
        return {}
    found = await session.scalars(select(PressRow).where(PressRow.request.in_(requests)))
    return {row.request: Answered(row.request, row.code, row.detail) for row in found}


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
        await session.execute(insert(JournalRow), rows)


async def settle(session: AsyncSession, answered: Sequence[Answered], now: int) -> None:
    """Keep the first answers to presses."""
    rows = [{"request": each.request, "code": each.code, "detail": each.detail, "at": now} for each in answered]
    if rows:
        await session.execute(insert(PressRow), rows)


async def add_effects(session: AsyncSession, floor: Floor, effects: Sequence[Effect]) -> None:
    """Write effects as rows that are due at once."""
    rows = [
        {
            "id": effect_id(effect),
            "floor": floor.id,
            "call": effect.call,
            "position": floor.version * 1000 + place,
            "type": type(effect).__name__,
            "data": codec.dump(effect),
            "lease_until": 0,
            "done_at": None,
        }
        for place, effect in enumerate(effects)
    ]
    if rows:
        await session.execute(insert(EffectRow), rows)


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
