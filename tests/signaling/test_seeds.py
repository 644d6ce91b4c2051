"""A new day brings every floor a new seed, once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from routing.state import TeamRules
from signaling.floors import Floors
from signaling.records import CallRecords
from signaling.rules import Team
from signaling.seeds import Seeds
from tests.clock import ManualClock
from vouch.clock import DAY
from vouch.database import Database
from vouch.keys import Keys


@pytest.fixture
async def seeds_and_floors(
    migrated_database_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Seeds, Floors, ManualClock]]:
    database, clock = Database(migrated_database_url), ManualClock()
    seeds = Seeds(Keys.load(tmp_path), clock)
    floors = Floors(database, clock, CallRecords(), lambda _team: Team(TeamRules(), None), seeds.draw)
    yield seeds, floors, clock
    await floors.close()
    await database.close()


async def test_a_new_day_brings_a_new_seed_once(seeds_and_floors: tuple[Seeds, Floors, ManualClock]) -> None:
    seeds, floors, clock = seeds_and_floors
    await floors.writer("CTKV1")
    first = floors.all()[0]
    await seeds.renew(floors)
    assert floors.all()[0].version == first.version, "the same day's seed is not given again"

    clock.advance(DAY)
    await seeds.renew(floors)
    await seeds.renew(floors)

    second = floors.all()[0]
    assert second.seed.day > first.seed.day
    assert second.seed.value != first.seed.value
    assert second.version == first.version + 1
