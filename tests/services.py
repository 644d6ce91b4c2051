"""Programs of the system that tests run against: a throw-away PostgreSQL, a Redis, and the paths of others.

Nothing is installed here: `./dev test` does that beforehand (`tools/programs.py`).
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn, TypedDict

import pytest

from tests.ports import free_port
from tools import programs

_PR_SET_PDEATHSIG = 1  # prctl(2)
_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders that mkdtemp(3) makes
_HOME = "vouch-postgres-"
_ROOM = 2 << 30
"""What must be free in memory before a cluster lies there, in bytes; it needs a tenth."""
_START_S = 60.0
# Durability costs time, and a throw-away cluster has nothing to lose; the rest keeps timing and figures even.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "wal_level": "minimal",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",
    "max_wal_senders": "0",
}


def program(name: str) -> Path:
    """The executable of a program in `tools.programs.PROGRAMS`; without it the test is skipped, or fails in CI."""
    found = programs.find(name)
    return found if found is not None else _missing(programs.how_to_get(name))


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI") or os.environ.get("VOUCH_CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


class _Identity(TypedDict, total=False):
    """Arguments of `subprocess.Popen` by which a process runs as another user."""

    user: int
    group: int
    extra_groups: list[int]


class PostgresCluster:
    """A running PostgreSQL server that trusts everybody on the loopback; made by `postgres_cluster`."""

    def __init__(self, bin_dir: Path, home: Path, user: pwd.struct_passwd | None, settings: dict[str, str]) -> None:
        self._bin, self._home, self._user, self._settings = bin_dir, home, user, settings
        # Without fsync copying files is three times as fast as writing them to the log; before 15 it is the only way.
        version = int((home / "data" / "PG_VERSION").read_text())
        self._copy = "STRATEGY file_copy" if version >= 15 else ""
        self._databases = 0
        self._process, self._port = _start(bin_dir, home, user, settings)

    def stop(self) -> None:
        """PostgreSQL's immediate shutdown, as if its machine had lost power; safe to call twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
        self._process.wait()

    def start(self) -> None:
        """Start it again on the same port, and return when it has recovered and answers."""
        self._process, self._port = _start(self._bin, self._home, self._user, self._settings, self._port)

    def url(self, database: str) -> str:
        """The address as SQLAlchemy takes it."""
        return f"postgresql+asyncpg://vouch@127.0.0.1:{self._port}/{database}"

    @contextmanager
    def database(self, template: str = "template1") -> Iterator[str]:
        """The name of a new copy of `template`, dropped afterwards, whoever is still connected."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {self._copy}')
        try:
            yield name
        finally:
            self.run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def run(self, statement: str) -> None:
        """Run one statement in the database `postgres`; an error raises `CalledProcessError`."""
        connection = f"host=127.0.0.1 port={self._port} user=vouch dbname=postgres"
        subprocess.run([self._bin / "psql", "-qXc", statement, connection], check=True)


@contextmanager
def postgres_cluster(**changes: str) -> Iterator[PostgresCluster]:
    """A cluster in a temporary folder, stopped and removed at the end; about 2 s to start.

    A database is some three hundred files, whose copy takes a fifth of a second on a disk and 30 ms in memory.
    `changes` are settings of the server; whoever stops it in between wants synchronous_commit="on".
    """
    bin_dir = program("postgresql").resolve().parent
    home = _home()
    user = unprivileged_user()
    if user:
        shutil.chown(home, user.pw_name, user.pw_gid)
    try:
        _initialise(bin_dir, home, user)
        cluster = PostgresCluster(bin_dir, home, user, _SETTINGS | changes)
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _home() -> Path:
    """A new folder, in memory where that has room."""
    if not os.access(_MEMORY, os.W_OK) or shutil.disk_usage(_MEMORY).free < _ROOM:
        return Path(tempfile.mkdtemp(prefix=_HOME))
    # A test run that was killed has left its own behind, and memory is worth more than room on a disk.
    for other in _MEMORY.glob(f"{_HOME}*"):
        if not Path("/proc", other.name.split("-")[2]).exists():
            shutil.rmtree(other, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_HOME}{os.getpid()}-", dir=_MEMORY))


def unprivileged_user() -> pwd.struct_passwd | None:
    """Whom PostgreSQL runs as where we are root, which it refuses to be; otherwise ourselves."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _initialise(bin_dir: Path, home: Path, user: pwd.struct_passwd | None) -> None:
    command: list[str | Path] = [bin_dir / "initdb", "--pgdata", home / "data", "--username", "vouch"]
    command += ["--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"]
    run = subprocess.run(command, cwd=home, capture_output=True, check=False, text=True, **_as_user(user))
    assert run.returncode == 0, run.stderr


def _start(
    bin_dir: Path, home: Path, user: pwd.struct_passwd | None, settings: dict[str, str], again: int | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    # Between our asking for a free port and the server's binding it another program may take it: then once more.
    for _ in range(3):
        port = again or free_port()
        command: list[str | Path] = [bin_dir / "postgres", "-D", home / "data", "-k", home]
        command += ["-h", "127.0.0.1", "-p", str(port), *arguments]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=home,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_us,  # noqa: PLW1509 - it takes no lock that another thread could hold
                **_as_user(user),
            )
        if _answers(process, bin_dir, port):
            return process, port
    raise RuntimeError((home / "log").read_text())


def _answers(process: subprocess.Popen[bytes], bin_dir: Path, port: int) -> bool:
    """Wait until the server takes connections; False when it has ended instead."""
    ask: list[str | Path] = [bin_dir / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    give_up = time.monotonic() + _START_S
    while process.poll() is None:
        if subprocess.run(ask, check=False).returncode == 0:
            return True
        assert time.monotonic() < give_up, "PostgreSQL does not answer"
        time.sleep(0.05)
    return False


class RedisServer:
    """A running Redis that keeps nothing; made by `redis_server`."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.start()

    def start(self) -> None:
        """Start it, again on the same port, and return when it listens."""
        command = [self._program, "--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_us,  # noqa: PLW1509 - it takes no lock that another thread could hold
        )
        give_up = time.monotonic() + _START_S
        while not _listens(self._port):
            assert time.monotonic() < give_up, "Redis does not answer"
            assert self._process.poll() is None, "Redis has ended"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it without any warning; safe to call twice."""
        self._process.kill()
        self._process.wait()


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis on a free port, ended at the end of the block."""
    server = RedisServer(program("redis"))
    try:
        yield server
    finally:
        server.kill()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _as_user(user: pwd.struct_passwd | None) -> _Identity:
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}


def die_with_us() -> None:
    # A test run that is killed must leave no server behind; the kernel forgets this on a change of user, which comes
    # before this function is called.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
