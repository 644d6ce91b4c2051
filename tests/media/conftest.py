"""Media planes with real worker processes, and what they told."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from media.plane import MediaPlane, MediaSettings
from tests.media.peers import Peers, Told


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def plane(told: Told) -> AsyncIterator[MediaPlane]:
    """A plane of the test's own, which it may break."""
    plane = MediaPlane(MediaSettings(node="test", workers=1), told.take)
    await plane.start()
    yield plane
    await plane.close()


@pytest.fixture
async def loopback_plane(told: Told) -> AsyncIterator[MediaPlane]:
    """One whose worker listens on loopback alone."""
    plane = MediaPlane(MediaSettings(node="test", workers=1, udp_addresses=("127.0.0.1",)), told.take)
    await plane.start()
    yield plane
    await plane.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_plane() -> AsyncIterator[tuple[MediaPlane, Told]]:
    """One plane for all calls of a module: starting a worker takes longer than most tests."""
    told = Told()
    plane = MediaPlane(MediaSettings(node="test", workers=1), told.take)
    await plane.start()
    yield plane, told
    await plane.close()


@pytest_asyncio.fixture(loop_scope="module")
async def peers(shared_plane: tuple[MediaPlane, Told], request: pytest.FixtureRequest) -> AsyncIterator[Peers]:
    """Peers in a call of the test's own, which has the test's name."""
    peers = Peers(*shared_plane, request.node.name)
    yield peers
    await peers.close()
