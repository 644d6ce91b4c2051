"""Keeps this node connected to one worker, wherever it runs, and hands on what the worker tells until it was taken."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from media import clock, protocol
from media.errors import WorkerGone
from media.events import LegSilent, MediaEvent, WorkerState, WorkerUp
from media.link import UntrustedError, WorkerLink, connect
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

GONE = 3_000_000
"""A worker that was not heard for this long is gone: microseconds."""
MOST_OCTETS = 64 << 20
"""Octets of recordings that may be with the taker at once: what a worker that was taken over can make a node hold."""
RETRY_S = 1.0
"""Before an event that could not be taken is given again: seconds."""
DIAL_AGAIN_S = 0.1
"""Between two attempts to connect, the first; doubled up to a second: seconds."""
WARN_EVERY = 60_000_000
"""Between two warnings that a worker is not trusted: microseconds."""
MOST_WAITING = 1_000
"""Events that may be with the taker at once; more stay with the worker, which repeats them."""


class WorkerDialler:
    """One worker by its stable name, through all its boots."""

    def __init__(self, name: str, secret: str, on_event: Callable[[MediaEvent], Awaitable[None]]) -> None:
        self.name = name
        self._secret = secret
        self._on_event = on_event
        self._address = ""
        self._moved = asyncio.Event()
        self._link: WorkerLink | None = None
        self._boot = ""
        self._heard_at = 0
        self._with_taker: dict[tuple[str, int], int] = {}
        """Boot and sequence number of each event, and its octets."""
        self._dials = False
        self._warned_at: int | None = None
        self._connected = asyncio.Event()
        self._tasks = TaskSet(f"dialler {name}")

    @property
    def link(self) -> WorkerLink:
        """The living connection; raises WorkerGone where there is none."""
        if self._link is None:
            raise WorkerGone
        return self._link

    def link_to(self, boot: str) -> WorkerLink:
        """The connection to this boot and no other; raises WorkerGone."""
        if self.link.boot != boot:
            raise WorkerGone
        return self.link

    def state(self) -> WorkerState:
        """How the worker stands now, as this node sees it."""
        link = self._link
        heard = self._heard_at if link is None else link.heard_at
        return WorkerState(
            name=self.name,
            boot=self._boot,
            address=self._address,
            alive=link is not None,
            calls=0 if link is None else link.calls + link.chosen,
            capacity=0 if link is None else link.capacity,
            full=link is not None and link.full,
            heard_at=heard,
        )

    def dial(self, address: str) -> None:
        """Connect to the worker at `host:port`, and stay connected; repeating it changes nothing."""
        if address == self._address:
            return
        self._address = address
        self._moved.set()
        if not self._dials:
            self._dials = True
            self._tasks.spawn("run", self._run())

    async def connected(self) -> None:
        """Return when the worker has been reached for the first time."""
        await self._connected.wait()

    async def close(self) -> None:
        """Leave the worker; safe to call twice."""
        await self._tasks.close()

    async def _run(self) -> None:
        pause = DIAL_AGAIN_S
        while True:
            self._moved.clear()
            began = clock.now()
            try:
                await self._listen(self._address)
            except UntrustedError as error:
                self._warn(error)
            except ConnectionError as error:
                log.debug("media worker not reached", worker=self.name, reason=str(error))
            except Exception:
                log.exception("media worker's connection failed by our fault", worker=self.name)
            pause = DIAL_AGAIN_S if clock.now() - began > GONE else min(1.0, pause * 2)
            await self._wait(self._moved.wait(), pause)

    def _warn(self, error: UntrustedError) -> None:
        """Tell that somebody else may answer in the worker's place: once a minute, though it is dialled each second."""
        now = clock.now()
        if self._warned_at is None or now - self._warned_at >= WARN_EVERY:
            self._warned_at = now
            log.warning("media worker is not trusted", worker=self.name, reason=str(error))

    async def _listen(self, address: str) -> None:
        """One connection, from dialling to its end, or until the worker has moved."""
        host, _, port = address.rpartition(":")
        link = await connect(host, int(port), self._secret)
        if link.worker != self.name:
            # An address that means another machine here: loopback, told by a node elsewhere.
            await link.close()
            raise ConnectionError(f"{link.worker} listens there")
        reading = self._tasks.spawn("read", link.run(self._receive))
        moved = self._tasks.spawn("moved", self._moved.wait())
        try:
            self._link = link
            self._welcome(link)
            while not reading.done() and not moved.done() and clock.now() - link.heard_at < GONE:
                await asyncio.wait([reading, moved], timeout=0.25, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._link, self._heard_at = None, link.heard_at
            reading.cancel()
            moved.cancel()
            await link.close()

    def _welcome(self, link: WorkerLink) -> None:
        """A new boot is told; a connection that was only broken goes on."""
        self._connected.set()
        if link.boot != self._boot:
            self._boot = link.boot
            self.tell(WorkerUp(self.name, link.boot))

    def tell(self, event: MediaEvent) -> None:
        """Have an event taken that no worker repeats."""
        self._tasks.spawn("tell", self._hand_over(event))

    def _receive(self, message: protocol.AnyEvent) -> None:
        """Hand an event on, beside the others: reports carry numbers, so their order does not matter."""
        name, octets = (message.boot, message.sequence), _octets(message)
        if name in self._with_taker or len(self._with_taker) >= MOST_WAITING:
            return
        if octets and self._with_taker and sum(self._with_taker.values()) + octets > MOST_OCTETS:
            return
        self._with_taker[name] = octets
        self._tasks.spawn("event", self._take(message))

    async def _take(self, message: protocol.AnyEvent) -> None:
        try:
            await self._hand_over(message.event)
        finally:
            self._with_taker.pop((message.boot, message.sequence), None)
        link = self._link
        if link is not None and link.boot == message.boot:
            await link.acknowledge(message.sequence)

    async def _hand_over(self, event: MediaEvent) -> None:
        """Give the event until it is taken: whatever is wrong with the taker now, the event stays true."""
        received_at = clock.now()
        while True:
            aged = event
            if isinstance(event, LegSilent):
                aged = replace(event, age=event.age + clock.now() - received_at)
            try:
                return await self._on_event(aged)
            except Exception:
                log.exception("media event not taken", worker=self.name, event_type=type(event).__name__)
            await asyncio.sleep(RETRY_S)

    async def _wait(self, event: Awaitable[bool], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await event
        except TimeoutError:
            pass


def _octets(message: protocol.AnyEvent) -> int:
    return len(message.event.data) if isinstance(message, protocol.RecordedPieceEvent) else 0
