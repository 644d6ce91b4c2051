"""The database: SQLite (default) or PostgreSQL through SQLAlchemy, with read and write transactions kept apart.

SQLite runs in WAL mode with synchronous=FULL, and a write begins with BEGIN IMMEDIATE: a deferred transaction that
upgrades fails at once instead of waiting. Within a process writers of SQLite queue on a lock of their own, which is
fairer and cheaper than its busy handler.
"""

import asyncio
import errno
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import asyncpg
from sqlalchemy import BigInteger, MetaData, Text, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from vouch.clock import SystemClock

_WRITE = "vouch_write"
_ALIVE_S = 3
_POSTGRESQL = {
    "timeout": 5,
    "command_timeout": 30,
    # A node that stands still must not hold a floor's row for ever: its session is ended, and with it the lock.
    "server_settings": {"idle_in_transaction_session_timeout": "5000"},
}
_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.ENOENT, errno.EACCES, errno.EPERM, errno.EEXIST}
"""What the evidence's own disk says."""
_GONE = ("08", "25P03", "40001", "40P01", "53", "57")
"""SQLSTATEs (PostgreSQL, appendix A) after which the same transaction may succeed: connection lost, session ended while
it stood still, serialization failure, deadlock, resources, the server stops or starts."""


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

    def __init__(self, url: str, *, info: Mapping[str, Any] | None = None) -> None:
        """`info`: what every session of it carries for those who write and read rows, such as what seals them."""
        self.info = dict(info or {})
        self.engine: AsyncEngine = _engine(url)
        self._writing = self.engine.execution_options(**{_WRITE: True})
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._queue: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.is_sqlite else nullcontext()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """A transaction that may change rows: committed at the end, rolled back on any exception."""
        async with self._queue, self._session(self._writing) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """For reading. On PostgreSQL each statement sees what is committed by then, in a transaction or not (READ
        COMMITTED), so none is begun: BEGIN and ROLLBACK would be two of three round trips.
        """
        async with self._session(self._reading) as session:
            yield session

    def _session(self, engine: AsyncEngine) -> AsyncSession:
        return AsyncSession(engine, expire_on_commit=False, info=self.info)

    async def now(self, session: AsyncSession) -> int:
        """The database's clock in microseconds; it must be a statement of its own, after any lock is held.

        SQLite is a library within this process, so this process's clock is its clock.
        """
        if self.is_sqlite:
            return self.told(0)
        row = await session.execute(text("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))
        return self.told(int(row.scalar_one()))

    def told(self, clock: int) -> int:
        """The same as a statement with other business has read it; 0, where the database cannot: this process's."""
        return clock or SystemClock().now()

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


def is_gone(error: BaseException | None) -> bool:
    """Whether the database is away, or was for a moment, so that the same transaction may succeed later.

    Drivers say it in many ways; what is our own fault (a constraint, a wrong statement) is none of them.
    """
    if isinstance(error, OSError):
        return error.errno not in _DISK
    if isinstance(error, PoolTimeoutError | OperationalError):
        return True
    if isinstance(error, InterfaceError | asyncpg.InterfaceError):
        # The same classes stand for wrong arguments, whose values are quoted; of a lost connection the text says so.
        return not _wrong_argument(error) and "connection" in str(error)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_gone(error.orig)
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state.startswith(_GONE)


def _wrong_argument(error: BaseException) -> bool:
    """Whether the driver refused a value before it was sent, as text with a lone surrogate."""
    causes: list[BaseException | None] = [error, getattr(error, "orig", None)]
    causes += [each.__cause__ for each in causes if each is not None]
    return any(isinstance(each, asyncpg.DataError) for each in causes)


def _engine(url: str) -> AsyncEngine:
    if not url.startswith("sqlite"):
        engine = create_async_engine(
            url, hide_parameters=True, pool_size=20, max_overflow=0, pool_timeout=5, connect_args=_POSTGRESQL
        )
        event.listen(engine.sync_engine, "checkout", _still_open)
        return engine
    # hide_parameters: an error's text, which is logged, must not quote the values of the statement.
    engine = create_async_engine(url, hide_parameters=True, connect_args={"timeout": 10}, pool_size=5)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _still_open(connection: Any, _record: Any, _proxy: Any) -> None:
    # What SQLAlchemy's own pre-ping asks the server in three round trips, the driver knows: the server's end closes.
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError


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
