import asyncio
import json
import os

import pytest

from media.process import start_worker

SETTINGS = {"name": "w", "secret": "s"}


async def test_a_worker_ends_when_its_parents_end_of_the_pipe_does() -> None:
    worker = await start_worker(json.dumps(SETTINGS))
    assert worker.port > 0
    os.kill(worker.pid, 0)
    await worker.end()
    assert await worker.wait() == 0
    await worker.end()
    worker.kill()


async def test_a_worker_that_hangs_is_ended_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("media.process.END_S", 0.2)
    worker = await start_worker(json.dumps(SETTINGS))
    os.kill(worker.pid, 19)
    await worker.end()
    assert await worker.wait() == -9


async def test_a_worker_gets_nothing_of_the_nodes_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOUCH_DATABASE_URL", "postgresql://somewhere")
    monkeypatch.setenv("SOME_KEY", "secret")
    worker = await start_worker(json.dumps(SETTINGS))
    environment = await asyncio.to_thread(_environment, worker.pid)
    await worker.end()
    assert "PATH" in environment
    assert not {"VOUCH_DATABASE_URL", "SOME_KEY"} & environment.keys()


async def test_settings_that_cannot_be_read_start_no_worker() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        await start_worker("nonsense")


def _environment(pid: int) -> dict[str, str]:
    with open(f"/proc/{pid}/environ", "rb") as file:  # noqa: PTH123 - no file of ours
        lines = file.read().decode().split("\0")
    return dict(line.split("=", 1) for line in lines if line)
