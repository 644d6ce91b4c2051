"""The own account in a real browser: a drawn password, passkeys by a virtual authenticator, an app, signing out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.house import House
from tests.e2e.pages import DESK, PHONE, context_of, write
from tests.installation import sqlite_copy
from tests.passwords import make_quick
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts
from vouch.clock import SystemClock
from vouch.database import Database

pytestmark = pytest.mark.asyncio(loop_scope="session")
OWN = "con mèo đội nón lá"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest_asyncio.fixture(loop_scope="session")
async def house(tmp_path: Path, seeded_folder: Path) -> AsyncIterator[House]:
    """At a name, because no browser makes passkeys for a bare address; supervisors must have a second factor."""
    house = House(tmp_path, sqlite_copy(seeded_folder, tmp_path / "data"))
    house.origin = f"http://localhost:{house.port}"
    house.changes = {"VOUCH_PUBLIC_URL": house.origin, "VOUCH_SECOND_FACTOR_ROLES": "supervisor"}
    await house.open()
    yield house
    await house.close()


async def opened(browser: Browser, house: House, path: str, size: tuple[int, int] = DESK) -> Page:
    page = await (await context_of(browser, size)).new_page()
    await page.goto(f"{house.origin}{path}")
    return page


async def sign_in(page: Page, username: str, password: str) -> None:
    await write(page.locator("[name=username]"), username)
    await write(page.locator("[name=password]"), password)
    await page.keyboard.press("Enter")


async def keep_codes(page: Page) -> None:
    """Put the recovery codes away."""
    await page.get_by_label("I have put the codes away").check()
    await page.get_by_role("button", name="Go on").click()


async def test_a_drawn_password_is_changed_by_keyboard_alone(browsers: tuple[Browser, Browser], house: House) -> None:
    database, drawn = Database(house.installation.database_url), draw()
    await Accounts(database, SystemClock()).set_password("agent1", drawn, drawn=True)
    await make_quick(database, {"agent1": drawn})
    await database.close()
    page = await opened(browsers[1], house, "/agent?lang=en")
    await sign_in(page, "agent1", drawn)
    await expect(page.get_by_role("heading", name="Choose your password")).to_be_visible()
    await expect(page.locator("[name=current]")).to_be_focused()
    for chosen in ("matkhau123456", OWN):
        for field, text in (("current", drawn), ("chosen", chosen), ("again", chosen)):
            await page.locator(f"[name={field}]").focus()
            await page.keyboard.press("Control+a")
            await page.keyboard.insert_text(text)
        await page.keyboard.press("Enter")
        if chosen != OWN:
            await expect(page.get_by_role("alert")).to_contain_text("would be guessed")
    await expect(page.get_by_test_id("ready")).to_be_visible()


async def test_a_supervisor_sets_up_a_passkey_and_signs_in_with_it(
    browsers: tuple[Browser, Browser], house: House
) -> None:
    page = await opened(browsers[1], house, "/supervisor?lang=en")
    authenticator = await page.context.new_cdp_session(page)
    await authenticator.send("WebAuthn.enable")
    added = await authenticator.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    password = house.seeds.passwords["supervisor1"]
    await sign_in(page, "supervisor1", password)
    await expect(page.get_by_role("heading", name="Set up a second factor")).to_be_visible()
    await page.get_by_role("button", name="Passkey").click()
    await keep_codes(page)
    menu = page.get_by_role("button", name="supervisor1")
    await menu.click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await sign_in(page, "supervisor1", password)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(menu).to_be_visible()

    await menu.click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await authenticator.send("WebAuthn.clearCredentials", {"authenticatorId": added["authenticatorId"]})
    await authenticator.send(
        "WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | {"transport": "usb", "hasResidentKey": False}}
    )
    await sign_in(page, "supervisor1", password)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("The browser gave no passkey")


async def test_a_dealer_sets_up_an_app_and_signs_out_everywhere(
    browsers: tuple[Browser, Browser], house: House
) -> None:
    password = house.seeds.passwords["dealer1"]
    page = await opened(browsers[0], house, "/account?kind=dealer&lang=en", PHONE)
    await sign_in(page, "dealer1", password)
    await page.get_by_role("button", name="Add a factor").click()
    await write(page.locator("[name=password]"), password)
    await page.get_by_role("button", name="Authenticator app").click()
    secret = (await page.locator("pre").inner_text()).replace(" ", "")
    app = pyotp.TOTP(secret)
    await write(page.locator("[name=code]"), app.now())
    await page.get_by_role("button", name="Finish").click()
    await expect(page.locator("li code")).to_have_count(8)
    codes = await page.locator("li code").all_inner_texts()
    await keep_codes(page)
    other = await opened(browsers[1], house, "/account?kind=dealer&lang=en", PHONE)
    await sign_in(other, "dealer1", password)
    await other.get_by_role("button", name="Use a recovery code").click()
    await write(other.locator("[name=code]"), codes[0])
    await other.get_by_role("button", name="Go on").click()
    await expect(other.get_by_text("7 recovery codes are left")).to_be_visible()
    everywhere = other.get_by_role("button", name="Sign out everywhere")
    await everywhere.click()
    await everywhere.click()
    await expect(other.locator("[name=username]")).to_be_visible()
    await page.reload()
    await expect(page.locator("[name=username]")).to_be_visible()


async def test_signing_out_everywhere_ends_a_console_that_is_open(
    browsers: tuple[Browser, Browser], house: House
) -> None:
    password = house.seeds.passwords["agent2"]
    console = await opened(browsers[1], house, "/agent?lang=en")
    await sign_in(console, "agent2", password)
    await expect(console.get_by_test_id("ready")).to_be_visible()
    page = await opened(browsers[0], house, "/account?lang=en", PHONE)
    await sign_in(page, "agent2", password)
    everywhere = page.get_by_role("button", name="Sign out everywhere")
    await everywhere.click()
    await everywhere.click()
    await expect(page.locator("[name=username]")).to_be_visible()
    await expect(console.locator("[name=username]")).to_be_visible()
