"""The table of signs of collusion; `signs.py` says what raises one. Times are microseconds UTC."""

from sqlalchemy import JSON, Index
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base


class Sign(Base):
    """Something in how calls came about that a supervisor should look at; it says nothing of guilt (`signs.py`)."""

    __tablename__ = "sign"

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    team: Mapped[str]
    """The company whose team the agent is of."""
    agent: Mapped[str]
    dealer: Mapped[str | None]
    at: Mapped[int]
    calls: Mapped[list[str]] = mapped_column(JSON)
    """The calls that it is made of, the earliest first."""

    __table_args__ = (Index(None, "team", "at"), Index(None, "at"), Index(None, "agent", "kind", "at"))
