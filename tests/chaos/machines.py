"""What a fault run consists of, as processes that can be killed: PostgreSQL, Redis, nodes of Vouch, a media worker.

All of them end with the run, however it ends (prctl, PR_SET_PDEATHSIG).
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.load.worker import Told
from tests.ports import free_port
from tests.services import die_with_us, unprivileged_user
from tools import programs

ROOT = Path(__file__).resolve().parents[2]
_START_S = 60.0


class Machine:
    """One program with its log; `start` after `kill` starts it again as it was."""

    def __init__(
        self, name: str, command: list[str | Path], home: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = command
        self._home = home
        self._environment = environment
        self._process: subprocess.Popen[str] | None = None
        self._identity: dict[str, Any] = {}

    @property
    def log(self) -> Path:
        """Where its standard error goes."""
        return self._home / f"{self.name}.log"

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return None if self._process is None or self._process.poll() is not None else self._process.pid

    def start(self, told: str = "") -> None:
        """Start it; `told` is its standard input's first line."""
        self._forget()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._home,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if told else log,
                stderr=log,
                text=True,
                preexec_fn=die_with_us,  # noqa: PLW1509 - it takes no lock that another thread could hold
                **self._identity,
            )
        if told and self._process.stdin is not None:
            self._process.stdin.write(told + "\n")
            self._process.stdin.flush()

    def first_line(self) -> str:
        """What it says first on standard output."""
        if self._process is None or self._process.stdout is None:
            raise RuntimeError(f"{self.name} was not told to speak")
        return self._process.stdout.readline()

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal and wait for the end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait()
        self._forget()

    def _forget(self) -> None:
        """Let go of a process that has ended."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
        self._process = None

    def processor_s(self) -> float:
        """Processor time that it has used, its children's too; 0 where it does not run."""
        return processor_s(self.pid)


def processor_s(pid: int | None) -> float:
    """Processor time that a process and its ended children have used; 0 where it does not run."""
    fields = _status(pid)
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def children(pid: int | None) -> list[int]:
    """A process's running children (proc(5))."""
    found = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [each for each in found if (fields := _status(each)) and fields[1] == str(pid)]


def _status(pid: int | None) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


class Postgres(Machine):
    """A cluster of its own with PostgreSQL's own durability; `stop_at_once` is `pg_ctl stop --mode immediate`."""

    def __init__(self, home: Path) -> None:
        found = programs.find("postgresql")
        if found is None:
            raise RuntimeError(programs.how_to_get("postgresql"))
        self._bin = found.resolve().parent
        self.port = free_port()
        folder = self._folder = home / "postgres"
        settings = {"max_connections": "300", "timezone": "UTC", "shared_buffers": "128MB"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self._bin / "postgres", "-D", folder / "data", "-k", folder, "-h", "127.0.0.1"]
        super().__init__("postgres", [*command, "-p", str(self.port), *options], folder)

    def prepare(self) -> None:
        """Make the cluster: before the first start."""
        self._folder.mkdir()
        user = unprivileged_user()
        if user is not None:
            shutil.chown(self._folder, user.pw_name, user.pw_gid)
            self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        initialise = ["--pgdata", self._folder / "data", "--username", "vouch", "--auth", "trust"]
        subprocess.run(
            [self._bin / "initdb", *initialise, "--encoding", "UTF8", "--locale", "C", "--no-sync"],
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **self._identity,
        )

    def processor_s(self) -> float:
        """That of its processes, one for each connection, too."""
        return super().processor_s() + sum(processor_s(child) for child in children(self.pid))

    @property
    def url(self) -> str:
        """As SQLAlchemy takes it."""
        return f"postgresql+asyncpg://vouch@127.0.0.1:{self.port}/vouch"

    def create(self) -> None:
        """Make the database; the server must answer."""
        where = ["--host", "127.0.0.1", "--port", str(self.port), "--username", "vouch"]
        subprocess.run([self._bin / "createdb", *where, "vouch"], check=True)

    def wait(self) -> None:
        """Until it takes connections."""
        ask: list[str | Path] = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        give_up = time.monotonic() + _START_S
        while subprocess.run(ask, check=False).returncode != 0:
            if time.monotonic() > give_up:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.05)

    def stop_at_once(self) -> None:
        """Quit without writing anything more: at the next start it recovers from its log."""
        self.kill(signal.SIGQUIT)


class Redis(Machine):
    """A Redis that keeps nothing."""

    def __init__(self, home: Path) -> None:
        found = programs.find("redis")
        if found is None:
            raise RuntimeError(programs.how_to_get("redis"))
        self.port = free_port()
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        super().__init__("redis", [found, *options], home)

    @property
    def url(self) -> str:
        """As Vouch takes it."""
        return f"redis://127.0.0.1:{self.port}/0"


class VouchNode(Machine):
    """`vouch serve` on a port of its own."""

    def __init__(self, name: str, home: Path, environment: dict[str, str]) -> None:
        self.port = free_port()
        own = {"VOUCH_NODE": name, "VOUCH_PORT": str(self.port)}
        command: list[str | Path] = [sys.executable, "-m", "signaling.main", "serve"]
        super().__init__(name, command, home, _environment() | environment | own)

    @property
    def origin(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


class SyntheticWorker(Machine):
    """`tests.load.worker`; `port` is known after `begin`."""

    def __init__(self, name: str, home: Path, secret: str, calls: int = 6_000) -> None:
        self._told = Told(name=name, secret=secret, port=free_port(), calls=calls)
        super().__init__(name, [sys.executable, "-m", "tests.load.worker"], home, _environment())

    @property
    def address(self) -> str:
        """As VOUCH_MEDIA_WORKER_ADDRESSES names it."""
        return f"{self.name}={self._told.host}:{self._told.port}"

    def begin(self) -> None:
        """Start, and return when it listens."""
        self.start(self._told.model_dump_json())
        if "listening" not in self.first_line():
            raise RuntimeError(self.log.read_text())


def run_vouch(home: Path, environment: dict[str, str], *arguments: str) -> None:
    """One command of Vouch, to its end."""
    command = [sys.executable, "-m", "signaling.main", *arguments]
    subprocess.run(command, cwd=home, env=_environment() | environment, check=True, stdout=subprocess.DEVNULL)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT)}
