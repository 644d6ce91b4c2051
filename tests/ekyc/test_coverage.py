"""Which team takes a company's calls, and where verification is on, by channel and day."""

import csv
from datetime import date
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import ekyc
from ekyc import coverage, reference
from ekyc.models import Channel, CompanyRule, Coverage, PolicyRow
from ekyc.rules import table_on
from vouch.accounts.models import Company
from vouch.database import Database
from vouch.ids import new_id

TODAY = date(2026, 11, 20)
FOLDER = Path(ekyc.__file__).parent / "reference"
COMPANIES = [f"CTKV{number}" for number in range(1, 10)]
ELSEWHERE = {"CTKV4": "CTKV1", "CTKV6": "CTKV1", "CTKV7": "CTKV3"}


async def team_of(session: AsyncSession, channel: Channel, company: str, day: date) -> str | None:
    return await session.scalar(select(coverage.team_of(channel, company, day.isoformat())))


async def is_enabled(session: AsyncSession, channel: Channel, company: str, day: date) -> bool:
    return bool(await session.scalar(select(coverage.is_enabled(channel, company, day.isoformat()))))


async def test_dealers_calls_of_4_and_6_go_to_1_and_those_of_7_to_3(database: Database) -> None:
    async with database.read() as session:
        teams = {company: await team_of(session, Channel.DEALER, company, TODAY) for company in COMPANIES}
    assert teams == {company: ELSEWHERE.get(company, company) for company in COMPANIES}


async def test_online_all_nine_take_their_own(database: Database) -> None:
    async with database.read() as session:
        teams = {company: await team_of(session, Channel.ONLINE, company, TODAY) for company in COMPANIES}
    assert teams == {company: company for company in COMPANIES}


async def test_coverage_begins_on_its_day(database: Database) -> None:
    async with database.read() as session:
        for channel, first in ((Channel.DEALER, date(2021, 10, 1)), (Channel.ONLINE, date(2022, 3, 15))):
            eve = date.fromordinal(first.toordinal() - 1)
            assert await team_of(session, channel, "CTKV2", first) == "CTKV2"
            assert await team_of(session, channel, "CTKV2", eve) is None
            assert await is_enabled(session, channel, "CTKV2", first)
            assert not await is_enabled(session, channel, "CTKV2", eve)


async def test_a_later_row_takes_over_on_its_day(database: Database) -> None:
    async with database.write() as session:
        session.add(Coverage(id=new_id(), channel="dealer", company="CTKV4", team="CTKV9", starts_on="2026-11-21"))
    async with database.read() as session:
        assert await team_of(session, Channel.DEALER, "CTKV4", TODAY) == "CTKV1"
        assert await team_of(session, Channel.DEALER, "CTKV4", date(2026, 11, 21)) == "CTKV9"


async def test_a_pilot_begins_and_ends_on_its_days(database: Database) -> None:
    async with database.write() as session:
        for enabled, starts_on in ((False, "2026-11-01"), (True, "2026-11-10"), (False, "2026-11-15")):
            session.add(
                CompanyRule(id=new_id(), company="CTKV5", channel="online", enabled=enabled, starts_on=starts_on)
            )
    async with database.read() as session:
        on = [day for day in range(1, 21) if await is_enabled(session, Channel.ONLINE, "CTKV5", date(2026, 11, day))]
        assert on == [10, 11, 12, 13, 14]
        assert await is_enabled(session, Channel.DEALER, "CTKV5", TODAY)


async def test_of_two_rules_for_one_day_the_later_made_holds(database: Database) -> None:
    async with database.write() as session:
        for enabled in (False, True, False):
            session.add(
                CompanyRule(id=new_id(), company="CTKV5", channel="dealer", enabled=enabled, starts_on="2026-11-20")
            )
            await session.flush()
    async with database.read() as session:
        assert not await is_enabled(session, Channel.DEALER, "CTKV5", TODAY)


async def test_an_unknown_company_is_neither_covered_nor_enabled(database: Database) -> None:
    async with database.read() as session:
        assert await team_of(session, Channel.DEALER, "CTKV10", TODAY) is None
        assert not await is_enabled(session, Channel.DEALER, "CTKV10", TODAY)


async def test_the_seed_tables_are_loaded_whole_and_once(database: Database) -> None:
    async with database.write() as session:
        await reference.load(session)
    expected = {
        Company: 9,
        Coverage: len(_rows("coverage.csv")),
        CompanyRule: len(_rows("coverage.csv")),
        PolicyRow: len(_rows("video_call_policy.csv")),
    }
    async with database.read() as session:
        counted = {
            table: (await session.execute(select(func.count()).select_from(table))).scalar_one() for table in expected
        }
    assert counted == expected


async def test_the_policy_table_is_the_operators(database: Database) -> None:
    async with database.read() as session:
        table = await table_on(session, TODAY)
        before = await table_on(session, date(2021, 9, 30))
    assert before == {}
    assert {
        sub_type: (row.name, "Y" if row.individual else "N", "Y" if row.enterprise else "N")
        for sub_type, row in table.items()
    } == {
        row["sub_type"]: (row["name"], row["individual_or_vi2"], row["other_enterprise"])
        for row in _rows("video_call_policy.csv")
    }


async def test_a_new_version_of_a_row_holds_from_its_day(database: Database) -> None:
    async with database.write() as session:
        session.add(
            PolicyRow(
                id=new_id(), sub_type="MC", name="MOBICARD", individual=False, enterprise=True, starts_on="2026-12-01"
            )
        )
    async with database.read() as session:
        assert (await table_on(session, TODAY))["MC"].individual
        assert not (await table_on(session, date(2026, 12, 1)))["MC"].individual


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((FOLDER / name).read_text(encoding="utf-8").splitlines()))
