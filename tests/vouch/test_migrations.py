"""The migrations build what the models describe, on both databases; a foreign schema is refused with what to do."""

from collections.abc import AsyncIterator
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

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


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_keys_of_before_get_their_verifications_company(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Idempotency keys were a client's; now each company has its own."""
    sqlite = f"sqlite+aiosqlite:///{tmp_path / 'old.db'}"
    empty_url = sqlite if kind == "sqlite" else str(request.getfixturevalue("postgresql_url"))
    database = Database(empty_url)

    def to(revision: str, connection: Connection) -> None:
        config = Config()
        config.set_main_option("script_location", str(files("vouch") / "migrations"))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with database.engine.connect() as connection:
        await connection.run_sync(partial(to, "0005"))
        await connection.commit()
    rows = {
        "company (id, name)": "('CTKV1', 'one')",
        "client (id, name, highest_priority, created_at)": "('c', 'msale', 0, 0)",
        "company_token (id, digest, company, client, created_at)": "('t', 'd', 'CTKV1', 'c', 0)",
        "verification (id, client, company, channel, external_ref, state, customer, subscriber, comparison, decision,"
        " rule, full_name_folded, fraud, created_at, expires_at)": "('v', 'c', 'CTKV1', 'dealer', 'r', 'created', '{}',"
        " '{}', '[]', 'required', 'x', 'a', false, 0, 1)",
        "idempotency_key (client, key, fingerprint, verification, created_at)": "('c', 'k', 'f', 'v', 0)",
    }
    async with database.engine.begin() as connection:
        for columns, values in rows.items():
            await connection.execute(text(f"INSERT INTO {columns} VALUES {values}"))  # noqa: S608 - the test's own
    await migrations.upgrade(database)
    async with database.engine.begin() as connection:
        key = (await connection.execute(text("SELECT client, company, key, verification FROM idempotency_key"))).one()
        assert tuple(key) == ("c", "CTKV1", "k", "v")
        again = "INSERT INTO idempotency_key SELECT * FROM idempotency_key"
        with pytest.raises(IntegrityError):
            await connection.execute(text(again))
    async with database.read() as session:
        (token,) = (await session.scalars(select(ekyc.models.CompanyToken))).all()
    assert (token.company, token.further) == ("CTKV1", [])
    await database.close()
