"""Whoever reads the database knows nothing of the day's draws: the seed stands nowhere in it, and all goes on."""

import json
import zlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text, update

from routing.events import SeedSet
from routing.state import Seed, Span, TeamRules
from signaling import codec, store
from signaling.codec import FloorData
from signaling.models import FloorRow, FloorSnapshotRow, JournalRow
from signaling.replay import Nothing, floor_difference, replay
from signaling.seed_seal import BOX, box, closed, opened
from signaling.snapshot_rows import oldest
from tests.signaling.shift import KEYS, TEAM, Shift, shift
from vouch.clock import DAY
from vouch.database import Base, Database
from vouch.keys import Keys
from vouch.problems import Problem

ANOTHER = box(Keys(b"another" + b"." * 25))


@pytest.fixture
async def team(migrated_database_url: str) -> AsyncIterator[Shift]:
    async with shift(migrated_database_url) as made:
        yield made


async def everything(database: Database) -> AsyncIterator[bytes]:
    """What every column of every row of every table says, what is compressed unpacked."""
    async with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in (await session.execute(select(table))).all():
                for value in row:
                    yield zlib.decompress(value) if isinstance(value, bytes) else json.dumps(value).encode()


async def a_day_of_calls(team: Shift) -> None:
    await team.joins("an", "binh")
    await team.caller()
    await team.accepts("call 1")
    team.clock.advance(DAY)
    today = team.seeds.draw()
    await team.feed(SeedSet(today.day, today.value))
    for _ in range(8):
        await team.caller()
    await team.snapshots.written()


async def test_no_row_of_any_table_holds_a_seed(team: Shift) -> None:
    first = team.seeds.draw()
    await a_day_of_calls(team)
    async with team.database.read() as session:
        assert len((await session.scalars(select(FloorSnapshotRow.version))).all()) > 1
        assert (await session.scalars(select(JournalRow.data).where(JournalRow.type == "SeedSet"))).all()
    rows = [value async for value in everything(team.database)]
    assert any(b"sealed:" in value for value in rows)
    for seed in (first, team.seeds.draw()):
        assert not [value for value in rows if seed.value.encode() in value]


async def test_nodes_and_replays_read_it_as_it_was(team: Shift) -> None:
    await a_day_of_calls(team)
    start = await oldest(team.database, TEAM)
    assert start is not None
    run = await replay(team.database, start, Nothing())
    async with team.database.read() as session:
        stored, _ = await store.look(session, TEAM, None)
    assert (run.difference, floor_difference(stored, run.floor)) == (None, None)
    assert stored.seed == team.seeds.draw()


async def test_rows_from_before_seeds_were_sealed_are_read(team: Shift) -> None:
    seed = Seed("2026-01-01", "00ff")
    old = codec.dump(FloorData(TeamRules(), seed, frozenset(), ()))
    async with team.database.write() as session:
        await session.execute(update(FloorRow).values(data=old))
        assert (await store.look(session, TEAM, None))[0].seed == seed


@pytest.mark.parametrize(("other", "code"), [(ANOTHER, "sealed_otherwise"), (None, "seed_sealed")])
async def test_without_the_key_it_is_said(team: Shift, other: object, code: str) -> None:
    async with team.database.read() as session:
        session.info[BOX] = other
        with pytest.raises(Problem) as refused:
            await store.look(session, TEAM, None)
        session.info.clear()
    assert refused.value.code == code


def data() -> Iterator[FloorData | SeedSet]:
    yield FloorData(TeamRules(), Seed("2026-11-21", "00ff"), frozenset({"disk_full"}), (1,), (Span(1, 2),))
    yield SeedSet("2026-11-21", "00ff")


@pytest.mark.parametrize("each", [*data()])
def test_what_was_sealed_opens_as_the_same_and_under_no_other_day(each: FloorData | SeedSet) -> None:
    mine = box(KEYS)
    sealed = closed(each, mine)
    assert "00ff" not in codec.dump(sealed)
    assert codec.dump(sealed) != codec.dump(closed(each, mine)), "the same seed is not recognised"
    assert opened(codec.load(type(each), codec.dump(sealed)), mine) == each
    moved = (
        replace(sealed, day="2026-11-22")
        if isinstance(sealed, SeedSet)
        else replace(sealed, seed=Seed("2026-11-22", sealed.seed.value))
    )
    with pytest.raises(Problem):
        opened(moved, mine)


async def test_the_floors_own_day_stays_readable(team: Shift) -> None:
    """By it `GET /draws` knows which seeds are in use, and so not told."""
    async with team.database.read() as session:
        stored = (await session.execute(text("SELECT data FROM floor"))).scalar_one()
    assert codec.load(FloorData, stored).seed.day == team.seeds.draw().day
