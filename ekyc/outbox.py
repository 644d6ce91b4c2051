"""Results on their way: rows written in the transaction that made them, sent later, again and again until taken.

`post` is called within the caller's transaction; `Outbox` claims, settles and looks ahead. Delivery is at least once,
and receivers drop repeats by the webhook's id. What is sent and how stands in `webhooks.py`; who drives it in
`outbox_dispatcher.py`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from ekyc.models import Client, OutboxMessage
from ekyc.webhooks import Delivery
from ekyc.webhooks_messages import CallEndedMessage, DecidedMessage
from vouch.clock import HOUR, MINUTE, SECOND, Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.statements import insert_rows

DELAYS = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Waits after the first, second, ... failed try (Standard Webhooks 1.0, "Retry schedule"); ten tries in 75 h 35 min."""

LEASE = MINUTE
"""How long a claimed message is nobody else's: longer than a try; after it a message of a node that died is due."""

_IN_ORDER_TRIES = 2
# Later results of a verification wait for an earlier one during its first tries, seconds apart. After that the earlier
# one may be what the receiver cannot take, and an order kept further would hold back results for days.
_JITTER = 10
"""A wait is lengthened by up to one part in this many, so that a receiver that was down is not met by all at once."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this node may try to deliver now, until its lease ends."""

    id: str
    client: str
    url: str | None
    secret: str | None
    """Sealed."""
    gone: bool
    """The receiver has answered 410 before."""
    body: dict[str, Any]
    tries: int
    """This one included; also what makes a late answer of an earlier try harmless."""


async def post(
    session: AsyncSession, client: str, verification: str, message: DecidedMessage | CallEndedMessage, at: int
) -> None:
    """Put a result that came to be at `at` in the outbox, due at once."""
    row = {
        "id": new_id(),
        "client": client,
        "verification": verification,
        "type": message.type,
        "body": message.model_dump(mode="json"),
        "created_at": at,
        "due_at": at,
        "tries": 0,
    }
    await session.execute(insert_rows(OutboxMessage, tuple(row)), row)


class Outbox:
    """The outbox as those see it who send."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, limit: int, busy: frozenset[str] = frozenset()) -> list[Claimed]:
        """Take up to `limit` due messages, oldest first, none of the clients `busy`; each must be settled."""
        now = self._clock.now()
        async with self._database.write() as session:
            rows = (await session.execute(_due(now, limit, busy))).all()
            for message, _ in rows:
                message.due_at = now + LEASE
                message.tries += 1
                message.last_error = None
            return [_claimed(message, client) for message, client in rows]

    async def settle(self, claimed: Claimed, delivery: Delivery) -> None:
        """Write down what became of a try; without effect when the lease has passed and another try begun."""
        now = self._clock.now()
        values: dict[str, Any] = {"last_error": delivery.error, "due_at": self._next(claimed, delivery, now)}
        if delivery.error is None:
            values["delivered_at"] = now
        async with self._database.write() as session:
            mine = and_(OutboxMessage.id == claimed.id, OutboxMessage.tries == claimed.tries)
            await session.execute(
                update(OutboxMessage).where(mine, OutboxMessage.delivered_at.is_(None)).values(values)
            )
            if delivery.gone:
                shut = update(Client).where(Client.id == claimed.client, Client.webhook_disabled_at.is_(None))
                await session.execute(shut.values(webhook_disabled_at=now))

    async def next_due(self) -> int | None:
        """When the next message is due, which may be in the past; None when nothing waits."""
        async with self._database.read() as session:
            return (await session.execute(select(func.min(OutboxMessage.due_at)))).scalar_one()

    def _next(self, claimed: Claimed, delivery: Delivery, now: int) -> int | None:
        if delivery.error is None or delivery.final or claimed.tries > len(DELAYS):
            return None
        delay = max(DELAYS[claimed.tries - 1], delivery.retry_after)
        # The id's last digits are random and stay the same: no chance is drawn here.
        return now + delay + delay * int(claimed.id[-4:], 16) // (0x10000 * _JITTER)


def _due(now: int, limit: int, busy: frozenset[str]) -> Any:
    earlier = aliased(OutboxMessage)
    before = or_(
        earlier.created_at < OutboxMessage.created_at,
        and_(earlier.created_at == OutboxMessage.created_at, earlier.id < OutboxMessage.id),
    )
    held_back = (
        select(earlier.id)
        .where(
            earlier.verification == OutboxMessage.verification,
            before,
            earlier.due_at.is_not(None),
            # A try that runs is counted already and has no error yet.
            or_(earlier.tries < _IN_ORDER_TRIES, and_(earlier.tries == _IN_ORDER_TRIES, earlier.last_error.is_(None))),
        )
        .exists()
    )
    return (
        select(OutboxMessage, Client)
        .join(Client, Client.id == OutboxMessage.client)
        .where(OutboxMessage.due_at <= now, OutboxMessage.client.not_in(busy), ~held_back)
        .order_by(OutboxMessage.created_at, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True, of=OutboxMessage)
    )


def _claimed(message: OutboxMessage, client: Client) -> Claimed:
    gone = client.webhook_disabled_at is not None
    return Claimed(message.id, client.id, client.webhook_url, client.webhook_secret, gone, message.body, message.tries)
