"""The audit log: who did what to whom and when. Rows are only ever added."""

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
    TOKEN_ISSUED = "command:token:issued"  # noqa: S105 - a name, not a secret
    TOKEN_ROTATED = "command:token:rotated"  # noqa: S105
    TOKEN_REVOKED = "command:token:revoked"  # noqa: S105
    RULES_CHANGED = "command:rules:changed"
    PRIORITY_SET = "command:client:priority_set"
    SIGNED_IN = "staff:session:opened"
    SIGNED_OUT = "staff:session:ended"
    PICTURE_SEEN = "staff:picture:seen"
    RECORDING_PLAYED = "staff:recording:played"
    VERIFICATION_SEEN = "staff:verification:seen"
    VERIFICATION_REVIEWED = "staff:verification:reviewed"
    EXPLANATION_SEEN = "staff:explanation:seen"
    PICTURE_FETCHED = "client:picture:fetched"
    DRAW_COMMITTED = "system:draw:committed"


class AuditEntry(Base):
    """One line of the log; it belongs to the company of the verification that it speaks of."""

    __tablename__ = "audit_entry"

    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[int]
    tag: Mapped[str]
    company: Mapped[str | None]
    account: Mapped[str | None]
    subject: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index(None, "subject", "at"), Index(None, "company", "at"))


def record(
    session: AsyncSession,
    tag: Tag,
    at: int,
    *,
    company: str | None = None,
    account: str | None = None,
    subject: str | None = None,
    **details: Any,
) -> None:
    """Add a line to the log within the caller's transaction, so that it stands exactly if the deed does."""
    session.add(
        AuditEntry(id=new_id(), at=at, tag=tag, company=company, account=account, subject=subject, details=details)
    )
