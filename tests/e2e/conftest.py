"""Real browsers with cameras that show a running number, against `vouch serve` in a process of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from media.synthetic import write_y4m
from signaling.demo.faces import moving_face
from tests import services
from tests.e2e.firefox import firefox_with_camera
from tests.e2e.house import House, environment_of
from tests.e2e.pages import Agent, Dealer, browser_with_camera
from tests.installation import Installation, sqlite_copy

Open = Callable[..., Awaitable[House]]
Browsers = tuple[Browser, Browser]
"""The dealer's browser and the agents'."""
Figures = dict[str, float]
"""Seconds measured, by name."""
_FIGURE = "figure: "
_FRAMES, _FPS = 300, 20


@pytest.fixture(scope="session")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """15 seconds of a moving face under a running number."""
    file = tmp_path_factory.mktemp("camera") / "face.y4m"
    write_y4m(file, moving_face(), count=_FRAMES, fps=_FPS)
    return file


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launched(chromium: Path, camera: Path) -> AsyncIterator[Browsers]:
    """Both browsers, for all tests: starting them takes seconds."""
    async with (
        async_playwright() as playwright,
        browser_with_camera(playwright, chromium, camera, Dealer.MARK) as dealer,
        browser_with_camera(playwright, chromium, camera, Agent.MARK) as agent,
    ):
        yield dealer, agent


@pytest_asyncio.fixture(loop_scope="session")
async def browsers(launched: Browsers) -> AsyncIterator[Browsers]:
    """The dealer's browser and the agents', without a page; what the test opens is closed."""
    yield launched
    for browser in launched:
        for context in browser.contexts:
            await context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def launched_firefox(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Firefox, which is asked for together with `chromium` only: that tells Playwright of its Node."""
    program = services.program("firefox")
    async with (
        async_playwright() as playwright,
        firefox_with_camera(playwright, program, tmp_path_factory.mktemp("firefox")) as firefox,
    ):
        yield firefox


@pytest_asyncio.fixture(loop_scope="session")
async def firefox(launched_firefox: Browser) -> AsyncIterator[Browser]:
    """Firefox without a page; what the test opens is closed."""
    yield launched_firefox
    for context in launched_firefox.contexts:
        await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_house(tmp_path: Path, seeded_folder: Path) -> AsyncIterator[Open]:
    """Open a house; settings and the installation, SQLite's unless it is given, may be chosen."""
    async with AsyncExitStack() as stack:

        async def opened(installation: Installation | None = None, **settings: Any) -> House:
            where = installation or sqlite_copy(seeded_folder, tmp_path / "data")
            house = House(tmp_path, where, environment_of({"wrap_up_s": 3} | settings))
            stack.push_async_callback(house.close)
            await house.open()
            return house

        yield opened


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Iterator[Figures]:
    """What is put here is printed when all tests have run."""
    measured: Figures = {}
    yield measured
    for name, seconds in measured.items():
        record_property(_FIGURE + name, seconds)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    # Figures travel with the reports, because the tests may have run in other processes.
    for report in terminalreporter.getreports(""):
        for name, seconds in report.user_properties if report.when == "teardown" else ():
            if name.startswith(_FIGURE):
                terminalreporter.write_line(f"{name.removeprefix(_FIGURE)}: {seconds * 1_000:.0f} ms")
