"""Real browsers with cameras that show a running number, against `vouch serve` in a process of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, async_playwright

from media.synthetic import write_y4m
from signaling.demo.faces import moving_face
from tests.e2e.house import House, environment_of, seeded
from tests.e2e.pages import Agent, Dealer, browser_with_camera

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


@pytest.fixture
async def browsers(chromium: Path, camera: Path) -> AsyncIterator[Browsers]:
    """The dealer's browser and the agents'."""
    async with (
        async_playwright() as playwright,
        browser_with_camera(playwright, chromium, camera, Dealer.MARK) as dealer,
        browser_with_camera(playwright, chromium, camera, Agent.MARK) as agent,
    ):
        yield dealer, agent


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded data directory to copy."""
    folder = tmp_path_factory.mktemp("template") / "data"
    asyncio.run(seeded(folder))
    return folder


@pytest.fixture
async def open_house(tmp_path: Path, template: Path) -> AsyncIterator[Open]:
    """Open a house; settings and the database may be chosen."""
    async with AsyncExitStack() as stack:

        async def opened(database_url: str = "", **settings: Any) -> House:
            house = House(tmp_path, database_url, environment_of({"wrap_up_s": 3} | settings))
            stack.push_async_callback(house.close)
            await house.open(template)
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
