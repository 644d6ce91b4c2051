"""The audit log: who did what to whom and when; `audit_reading.py` reads it.

Rows are only ever added: in a migrated database triggers refuse UPDATE and DELETE (and TRUNCATE on PostgreSQL). They
stop mistakes and ordinary statements; whoever owns the database can take a trigger away.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base
from vouch.ids import new_id


class Tag(StrEnum):
    """What happened, `source:subject:action`; a closed list, retired ones stay as comments."""

    ACCOUNT_ADDED = "command:account:added"
    ACCOUNT_DISABLED = "command:account:disabled"
    ACCOUNT_CHANGED = "command:account:changed"
    PASSWORD_SET = "command:account:password_set"  # noqa: S105 - a name, not a secret
    SECOND_FACTOR_RESET = "command:account:second_factor_reset"
    TOKEN_ISSUED = "command:token:issued"  # noqa: S105 - a name, not a secret
    TOKEN_ROTATED = "command:token:rotated"  # noqa: S105
    TOKEN_REVOKED = "command:token:revoked"  # noqa: S105
    RULES_CHANGED = "command:rules:changed"
    PRIORITY_SET = "command:client:priority_set"
    WEBHOOK_SET = "command:client:webhook_set"
    SHOP_KEPT = "command:shop:kept"
    SESSION_ENDED = "command:session:ended"
    SCHEMA_MIGRATED = "command:database:migrated"
    DEMO_SEEDED = "command:database:demo_seeded"
    BACKED_UP = "command:database:backed_up"
    SEED_RESEALED = "command:floor:resealed"
    LOG_READ_BY_COMMAND = "command:audit:read"
    SIGNED_IN = "staff:session:opened"
    SIGNED_OUT = "staff:session:ended"
    SIGN_IN_FAILED = "staff:session:refused"
    DEALER_SIGNED_IN = "dealer:session:opened"
    DEALER_SIGNED_OUT = "dealer:session:ended"
    DEALER_SIGN_IN_FAILED = "dealer:session:refused"
    PASSWORD_CHANGED = "account:password:changed"  # noqa: S105
    SESSIONS_ENDED = "account:session:ended"
    SECOND_FACTOR_ADDED = "account:second_factor:added"
    SECOND_FACTOR_REMOVED = "account:second_factor:removed"
    RECOVERY_CODES_DRAWN = "account:recovery_code:drawn"
    RECOVERY_CODE_USED = "account:recovery_code:used"
    PICTURE_SEEN = "staff:picture:seen"
    RECORDING_PLAYED = "staff:recording:played"
    VERIFICATION_SEEN = "staff:verification:seen"
    VERIFICATION_REVIEWED = "staff:verification:reviewed"
    EXPLANATION_SEEN = "staff:explanation:seen"
    SEARCHED = "staff:verification:searched"
    CALLS_LISTED = "staff:call:listed"
    SIGNS_LISTED = "staff:sign:listed"
    LOG_READ = "staff:audit:read"
    PICTURE_FETCHED = "client:picture:fetched"
    DRAW_COMMITTED = "system:draw:committed"
    SIGN_RAISED = "system:sign:raised"


class AuditEntry(Base):
    """One line of the log; it belongs to the company of the verification that it speaks of."""

    __tablename__ = "audit_entry"

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]
    tag: Mapped[str]
    company: Mapped[str | None]
    account: Mapped[str | None]
    """Whose session it was."""
    actor: Mapped[str | None]
    """Who ran the command, as the machine knows them: user, number and host."""
    subject: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (
        Index(None, "subject", "at"),
        Index(None, "company", "at"),
        Index(None, "account", "at"),
        Index(None, "tag", "at"),
        Index(None, "at"),
    )


def record(
    session: AsyncSession,
    tag: Tag,
    at: int,
    *,
    company: str | None = None,
    account: str | None = None,
    actor: str | None = None,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Add a line to the log within the caller's transaction, so that it stands exactly if the deed does."""
    row = {"company": company, "account": account, "actor": actor, "subject": subject, "details": details}
    session.add(AuditEntry(id=new_id(), at=at, tag=tag, **row))
