"""What the command line's commands share: settings, instants, a database at this version's schema, errors as one
sentence.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from vouch import migrations
from vouch.clock import MILLISECOND, VIETNAM
from vouch.database import Database
from vouch.logs import configure
from vouch.problems import Problem
from vouch.settings import Settings

Result = TypeVar("Result")


class Instant(click.ParamType[int]):
    """An ISO 8601 date and time, Vietnamese where it names no offset, as microseconds UTC."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail("write it as 2026-12-01 or 2026-12-01T08:00, Vietnamese time.", param, ctx)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
        return round(moment.timestamp() * 1_000) * MILLISECOND


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
