"""Cameras and microphones: chosen, taken away and given back, spared on a weak network, and never left running."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.e2e.conftest import Open
from tests.e2e.house import House
from tests.e2e.pages import FLAGS, PHONE, WATCH, Agent, Dealer, context_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.devices]

_DEVICES = Path(__file__).with_name("devices.js")
_FAKE = "--use-fake-device-for-media-stream"
_OTHER_CAMERA, _OTHER_MICROPHONE = "fake_device_2", "Fake Audio Input 2"
_HEARD = """async () => {
    const report = await seen.peers.at(-1).getStats();
    return report.values().find(({ type, kind }) => type === "inbound-rtp" && kind === "audio").packetsReceived;
}"""
_VIDEO_SENDER = "seen.peers.at(-1).getSenders().find(({ track }) => track?.kind === 'video')"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What runs in the pages before their own scripts."""
    joined = tmp_path_factory.mktemp("script") / "watch.js"
    joined.write_text(WATCH.read_text() + _DEVICES.read_text())
    return joined


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    """A Chromium with three cameras and three microphones."""
    flags = [f"{flag}=device-count=3" if flag == _FAKE else flag for flag in FLAGS]
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium, args=flags)
        yield launched
        await launched.close()


@pytest_asyncio.fixture(loop_scope="session")
async def pages(browser: Browser, open_house: Open, script: Path) -> AsyncIterator["Pages"]:
    """A fresh house and a dealer's page in it."""
    house = await open_house()
    yield Pages(house, browser, script, await _dealer(browser, house, script))
    for context in browser.contexts:
        await context.close()


class Pages:
    """A dealer's page, and with `in_call` an agent's who sees it."""

    def __init__(self, house: House, browser: Browser, script: Path, dealer: Dealer) -> None:
        self.house, self.dealer = house, dealer
        self._browser, self._script = browser, script
        self.agent: Agent

    async def in_call(self) -> None:
        """Sign an agent in, call, and let both see each other."""
        self.agent = await Agent.sign_in(self._browser, self.house, watch=self._script)
        await self.dealer.fill(self.house, "dealer1")
        await self.agent.press("ready")
        await self.dealer.press("call")
        await self.agent.accept()
        await self.agent.until("active")
        await self.dealer.until("active")
        await self.agent.sees_video()


async def _dealer(browser: Browser, house: House, script: Path) -> Dealer:
    context = await context_of(browser, PHONE, script)
    page = await context.new_page()
    await page.goto(f"{house.origin}/ekyc?lang=en")
    return Dealer(page)


async def _choose(page: Page, kind: str, label: str) -> None:
    """Choose a device and wait until it is used."""
    await page.get_by_test_id("devices").click()
    await page.locator(f"select[name={kind}]").select_option(label=label)
    track = {"camera": "video", "microphone": "audio"}[kind]
    await page.wait_for_function("([kind, label]) => devices.of(kind).label === label", arg=[track, label])
    await page.keyboard.press("Escape")


async def test_devices_are_chosen_in_the_call_and_released_after_it(pages: Pages) -> None:
    await pages.in_call()
    dealer, agent = pages.dealer.page, pages.agent.page
    for page in (dealer, agent):
        await _choose(page, "camera", _OTHER_CAMERA)
        await _choose(page, "microphone", _OTHER_MICROPHONE)
        # A picture that gets smaller on a weak network is no evidence; and what is heard must not come back as an echo.
        parameters = await page.evaluate(f"{_VIDEO_SENDER}.getParameters()")
        assert parameters["degradationPreference"] == "maintain-resolution"
        assert await page.evaluate(f"{_VIDEO_SENDER}.track === devices.of('video')")
        assert await page.evaluate("devices.of('audio').getSettings().echoCancellation") is True
        assert await page.evaluate("devices.live()") == ["audio", "video"]
        await page.get_by_test_id("mute").click()
        assert await page.evaluate("devices.of('audio').enabled") is False
        assert await page.evaluate("seen.peers.length") == 1
    await pages.agent.sees_video()

    await pages.agent.reject()
    await pages.agent.until_ended("rejected")
    await pages.dealer.until_ended("rejected")
    for page in (dealer, agent):
        await page.wait_for_function("() => devices.live().length === 0")
    # For the next call his camera is looked at anew.
    await agent.wait_for_function("() => devices.live().length === 2")


async def test_a_camera_that_another_app_takes_comes_back_by_itself(pages: Pages) -> None:
    await pages.in_call()
    dealer, agent = pages.dealer.page, pages.agent
    trouble = dealer.get_by_test_id("media-trouble")
    await dealer.evaluate("devices.taken.add('video'); devices.pull('video')")
    await expect(trouble).to_contain_text("phone call")
    await expect(agent.page.get_by_text("Only the customer's sound")).to_be_visible()
    await expect(agent.page.locator("#confirm-waits")).to_contain_text("paused, sound only")
    assert await dealer.evaluate("devices.live()") == ["audio"]

    await dealer.evaluate("devices.taken.clear()")
    await agent.sees_video()
    await expect(trouble).to_have_count(0)
    await expect(agent.page.get_by_text("Only the customer's sound")).to_have_count(0)
    assert await dealer.evaluate("devices.live()") == ["audio", "video"]

    tracks = await dealer.evaluate("devices.tracks.length")
    await dealer.evaluate("devices.mute('audio', true)")
    await dealer.wait_for_function("count => devices.tracks.length > count", arg=tracks)
    await dealer.wait_for_function("() => devices.live().length === 2")
    assert await dealer.evaluate("seen.peers.length") == 1
    assert await agent.page.evaluate("seen.peers.length") == 1


async def test_on_a_weak_network_the_picture_pauses_and_comes_back(pages: Pages) -> None:
    await pages.in_call()
    dealer, agent = pages.dealer.page, pages.agent
    await dealer.evaluate("devices.loss = 0.3")
    await expect(dealer.get_by_test_id("picture-paused")).to_be_visible(timeout=20_000)
    await expect(agent.page.get_by_text("Only the customer's sound")).to_be_visible()
    assert await dealer.evaluate(f"{_VIDEO_SENDER}.getParameters().encodings[0].active") is False
    before = await agent.page.evaluate(_HEARD)
    await agent.page.wait_for_function(f"async before => await ({_HEARD})() > before + 50", arg=before)

    await dealer.evaluate("devices.loss = 0")
    await expect(dealer.get_by_test_id("picture-paused")).to_have_count(0, timeout=20_000)
    await agent.sees_video()
    await dealer.wait_for_function(f"() => {_VIDEO_SENDER}.getParameters().encodings[0].maxFramerate === 30")
    assert await dealer.evaluate("seen.peers.length") == 1


async def test_a_page_that_is_left_lets_go_at_once(pages: Pages) -> None:
    await pages.in_call()
    for page in (pages.dealer.page, pages.agent.page):
        # After the page's own listeners, the last moment at which anything can be seen of it.
        await page.evaluate("addEventListener('pagehide', () => sessionStorage.setItem('live', devices.live().join()))")
        page.on("dialog", lambda dialog: dialog.accept())
        await page.reload()
        assert await page.evaluate("sessionStorage.getItem('live')") == ""


async def test_a_start_that_fails_leaves_nothing_running(pages: Pages) -> None:
    page = pages.dealer.page
    await pages.dealer.fill(pages.house, "dealer1")
    # The camera opens, but gives no picture.
    await page.evaluate("""() => {
        const ask = navigator.mediaDevices.getUserMedia;
        navigator.mediaDevices.getUserMedia = async (wish) => {
            const stream = await ask(wish);
            stream.getVideoTracks().forEach((track) => track.stop());
            return stream;
        };
    }""")
    await pages.dealer.press("call")
    await expect(page.get_by_test_id("media-trouble")).to_contain_text("sends no picture", timeout=20_000)
    assert await page.evaluate("devices.tracks.length") == 2
    assert await page.evaluate("devices.live()") == []
