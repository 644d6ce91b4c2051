import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.models import Account, Company
from vouch.clock import SECOND
from vouch.database import Base, Database

# Opens a new database file, waits for a line so that all begin together, and adds a row.
WRITER = """
import asyncio, sys
from sqlalchemy import text
from vouch.database import Database

async def main():
    print("up", flush=True)
    sys.stdin.readline()
    database = Database(sys.argv[1])
    for _ in range(5):
        async with database.write() as session:
            await session.execute(text("CREATE TABLE IF NOT EXISTS tally (n INTEGER)"))
            await session.execute(text("INSERT INTO tally SELECT 1 + count(*) FROM tally"))
    await database.close()

asyncio.run(main())
"""


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    """SQLite alone, with the ground's tables."""
    opened = Database(f"sqlite+aiosqlite:///{tmp_path / 'vouch.db'}")
    async with opened.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield opened
    await opened.close()


@pytest.fixture
async def postgresql(postgresql_url: str) -> AsyncIterator[Database]:
    """PostgreSQL alone, empty."""
    opened = Database(postgresql_url)
    yield opened
    await opened.close()


async def add(database: Database, *codes: str) -> None:
    async with database.write() as session:
        session.add_all([Company(id=code, name=code) for code in codes])


async def codes(database: Database) -> list[str]:
    async with database.read() as session:
        return list((await session.scalars(select(Company.id).order_by(Company.id))).all())


async def pragma(session: AsyncSession, name: str) -> object:
    return (await session.execute(text(f"PRAGMA {name}"))).scalar_one()


async def test_a_write_is_committed_at_its_end(database: Database) -> None:
    await add(database, "CTKV1")
    assert await codes(database) == ["CTKV1"]


async def test_a_write_that_fails_is_rolled_back_and_the_next_one_goes_on(database: Database) -> None:
    async def work() -> None:
        async with database.write() as session:
            session.add(Company(id="CTKV1", name="one"))
            await session.flush()
            raise LookupError

    with pytest.raises(LookupError):
        await work()
    await add(database, "CTKV2")
    assert await codes(database) == ["CTKV2"]


async def test_a_write_that_is_cancelled_is_rolled_back_and_the_next_one_goes_on(database: Database) -> None:
    flushed = asyncio.Event()

    async def work() -> None:
        async with database.write() as session:
            session.add(Company(id="CTKV1", name="one"))
            await session.flush()
            flushed.set()
            await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        task = group.create_task(work())
        await flushed.wait()
        task.cancel()
    await add(database, "CTKV2")
    assert await codes(database) == ["CTKV2"]


async def test_what_a_read_changes_is_forgotten(database: Database) -> None:
    async with database.read() as session:
        session.add(Company(id="CTKV1", name="one"))
    assert await codes(database) == []


async def test_a_row_outlives_its_transaction(database: Database) -> None:
    async with database.write() as session:
        company = Company(id="CTKV1", name="one")
        session.add(company)
    assert company.name == "one"


async def test_writes_at_once_lose_nothing(database: Database) -> None:
    await add(database, "CTKV1")

    async def append() -> None:
        async with database.write() as session:
            company = await session.get_one(Company, "CTKV1", with_for_update=True)
            company.name += "+"

    await asyncio.gather(*(append() for _ in range(30)))
    async with database.read() as session:
        assert (await session.get_one(Company, "CTKV1")).name == "CTKV1" + 30 * "+"


async def test_a_read_neither_waits_for_a_write_nor_sees_it_early(database: Database) -> None:
    async with database.write() as session:
        session.add(Company(id="CTKV1", name="one"))
        await session.flush()
        assert await asyncio.wait_for(codes(database), 5) == []
    assert await codes(database) == ["CTKV1"]


async def test_integers_hold_microseconds(database: Database) -> None:
    far = 4_000_000_000 * SECOND
    async with database.write() as session:
        session.add(Account(id="a", username="u", full_name="n", role="agent", password_hash="", created_at=far))
    async with database.read() as session:
        assert (await session.get_one(Account, "a")).created_at == far


async def test_rows_may_only_refer_to_rows_that_are_there(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            session.add(
                Account(id="a", username="u", full_name="n", role="agent", company="X", password_hash="", created_at=0)
            )


async def test_an_errors_text_does_not_quote_what_was_to_be_stored(database: Database) -> None:
    await add(database, "CTKV1")
    with pytest.raises(IntegrityError) as error:
        async with database.write() as session:
            session.add(Company(id="CTKV1", name="Nguyễn Thị Riêng Tư"))
    assert "Riêng Tư" not in str(error.value)


async def test_it_says_whether_the_database_answers(database: Database) -> None:
    assert await database.alive()


async def test_a_database_that_is_gone_is_not_alive(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'no such folder' / 'vouch.db'}")
    before = set(threading.enumerate())
    assert not await database.alive()
    await database.close()
    # The driver's thread answers to the loop once more after a failed connection: the loop must still be there.
    for thread in set(threading.enumerate()) - before:
        await asyncio.to_thread(thread.join)


async def test_a_server_that_is_gone_is_not_alive(unused_tcp_port: int) -> None:
    database = Database(f"postgresql+asyncpg://vouch@127.0.0.1:{unused_tcp_port}/vouch")
    assert not await database.alive()
    await database.close()


async def test_a_server_that_is_silent_is_not_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vouch.database._ALIVE_S", 0.2)
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    silent = await asyncio.start_server(lambda _reader, writer: accepted.put_nowait(writer), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    database = Database(f"postgresql+asyncpg://vouch@127.0.0.1:{port}/vouch")
    assert not await database.alive()
    await database.close()
    writer = await accepted.get()
    writer.transport.abort()
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    silent.close()
    await silent.wait_closed()


async def test_the_clock_of_sqlite_is_ours(sqlite: Database) -> None:
    async with sqlite.read() as session:
        before = time.time_ns() // 1_000
        assert before <= await sqlite.now(session) <= time.time_ns() // 1_000


async def test_the_clock_of_postgresql_goes_on_within_a_transaction(postgresql: Database) -> None:
    async with postgresql.write() as session:
        first = await postgresql.now(session)
        await session.execute(text("SELECT pg_sleep(0.02)"))
        second = await postgresql.now(session)
        third = await postgresql.now(session)
    assert first + 20_000 <= second < third
    assert abs(second - time.time_ns() // 1_000) < 10 * SECOND  # the same machine's clock


async def test_the_clock_of_postgresql_read_after_a_lock_shows_the_time_after_the_wait(postgresql: Database) -> None:
    async with postgresql.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    await add(postgresql, "CTKV1")
    locked, times = asyncio.Event(), {}

    async def holder() -> None:
        async with postgresql.write() as session:
            await session.execute(update(Company).values(name="held"))
            locked.set()
            await session.execute(text("SELECT pg_sleep(0.05)"))
            times["released"] = await postgresql.now(session)

    async def waiter() -> None:
        await locked.wait()
        async with postgresql.write() as session:
            await session.get_one(Company, "CTKV1", with_for_update=True)
            times["locked"] = await postgresql.now(session)

    await asyncio.gather(holder(), waiter())
    assert times["locked"] > times["released"]


async def test_sqlite_survives_a_power_cut_and_keeps_its_references(sqlite: Database) -> None:
    full = 2
    async with sqlite.write() as session:
        assert await pragma(session, "journal_mode") == "wal"
        assert await pragma(session, "synchronous") == full
        assert await pragma(session, "foreign_keys") == 1


async def test_a_write_to_sqlite_takes_the_lock_with_its_first_look(sqlite: Database, tmp_path: Path) -> None:
    async with sqlite.write() as session:
        await session.scalars(select(Company))
        other = sqlite3.connect(tmp_path / "vouch.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_a_read_of_sqlite_leaves_the_lock_to_others(sqlite: Database, tmp_path: Path) -> None:
    async with sqlite.read() as session:
        await session.scalars(select(Company))
        other = sqlite3.connect(tmp_path / "vouch.db", timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.close()


async def test_writes_to_sqlite_queue_in_the_order_they_came(sqlite: Database) -> None:
    done: list[int] = []

    async def write(number: int) -> None:
        async with sqlite.write() as session:
            session.add(Company(id=str(number), name=""))
            await session.flush()
            done.append(number)

    await asyncio.gather(*(write(number) for number in range(20)))
    assert done == list(range(20))


def test_processes_that_open_a_new_sqlite_file_at_once_all_write(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, f"sqlite+aiosqlite:///{tmp_path / 'vouch.db'}"]
    writing = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in writing:
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
    for process in writing:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate()[1] for process in writing] == ["", "", ""]
    rows = sqlite3.connect(tmp_path / "vouch.db")
    assert [n for (n,) in rows.execute("SELECT n FROM tally ORDER BY n")] == list(range(1, 16))
    rows.close()


async def test_postgresql_takes_no_nul_in_text(postgresql: Database) -> None:
    # Why requests that hold one are refused at the edge, in vouch/http.py.
    with pytest.raises(DBAPIError):
        async with postgresql.read() as session:
            await session.execute(text("SELECT CAST(:value AS text)"), {"value": "a\0b"})
