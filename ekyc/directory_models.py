"""What staff read of verifications, as docs/http.md writes it down. Times: microseconds UTC; people: usernames."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ekyc.models import Channel, PictureKind, State

Mark = Literal["agree", "disagree"]


class Shown(BaseModel):
    """Ancestor of all of them."""

    model_config = ConfigDict(frozen=True, from_attributes=True, populate_by_name=True, serialize_by_alias=True)


class ShownCustomer(Shown):
    """Who is to be verified, as typed."""

    full_name: str
    id_number: str
    date_of_birth: str
    """ISO date."""
    id_type: str
    address: str


class ShownSubscriber(Shown):
    """The subscription."""

    msisdn: str
    sub_type: str
    customer_type: str
    payment: str


class ShownDealer(Shown):
    """Who stands beside the customer, and where."""

    name: str
    kind: str | None
    """`point_of_sale`, `agency`; None where the client did not say."""
    shop_code: str | None
    shop_name: str | None
    shop_address: str | None


class ShownComparison(Shown):
    """One field: what was typed against what the card's code says."""

    field: str
    typed: str | None
    read: str | None
    result: str


class ShownPicture(Shown):
    """A stored picture; `key` is what it is asked for by."""

    key: str
    kind: PictureKind
    source: Literal["camera", "file", "call"]
    source_claimed: bool
    """Whether `source` is what the sender says, which nothing proves: of papers always, of frames of calls never."""
    call: str | None
    attempt: int | None
    at: int
    width: int
    height: int
    sha256: str
    """Of what `key` answers: the stamped copy where there is one."""
    exact: bool | None


class ShownAttempt(Shown):
    """A call of the verification, in one line."""

    attempt: int
    number: str
    outcome: str | None
    verdict: str | None
    reason: str | None
    fraud: bool
    ended_at: int | None
    agent: str | None


class Facts(Shown):
    """What a dossier and a case have in common."""

    verification: str
    attempt: int
    company: str
    channel: Channel
    customer: ShownCustomer
    subscriber: ShownSubscriber
    dealer: ShownDealer | None
    decision: str
    rule: str
    comparison: tuple[ShownComparison, ...]
    pictures: tuple[ShownPicture, ...]
    attempts: tuple[ShownAttempt, ...]


class Dossier(Facts):
    """A call as its agent judges it; `attempts` are the earlier ones."""

    call: str
    number: str


class ShownConsent(Shown):
    """What the customer agreed to, and when."""

    version: str
    at: int


class ShownGap(Shown):
    """An interruption."""

    leg: str
    since: int = Field(alias="from")
    until: int | None


class ShownCall(Shown):
    """A call of a case."""

    id: str
    number: str
    attempt: int
    outcome: str | None
    ended_in: str | None
    agent: str | None
    queued_at: int
    accepted_at: int | None
    started_at: int | None
    ended_at: int | None
    gaps: tuple[ShownGap, ...]


class ShownVerdict(Shown):
    """A decision of a case."""

    call: str
    attempt: int
    verdict: str
    reason: str | None
    fraud: bool
    note: str | None
    late: bool
    agent: str
    pressed_at: int
    decided_at: int
    frame_at: int
    """When the frame that it stands on arrived at the server."""
    checks: dict[str, Any]


class Review(Shown):
    """A supervisor's opinion."""

    id: str
    mark: Mark
    note: str
    reviewer: str
    at: int


class ShownDelivery(Shown):
    """A result message on its way to the client."""

    type: str
    at: int
    delivered_at: int | None
    tries: int
    last_error: str | None


class Case(Facts):
    """One verification with everything that happened; `attempts` are all of them."""

    id: str
    external_ref: str
    client: str
    state: State
    created_at: int
    expires_at: int
    consent: ShownConsent | None
    calls: tuple[ShownCall, ...]
    verdicts: tuple[ShownVerdict, ...]
    reviews: tuple[Review, ...]
    deliveries: tuple[ShownDelivery, ...]


class Row(Shown):
    """A verification in a list."""

    id: str
    number: str | None
    """Of its latest call."""
    external_ref: str
    company: str
    channel: Channel
    state: State
    full_name: str
    msisdn: str
    created_at: int
    attempts: int
    outcome: str | None
    """Of its latest call."""
    decided_at: int | None
    agent: str | None
    """Of its latest call."""
    review: Mark | None
    """The latest mark."""


class Page(Shown):
    """Part of the list, the newest first."""

    verifications: tuple[Row, ...]
    cursor: str | None
    """What gives the next part; None at the end."""


class AgentCall(Shown):
    """A call in its agent's own list."""

    id: str
    number: str
    verification: str
    company: str
    started_at: int | None
    ended_at: int | None
    talk_us: int
    outcome: str | None
    verdict: str | None
    agent: str


class Totals(Shown):
    """Over the whole list, not the part."""

    calls: int
    talk_us: int
    """Of calls that have ended."""


class AgentCalls(Shown):
    """Part of an agent's own calls, the newest first."""

    calls: tuple[AgentCall, ...]
    cursor: str | None
    totals: Totals
