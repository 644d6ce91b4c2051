"""Keeps one worker of this node running and dialled, and delivers its events in order, each until it was taken."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from media import clock, protocol
from media.errors import WorkerGone
from media.events import LegSilent, MediaEvent, WorkerLost, WorkerState, WorkerUp
from media.link import WorkerLink, connect
from media.process import WorkerProcess, start_worker
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

GONE = 3_000_000
"""A worker that was not heard for this long is gone: microseconds."""
RETRY_S = 1.0
"""Before an event that could not be taken is given again: seconds."""
LONGEST_WAIT_S = 5.0
"""Longest pause before a worker that keeps ending is started again: seconds."""
MOST_WAITING = 10_000
"""Events that may wait to be taken; more stay with the worker, which repeats them."""


@dataclass(frozen=True)
class _Waiting:
    """An event that is to be taken; one of the worker's own is then acknowledged."""

    event: MediaEvent
    received_at: int
    boot: str = ""
    sequence: int = 0


class WorkerSupervisor:
    """One worker by its stable name, through all its boots."""

    def __init__(
        self,
        name: str,
        settings_json: str,
        host: str,
        secret: str,
        on_event: Callable[[MediaEvent], Awaitable[None]],
    ) -> None:
        self.name = name
        self._settings_json, self._host, self._secret = settings_json, host, secret
        self._on_event = on_event
        self._link: WorkerLink | None = None
        self._process: WorkerProcess | None = None
        self._boot = ""
        self._received = 0
        self._taken = 0
        self._waiting: asyncio.Queue[_Waiting] = asyncio.Queue()
        self._tasks = TaskSet(name)
        self._up = asyncio.Event()

    @property
    def link(self) -> WorkerLink:
        """The living connection; raises WorkerGone where there is none."""
        if self._link is None:
            raise WorkerGone
        return self._link

    @property
    def pid(self) -> int | None:
        """The process's number in the system."""
        return None if self._process is None else self._process.pid

    def state(self) -> WorkerState:
        """How the worker stands now."""
        link = self._link
        return WorkerState(self.name, self._boot, alive=link is not None, calls=0 if link is None else link.calls)

    async def start(self) -> None:
        """Start the worker and return when it is up; raises what the first start raises."""
        self._tasks.spawn("deliver", self._deliver())
        running = self._tasks.spawn("run", self._run())
        up = self._tasks.spawn("wait until up", self._wait_until_up())
        await asyncio.wait([running, up], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()

    async def close(self) -> None:
        """End the worker; safe to call twice."""
        await self._tasks.close()

    async def _wait_until_up(self) -> None:
        await self._up.wait()

    async def _run(self) -> None:
        pause = 0.0
        while True:
            try:
                self._process = await start_worker(self._settings_json)
            except (OSError, RuntimeError):
                if not self._up.is_set():
                    raise
                log.exception("media worker cannot be started", worker=self.name)
            else:
                began = clock.now()
                await self._attend(self._process)
                pause = 0.0 if clock.now() - began > 10_000_000 else pause
            await asyncio.sleep(pause)
            pause = min(LONGEST_WAIT_S, pause * 2 + 0.25)

    async def _attend(self, process: WorkerProcess) -> None:
        """Stay connected to the process until it ends or is gone; then report it lost."""
        ended = self._tasks.spawn("wait for end", process.wait())
        heard_at, boot_before = clock.now(), self._boot
        try:
            while not ended.done() and clock.now() - heard_at < GONE:
                heard_at = await self._listen(process, ended, heard_at)
            log.warning("media worker lost", worker=self.name, exit_code=ended.result() if ended.done() else None)
            process.kill()
            if self._boot != boot_before:
                self._put(WorkerLost(self.name, self._boot, clock.now() - heard_at))
        finally:
            await process.end()

    async def _listen(self, process: WorkerProcess, ended: asyncio.Task[int], heard_at: int) -> int:
        """One connection, from dialling to its end; gives when the worker was last heard."""
        try:
            link = await connect(self._host, process.port, self._secret)
        except ConnectionError:
            await asyncio.wait([ended], timeout=0.1)
            return heard_at
        reading = self._tasks.spawn("read", link.run(self._receive))
        try:
            self._link = link
            self._welcome(link)
            while not reading.done() and not ended.done() and clock.now() - link.heard_at < GONE:
                await asyncio.wait([reading, ended], timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._link = None
            reading.cancel()
            await link.close()
        return link.heard_at

    def _welcome(self, link: WorkerLink) -> None:
        """Begin to count the events of a new boot; a connection that was only broken goes on."""
        if link.boot == self._boot:
            return
        self._boot, self._received, self._taken = link.boot, 0, 0
        self._put(WorkerUp(self.name, link.boot))
        self._up.set()

    def _receive(self, message: protocol.AnyEvent) -> None:
        """Queue the next event; one that was taken before is acknowledged again, one after a gap will be repeated."""
        if message.sequence <= self._taken:
            self._acknowledge(message.boot, self._taken)
        elif message.sequence == self._received + 1 and self._waiting.qsize() < MOST_WAITING:
            self._received = message.sequence
            self._waiting.put_nowait(_Waiting(message.event, clock.now(), message.boot, message.sequence))

    def _put(self, event: WorkerUp | WorkerLost) -> None:
        self._waiting.put_nowait(_Waiting(event, clock.now()))

    async def _deliver(self) -> None:
        while True:
            waiting = await self._waiting.get()
            await self._hand_over(waiting)
            if waiting.boot == self._boot:
                self._taken = waiting.sequence
                self._acknowledge(waiting.boot, waiting.sequence)

    async def _hand_over(self, waiting: _Waiting) -> None:
        """Give the event until it is taken: whatever is wrong with the taker now, the event stays true."""
        while True:
            event = waiting.event
            if isinstance(event, LegSilent):
                event = replace(event, age=event.age + clock.now() - waiting.received_at)
            try:
                return await self._on_event(event)
            except Exception:
                log.exception("media event not taken", worker=self.name, event_type=type(event).__name__)
            await asyncio.sleep(RETRY_S)

    def _acknowledge(self, boot: str, sequence: int) -> None:
        if self._link is not None and self._link.boot == boot:
            self._tasks.spawn("acknowledge", self._link.acknowledge(sequence))
