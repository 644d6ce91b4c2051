"""Background tasks that are named, kept and awaited. The only file that may call `asyncio.create_task`.

A bare task is dropped by the garbage collector and its exception is shown to nobody; here every failure is logged once
and the owner decides when all its tasks have ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from vouch.database import is_gone
from vouch.logs import logger

log = logger(__name__)


class TaskSet:
    """The tasks of one owner; `close` cancels what still runs and waits for it."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start `work` as the task `owner:name` and keep it until it has ended."""
        task = asyncio.create_task(work, name=f"{self._owner}:{name}")  # noqa: TID251 - the one place
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def every(self, seconds: float, name: str, work: Callable[[], Awaitable[None]], *, at_once: bool = False) -> None:
        """Do `work` again and again with a pause of so many seconds before each time, or the first time `at_once`.

        What fails is logged, and done again after the next pause.
        """
        self.spawn(name, self._again(seconds, name, work, at_once=at_once))

    async def _again(self, seconds: float, name: str, work: Callable[[], Awaitable[None]], *, at_once: bool) -> None:
        pause = 0.0 if at_once else seconds
        while True:
            await asyncio.sleep(pause)
            pause = seconds
            try:
                await work()
            except Exception as error:
                # That the database is away says nothing of our code.
                log.warning("will be tried again", task=f"{self._owner}:{name}", exc_info=not is_gone(error))

    async def close(self) -> None:
        """Cancel every task that still runs and wait until each has ended; safe to call twice."""
        # Again, because a task may start another while it ends.
        while running := self._tasks - {asyncio.current_task()}:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("background task failed", task=task.get_name(), exc_info=error)


async def woken(event: asyncio.Event, seconds: float | None) -> None:
    """Sleep until `event` is set, at most so many seconds (None: however long it takes), and clear it."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass
    event.clear()
