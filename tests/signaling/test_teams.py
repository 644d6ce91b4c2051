"""Every floor is told of its team's rules and hours, once, while it runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from routing.state import Seed
from signaling.floors import Floors
from signaling.models import JournalRow
from signaling.records import CallRecords
from signaling.rules import team_of
from signaling.teams import Teams
from tests.clock import ManualClock
from vouch.accounts.models import Company
from vouch.clock import HOUR, SECOND, SystemClock
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.settings import Settings


@dataclass
class Teammates:
    """Nodes that share a database, each with its floors and its eyes on the rules."""

    database: Database
    nodes: list[tuple[Teams, Floors]] = field(default_factory=list)

    async def node(self, **settings: Any) -> tuple[Teams, Floors]:
        clock = SystemClock()
        teams = Teams(
            self.database, clock, Rulebook(Settings(**({"office_hours": "always"} | settings), _env_file=None))
        )
        await teams.load()
        floors = Floors(self.database, clock, CallRecords(), teams.begin, lambda: Seed("2026-11-20", "00"))
        self.nodes.append((teams, floors))
        await floors.start()
        await teams.look(floors)
        return teams, floors

    async def change(self, company: str = "CTKV1", starts_in: int = 0, **given: object) -> None:
        async with self.database.write() as session:
            now = await self.database.now(session)
            book = Rulebook(Settings(office_hours="always", _env_file=None))
            await book.change(session, company, given, now, author="me", reason="a test", starts_at=now + starts_in)

    async def told(self) -> list[str]:
        """What the journal says that floors were told."""
        async with self.database.read() as session:
            rows = (await session.scalars(select(JournalRow.type).order_by(JournalRow.version))).all()
        return [kind for kind in rows if kind in {"TeamChanged", "HoursChanged"}]


@pytest.fixture
async def office(migrated_database_url: str) -> AsyncIterator[Teammates]:
    database = Database(migrated_database_url)
    async with database.write() as session:
        session.add_all([Company(id="CTKV1", name="1"), Company(id="CTKV2", name="2")])
    opened = Teammates(database)
    yield opened
    for teams, floors in opened.nodes:
        await teams.close()
        await floors.close()
    await database.close()


async def test_a_floor_begins_with_its_teams_rules_and_hours(office: Teammates) -> None:
    await office.change(ring_time_out_s=7, hours="mon-sat 08:00-17:00")
    teams, floors = await office.node()
    for company in ("CTKV1", "CTKV2"):
        await floors.writer(company)
        floor = floors.get(company)
        assert floor is not None
        assert (floor.rules, floor.hours) == team_of(teams.rules(company), SystemClock().now())
        assert (floor.hours is None) == (company == "CTKV2")
    await teams.look(floors)
    assert await office.told() == []


async def test_a_change_reaches_the_floor_that_it_is_for_once(office: Teammates) -> None:
    teams, floors = await office.node()
    for company in ("CTKV1", "CTKV2"):
        await floors.writer(company)
    await office.change(ring_time_out_s=7)
    for _ in range(2):
        await teams.look(floors)
    assert [floor.rules.ring_time_out for floor in floors.all()] == [7 * SECOND, 20 * SECOND]
    assert await office.told() == ["TeamChanged"]

    await office.change(hours="mon-sat 08:00-17:00")
    await teams.look(floors)
    assert await office.told() == ["TeamChanged", "HoursChanged"]
    assert floors.all()[0].hours


async def test_back_and_forth_is_told_each_time(office: Teammates) -> None:
    teams, floors = await office.node()
    await floors.writer("CTKV1")
    for seconds in (7, 9, 7, 9):
        await office.change(ring_time_out_s=seconds)
        await teams.look(floors)
        assert floors.all()[0].rules.ring_time_out == seconds * SECOND


async def test_a_change_to_come_waits_for_its_instant(office: Teammates) -> None:
    teams, floors = await office.node()
    await floors.writer("CTKV1")
    await office.change(ring_time_out_s=7, starts_in=HOUR)
    await teams.look(floors)
    assert floors.all()[0].rules.ring_time_out == 20 * SECOND
    soon = ManualClock(SystemClock().now() + HOUR + SECOND)
    assert Teams(office.database, soon, teams._rulebook).begin("CTKV1").rules.ring_time_out == 7 * SECOND


async def test_two_nodes_tell_a_floor_once(office: Teammates) -> None:
    first, second = await office.node(), await office.node()
    for _, floors in (first, second):
        await floors.writer("CTKV1")
    await office.change(ring_time_out_s=7)
    for teams, floors in (first, second):
        await teams.look(floors)
    assert await office.told() == ["TeamChanged"]


async def test_a_node_that_starts_with_other_settings_tells_the_floors_that_are_there(office: Teammates) -> None:
    _, floors = await office.node()
    await floors.writer("CTKV1")
    _, floors = await office.node(ring_time_out_s=11)
    assert floors.all()[0].rules.ring_time_out == 11 * SECOND


async def test_nodes_of_unlike_settings_do_not_contradict_each_other_for_ever(office: Teammates) -> None:
    first = await office.node()
    await first[1].writer("CTKV1")
    await first[0].look(first[1])
    second = await office.node(ring_time_out_s=11)
    for _ in range(3):
        for teams, floors in (first, second):
            await floors.look()
            await teams.look(floors)
    assert await office.told() == ["TeamChanged"]
