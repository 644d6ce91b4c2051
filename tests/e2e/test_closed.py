"""Outside of the team's hours: the dealer reads them and when it is back, and his call goes through once it is."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import expect
from sqlalchemy import select

from signaling.codec import FloorData, load
from signaling.models import FloorRow
from tests.e2e.conftest import Browsers, Open
from tests.e2e.house import House
from tests.e2e.pages import Agent, Dealer
from tests.e2e.results import ended
from vouch.clock import DAY, SystemClock, vietnamese_day
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_call_outside_of_the_hours(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    agent = await Agent.ready(browsers[1], house)
    now = SystemClock().now()
    today, tomorrow = vietnamese_day(now), vietnamese_day(now + DAY)
    await set_hours(house, hours="mon-sun 00:00-24:00", closed_days=today.isoformat(), holidays="no")
    dealer = await Dealer.open(browsers[0], house)

    await dealer.call(house)

    await dealer.until_ended("closed")
    opening = dealer.page.get_by_test_id("opening")
    await expect(opening).to_contain_text(f"Opens again: {tomorrow:%A %d/%m}, 00:00")
    await expect(opening).to_contain_text("Monday – Sunday")
    await expect(opening).to_contain_text("00:00–24:00")
    await ended(house, "closed")

    await set_hours(house, hours="always")
    await dealer.press("call")
    await agent.accept()
    await dealer.until("active")


async def set_hours(house: House, **given: Any) -> None:
    """Change rules of CTKV1 as `vouch rules set` does, and wait until its floor has heard."""
    settings = Settings(_env_file=None, database_url=house.installation.database_url)
    database = Database(settings.database)
    async with database.write() as session:
        now = await database.now(session)
        await Rulebook(settings).change(session, "CTKV1", given, now, author="test", reason="a test")
    open_ = given["hours"] == "always"
    async with asyncio.timeout(10):
        while open_ != await always_open(database):
            await asyncio.sleep(0.05)
    await database.close()


async def always_open(database: Database) -> bool:
    async with database.read() as session:
        data = (await session.scalars(select(FloorRow.data).where(FloorRow.id == "CTKV1"))).one()
    return load(FloorData, data).hours is None
