"""Tickets of sockets' handshakes that were used: each is good once, on whichever node (ASVS 5.0, 4.4.3).

Rows and not memory, because a page may dial another node than the one that gave it the ticket. They are few: only a
ticket that we signed is written down, and it is forgotten when it would have run out anyway.
"""

from sqlalchemy import Index, delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from vouch.clock import SECOND
from vouch.database import Base
from vouch.statements import insert_rows

LIFETIME_S = 60
"""How long a ticket is good for."""
_SLACK_S = 60
"""A node whose clock is ahead gives tickets that seem to come from the future (`keys.Signer.read`)."""


class SpentTicket(Base):
    """A ticket that opened a socket."""

    __tablename__ = "spent_ticket"

    id: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[int]

    __table_args__ = (Index(None, "expires_at"),)


async def spend(transaction: AsyncSession, ticket: str, now: int) -> bool:
    """Use a ticket, by its id; False where it was used before."""
    first = insert_rows(SpentTicket, ("id", "expires_at"), "ON CONFLICT DO NOTHING RETURNING id")
    row = {"id": ticket, "expires_at": now + (LIFETIME_S + _SLACK_S) * SECOND}
    return (await transaction.execute(first, row)).scalar_one_or_none() is not None


async def forget(transaction: AsyncSession, now: int) -> None:
    """Forget those that nobody could use any more; to be repeated every few minutes."""
    await transaction.execute(delete(SpentTicket).where(SpentTicket.expires_at < now))
