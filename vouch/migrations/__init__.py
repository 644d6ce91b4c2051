"""The schema's history: Alembic revisions with literal operations, and the check that database and code agree.

Revisions never import models: they must mean the same for ever. A test compares what they build with the models.
"""

from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from vouch.database import Database


class SchemaMismatchError(Exception):
    """The database is older or newer than this code; the message says what to do."""


async def upgrade(database: Database) -> None:
    """Bring the database's schema to this code's version; nothing happens where it is there already."""
    async with database.engine.connect() as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()


async def is_empty(database: Database) -> bool:
    """Whether no migration has ever been run on the database."""
    async with database.engine.connect() as connection:
        return await connection.run_sync(_revision) is None


async def check(database: Database) -> None:
    """Raise SchemaMismatchError unless the database has exactly this code's schema."""
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_revision)
    script = ScriptDirectory.from_config(_config())
    head = script.get_current_head()
    if found == head:
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if found is not None and found not in known:
        raise SchemaMismatchError(
            f"The database has schema {found}, which is newer than this version of Vouch (schema {head}). "
            "Install the version that wrote it."
        )
    raise SchemaMismatchError(f"The database has schema {found}, this version needs {head}: run `vouch migrate`.")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(files("vouch") / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
