"""What the command line's commands share: settings, a database at this version's schema, errors as one sentence."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click

from vouch import migrations
from vouch.database import Database
from vouch.logs import configure
from vouch.problems import Problem
from vouch.settings import Settings

Result = TypeVar("Result")


def with_database(work: Callable[[Database, Settings], Awaitable[Result]], *, migrated: bool = True) -> Result:
    """Run one command's work; what the user did wrong ends in one sentence.

    `migrated`: whether the database must have this version's schema already.
    """
    settings = Settings()
    configure("WARNING")

    async def run() -> Result:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.database)
        try:
            if migrated:
                await migrations.check(database)
            return await work(database, settings)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except Problem as problem:
        raise click.ClickException(problem.detail) from None
    except migrations.SchemaMismatchError as error:
        raise click.ClickException(str(error)) from None
