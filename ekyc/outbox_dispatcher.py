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
        self._sender = Sender(private=settings.webhook_private)
        self._tasks = TaskSet("webhooks")
        self._running: Counter[str] = Counter()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """A result was written, or may have been: look now. Call it after the commit."""
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
            if await self._begin():
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
        try:
            while await self._begin():
                pass
            due = await self._outbox.next_due()
        except Exception:
            # Each driver has errors of its own; results wait in the database until it is back.
            log.exception("outbox cannot be read")
            due = None
        seconds = _LOOK_AGAIN_S if due is None else (due - self._clock.now()) / SECOND
        # What is due and yet was not begun waits for a try that runs, whose end wakes us.
        return min(seconds, _LOOK_AGAIN_S) if seconds > 0 else _LOOK_AGAIN_S

    async def _begin(self) -> int:
        """Start a try of each message that is due and has room; how many."""
        free = _AT_ONCE - self._running.total()
        if free <= 0:
            return 0
        busy = frozenset(client for client, count in self._running.items() if count >= _PER_CLIENT)
        claimed = await self._outbox.claim(min(free, _PER_CLIENT), busy)
        for message in claimed:
            self._running[message.client] += 1
            self._tasks.spawn(message.id, self._deliver(message))
        return len(claimed)

    async def _deliver(self, message: Claimed) -> None:
        try:
            delivery = await self._try(message)
            await self._settle(message, delivery)
        finally:
            self._running[message.client] -= 1
            self._running += Counter()  # drops clients with nothing under way
            self._woken.set()
        if delivery.error is None:
            log.info("result delivered", webhook=message.id, tries=message.tries)
        else:
            log.warning("result not delivered", webhook=message.id, tries=message.tries, error=delivery.error)

    async def _settle(self, message: Claimed, delivery: Delivery) -> None:
        """Write it down, within the lease: what is delivered must not be sent again because the database was away."""
        for _ in range(_SETTLE_TRIES):
            try:
                await self._outbox.settle(message, delivery)
            except Exception as error:
                if not is_gone(error):
                    raise
                await asyncio.sleep(1)
            else:
                return
        log.warning("a delivery could not be written down; it will be repeated", webhook=message.id)

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
