"""`vouch backup`: a copy of the database and the evidence, and the sealed key, taken while Vouch runs.

The database is copied first and evidence afterwards: a picture's bytes are durable before its row is, so every row of
the copy has its bytes. Evidence files only ever grow, as recordings do while a call runs, so those that the directory
has already in the same size are skipped. The key opens what the database seals, so it is never put beside it in clear.
"""

import asyncio
import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import URL, make_url

from signaling.key_backup import seal_key
from vouch.database import Database
from vouch.problems import Problem
from vouch.settings import Settings

_MINE_ALONE = 0o700


async def backup(database: Database, settings: Settings, directory: Path, passphrase: str | None = None) -> None:
    """Copy everything to `directory`, the key only with a passphrase, sealed by it.

    Problem `passphrase_short`; `pg_dump_missing` or `pg_dump_failed` on PostgreSQL.
    """
    await asyncio.to_thread(_prepare, directory)
    await asyncio.to_thread(_seal, settings.data_dir, directory, passphrase)
    if database.is_sqlite:
        await asyncio.to_thread(_copy_sqlite, Path(database.engine.url.database or ""), directory / "vouch.db")
    else:
        await _dump_postgresql(settings.database, directory / "vouch.dump")
    await asyncio.to_thread(_copy_files, settings.data_dir, directory)


def _prepare(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=_MINE_ALONE)
    directory.chmod(_MINE_ALONE)


def _seal(data: Path, directory: Path, passphrase: str | None) -> None:
    if passphrase is not None:
        seal_key(data, directory, passphrase)
    # What versions before left in clear.
    (directory / "secret.key").unlink(missing_ok=True)


def _copy_sqlite(source: Path, target: Path) -> None:
    """SQLite's own online backup: a consistent copy, whatever is written meanwhile."""
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    origin = sqlite3.connect(source)
    copy = sqlite3.connect(part)
    try:
        origin.backup(copy)
    finally:
        copy.close()
        origin.close()
    part.rename(target)


async def _dump_postgresql(url: str, target: Path) -> None:
    program = shutil.which("pg_dump")
    if program is None:
        raise Problem(500, "pg_dump_missing", "pg_dump is not installed here; install PostgreSQL's client programs.")
    address = make_url(url)
    # The password goes by the environment: arguments can be read by every user of the machine.
    environment = os.environ | ({"PGPASSWORD": str(address.password)} if address.password else {})
    plain = URL.create(
        "postgresql", address.username, None, address.host, address.port, address.database, address.query
    ).render_as_string()
    process = await asyncio.create_subprocess_exec(
        program, "--format=custom", f"--file={target}", plain, env=environment
    )
    if await process.wait() != 0:
        raise Problem(500, "pg_dump_failed", "pg_dump failed; its own message stands above.")


def _copy_files(data: Path, directory: Path) -> None:
    for source in (data / "evidence").rglob("*"):
        target = directory / "evidence" / source.relative_to(data / "evidence")
        if source.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        elif source.suffix != ".part" and not (target.exists() and target.stat().st_size == source.stat().st_size):
            target.parent.mkdir(parents=True, exist_ok=True)
            # Under another name until it is whole: a copy that was cut off must not be skipped by the next run.
            part = target.with_suffix(".part")
            shutil.copy2(source, part)
            part.replace(target)
