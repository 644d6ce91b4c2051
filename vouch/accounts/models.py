"""Tables of companies, shops, accounts and their sessions."""

from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base


class Role(StrEnum):
    """What an account may do; a closed list."""

    DEALER = "dealer"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class SessionKind(StrEnum):
    """Which page a web session belongs to; a session of one kind opens nothing of another."""

    STAFF = "staff"
    DEALER = "dealer"
    CALLER = "caller"


class Company(Base):
    """One of the operator's regional companies."""

    __tablename__ = "company"

    id: Mapped[str] = mapped_column(primary_key=True)
    """Its code, CTKV1 to CTKV9."""
    name: Mapped[str]


class Shop(Base):
    """A point of sale with a fixed address."""

    __tablename__ = "shop"

    code: Mapped[str] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    name: Mapped[str]
    address: Mapped[str]


class Account(Base):
    """A person who signs in."""

    __tablename__ = "account"

    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    role: Mapped[str]
    company: Mapped[str | None] = mapped_column(ForeignKey("company.id"))
    """None: of the operator itself, who sees all companies."""
    shop: Mapped[str | None] = mapped_column(ForeignKey("shop.code"))
    """A dealer's point of sale."""
    dealer_kind: Mapped[str | None]
    """Of a dealer: `point_of_sale` [ĐBH] or `agency` [ĐL]."""
    employer: Mapped[str | None]
    """Of an agent: the service partner who employs him; None: the company itself."""
    skills: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=text("'[]'"))
    """Of an agent: calls that he can take and others cannot, such as `language:en` or `paper:foreign_passport`."""
    password_hash: Mapped[str]
    created_at: Mapped[int]
    valid_from: Mapped[int | None]
    valid_until: Mapped[int | None]
    disabled_at: Mapped[int | None]
    changed_at: Mapped[int | None]
    """When anything of it but the password was changed last; by it running nodes find what is new to them."""

    __table_args__ = (Index(None, "changed_at"),)


class WebSession(Base):
    """A browser that has signed in, or a caller's page that exchanged its join token."""

    __tablename__ = "web_session"

    digest: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the cookie's secret."""
    kind: Mapped[str]
    account: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    verification: Mapped[str | None]
    """Of a caller's session: the one verification that it opens."""
    csrf: Mapped[str]
    created_at: Mapped[int]
    expires_at: Mapped[int]

    __table_args__ = (Index(None, "account"), Index(None, "verification"), Index(None, "expires_at"))


class SignInFailure(Base):
    """A password that was tried and not found right; counted per username and per address to slow guessing down."""

    __tablename__ = "sign_in_failure"

    id: Mapped[str] = mapped_column(primary_key=True)
    username: Mapped[str]
    address: Mapped[str]
    at: Mapped[int]

    __table_args__ = (Index(None, "username"), Index(None, "address"), Index(None, "at"))
