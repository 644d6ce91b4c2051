"""`vouch media-worker` as it is started on a machine without a node: what runs there, and who is spoken to."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from media.link import WorkerLink, connect
from tests.media.between import ANY, REMOTE
from tests.ports import free_port

SECRET = "told to both"


@pytest.fixture
async def worker(tmp_path: Path) -> AsyncIterator[tuple[Process, int]]:
    port = free_port()
    command = (sys.executable, "-m", "signaling.main", "media-worker", "--name", "alone", "--listen", f"{ANY}:{port}")
    environment = os.environ | {"VOUCH_MEDIA_SECRET": SECRET, "VOUCH_DATA_DIR": str(tmp_path)}
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=log)
    yield process, port
    process.terminate()
    assert await process.wait() == 0


async def reached(port: int) -> WorkerLink:
    async with asyncio.timeout(20):
        while True:
            try:
                return await connect(REMOTE, port, SECRET)
            except ConnectionError:
                await asyncio.sleep(0.1)


async def child(of: Process) -> int:
    asked = await asyncio.create_subprocess_exec("pgrep", "-P", str(of.pid), stdout=PIPE)
    out, _ = await asked.communicate()
    return int(out.split()[0])


async def test_a_worker_by_itself_is_confined_speaks_tls_and_is_started_anew_when_it_hangs(
    worker: tuple[Process, int], tmp_path: Path
) -> None:
    process, port = worker
    link = await reached(port)
    assert link.worker == "alone"
    assert link._socket.get_extra_info("ssl_object") is not None
    pid, boot = await child(process), link.boot
    lines = (line.partition(":") for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    status = {name: value.strip() for name, _, value in lines}
    assert (status["NoNewPrivs"], status["CapEff"]) == ("1", "0" * 16)
    await link.close()

    os.kill(pid, signal.SIGSTOP)
    async with asyncio.timeout(20):
        while (link := await reached(port)).boot == boot:
            await link.close()
    await link.close()
    assert await child(process) != pid
    log = (tmp_path / "log").read_text()
    assert "it is started again" in log
    assert SECRET not in log
