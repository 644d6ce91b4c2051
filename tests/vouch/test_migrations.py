"""The migrations build what the models describe, on both databases; a foreign schema is refused with what to do."""

from collections.abc import AsyncIterator
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

import ekyc.models
import ekyc.sign_models
import signaling.models
import vouch.accounts.models
import vouch.audit
import vouch.companies.models
from vouch import migrations
from vouch.database import Base, Database

MODELS = (ekyc.models, ekyc.sign_models, signaling.models, vouch.accounts.models, vouch.audit, vouch.companies.models)


@pytest.fixture
async def database(migrated_database_url: str) -> AsyncIterator[Database]:
    opened = Database(migrated_database_url)
    yield opened
    await opened.close()


async def test_the_migrations_build_what_the_models_describe(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))

    async with database.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert all(model.__name__ for model in MODELS)


async def test_a_migrated_database_is_taken_and_migrating_again_changes_nothing(database: Database) -> None:
    await migrations.upgrade(database)
    await migrations.check(database)
    assert not await migrations.is_empty(database)


def test_revisions_are_numbered_as_alembic_orders_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(files("vouch") / "migrations"))
    ordered = [each.revision for each in ScriptDirectory.from_config(config).walk_revisions()]
    assert migrations.revisions() == ordered[::-1]


async def test_an_empty_database_is_told_to_migrate(database_url: str) -> None:
    database = Database(database_url)
    assert await migrations.is_empty(database)
    with pytest.raises(migrations.SchemaMismatchError, match="vouch migrate"):
        await migrations.check(database)
    await database.close()


async def test_a_newer_database_names_its_version(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrations.SchemaMismatchError, match="9999, which is newer"):
        await migrations.check(database)
