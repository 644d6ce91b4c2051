"""The network of a test; and for the calls between browsers one house for all of them."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from media.synthetic import write_y4m
from signaling.demo.faces import moving_face
from tests.installation import sqlite_copy
from tests.networks.house import NetworkHouse, Places, browser_within
from tests.networks.network import Network, network

_FRAMES, _FPS = 300, 30


@pytest.fixture
def net() -> Iterator[Network]:
    """Two places joined by a perfect link."""
    with network() as made:
        yield made


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def places(
    chromium: Path, seeded_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Places]:
    """The server and the agent in one place, the customer in the other."""
    folder = tmp_path_factory.mktemp("networks")
    camera = folder / "face.y4m"
    async with AsyncExitStack() as stack:
        net = stack.enter_context(network())
        write_y4m(camera, moving_face(), count=_FRAMES, fps=_FPS)
        house = NetworkHouse(net, folder, sqlite_copy(seeded_folder, folder / "data"))
        stack.push_async_callback(house.close)
        await house.open()
        playwright = await stack.enter_async_context(async_playwright())
        browsers = [
            await browser_within(stack, playwright, chromium, camera, folder, place)
            for place in (net.customer, net.server)
        ]
        yield Places(house, *browsers)
