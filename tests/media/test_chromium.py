"""A real browser on both ends: the frame that its page names is the frame that is kept."""

import base64
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image
from playwright.async_api import Browser, Page, async_playwright

from media.plane import KeptFrame, MediaPlane
from media.synthetic import moving_picture, read_counter, write_y4m

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]


def counter(picture: bytes) -> int | None:
    return read_counter(np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")))


@pytest.fixture
async def browser(chromium: Path, tmp_path: Path) -> AsyncIterator[Browser]:
    camera = tmp_path / "camera.y4m"
    write_y4m(camera, moving_picture(), count=60, fps=15)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def site(plane: MediaPlane) -> AsyncIterator[TestServer]:
    async def negotiate(request: web.Request) -> web.Response:
        leg, media = request.match_info["leg"], int(request.match_info["media"])
        return web.Response(text=await plane.negotiate(plane.workers()[0].id, "call", leg, media, await request.text()))

    application = web.Application()
    application.router.add_post("/negotiate/{leg}/{media}", negotiate)
    application.router.add_get("/", _page)
    server = TestServer(application, host="localhost")
    await server.start_server()
    yield server
    await server.close()


async def _page(_: web.Request) -> web.Response:
    return web.Response(text=Path(__file__).with_name("page.html").read_text(), content_type="text/html")


async def join(browser: Browser, site: TestServer, leg: str, media: int = 1) -> tuple[Page, str]:
    page = await browser.new_page()
    await page.goto(str(site.make_url("/")))
    return page, await page.evaluate("([leg, media]) => connect(leg, media)", [leg, media])


async def see_and_keep(agent: Page, plane: MediaPlane) -> KeptFrame:
    """Press on the agent's page: what is kept is what stands there."""
    shown = await agent.evaluate("press()")
    kept = await plane.frame(plane.workers()[0].id, "call", 1, shown["rtpTimestamp"], live=True)
    on_screen = counter(base64.b64decode(shown["png"]))
    assert on_screen is not None
    assert counter(kept.jpeg) == on_screen
    await agent.evaluate("video.play()")
    return kept


async def test_the_kept_frame_is_the_one_on_the_agents_screen_before_and_after_the_customers_reload(
    browser: Browser, site: TestServer, plane: MediaPlane
) -> None:
    customer, answer = await join(browser, site, "customer")
    agent, _ = await join(browser, site, "agent")
    assert "transport-cc" in answer
    assert "goog-remb" not in answer
    await agent.evaluate("seeFrames(20)")
    for _ in range(3):
        kept = await see_and_keep(agent, plane)
        assert (kept.width, kept.height) == (640, 480)
        own = await plane.agents_own(plane.workers()[0].id, "call", kept.arrived_at)
        assert (own.width, own.height) == (640, 480)
        await agent.evaluate("seeFrames(10)")

    await agent.evaluate("window.first = peer")
    await customer.close()
    _, _ = await join(browser, site, "customer", 2)
    await agent.evaluate("seeFrames(20)")
    await see_and_keep(agent, plane)
    assert await agent.evaluate("peer === first && peer.connectionState") == "connected"
    assert await agent.evaluate("heardPackets()") > 0
    summary = await plane.close_call(plane.workers()[0].id, "call")
    assert [(leg.leg, leg.media) for leg in summary.legs] == [("customer", 1), ("customer", 2), ("agent", 1)]
