"""The database: SQLite (default) or PostgreSQL through SQLAlchemy, with read and write transactions kept apart.

SQLite runs in WAL mode with synchronous=FULL, and a write begins with BEGIN IMMEDIATE: a deferred transaction that
upgrades fails at once instead of waiting. Within a process writers of SQLite queue on a lock of their own, which is
fairer and cheaper than its busy handler.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

from sqlalchemy import BigInteger, MetaData, Text, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from vouch.clock import SystemClock

_WRITE = "vouch_write"
_ALIVE_S = 3


class Base(DeclarativeBase):
    """Ancestor of every table; int is 64 bits wide (times are microseconds), str is text."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {int: BigInteger, str: Text}  # noqa: RUF012 - SQLAlchemy's own name and shape


class Database:
    """Transactions on one database; made once, closed once."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = _engine(url)
        self._writing = self.engine.execution_options(**{_WRITE: True})
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._queue: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may change rows: committed at the end, rolled back on any exception."""
        async with self._queue, AsyncSession(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads; whatever it changes is rolled back."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            yield session

    async def now(self, session: AsyncSession) -> int:
        """The database's clock in microseconds; it must be a statement of its own, after any lock is held.

        SQLite is a library within this process, so this process's clock is its clock.
        """
        if self.is_sqlite:
            return SystemClock().now()
        row = await session.execute(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
        return int(row.scalar_one())

    async def alive(self) -> bool:
        """Whether the database answers within 3 s; for health checks, so any error is a no."""
        try:
            async with asyncio.timeout(_ALIVE_S), self.read() as session:
                await session.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - each driver has errors of its own, and all of them mean no
            return False
        return True

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        return create_async_engine(url, hide_parameters=True, pool_size=10, max_overflow=10, pool_pre_ping=True)
    # hide_parameters: an error's text, which is logged, must not quote the values of the statement.
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": 10}, pool_size=5)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own implicit BEGIN is switched off: _begin_sqlite writes it.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
