"""Pages on a phone at 200 %: nothing is wider than the screen, and no button loses words."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.house import House
from tests.e2e.pages import Dealer, context_of, write

pytestmark = pytest.mark.asyncio(loop_scope="session")
Open = Callable[..., Awaitable[House]]
NARROW = (195, 422)
_LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])
_BEYOND = """() => [
  ...[document.documentElement].filter(page => page.scrollWidth > innerWidth).map(page => `page ${page.scrollWidth}`),
  ...[...document.querySelectorAll("button, a")].filter(it => it.checkVisibility() && it.innerText.trim())
    .filter(it => [it, ...it.querySelectorAll(".button-label")].some(
      part => getComputedStyle(part).display !== "inline" && part.scrollWidth > part.clientWidth + 1))
    .map(it => it.innerText),
]"""


async def fits(page: Page) -> None:
    """Nothing reaches beyond the screen, or its button."""
    assert await page.evaluate(_BEYOND) == []


@_LANGUAGES
async def test_a_dealer_calls_on_a_narrow_screen(
    browsers: tuple[Browser, Browser], open_house: Open, language: str
) -> None:
    house = await open_house(ekyc_files="true")
    context = await context_of(browsers[0], NARROW)
    page = await context.new_page()
    await page.goto(f"{house.origin}/ekyc?lang={language}")
    dealer = Dealer(page)
    await expect(page.locator("[name=consent]")).to_be_visible()
    await fits(page)
    await dealer.fill(house, "dealer1")
    await dealer.settled()
    await fits(page)
    await dealer.press("call")
    await dealer.until("waiting")
    await fits(page)
    bar, screen = await asyncio.gather(*(height_of(page, of) for of in (".top-bar", "main")))
    assert bar + screen <= NARROW[1]
    await dealer.press("end-call")
    hang_up: Any = page.get_by_role("dialog").get_by_role("button")
    await expect(hang_up.nth(1)).to_be_visible()
    await fits(page)
    await (
        page.get_by_role("dialog")
        .locator("button")
        .filter(has_text={"vi": "Kết thúc", "en": "Hang up"}[language])
        .click()
    )
    await dealer.until("ended")
    await fits(page)
    title, bar = page.locator("main").get_by_role("heading", level=2), await height_of(page, ".top-bar")
    assert await title.evaluate("title => title.getBoundingClientRect().top + scrollY") >= bar
    await page.get_by_role("button", name={"vi": "Khách hàng tiếp theo", "en": "Next customer"}[language]).click()
    account = page.get_by_role("link", name={"vi": "Tài khoản của tôi", "en": "My account"}[language])
    await expect(account).to_have_attribute("href", "/account?kind=dealer")
    await fits(page)


async def height_of(page: Page, selector: str) -> float:
    """Of the one element."""
    box = await page.locator(selector).bounding_box()
    assert box is not None
    return box["height"]


@_LANGUAGES
async def test_the_account_page_on_a_narrow_screen(
    browsers: tuple[Browser, Browser], open_house: Open, language: str
) -> None:
    house = await open_house()
    page = await (await context_of(browsers[0], NARROW)).new_page()
    await page.goto(f"{house.origin}/account?lang={language}")
    await expect(page.locator("[name=username]")).to_be_visible()
    await fits(page)
    await write(page.locator("[name=username]"), "agent1")
    await write(page.locator("[name=password]"), house.seeds.passwords["agent1"])
    await page.keyboard.press("Enter")
    await expect(page.locator("[name=current]")).to_be_visible()
    await fits(page)
    for name in ("current", "chosen", "again"):
        await write(page.locator(f"[name={name}]"), "con mèo đội nón lá")
    await page.keyboard.press("Enter")
    told = {"vi": "Mật khẩu của bạn không đúng", "en": "This is not your password"}[language]
    await expect(page.get_by_role("alert")).to_contain_text(told)
    await page.get_by_role(
        "button", name={"vi": "Đăng xuất khỏi mọi nơi", "en": "Sign out everywhere"}[language]
    ).click()
    await fits(page)
    await page.get_by_role("button", name={"vi": "Thêm yếu tố", "en": "Add a factor"}[language]).click()
    await fits(page)
