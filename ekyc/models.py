"""Tables of verifications and all that belongs to them. Times are microseconds UTC."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vouch.database import Base


class State(StrEnum):
    """Where a verification stands; calling (again) is possible from all but confirmed and expired."""

    CREATED = "created"
    IN_CALL = "in_call"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNABLE_TO_VERIFY = "unable_to_verify"
    EXPIRED = "expired"


class Channel(StrEnum):
    """Where the customer is: beside a dealer, or alone in the number shop's app."""

    DEALER = "dealer"
    ONLINE = "online"


class PictureKind(StrEnum):
    """What a picture shows and where it came from."""

    ID_FRONT = "id_front"
    ID_BACK = "id_back"
    PORTRAIT = "portrait"
    SNAPSHOT = "snapshot"
    """The frame that was on the agent's screen at the verdict."""
    AGENT = "agent"
    """The agent's own frame nearest in time to the snapshot."""
    EXTRA = "extra"
    """A frame that the agent took besides."""
    LAST_FRAME = "last_frame"
    """The last frame presented in a call that ended without a verdict."""


PAPERS = (PictureKind.ID_FRONT, PictureKind.ID_BACK, PictureKind.PORTRAIT)


class Client(Base):
    """A system that opens verifications and receives their results: mSale, the number shop's app."""

    __tablename__ = "client"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    webhook_url: Mapped[str | None]
    webhook_secret: Mapped[str | None]
    """Standard Webhooks secret (`whsec_...`), sealed by the installation's key (`ekyc.webhooks.seal`)."""
    webhook_disabled_at: Mapped[int | None]
    """When the endpoint answered 410 Gone; nothing is sent to it any more."""
    highest_priority: Mapped[int] = mapped_column(default=0, server_default="0")
    """Up to which priority it may open verifications; 0: as everybody."""
    created_at: Mapped[int]


class CompanyToken(Base):
    """A token of one or several companies at one client: only its digest is kept; two are valid while one is rotated
    out.
    """

    __tablename__ = "company_token"

    id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    further: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """The other companies that it stands for, where its client serves several."""
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    created_at: Mapped[int]
    expires_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class CompanyRule(Base):
    """Whether verification is on for a company, by channel and period (pilots)."""

    __tablename__ = "company_rule"

    id: Mapped[str] = mapped_column(primary_key=True)
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    channel: Mapped[str]
    enabled: Mapped[bool]
    starts_on: Mapped[str]
    """ISO date, Vietnamese calendar."""


class Coverage(Base):
    """Which team takes the calls of a company, by channel, from a day on."""

    __tablename__ = "coverage"

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    team: Mapped[str] = mapped_column(ForeignKey("company.id"))
    starts_on: Mapped[str]

    __table_args__ = (UniqueConstraint("channel", "company", "starts_on"),)


class PolicyRow(Base):
    """The operator's table: is a video call required for a prepaid subscriber type."""

    __tablename__ = "policy_row"

    id: Mapped[str] = mapped_column(primary_key=True)
    sub_type: Mapped[str]
    name: Mapped[str]
    individual: Mapped[bool]
    """Column of individuals together with the enterprise kind VI2."""
    enterprise: Mapped[bool]
    starts_on: Mapped[str]

    __table_args__ = (UniqueConstraint("sub_type", "starts_on"),)


class Verification(Base):
    """One person to be verified for one subscription."""

    __tablename__ = "verification"

    id: Mapped[str] = mapped_column(primary_key=True)
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    company: Mapped[str] = mapped_column(ForeignKey("company.id"))
    """From the token, never from the form."""
    channel: Mapped[str]
    external_ref: Mapped[str]
    state: Mapped[str]
    customer: Mapped[dict[str, Any]] = mapped_column(JSON)
    subscriber: Mapped[dict[str, Any]] = mapped_column(JSON)
    dealer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    shop_code: Mapped[str | None]
    referral: Mapped[str | None]
    ekyc: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What the client's own eKYC found."""
    comparison: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """What was typed against what the card's chip code says: [{field, typed, read, result}]."""
    language: Mapped[str] = mapped_column(default="vi", server_default="vi")
    """The language that the customer speaks, ISO 639."""
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    """0 to 9; higher is served earlier."""
    decision: Mapped[str]
    rule: Mapped[str]
    full_name_folded: Mapped[str]
    """For search: lower case, without diacritics."""
    consent_version: Mapped[str | None]
    consent_at: Mapped[int | None]
    fraud: Mapped[bool]
    """A verdict carried the fraud flag: no further calls."""
    created_at: Mapped[int]
    expires_at: Mapped[int]
    decided_at: Mapped[int | None]

    __table_args__ = (Index(None, "company", "created_at"), Index(None, "state", "created_at"), Index(None, "client"))


class Picture(Base):
    """A stored picture. It exists only once its bytes are durable."""

    __tablename__ = "picture"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The `key` by which pages ask for it."""
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    kind: Mapped[str]
    source: Mapped[str]
    """`call`: a frame that the server took itself. Papers: `camera` or `file`, as their sender says, unproven."""
    call: Mapped[str | None]
    decision: Mapped[int | None]
    """Number of the verdict's press (or of the extra picture) within the call; makes keeping idempotent."""
    at: Mapped[int]
    """Frames: when the frame arrived at the server. Papers: when they were received."""
    width: Mapped[int]
    height: Mapped[int]
    clean_key: Mapped[str]
    clean_sha256: Mapped[str]
    stamped_key: Mapped[str | None]
    stamped_sha256: Mapped[str | None]
    exact: Mapped[bool | None]
    """Frames: named by its RTP timestamp (True) or nearest by time (False)."""

    __table_args__ = (
        UniqueConstraint("call", "kind", "decision"),
        Index(None, "verification", "kind"),
    )


class CallRecord(Base):
    """One call of a verification, as evidence and reports need it; the live call is the floor's."""

    __tablename__ = "call_record"

    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    """The number that people read."""
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    attempt: Mapped[int]
    team: Mapped[str]
    """The company whose team handles it."""
    dealer: Mapped[str | None]
    """The dealer who calls, by their username; None: a customer by themselves."""
    agent: Mapped[str | None]
    queued_at: Mapped[int]
    accepted_at: Mapped[int | None]
    started_at: Mapped[int | None]
    ended_at: Mapped[int | None]
    outcome: Mapped[str | None]
    ended_in: Mapped[str | None]
    """The phase in which it ended."""
    gaps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """Interruptions: [{leg, from, until}]."""

    __table_args__ = (
        UniqueConstraint("verification", "attempt"),
        Index(None, "number"),
        Index(None, "agent", "queued_at"),
        Index(None, "dealer", "queued_at"),
        Index(None, "team", "queued_at"),
    )


class Recording(Base):
    """What one peer connection of a call sent, as a file (WebM). The row exists only once its first bytes are durable.

    While the file grows nobody writes here: a call would cost two transactions a second.
    """

    __tablename__ = "recording"

    call: Mapped[str] = mapped_column(primary_key=True)
    leg: Mapped[str] = mapped_column(primary_key=True)
    media: Mapped[int] = mapped_column(primary_key=True)
    """The leg's media number: each peer connection has a file of its own."""
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    key: Mapped[str]
    """Of its blob."""
    began_at: Mapped[int]
    """The zero of the file's times."""
    length: Mapped[int | None]
    """Microseconds; as the three below None while it is not closed."""
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    """Of its first `size` bytes."""
    closed_at: Mapped[int | None]

    __table_args__ = (Index(None, "closed_at"), Index(None, "verification"))


class LegFactsRow(Base):
    """Seconds of one peer connection of a call: what it carried, for whoever asks later how good it was."""

    __tablename__ = "leg_facts"

    call: Mapped[str] = mapped_column(primary_key=True)
    leg: Mapped[str] = mapped_column(primary_key=True)
    media: Mapped[int] = mapped_column(primary_key=True)
    first_at: Mapped[int] = mapped_column(primary_key=True)
    """When the first of these seconds began."""
    seconds: Mapped[dict[str, Any]] = mapped_column(JSON)
    """By name of what was measured, the values of the seconds in their order."""


class VerdictRecord(Base):
    """What an agent decided. Its picture was durable before it came to be."""

    __tablename__ = "verdict"

    id: Mapped[str] = mapped_column(primary_key=True)
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    call: Mapped[str] = mapped_column(ForeignKey("call_record.id"), unique=True)
    verdict: Mapped[str]
    reason: Mapped[str | None]
    note: Mapped[str | None]
    fraud: Mapped[bool]
    late: Mapped[bool]
    """Given in wrap-up, after the call had ended without a verdict."""
    agent: Mapped[str]
    pressed_at: Mapped[int]
    decided_at: Mapped[int]
    picture: Mapped[str] = mapped_column(ForeignKey("picture.id"))
    """The frame that it was given on: the snapshot, or the last frame where it is late."""
    checks: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The agent's ticks with their times, gates opened by hand with their reasons."""

    __table_args__ = (Index(None, "verification"),)


class Review(Base):
    """A supervisor's opinion of a decision."""

    __tablename__ = "review"

    id: Mapped[str] = mapped_column(primary_key=True)
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    mark: Mapped[str]
    """`agree` or `disagree`."""
    note: Mapped[str]
    reviewer: Mapped[str] = mapped_column(ForeignKey("account.id"))
    at: Mapped[int]

    __table_args__ = (Index(None, "verification"),)


class JoinToken(Base):
    """What opens a verification's call page once; only its digest is kept."""

    __tablename__ = "join_token"

    digest: Mapped[str] = mapped_column(primary_key=True)
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    expires_at: Mapped[int]
    used_at: Mapped[int | None]


class IdempotencyKey(Base):
    """A client's request that was already answered."""

    __tablename__ = "idempotency_key"

    client: Mapped[str] = mapped_column(ForeignKey("client.id"), primary_key=True)
    company: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    """Keys of one company say nothing of another's."""
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    """SHA-256 over the data and the pictures' hashes."""
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    created_at: Mapped[int]


class Draft(Base):
    """Papers that a dealer is scanning, before there is a verification."""

    __tablename__ = "draft"

    digest: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str | None] = mapped_column(ForeignKey("account.id"))
    """The dealer who scans. None: begun before drafts were anybody's, and nobody's any more."""
    created_at: Mapped[int]
    verification: Mapped[str | None]

    __table_args__ = (Index(None, "account", "created_at"), Index(None, "created_at"))


class DraftPicture(Base):
    """A scanned paper of a draft; scanning again replaces it."""

    __tablename__ = "draft_picture"

    draft: Mapped[str] = mapped_column(ForeignKey("draft.digest"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str]
    """`camera` or `file`, as the page says: nothing proves it."""
    key: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    """Octets that it takes on disk."""
    width: Mapped[int]
    height: Mapped[int]
    code: Mapped[str | None]
    """What the citizen card's QR code in it says, as text; None where none could be read."""
    at: Mapped[int]


class OutboxMessage(Base):
    """A result on its way to the client whose token opened the verification."""

    __tablename__ = "outbox"

    id: Mapped[str] = mapped_column(primary_key=True)
    """The webhook's id, the same in every try, so that receivers can drop repeats."""
    client: Mapped[str] = mapped_column(ForeignKey("client.id"))
    verification: Mapped[str] = mapped_column(ForeignKey("verification.id"))
    type: Mapped[str]
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[int]
    due_at: Mapped[int | None]
    """When it is tried next; None once delivered or given up."""
    tries: Mapped[int]
    delivered_at: Mapped[int | None]
    last_error: Mapped[str | None]

    __table_args__ = (Index(None, "due_at"), Index(None, "verification"))
