"""Tables of companies, shops, accounts, their sessions, and what slows guessing down."""

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


ROLES = {
    SessionKind.STAFF: frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR}),
    SessionKind.DEALER: frozenset({Role.DEALER}),
}
"""Whose accounts open sessions of a kind. A caller's session has no account."""


class Pending(StrEnum):
    """What a person who gave the right password has yet to do before a session opens anything."""

    SECOND_FACTOR = "second_factor"
    """Show the second factor."""
    ENROLMENT = "enrolment"
    """Set up a second factor, which the role must have."""
    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    """Choose a password in place of the drawn one."""


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
    password_drawn_at: Mapped[int | None]
    """When a command drew the password, which opens nothing until it is changed; None: the person chose it."""
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
    pending: Mapped[str | None]
    """What is yet to be done (`Pending`); such a session opens nothing else. None: it is open."""
    seen_at: Mapped[int | None]
    """When something last came from it, to the minute; None: not since it was opened."""
    network: Mapped[str | None]
    """From where it was opened."""
    browser: Mapped[str | None]
    """What it was opened with, for its owner's list."""
    challenge: Mapped[str | None]
    """What a passkey has to sign next; good once."""
    challenge_at: Mapped[int | None]

    __table_args__ = (Index(None, "account"), Index(None, "verification"), Index(None, "expires_at"))


class SignInFailure(Base):
    """A password or code that was tried and not found right; counted to slow guessing down."""

    __tablename__ = "sign_in_failure"

    id: Mapped[str] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    """What was guessed: `password` or `code`."""
    name: Mapped[str]
    """Whose: a username as it was typed, or an account's id."""
    network: Mapped[str]
    device: Mapped[str | None]
    """The browser, where the account knows it; then it is counted for this browser alone."""
    at: Mapped[int]

    __table_args__ = (
        Index(None, "name", "purpose", "at"),
        Index(None, "network", "purpose", "at"),
        Index(None, "at"),
    )


class KnownDevice(Base):
    """A browser on which somebody has signed in to an account."""

    __tablename__ = "known_device"

    device: Mapped[str] = mapped_column(primary_key=True)
    """SHA-256 of the device cookie."""
    account: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    seen_at: Mapped[int]
    """When it was last signed in on."""

    __table_args__ = (Index(None, "account"), Index(None, "seen_at"))


class SecondFactor(Base):
    """An authenticator app (RFC 6238) or a passkey (WebAuthn) of an account."""

    __tablename__ = "second_factor"

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    """`totp` or `passkey`."""
    name: Mapped[str]
    created_at: Mapped[int]
    confirmed_at: Mapped[int | None]
    """When it was first shown to work; it counts from then on."""
    used_at: Mapped[int | None]
    secret: Mapped[str | None]
    """Of an app: the shared secret, sealed."""
    last_step: Mapped[int] = mapped_column(default=0)
    """Of an app: the time step of the last code taken; none of it or before is taken again."""
    credential: Mapped[str | None] = mapped_column(unique=True)
    """Of a passkey: its id, base64url."""
    public_key: Mapped[str | None]
    """Of a passkey: COSE key, base64url."""
    sign_count: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "account"),)


class RecoveryCode(Base):
    """A code on paper that stands in for a lost second factor, once."""

    __tablename__ = "recovery_code"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[int]

    __table_args__ = (Index(None, "account"),)
