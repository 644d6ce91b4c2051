"""One world for each module and kind of database: what a test changes there is its own actor's alone."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from tests import services
from tests.access.world import World, begin, build
from tests.installation import Installation, sqlite_copy


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    """A copy of the demo's installation for a whole module, once on SQLite and once on PostgreSQL."""
    folder = tmp_path_factory.mktemp("access") / "data"
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("seeded_folder"), folder)
        return
    cluster: services.PostgresCluster = request.getfixturevalue("postgres_cluster")
    template: tuple[Path, str] = request.getfixturevalue("seeded_postgresql")
    shutil.copytree(template[0], folder)
    with cluster.database(template=template[1]) as name:
        yield Installation(folder, cluster.url(name))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(module_installation: Installation) -> AsyncIterator[World]:
    """The world of a module."""
    async with AsyncExitStack() as stack:
        yield await build(stack, module_installation)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quiet_world(module_installation: Installation) -> AsyncIterator[World]:
    """The world of a module that makes its own calls."""
    async with AsyncExitStack() as stack:
        yield await begin(stack, module_installation)
