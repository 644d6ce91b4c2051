"""Drives the outbox: sleeps until a result is due, sends it, writes down what became of it. Every node runs one.

The rows and their schedule are `outbox.py`; one try over the network is `webhooks.py`.
"""

import asyncio
from collections import Counter
from typing import Any

from cryptography.fernet import InvalidToken

from ekyc.outbox import Claimed, Outbox
from ekyc.webhooks import Delivery, Sender, encode, unseal
from vouch.clock import SECOND, Clock
from vouch.database import Database, is_gone
from vouch.keys import Keys
from vouch.logs import logger
from vouch.settings import Settings
from vouch.tasks import TaskSet, woken

log = logger(__name__)

_AT_ONCE = 16
_PER_CLIENT = 4
# A receiver that lets every try time out must not keep the others' results waiting.
_SETTLE_TRIES = 30
_LOOK_AGAIN_S = 5.0
# Other nodes' results, those of a node that died, and a database that was gone: nobody wakes us for them.


class Dispatcher:
    """Delivers results of one installation; safe to run on several nodes at once."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, keys: Keys) -> None:
        self._outbox = Outbox(database, clock)
        self._clock = clock
        self._origin = settings.url
        self._keys = keys
        self._sender = Sender(private=settings.webhook_private, http_hosts=settings.webhook_http_hosts)
        self._tasks = TaskSet("webhooks")
        self._running: Counter[str] = Counter()
        self._woken = asyncio.Event()
        self._news = False
        """Whether something may be due that was not before."""
        self._full = False
        """Whether the last claim was short of room: what it may have left waits for a try that runs."""
        self._claims = 0
        self._look_at = 0.0
        """When, by the loop's clock, the outbox is looked at though nobody says that there is anything."""

    def wake(self) -> None:
        """A result was written, or may have been: look now. Call it after the commit."""
        self._news = True
        self._woken.set()

    async def run(self) -> None:
        """Deliver for ever; ends only by being cancelled, then with tries that run cut off, to be repeated."""
        try:
            while True:
                await woken(self._woken, await self._look())
        finally:
            await self._tasks.close()
            await self._sender.close()

    async def deliver_due(self) -> None:
        """Deliver until nothing is due, and return when every try has ended; what `run` does, once."""
        while True:
            # Asked before the look: a try that ends meanwhile may be what another message waited for.
            resting = not self._running
            if await self._begin_all():
                continue
            if resting:
                return
            await self._woken.wait()
            self._woken.clear()

    async def close(self) -> None:
        """Give the connections back; for those who never called `run`."""
        await self._tasks.close()
        await self._sender.close()

    async def _look(self) -> float:
        """Begin what is due; how many seconds to sleep then."""
        loop = asyncio.get_running_loop()
        try:
            if self._news:
                self._news = False
                await self._begin_all()
            elif loop.time() >= self._look_at:
                self._look_at = loop.time() + await self._look_ahead()
        except Exception:
            # Each driver has errors of its own; results wait in the database until it is back.
            log.exception("outbox cannot be read")
            self._look_at = loop.time() + _LOOK_AGAIN_S
        return max(0.0, self._look_at - loop.time())

    async def _look_ahead(self) -> float:
        """Begin what is due, though nobody told of it; in how many seconds to do so again."""
        now = self._clock.now()
        due = await self._outbox.next_due()
        if due is None:
            return _LOOK_AGAIN_S
        if due > now:
            return min((due - now) / SECOND, _LOOK_AGAIN_S)
        # What is due and yet was not begun waits for a try that runs, whose end wakes us.
        return 0.0 if await self._begin_all() else _LOOK_AGAIN_S

    async def _begin_all(self) -> int:
        """Start a try of each message that is due and has room; how many."""
        begun = 0
        while (limit := min(_AT_ONCE - self._running.total(), _PER_CLIENT)) > 0:
            claimed = await self._begin(limit)
            begun += claimed
            if claimed < limit:
                break
        self._full = limit <= 0 or bool(self._busy())
        return begun

    async def _begin(self, limit: int) -> int:
        self._claims += 1
        claimed = await self._outbox.claim(limit, self._busy())
        for message in claimed:
            self._running[message.client] += 1
            self._tasks.spawn(message.id, self._deliver(message))
        return len(claimed)

    def _busy(self) -> frozenset[str]:
        return frozenset(client for client, count in self._running.items() if count >= _PER_CLIENT)

    async def _deliver(self, message: Claimed) -> None:
        waits = False
        try:
            delivery = await self._try(message)
            claims = self._claims
            waits = await self._settle(message, delivery)
            # A claim that was made meanwhile may have passed over what waited for this one.
            waits = waits or self._claims != claims
            if delivery.error is not None:
                self._look_at = 0.0
        finally:
            self._running[message.client] -= 1
            self._running += Counter()  # drops clients with nothing under way
            self._news = self._news or waits or self._full
            self._woken.set()
        if delivery.error is None:
            log.info("result delivered", webhook=message.id, tries=message.tries)
        else:
            log.warning("result not delivered", webhook=message.id, tries=message.tries, error=delivery.error)

    async def _settle(self, message: Claimed, delivery: Delivery) -> bool:
        """Write it down, within the lease: what is delivered must not be sent again because the database was away.

        Gives what `Outbox.settle` gives.
        """
        for _ in range(_SETTLE_TRIES):
            try:
                return await self._outbox.settle(message, delivery)
            except Exception as error:
                if not is_gone(error):
                    raise
                await asyncio.sleep(1)
        log.warning("a delivery could not be written down; it will be repeated", webhook=message.id)
        return False

    async def _try(self, message: Claimed) -> Delivery:
        if message.gone:
            return Delivery("endpoint_disabled", final=True)
        if not message.url or not message.secret:
            return Delivery("no_address", final=True)
        body = encode(_absolute(message.body, self._origin))
        try:
            secret = unseal(self._keys, message.secret)
        except InvalidToken:
            # The nodes' secret files differ, or the file was replaced: somebody must mend that, the result waits.
            return Delivery("secret_unreadable")
        return await self._sender.send(message.url, message.id, self._clock.now(), secret, body)


def _absolute(body: dict[str, Any], origin: str) -> dict[str, Any]:
    """The body with the addresses of pictures made whole; they are stored without our own address, which may change."""
    data = body["data"]
    if "pictures" not in data:
        return body
    pictures = [{**picture, "url": origin + picture["url"]} for picture in data["pictures"]]
    return {**body, "data": {**data, "pictures": pictures}}
