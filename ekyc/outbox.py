"""Results on their way: rows written in the transaction that made them, sent later, again and again until taken.

`post` is called within the caller's transaction; `Outbox` claims, settles and looks ahead. Delivery is at least once,
and receivers drop repeats by the webhook's id. What is sent and how stands in `webhooks.py`; who drives it in
`outbox_dispatcher.py`.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Row, Text, and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import Client, OutboxMessage
from ekyc.webhooks import Delivery
from ekyc.webhooks_messages import CallEndedMessage, DecidedMessage
from vouch.clock import HOUR, MINUTE, SECOND, Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.statements import insert, statement, table_of

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
    await insert(session, OutboxMessage, row)


_OUTBOX, _CLIENT = table_of(OutboxMessage), table_of(Client)
_EARLIER = _OUTBOX.alias("earlier")
_BEFORE = or_(
    _EARLIER.c.created_at < _OUTBOX.c.created_at,
    and_(_EARLIER.c.created_at == _OUTBOX.c.created_at, _EARLIER.c.id < _OUTBOX.c.id),
)
_IN_ORDER = or_(
    _EARLIER.c.tries < _IN_ORDER_TRIES,
    # A try that runs is counted already and has no error yet.
    and_(_EARLIER.c.tries == _IN_ORDER_TRIES, _EARLIER.c.last_error.is_(None)),
)
_HELD_BACK = exists().where(
    _EARLIER.c.verification == _OUTBOX.c.verification, _BEFORE, _EARLIER.c.due_at.is_not(None), _IN_ORDER
)
_DUE = (
    select(
        *(_OUTBOX.c[name] for name in ("id", "client", "body", "tries")),
        *(_CLIENT.c[name] for name in ("webhook_url", "webhook_secret", "webhook_disabled_at")),
    )
    .join(_CLIENT, _CLIENT.c.id == _OUTBOX.c.client)
    .where(_OUTBOX.c.due_at <= bindparam("now"))
    .where(_OUTBOX.c.client.not_in(bindparam("busy", expanding=True)), ~_HELD_BACK)
    .order_by(_OUTBOX.c.created_at, _OUTBOX.c.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=_OUTBOX)
)
_CLAIM = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id.in_(bindparam("these", expanding=True)))
    .values(due_at=bindparam("leased"), tries=_OUTBOX.c.tries + 1, last_error=None)
)
_SETTLE = statement(
    """
    UPDATE outbox SET last_error = :error, due_at = :due, delivered_at = :delivered
    WHERE id = :this AND tries = :tries AND delivered_at IS NULL
    RETURNING EXISTS (
        SELECT 1 FROM outbox AS other
        WHERE other.verification = outbox.verification AND other.id <> outbox.id AND other.due_at <= :now
    )
    """,
    this=Text,
    tries=BigInteger,
    error=Text,
    due=BigInteger,
    delivered=BigInteger,
    now=BigInteger,
)
_SHUT = (
    update(_CLIENT)
    .where(_CLIENT.c.id == bindparam("this"), _CLIENT.c.webhook_disabled_at.is_(None))
    .values(webhook_disabled_at=bindparam("now"))
)
_NEXT_DUE = select(func.min(_OUTBOX.c.due_at))


class Outbox:
    """The outbox as those see it who send."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, limit: int, busy: frozenset[str] = frozenset()) -> list[Claimed]:
        """Take up to `limit` due messages, oldest first, none of the clients `busy`; each must be settled."""
        now = self._clock.now()
        async with self._database.write() as session:
            asked = {"now": now, "busy": sorted(busy), "most": limit}
            rows = (await session.execute(_DUE, asked)).all()
            if rows:
                await session.execute(_CLAIM, {"these": [row.id for row in rows], "leased": now + LEASE})
        return [_claimed(row) for row in rows]

    async def settle(self, claimed: Claimed, delivery: Delivery) -> bool:
        """Write down what became of a try; without effect when the lease has passed and another try begun.

        Gives whether another result of the verification is due, which may have waited for this one.
        """
        now = self._clock.now()
        became = {
            "this": claimed.id,
            "tries": claimed.tries,
            "error": delivery.error,
            "due": self._next(claimed, delivery, now),
            "delivered": now if delivery.error is None else None,
            "now": now,
        }
        async with self._database.write() as session:
            waits = (await session.execute(_SETTLE, became)).scalar_one_or_none()
            if delivery.gone:
                await session.execute(_SHUT, {"this": claimed.client, "now": now})
        return bool(waits)

    async def next_due(self) -> int | None:
        """When the next message is due, which may be in the past; None when nothing waits."""
        async with self._database.read() as session:
            due: int | None = (await session.execute(_NEXT_DUE)).scalar_one()
        return due

    def _next(self, claimed: Claimed, delivery: Delivery, now: int) -> int | None:
        if delivery.error is None or delivery.final or claimed.tries > len(DELAYS):
            return None
        delay = max(DELAYS[claimed.tries - 1], delivery.retry_after)
        # The id's last digits are random and stay the same: no chance is drawn here.
        return now + delay + delay * int(claimed.id[-4:], 16) // (0x10000 * _JITTER)


def _claimed(row: Row[Any]) -> Claimed:
    gone = row.webhook_disabled_at is not None
    return Claimed(row.id, row.client, row.webhook_url, row.webhook_secret, gone, row.body, row.tries + 1)
