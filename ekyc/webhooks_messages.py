"""What clients are sent when a call ends: the bodies of our webhooks as types. How they travel is `outbox.py`.

A body is `{"type", "timestamp", "data"}` (Standard Webhooks 1.0, "Payload structure"); times are RFC 3339 in UTC.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

VerdictWord = Literal["confirmed", "rejected", "unable_to_verify"]


class WebhookPart(BaseModel):
    """Ancestor of all parts of a body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DecidedPicture(WebhookPart):
    """A picture that goes with a verdict."""

    kind: Literal["id_front", "id_back", "portrait", "snapshot"]
    sha256: str = Field(description="Hash of the bytes at `url`; of the snapshot, the stamped copy's")
    url: str = Field(description="Fetch it with a company token of the client")


class Decided(WebhookPart):
    """Data of `verification.decided`: a verdict was given, whose picture is durable."""

    id: str = Field(description="The verification")
    external_ref: str
    outcome: VerdictWord
    reason: str | None
    decided_at: str
    attempt: int = Field(description="Number of the call; of several verdicts the one of the latest call counts")
    agent: str = Field(description="Username")
    pictures: tuple[DecidedPicture, ...]


class CallEnded(WebhookPart):
    """Data of `verification.call_ended`: a call ended without a verdict; one may still follow for the same attempt."""

    id: str = Field(description="The verification")
    external_ref: str
    outcome: str
    attempt: int


class DecidedMessage(WebhookPart):
    """`verification.decided`."""

    type: Literal["verification.decided"] = "verification.decided"
    timestamp: str
    data: Decided


class CallEndedMessage(WebhookPart):
    """`verification.call_ended`."""

    type: Literal["verification.call_ended"] = "verification.call_ended"
    timestamp: str
    data: CallEnded


MESSAGES: dict[str, type[DecidedMessage | CallEndedMessage]] = {
    "verification.decided": DecidedMessage,
    "verification.call_ended": CallEndedMessage,
}
"""Every webhook by its type."""
