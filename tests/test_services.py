"""The fixtures that other tests stand on."""

from pathlib import Path

import pytest
from sqlalchemy import text

from tests import services
from tests.services import PostgresCluster
from tools import programs
from vouch import migrations
from vouch.database import Database


async def test_each_test_gets_an_empty_database_that_it_may_write(database_url: str) -> None:
    database = Database(database_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE only_mine (a INTEGER)"))
    async with database.read() as session:
        assert (await session.execute(text("SELECT count(*) FROM only_mine"))).scalar_one() == 0
    await database.close()


async def test_a_migrated_database_is_as_this_code_wants_it(migrated_database_url: str) -> None:
    database = Database(migrated_database_url)
    await migrations.check(database)
    await database.close()


async def test_each_test_gets_a_migrated_database_of_its_own(migrated_database_url: str) -> None:
    database = Database(migrated_database_url)
    async with database.write() as session:
        await session.execute(text("CREATE TABLE only_mine (a INTEGER)"))
    await database.close()


async def test_a_database_made_from_a_template_has_its_tables(postgres_cluster: PostgresCluster) -> None:
    with postgres_cluster.database() as template:
        prepared = Database(postgres_cluster.url(template))
        async with prepared.write() as session:
            await session.execute(text("CREATE TABLE already_there (a INTEGER)"))
        await prepared.close()
        with postgres_cluster.database(template) as copy:
            database = Database(postgres_cluster.url(copy))
            async with database.read() as session:
                assert (await session.execute(text("SELECT count(*) FROM already_there"))).scalar_one() == 0
            await database.close()


def test_chromium_is_a_program(chromium: Path) -> None:
    assert chromium.is_file()


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "PROGRAMS", {"nowhere": programs.Program("nowhere-package", ("no-such-program",))})


@pytest.mark.usefixtures("nothing_installed")
def test_a_missing_program_skips_the_test_and_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("VOUCH_CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install nowhere-package"):
        services.program("nowhere")


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("variable", ["CI", "VOUCH_CI"])
def test_in_ci_a_missing_program_fails_the_test(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install nowhere-package"):
        services.program("nowhere")
