"""The pages as their users work them: by what stands on them, with one Chromium for each side."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from signaling.demo import cards
from signaling.demo.people import person
from tests.e2e.house import House

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
WATCH = Path(__file__).with_name("watch.js")
PHONE, DESK = (390, 844), (1440, 900)
PEOPLE_WAIT_MS = 20_000
_SET_VALUE = """(field, text) => {
  // React watches the element's own property; the prototype's is the browser's.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""


@asynccontextmanager
async def browser_with_camera(
    playwright: Playwright, chromium: Path, camera: Path, mark: str
) -> AsyncIterator[Browser]:
    """A Chromium whose camera plays a file; `mark` is an argument by which its process is found."""
    browser = await playwright.chromium.launch(
        executable_path=chromium, args=[*FLAGS, mark, f"--use-file-for-fake-video-capture={camera}"]
    )
    try:
        yield browser
    finally:
        await browser.close()


async def context_of(browser: Browser, size: tuple[int, int], watch: Path = WATCH) -> BrowserContext:
    """A browser profile of its own; the script `watch` runs in each page before the page's own."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    context.set_default_timeout(PEOPLE_WAIT_MS)
    await context.add_init_script(path=watch)
    return context


async def write(field: Locator, text: str) -> None:
    """Fill in a field. In Firefox React does not hear of what Playwright fills in, and takes it back at any moment."""
    browser = field.page.context.browser
    if browser is not None and browser.browser_type.name == "firefox":
        await field.evaluate(_SET_VALUE, text)
    else:
        await field.fill(text)


class Screen:
    """A page that shows a call."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def state(self) -> Locator:
        return self.page.get_by_test_id("call-state")

    async def until(self, state: str, seconds: float = 20) -> None:
        """Wait for a state of the call."""
        await expect(self.state).to_have_attribute("data-state", state, timeout=seconds * 1_000)

    async def until_ended(self, outcome: str, seconds: float = 20) -> None:
        """Wait for the end and its outcome."""
        await self.until("ended", seconds)
        await expect(self.state).to_have_attribute("data-outcome", outcome)

    async def press(self, test_id: str) -> None:
        """Press a button once it can be pressed."""
        await self.page.get_by_test_id(test_id).click()


class Dealer(Screen):
    """The eKYC screen on a phone."""

    MARK = "--vouch-side=dealer"

    @classmethod
    async def open(cls, browser: Browser, house: House) -> "Dealer":
        context = await context_of(browser, PHONE)
        page = await context.new_page()
        await page.goto(f"{house.origin}/ekyc?lang=en")
        return cls(page)

    async def fill(self, house: House, username: str, *, number: int = 1) -> None:
        """The whole form, as the person of this number."""
        someone = person(number)
        texts = {
            "full_name": someone.full_name,
            "id_number": someone.id_number,
            "date_of_birth": someone.born.isoformat(),
            "address": someone.address,
            "msisdn": someone.msisdn,
            "dealer": username,
            "dealer_password": house.seeds.passwords[username],
        }
        choices = {"id_type": "chip_card", "sub_type": "ET1", "customer_type": "individual", "payment": "prepaid"}
        for name, text in texts.items():
            await write(self.page.locator(f"[name={name}]"), text)
        for name, choice in choices.items():
            await self.page.locator(f"[name={name}]").select_option(choice)
        for kind, jpeg in _papers(number).items():
            picture: Any = {"name": f"{kind}.jpg", "mimeType": "image/jpeg", "buffer": jpeg}
            await self.page.locator(f"[name={kind}]").set_input_files(picture)
        await self.page.locator("[name=consent]").check()

    async def call(self, house: House, username: str = "dealer1") -> None:
        """Fill in the form and press [Call]."""
        await self.fill(house, username)
        await self.press("call")
        await self.state.wait_for()

    async def settled(self) -> None:
        """Wait until all three pictures are ready: in the page, or with the server where a dealer is signed in."""
        taken = self.page.locator("[data-paper]:is([data-phase=held],[data-phase=kept])")
        await expect(taken).to_have_count(3)

    async def sees_agent(self) -> None:
        """Wait until the agent's picture plays."""
        await self.page.wait_for_function("() => document.querySelector('[data-testid=agent-video]')?.currentTime > 0")


class Customer(Screen):
    """The customer's own page on a phone, entered by the link that another system gave her."""

    @classmethod
    async def open(cls, browser: Browser, house: House, join_token: str, watch: Path = WATCH) -> "Customer":
        context = await context_of(browser, PHONE, watch)
        page = await context.new_page()
        await page.goto(f"{house.origin}/call?lang=en#{join_token}")
        return cls(page)

    async def call(self) -> None:
        """Consent, and press [Call]."""
        await self.page.locator("[name=consent]").check()
        await self.press("call")


class Agent(Screen):
    """The agent console on a desk."""

    MARK = "--vouch-side=agent"

    @classmethod
    async def sign_in(cls, browser: Browser, house: House, username: str = "agent1", watch: Path = WATCH) -> "Agent":
        context = await context_of(browser, DESK, watch)
        page = await context.new_page()
        await page.goto(f"{house.origin}/agent?lang=en")
        await write(page.locator("[name=username]"), username)
        await write(page.locator("[name=password]"), house.seeds.passwords[username])
        await page.keyboard.press("Enter")
        return cls(page)

    @classmethod
    async def ready(cls, browser: Browser, house: House, username: str = "agent1") -> "Agent":
        """Signed in, camera seen to work, ready."""
        agent = await cls.sign_in(browser, house, username)
        await agent.press("ready")
        return agent

    @property
    def ring(self) -> Locator:
        return self.page.get_by_test_id("incoming-call")

    async def accept(self) -> None:
        """Accept the call that rings, or will ring."""
        await self.ring.wait_for()
        await self.press("accept")

    async def decline(self) -> None:
        """Decline the call that rings, or will ring, with a reason."""
        await self.ring.wait_for()
        await self.press("decline")
        await self.choose_reason("decline")

    async def choose_reason(self, opener: str) -> None:
        """Choose the first reason of the form that `opener` has opened, and send it by the same button."""
        reason = self.page.get_by_test_id("reason")
        await reason.select_option(index=1)
        await self.press(opener)

    async def tick(self, *checks: str) -> None:
        """Tick checks of the call."""
        for check in checks:
            await self.page.locator(f"[name=check_{check}]").check()

    async def confirm(self) -> None:
        """Both checks, then Confirm."""
        await self.tick("data", "faces")
        await self.press("confirm")

    async def reject(self) -> None:
        """Reject with a reason."""
        await self.press("reject")
        await self.choose_reason("reject")

    async def sees_video(self, frames: int = 20) -> None:
        """Wait until so many more frames of the customer have been presented."""
        before = await self.page.evaluate("seen.counters.size")
        await self.page.wait_for_function("count => seen.counters.size >= count", arg=before + frames)

    async def hold(self) -> None:
        """Let the customer's picture stand still, so that the number under its name is surely what is on the screen."""
        await self.page.evaluate("seen.hold()")

    async def verdict_frame(self) -> tuple[int, int]:
        """RTP timestamp that the verdict named, and the number that was on the screen under it."""
        sent = [text for text in await self.page.evaluate("seen.sent") if '"verdict"' in text]
        message = json.loads(sent[-1][sent[-1].index("[") :])[1]
        timestamp = message["frame"]["rtp_timestamp"]
        return timestamp, await self.page.evaluate("timestamp => seen.counters.get(timestamp)", timestamp)


@cache
def _papers(number: int) -> dict[str, bytes]:
    return cards.pictures(person(number))


async def in_call(
    house: House, browsers: tuple[Browser, Browser], username: str = "dealer1", agent_name: str = "agent1"
) -> tuple[Dealer, Agent]:
    """A dealer and an agent who see each other."""
    dealer = await Dealer.open(browsers[0], house)
    agent, _ = await asyncio.gather(Agent.ready(browsers[1], house, agent_name), dealer.fill(house, username))
    await dealer.press("call")
    await agent.accept()
    await agent.until("active")
    await dealer.until("active")
    await agent.sees_video()
    return dealer, agent
