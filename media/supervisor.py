"""Keeps one worker process of this node running: started, started again when it ends, ended when it hangs."""

import asyncio
from collections.abc import Callable

from media import clock
from media.process import WorkerProcess, start_worker
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

GONE = 3_000_000
"""A worker that was not heard for this long is gone: microseconds."""
LONGEST_WAIT_S = 5.0
"""Longest pause before a worker that keeps ending is started again: seconds."""


class WorkerSupervisor:
    """One worker by its stable name, through all its processes.

    `on_listening` is told of each process that listens, `on_ended` of one that has ended. `heard_at` says when the
    worker was last heard, on `media.clock`; without it the process's own signs of life count.
    """

    def __init__(
        self,
        name: str,
        settings_json: str,
        on_listening: Callable[[str, WorkerProcess], None],
        on_ended: Callable[[str, WorkerProcess], None],
        heard_at: Callable[[], int] | None = None,
    ) -> None:
        self.name = name
        self._settings_json = settings_json
        self._on_listening, self._on_ended = on_listening, on_ended
        self._heard_at = heard_at
        self.process: WorkerProcess | None = None
        """The one that runs; None while none does."""
        self._started = asyncio.Event()
        self._tasks = TaskSet(name)

    async def start(self) -> None:
        """Start the worker and return when it listens; raises what the first start raises."""
        running = self._tasks.spawn("run", self._run())
        started = self._tasks.spawn("wait until started", self._started.wait())
        await asyncio.wait([running, started], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()

    async def close(self) -> None:
        """End the worker; safe to call twice."""
        await self._tasks.close()

    async def _run(self) -> None:
        pause = 0.0
        while True:
            try:
                process = await start_worker(self._settings_json)
            except (OSError, RuntimeError):
                if not self._started.is_set():
                    raise
                log.exception("media worker cannot be started", worker=self.name)
            else:
                began = clock.now()
                await self._attend(process)
                pause = 0.0 if clock.now() - began > 10_000_000 else pause
            await asyncio.sleep(pause)
            pause = min(LONGEST_WAIT_S, pause * 2 + 0.25)

    async def _attend(self, process: WorkerProcess) -> None:
        """Watch the process until it ends, or end it."""
        ended = self._tasks.spawn("wait for end", process.wait())
        hearing = self._tasks.spawn("hear", process.hear())
        began = clock.now()
        self.process = process
        try:
            self._on_listening(self.name, process)
            self._started.set()
            while not ended.done() and not self._hangs(process, began):
                await asyncio.wait([ended], timeout=0.25)
            log.warning("media worker lost", worker=self.name, exit_code=ended.result() if ended.done() else None)
            process.kill()
            self._on_ended(self.name, process)
        finally:
            self.process = None
            await process.end()
            hearing.cancel()

    def _hangs(self, process: WorkerProcess, began: int) -> bool:
        heard_at = process.heard_at if self._heard_at is None else self._heard_at()
        return clock.now() - max(began, heard_at) >= GONE
