"""A real worker that strangers have taken over: what it can still reach, and that its calls go on all the same."""

import asyncio
import json
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from media.confined import MEBIBYTE, confinement
from media.plane import LegFacts, MediaPlane, MediaSettings, RecordedPiece, WorkerUp, worker_settings
from media.server import MOST_UNKEPT
from media.worker_settings import WorkerSettings
from tests.media.peers import Peers, Told, counter
from tests.vouch.test_confinement import ABI, landlock

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[2]
SECRET = "of both"


class Taken:
    """The worker, and what it is made to try."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.plane: MediaPlane
        self.told = Told()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def line(self) -> dict[str, object]:
        """The next one that is no sign of life."""
        assert self._process.stdout is not None
        async with asyncio.timeout(20):
            while not (line := (await self._process.stdout.readline()).strip()):
                continue
        told: dict[str, object] = json.loads(line)
        return told

    async def tries(self, what: str, argument: object) -> object:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([what, argument]).encode() + b"\n")
        return (await self.line())["came"]

    async def is_kept_from(self, what: str, argument: object) -> bool:
        came = str(await self.tries(what, argument))
        return came.startswith("PermissionError")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def taken() -> AsyncIterator[Taken]:
    settings = MediaSettings(secret=SECRET)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = (sys.executable, "-m", "tests.media.compromised_worker")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=environment, cwd=ROOT)
    assert process.stdin is not None
    process.stdin.write(worker_settings(settings, "taken", SECRET).encode() + b"\n")
    taken = Taken(process)
    port = (await taken.line())["listening"]
    taken.plane = MediaPlane(settings, taken.told.take)
    await taken.plane.start()
    await taken.plane.dial({"taken": f"127.0.0.1:{port}"})
    await taken.told.wait_for(lambda event: isinstance(event, WorkerUp))
    yield taken
    await taken.plane.close()
    process.stdin.close()
    async with asyncio.timeout(10):
        await process.wait()


@pytest.fixture
def beneath_the_source() -> Iterator[Path]:
    """A data directory where developers and careless operators have it: within the tree that the worker comes from."""
    folder = ROOT / f"data-{os.getpid()}"
    (folder / "evidence").mkdir(parents=True)
    kept = [folder / name for name in ("secret.key", "vouch.db", ".env", "evidence/frame.jpg")]
    for path in kept:
        path.write_text("secret")
    yield folder
    for path in kept:
        path.unlink()
    (folder / "evidence").rmdir()
    folder.rmdir()


@landlock
async def test_the_nodes_files_are_out_of_reach_wherever_they_lie(
    taken: Taken, beneath_the_source: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.key").write_text("secret")
    for name in ("secret.key", "vouch.db", ".env", "evidence/frame.jpg"):
        assert await taken.is_kept_from("read", str(beneath_the_source / name)), name
    assert await taken.is_kept_from("read", str(tmp_path / "secret.key"))
    for folder in (beneath_the_source, ROOT, tmp_path, Path.home(), Path("/")):
        assert await taken.is_kept_from("list", str(folder)), folder


@landlock
async def test_neither_the_system_nor_other_processes_can_be_looked_into(taken: Taken) -> None:
    others = [f"/proc/{pid}/{name}" for pid in (os.getpid(), 1, "self") for name in ("environ", "mem", "cmdline")]
    for path in (*others, "/etc/passwd", "/etc/shadow", "/etc/hostname", str(ROOT / "pyproject.toml")):
        assert await taken.is_kept_from("read", path), path


@landlock
async def test_nothing_can_be_written_removed_or_started(taken: Taken, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("x")
    for path in (there, tmp_path / "new", ROOT / "media" / "new.py", "/tmp/vouch-new", "/dev/shm/vouch-new"):  # noqa: S108
        assert await taken.is_kept_from("write", str(path)), path
    assert await taken.is_kept_from("remove", str(there))
    for path in (sys.executable, "/bin/sh"):
        assert await taken.is_kept_from("start", path), path


@landlock
@pytest.mark.skipif(int(str(ABI)) < 6, reason="this Landlock knows neither ports nor signals")
async def test_nobody_is_connected_to_listened_for_or_signalled(taken: Taken) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert await taken.is_kept_from("connect", f"127.0.0.1:{server.getsockname()[1]}")
    assert await taken.is_kept_from("connect", "192.0.2.1:443")
    assert await taken.is_kept_from("listen", 8079)
    assert await taken.is_kept_from("signal", os.getpid())
    assert await taken.is_kept_from("bare", None)


@landlock
async def test_what_it_needs_later_it_still_gets(taken: Taken) -> None:
    for name in ("numpy", "av.video.codeccontext", "encodings.idna", "PIL.JpegImagePlugin", "media.fallback"):
        assert await taken.tries("import", name) is None, name
    assert await taken.tries("resolve", "localhost") is None


async def test_privileges_and_limits_are_those_that_were_set(taken: Taken) -> None:
    lines = Path(f"/proc/{taken.pid}/status").read_text().splitlines()
    status = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    assert (status["NoNewPrivs"], status["CapEff"]) == ("1", "0" * 16)
    wanted = confinement(WorkerSettings(name="w", secret="s"))
    assert wanted.memory == 2 * 512 * MEBIBYTE + MOST_UNKEPT
    assert await taken.tries("limit", "RLIMIT_DATA") == [wanted.memory] * 2
    assert await taken.tries("limit", "RLIMIT_CORE") == [0, 0]
    descriptors = await taken.tries("limit", "RLIMIT_NOFILE")
    assert isinstance(descriptors, list)
    assert 0 < descriptors[0] == descriptors[1] <= (wanted.files or 0)


async def test_its_calls_have_frames_pictures_and_recordings(taken: Taken) -> None:
    peers = Peers(taken.plane, taken.told)
    await peers.join("customer", first=1_000)
    _, agent_sees = await peers.join("agent", first=9_000)
    shown = await agent_sees.next()
    kept = await peers.plane.frame(peers.worker, peers.call, 1, shown.rtp_timestamp, live=True)
    assert counter(kept.jpeg) in range(1_000, 2_000)
    for leg in ("customer", "agent"):
        await peers.event(lambda event, leg=leg: isinstance(event, RecordedPiece) and event.leg == leg)  # type: ignore[misc]
    await peers.event(lambda event: isinstance(event, LegFacts))
    await peers.close()
