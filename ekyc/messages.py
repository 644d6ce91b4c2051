"""The integration API's messages as types; plain dicts stop here. `ekyc/openapi.py` describes them to clients.

Times are RFC 3339 in UTC with milliseconds. Unknown fields are refused, so that a misspelt one is noticed.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ekyc.models import Channel, PictureKind, State
from ekyc.policy import CustomerType, Decision, IdType, MatchedField, Payment
from vouch.fields import CHARACTERS, COMPOSED, PRINTABLE

_Typed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, pattern=PRINTABLE), CHARACTERS]
OptionalText = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE), CHARACTERS]
Text = Annotated[_Typed, StringConstraints(max_length=200)]
Name = Annotated[Text, COMPOSED]
LongText = Annotated[_Typed, StringConstraints(max_length=500)]
IdNumber = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"^[0-9A-Za-z]{6,20}$")]
Msisdn = Annotated[str, StringConstraints(strip_whitespace=True, max_length=16, pattern=r"^\+?[0-9]{9,15}$")]
SubType = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20, pattern=r"^[0-9A-Za-z_]{1,20}$")]
Day = Annotated[date, Field(strict=True, ge=date(1900, 1, 1), description="ISO 8601 calendar date")]
Company = Annotated[str, StringConstraints(max_length=20, pattern=r"^[0-9A-Za-z]{1,20}$")]
Language = Annotated[str, StringConstraints(max_length=3, pattern=r"^[a-z]{2,3}$")]
Time = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Message(BaseModel):
    """Ancestor of all messages."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Customer(Message):
    """Who is to be verified, as typed."""

    full_name: Name
    id_number: IdNumber
    date_of_birth: Day
    id_type: IdType
    address: LongText


class Subscriber(Message):
    """The subscription that the verification is for."""

    msisdn: Msisdn
    sub_type: SubType = Field(description="SUB_TYPE of the operator's policy table; for prepaid it must be known")
    customer_type: CustomerType
    payment: Payment


class Dealer(Message):
    """Who stands beside the customer; all that the client knows of him."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    username: Text | None = None
    name: Text | None = None
    kind: Literal["point_of_sale", "agency"] | None = None
    shop_code: Text | None = None
    shop_name: Text | None = None
    shop_address: LongText | None = None


class EkycResult(Message):
    """What the client's own eKYC found; an online customer may call only after it has passed."""

    passed: bool
    matched_fields: tuple[MatchedField, ...] = Field(
        (),
        max_length=20,
        description="Fields that were matched electronically; all four take away the law's reason for a call",
    )
    reference: Text | None = None
    differences: tuple[LongText | Annotated[dict[Text, LongText | None], Field(max_length=20)], ...] = Field(
        (), max_length=50
    )


class NewVerification(Message):
    """The part `data` of a request to open a verification."""

    company: Company | None = Field(
        None, description="Whose verification it is: needed with a token of several companies, else refused"
    )
    channel: Channel
    external_ref: Text = Field(description="The client's own reference; it comes back with every result")
    customer: Customer
    subscriber: Subscriber
    dealer: Dealer | None = None
    shop_code: Text | None = Field(None, description="Online: the shop that the order was given to")
    referral: Text | None = Field(None, description="Online: the channel that the customer came from")
    ekyc: EkycResult | None = None
    language: Language = Field("vi", description="The language that the customer speaks, ISO 639")
    priority: int = Field(
        0, ge=0, le=9, description="Higher is served earlier; a client may ask as high as the operator lets it"
    )


class CallRuling(Message):
    """Whether a video call is needed, and the rule that says so."""

    decision: Decision
    rule: str


class OpenedVerification(Message):
    """A verification was opened, or had been by the same request before."""

    id: str
    state: State
    call: CallRuling
    join_url: str = Field(description="The call page with its token; open it on the customer's device")
    join_token: str = Field(description="Good once, until join_expires_at")
    join_expires_at: Time
    expires_at: Time = Field(description="Until when an undecided verification can be called for")


class FreshJoin(Message):
    """A fresh join token, for calling (again)."""

    id: str
    join_url: str
    join_token: str
    join_expires_at: Time


class PictureLink(Message):
    """The latest picture of a kind."""

    kind: PictureKind
    sha256: str = Field(description="Hash of the bytes at `url`")
    url: str


class Attempt(Message):
    """One call."""

    attempt: int
    number: str = Field(description="The call's number as people read it")
    outcome: str | None = Field(description="null while the call runs")
    verdict: str | None
    reason: str | None
    queued_at: Time
    started_at: Time | None
    ended_at: Time | None


class VerificationView(Message):
    """A verification as its client sees it."""

    id: str
    external_ref: str
    company: str
    channel: Channel
    state: State
    call: CallRuling
    outcome: str | None = Field(description="The last call's verdict, else how it ended; null before its end")
    reason: str | None
    decided_at: Time | None
    attempt: int = Field(description="Number of the last call; 0 before the first")
    attempts: tuple[Attempt, ...]
    pictures: tuple[PictureLink, ...]
    created_at: Time
    expires_at: Time


class FieldProblem(Message):
    """One field of a body that is missing or wrong."""

    field: str
    problem: str


class ProblemBody(BaseModel):
    """RFC 9457; `code` is stable, `detail` is for developers."""

    type: str
    status: int
    code: str
    detail: str
    fields: tuple[FieldProblem, ...] | None = None
