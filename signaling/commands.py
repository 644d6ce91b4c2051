"""What the command line's commands share: settings, instants, a database at this version's schema, errors as one
sentence, and the line that each leaves in the audit log.
"""

import asyncio
import getpass
import os
import socket
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import click
from sqlalchemy.ext.asyncio import AsyncSession

from signaling.seed_seal import BOX, box
from vouch import migrations
from vouch.audit import Tag, record
from vouch.clock import MILLISECOND, VIETNAM, SystemClock
from vouch.database import Database
from vouch.keys import Keys
from vouch.logs import configure
from vouch.problems import Problem
from vouch.sealing import Box
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
        database = Database(settings.database, info=_boxes(settings))
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


def _boxes(settings: Settings) -> dict[str, Box]:
    """What opens sealed rows; nothing where the installation's secret does not lie: no command draws another."""
    if not Keys.exists(settings.data_dir):
        return {}
    try:
        return {BOX: box(Keys.load(settings.data_dir))}
    except ValueError:
        # A broken file stops what needs it, and not what puts it right.
        return {}


def note(session: AsyncSession, tag: Tag, **facts: Any) -> None:
    """Add a command's line to the audit log within the caller's transaction, with who ran it."""
    record(session, tag, SystemClock().now(), actor=actor(), **facts)


def actor() -> str:
    """Who runs this command, as far as this machine knows: `USER(UID)@HOST`, whoever `sudo` was called by first.

    What `vouch --as NAME` says stands before it, for accounts of the machine that several people share; it proves
    nothing by itself.
    """
    user = _user()
    known = f"{user}({os.environ.get('SUDO_UID') or os.getuid()})@{socket.gethostname()}"
    named = _named()
    return f"{named} as {known}" if named else known


def whoever() -> str:
    """The bare name of whoever runs this command: the one given by `vouch --as NAME`, or the machine's."""
    return _named() or _user()


def _named() -> str | None:
    context = click.get_current_context(silent=True)
    named: str | None = context.find_root().params.get("named") if context else None
    return named


def _user() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # A container's user often has a number and no name.
        return "unnamed"
