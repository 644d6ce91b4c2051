"""The schema's history: Alembic revisions with literal operations, and the check that database and code agree.

Revisions never import models: they must mean the same for ever. A test compares what they build with the models. Their
files are named by number, `NNNN_what.py`, and the number is the revision; so the check needs no Alembic, whose import
takes a node that starts again half a second of the 15 that its calls have.
"""

from importlib.resources import files

from sqlalchemy import Connection, inspect, text

from vouch.database import Database

_DIGITS = 4


class SchemaMismatchError(Exception):
    """The database is older or newer than this code; the message says what to do."""


async def upgrade(database: Database) -> None:
    """Bring the database's schema to this code's version; nothing happens where it is there already."""
    async with database.engine.connect() as connection:
        await connection.run_sync(_upgrade)
        await connection.commit()


async def is_empty(database: Database) -> bool:
    """Whether no migration has ever been run on the database."""
    return await _found(database) is None


async def check(database: Database) -> None:
    """Raise SchemaMismatchError unless the database has exactly this code's schema."""
    found, known = await _found(database), revisions()
    head = known[-1]
    if found == head:
        return
    if found is not None and found not in known:
        raise SchemaMismatchError(
            f"The database has schema {found}, which is newer than this version of Vouch (schema {head}). "
            "Install the version that wrote it."
        )
    raise SchemaMismatchError(f"The database has schema {found}, this version needs {head}: run `vouch migrate`.")


def revisions() -> list[str]:
    """This code's revisions, the oldest first."""
    names = [file.name for file in (files("vouch") / "migrations" / "versions").iterdir()]
    return sorted(name[:_DIGITS] for name in names if name[:_DIGITS].isdigit())


async def _found(database: Database) -> str | None:
    async with database.engine.connect() as connection:
        return await connection.run_sync(_revision)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(files("vouch") / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
