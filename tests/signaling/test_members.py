"""Every floor is told what becomes of its agents' accounts while it runs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from routing.events import AgentChanged, AgentJoined, AgentRemoved
from routing.state import Agent, Seed, TeamRules
from signaling.floors import Floors
from signaling.members import Members, joined, news
from signaling.models import JournalRow
from signaling.records import CallRecords
from signaling.rules import Team
from vouch.accounts.models import Account, Company, Role
from vouch.accounts.service import Accounts
from vouch.clock import DAY, HOUR, SECOND, SystemClock
from vouch.database import Database


@dataclass
class Team1:
    """The floor of CTKV1 with one agent, and who watches over his account."""

    database: Database
    floors: Floors
    members: Members
    accounts: Accounts

    @property
    def agent(self) -> Agent | None:
        floor = self.floors.get("CTKV1")
        assert floor is not None
        return floor.agents.get("anh")

    async def change(self, **changes: Any) -> None:
        assert await self.accounts.change("anh", **changes)
        await self.members.look(self.floors)

    async def told(self) -> list[str]:
        async with self.database.read() as session:
            rows = (await session.scalars(select(JournalRow.type).order_by(JournalRow.version))).all()
        return [kind for kind in rows if kind in {"AgentChanged", "AgentRemoved"}]


@pytest.fixture
async def team(migrated_database_url: str) -> AsyncIterator[Team1]:
    database, clock = Database(migrated_database_url), SystemClock()
    account = Account(
        id="anh", username="anh", full_name="Ánh", role=Role.AGENT, company="CTKV1", password_hash="", created_at=0
    )
    async with database.write() as session:
        session.add_all([Company(id="CTKV1", name="1"), Company(id="CTKV2", name="2")])
        await session.flush()
        session.add(account)
    seed = Seed("2026-11-20", "00")
    floors = Floors(database, clock, CallRecords(), lambda _: Team(TeamRules(), None), lambda: seed)
    accounts = Accounts(database, clock)
    await floors.post("CTKV1", joined(account))
    await floors.writer("CTKV2")
    yield Team1(database, floors, Members(database, accounts), accounts)
    await floors.close()
    await database.close()


async def test_skills_and_employer_are_told_once(team: Team1) -> None:
    await team.change(skills=["language:en"], employer="Đối tác A")
    assert team.agent is not None
    assert (team.agent.skills, team.agent.employer) == (frozenset({"language:en"}), "Đối tác A")
    await team.members.look(team.floors)
    await team.members.look_at_all(team.floors)
    assert await team.told() == ["AgentChanged"]


async def test_a_disabled_account_takes_no_calls(team: Team1) -> None:
    await team.accounts.disable("anh")
    await team.members.look(team.floors)
    assert team.agent is not None
    assert not team.agent.valid


async def test_dates_become_the_floors_own(team: Team1) -> None:
    now = SystemClock().now()
    await team.change(valid_from=now + HOUR, valid_until=now + DAY)
    assert team.agent is not None
    assert (team.agent.valid, team.agent.valid_from, team.agent.valid_until) == (False, now + HOUR, now + DAY)
    await team.change(valid_from=None, valid_until=None)
    assert (team.agent.valid, team.agent.valid_from, team.agent.valid_until) == (True, None, None)


async def test_who_goes_to_another_company_leaves_the_floor(team: Team1) -> None:
    await team.change(company="CTKV2")
    assert team.agent is None
    assert await team.told() == ["AgentRemoved"]


async def test_what_slipped_by_is_mended_when_all_are_looked_at(team: Team1) -> None:
    await team.change(skills=["language:en"])
    stale = AgentJoined("anh", frozenset(), "")
    await team.floors.post("CTKV1", stale)
    async with team.database.write() as session:
        (await session.get_one(Account, "anh")).changed_at = None
    await team.members.look(team.floors)
    assert team.agent is not None
    assert team.agent.skills == frozenset()
    await team.members.look_at_all(team.floors)
    assert team.agent is not None
    assert team.agent.skills == {"language:en"}


async def test_an_account_that_is_no_agents_any_more_leaves_the_floor(team: Team1) -> None:
    async with team.database.write() as session:
        (await session.get_one(Account, "anh")).role = Role.SUPERVISOR
    await team.members.look_at_all(team.floors)
    assert team.agent is None


async def test_an_agent_who_is_as_the_floor_has_him_is_no_news(team: Team1) -> None:
    """Also when a date of his has come meanwhile, which the floor keeps no longer."""
    floor = team.floors.get("CTKV1")
    assert floor is not None
    assert team.agent is not None
    account = await team.accounts.get("anh")
    assert account is not None
    account.valid_from, account.valid_until = floor.now - SECOND, floor.now + DAY
    expected = AgentChanged("anh", frozenset(), "", True, account.valid_from, account.valid_until)
    assert news(floor, team.agent, account) == expected
    await team.floors.post("CTKV1", expected)
    floor = team.floors.get("CTKV1")
    assert floor is not None
    assert news(floor, floor.agents["anh"], account) is None
    assert news(floor, floor.agents["anh"], None) == AgentRemoved("anh")
