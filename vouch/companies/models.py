"""The table of the companies' rules: changes with the instants from which they hold; rows are only ever added."""

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base


class RuleChange(Base):
    """What one decision changed of a company's rules. All that have begun, one after another, are what holds."""

    __tablename__ = "rule_change"

    id: Mapped[str] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    starts_at: Mapped[int]
    """Never before `made_at`: what once held is not changed afterwards."""
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Rule -> its new value; null: the installation's own again."""
    author: Mapped[str]
    reason: Mapped[str]
    made_at: Mapped[int]

    __table_args__ = (Index(None, "company", "starts_at"),)
