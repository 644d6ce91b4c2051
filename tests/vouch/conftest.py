"""A database with the ground's tables, a clock that the test moves, and the lines that were logged."""

import asyncio
import io
import json
import logging
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import delete

from tests import services
from tests.clock import ManualClock
from vouch import logs
from vouch.accounts import models, tickets
from vouch.audit import AuditEntry
from vouch.companies.models import RuleChange
from vouch.database import Base, Database

LogLines = Callable[[], list[dict[str, Any]]]
# Those that others refer to come first.
_ROWS = (
    models.Company,
    models.Shop,
    models.Account,
    models.WebSession,
    models.SignInFailure,
    tickets.SpentTicket,
    models.KnownDevice,
    models.SecondFactor,
    models.RecoveryCode,
    AuditEntry,
    RuleChange,
)
_TABLES = [Base.metadata.tables[row.__tablename__] for row in _ROWS]


async def _make_tables(url: str) -> None:
    database = Database(url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, tables=_TABLES)
    await database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the ground's tables, to be copied."""
    file = tmp_path_factory.mktemp("template") / "vouch.db"
    asyncio.run(_make_tables(f"sqlite+aiosqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def shared_postgresql_url(postgres_cluster: services.PostgresCluster) -> Iterator[str]:
    """One PostgreSQL database for all tests of the ground: emptying it is ten times as fast as a new one."""
    with postgres_cluster.database() as name:
        asyncio.run(_make_tables(postgres_cluster.url(name)))
        yield postgres_cluster.url(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database that has the ground's tables."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("shared_postgresql_url"))
    shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "vouch.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'vouch.db'}"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open database with the ground's tables, empty; a test that asks for it runs on SQLite and on PostgreSQL."""
    opened = Database(database_url)
    if not opened.is_sqlite:
        async with opened.write() as session:
            for table in reversed(_TABLES):
                await session.execute(delete(table))
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> ManualClock:
    """Stands at a Friday morning."""
    return ManualClock()


@pytest.fixture
def log_lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[LogLines]:
    """Logging as `serve` sets it up, at INFO or the parameter's level; gives the lines written to stderr so far."""
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    root = logging.getLogger()
    pytests_own, level = list(root.handlers), root.level
    logs.configure(getattr(request, "param", "INFO"))
    (ours,) = root.handlers
    # Side by side: pytest takes its own away after each phase, and must find them where it put them.
    root.handlers[:0] = pytests_own
    yield lambda: [json.loads(line) for line in stderr.getvalue().splitlines()]
    root.removeHandler(ours)
    root.setLevel(level)
    structlog.reset_defaults()
