"""A supervisor plays a recorded call in a real browser: both sides in step, over a gap, and every play written down."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Locator, Page, async_playwright
from sqlalchemy import select, update

from agent_console.service import Console
from ekyc.directory import Directory
from ekyc.evidence import Evidence
from ekyc.playback import Playback
from ekyc.recordings import Recordings
from media import playable
from tests.clock import ManualClock
from tests.ekyc.evidence_fixtures import KEYS, NAMES, SUPERVISOR, Stage, populate
from tests.ekyc.test_recordings import Piece
from tests.passwords import quick_hash
from tests.webm import recorded
from vouch.accounts.factors.service import SecondFactors
from vouch.accounts.models import Account
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.audit import AuditEntry, Tag
from vouch.blobs import DirectoryBlobs
from vouch.clock import SECOND
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.http import middlewares
from vouch.settings import Settings

pytestmark = pytest.mark.browser

PASSWORD = "correct-horse-battery"
AGENT_LATER = SECOND // 2
BACK = 7 * SECOND
"""When the customer, who was recorded for five seconds, is there again."""
PLACES = "() => [...document.querySelectorAll('video:not([data-hidden])')].map(v => v.currentTime)"


@dataclass
class Site:
    """The supervisors' page of an installation with one recorded call."""

    origin: str
    verification: str
    database: Database

    async def plays(self) -> Counter[tuple[str, str]]:
        """What the audit log says was played: leg and media number, how often."""
        async with self.database.read() as session:
            rows = await session.scalars(select(AuditEntry.details).where(AuditEntry.tag == Tag.RECORDING_PLAYED))
            return Counter((details["leg"], details["media"]) for details in rows.all())


async def _record(stage: Stage, verification: str) -> None:
    call = await stage.talk(verification)
    began = stage.clock.now() - 20 * SECOND
    recordings = Recordings(stage.database, stage.clock, stage.blobs, playable)
    for leg, media, since, seconds in (("agent", 1, AGENT_LATER, 12), ("customer", 1, 0, 5), ("customer", 2, BACK, 5)):
        whole = {"data": recorded(seconds, first=100 * media), "began_at": began + since, "length": seconds * SECOND}
        await recordings.take(Piece(call, leg, media, last=True, **whole))
    await stage.end(call, gaps=[("customer", began + 5 * SECOND, began + BACK)])


@pytest.fixture
async def site(tmp_path: Path, migrated_sqlite_url: str) -> AsyncIterator[Site]:
    await populate(migrated_sqlite_url)
    database, clock, blobs = Database(migrated_sqlite_url), ManualClock(), DirectoryBlobs(tmp_path / "evidence")
    stage = Stage(database, clock, blobs, KEYS, Evidence(database, blobs), tmp_path)
    verification = await stage.verification()
    await _record(stage, verification)
    async with database.write() as session:
        known = update(Account).where(Account.id == SUPERVISOR).values(password_hash=quick_hash(PASSWORD))
        await session.execute(known)
    settings = Settings(data_dir=tmp_path, _env_file=None)
    accounts, sessions = Accounts(database, clock), Sessions(database, clock, KEYS, embedded=False)
    cases, playback = Directory(database, clock, blobs), Playback(database, blobs, playable, tmp_path)
    app = web.Application(middlewares=middlewares(settings))
    factors = SecondFactors(database, clock, KEYS, "http://127.0.0.1")
    ports = (cases, None, Rulebook(settings), None, playback, None, factors)
    console = Console(settings, database, clock, accounts, sessions, *ports)
    console.add_routes(app)
    async with TestServer(app) as server:
        yield Site(str(server.make_url("")).rstrip("/"), verification, database)
    await playback.close()
    await database.close()


@pytest.fixture
async def player(chromium: Path, site: Site) -> AsyncIterator[Locator]:
    """The player of the one call, nothing played yet."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(f"{site.origin}/supervisor?verification={site.verification}")
        await page.fill("input[name=username]", NAMES[SUPERVISOR][0])
        await page.fill("input[name=password]", PASSWORD)
        await page.click("button[type=submit]")
        player = page.get_by_role("group", name="Bản ghi")
        await player.wait_for()
        yield player
        await browser.close()


async def until_at(page: Page, second: float) -> None:
    """Wait until the player stands at a second of the call."""
    await page.wait_for_function(f"() => Number(document.querySelector('input[type=range]').value) >= {second} * 1e6")


async def apart(page: Page, later: int) -> list[float]:
    """How far the sides are apart, seconds, at twenty instants; the agent's file began `later` than the customer's."""
    places = []
    for _ in range(20):
        places.append(await page.evaluate(PLACES))
        await page.wait_for_timeout(50)
    return [abs(customer - agent - later / SECOND) for customer, agent in places]


async def test_both_sides_play_in_step_and_go_on_behind_a_gap(site: Site, player: Locator) -> None:
    page = player.page
    assert await site.plays() == Counter()
    await player.get_by_role("button", name="Phát").click()
    await until_at(page, 2)
    assert max(await apart(page, AGENT_LATER)) < 0.1

    await until_at(page, 5.3)
    assert len(await page.evaluate(PLACES)) == 1
    await player.get_by_text("Đoạn này không có bản ghi").wait_for()

    await until_at(page, 8)
    assert max(await apart(page, AGENT_LATER - BACK)) < 0.1
    assert await site.plays() == Counter({("agent", "1"): 1, ("customer", "1"): 1, ("customer", "2"): 1})


async def test_it_is_played_by_keys(player: Locator) -> None:
    page = player.page
    await player.get_by_role("slider").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    await until_at(page, 5.5)
    await page.keyboard.press("Space")
    await player.get_by_role("button", name="Phát").wait_for()
    await page.keyboard.press("Home")
    await page.wait_for_function("() => document.querySelector('video:not([data-hidden])').currentTime < 0.05")
    await page.keyboard.press("c")
    await player.get_by_role("button", name="Bật tiếng: Khách hàng").wait_for()
    await page.keyboard.press("End")
    slider = page.locator("input[type=range]")
    assert await slider.input_value() == await slider.get_attribute("max")
