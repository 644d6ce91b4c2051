"""Opening a verification: one function within a transaction, used by the integration API and by our own screen alike.

The company is the token's, never the form's. Pictures are durable before there is a row that names them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.card import Typed, compare, parse
from ekyc.coverage import is_enabled
from ekyc.messages import Customer, NewVerification
from ekyc.models import Channel, Client, IdempotencyKey, Picture, PictureKind, PolicyRow, State, Verification
from ekyc.names import fold
from ekyc.policy import IdType, MatchedField, Question, Ruling, TableRow, decide
from ekyc.rules import row_on
from ekyc.tokens import Holder
from vouch.clock import SECOND, vietnamese_day
from vouch.ids import new_id
from vouch.problems import Problem
from vouch.statements import insert, table_of

_ONE_SIDED = frozenset({IdType.FOREIGN_PASSPORT, IdType.UNDETERMINED_NATIONALITY, IdType.E_IDENTITY})
"""Papers without a second side to show."""
_CLIENT, _KEY, _POLICY = table_of(Client), table_of(IdempotencyKey), table_of(PolicyRow)
_GROUNDS = (
    select(
        _CLIENT.c.highest_priority,
        is_enabled(bindparam("channel"), bindparam("company"), bindparam("day")).label("enabled"),
        *(_POLICY.c[name] for name in ("name", "individual", "enterprise")),
        *(_KEY.c[name] for name in ("fingerprint", "verification")),
    )
    .select_from(_CLIENT)
    .outerjoin(
        _KEY,
        and_(_KEY.c.client == _CLIENT.c.id, _KEY.c.company == bindparam("company"), _KEY.c.key == bindparam("key")),
    )
    .outerjoin(_POLICY, _POLICY.c.id == row_on(bindparam("sub_type"), bindparam("day")))
    .where(_CLIENT.c.id == bindparam("client"))
)


@dataclass(frozen=True, slots=True)
class KeptPaper:
    """A paper's picture in the blob store."""

    kind: PictureKind
    source: str
    """`camera` or `file`."""
    key: str
    sha256: str
    width: int
    height: int
    at: int


@dataclass(frozen=True, slots=True)
class Grounds:
    """All that the database says for and against one request to open a verification."""

    highest_priority: int
    """Up to which its client may ask."""
    enabled: bool
    """Whether verification is on for its company and channel."""
    table_row: TableRow | None
    """The operator's row for its subscriber type."""
    fingerprint: str | None
    """Of the client's earlier request of this company and idempotency key."""
    verification: str | None
    """What that request opened."""


@dataclass(frozen=True, slots=True)
class Opening:
    """All that a verification is opened with."""

    holder: Holder
    data: NewVerification
    papers: tuple[KeptPaper, ...]
    code: str | None
    """The text of the citizen card's QR code, where one was read."""
    ruling: Ruling
    """As `judge` found it."""
    consent_version: str | None = None
    """The consent text that the customer has agreed to already."""


def missing_papers(id_type: IdType, given: set[PictureKind]) -> list[PictureKind]:
    """Which pictures are still needed with this kind of paper."""
    optional = {PictureKind.ID_BACK} if id_type in _ONE_SIDED else set()
    needed = (PictureKind.ID_FRONT, PictureKind.ID_BACK, PictureKind.PORTRAIT)
    return [kind for kind in needed if kind not in given | optional]


def check_papers(id_type: IdType, given: set[PictureKind]) -> None:
    """Problem `picture_missing` that names the kinds."""
    if missing := missing_papers(id_type, given):
        raise Problem(422, "picture_missing", "Some pictures are missing; see `kinds`.", kinds=missing)


async def grounds(
    session: AsyncSession, holder: Holder, data: NewVerification, now: int, key: str | None = None
) -> Grounds:
    """What is known at `now` of a request that came with the idempotency key `key`, if with any."""
    asked = {
        "client": holder.client,
        "company": holder.company,
        "channel": data.channel,
        "sub_type": data.subscriber.sub_type,
        "day": vietnamese_day(now).isoformat(),
        "key": key,
    }
    row = (await session.execute(_GROUNDS, asked)).one()
    table_row = None if row.name is None else TableRow(row.name, row.individual, row.enterprise)
    return Grounds(row.highest_priority, bool(row.enabled), table_row, row.fingerprint, row.verification)


def judge(found: Grounds, data: NewVerification, now: int, *, match_lifts_table: bool = False) -> Ruling:
    """Whether and how this may be opened at `now`, the instant of `found`.

    Problem `verification_not_enabled`, `priority_not_allowed`, `ekyc_not_passed` or `unknown_sub_type`.
    """
    if data.priority > found.highest_priority:
        allowed = f"This client may ask for priorities up to {found.highest_priority}."
        raise Problem(403, "priority_not_allowed", allowed)
    if not found.enabled:
        raise Problem(403, "verification_not_enabled", "Video verification is not on for this company and channel.")
    if data.channel == Channel.ONLINE and not (data.ekyc and data.ekyc.passed):
        raise Problem(422, "ekyc_not_passed", "An online customer may call once his eKYC has passed.")
    question = Question(
        sub_type=data.subscriber.sub_type,
        payment=data.subscriber.payment,
        customer_type=data.subscriber.customer_type,
        id_type=data.customer.id_type,
        matched=_matched(data),
        channel=data.channel,
        day=vietnamese_day(now),
    )
    table = {} if found.table_row is None else {question.sub_type: found.table_row}
    return decide(question, table, match_lifts_table=match_lifts_table)


async def open_verification(session: AsyncSession, opening: Opening, now: int, lifetime_s: int) -> Verification:
    """Add the verification and its pictures; Problem as `check_papers` says. Its session does not know it."""
    check_papers(opening.data.customer.id_type, {paper.kind for paper in opening.papers})
    row = _verification(opening, now, lifetime_s)
    await insert(session, Verification, row)
    pictures = [_picture(row["id"], paper) for paper in opening.papers]
    await insert(session, Picture, *pictures)
    return Verification(**row)


def typed(customer: Customer) -> Typed:
    """The fields that a card's code can be compared with."""
    return Typed(customer.full_name, customer.id_number, customer.date_of_birth.isoformat())


def fingerprint(company: str, data: NewVerification, sent: Mapping[PictureKind, str]) -> str:
    """What tells a repeated request from another under the same key: company, data and the sent pictures' hashes.

    Not the bytes of the request, which differ from try to try (multipart boundaries, order, white space).
    """
    said = data.model_dump(mode="json", exclude={"company"})
    canonical = json.dumps([company, said, sorted(sent.items())], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def earlier(found: Grounds, print_: str) -> str | None:
    """What the same request opened before; Problem `idempotency_key_reused`."""
    if found.fingerprint is not None and found.fingerprint != print_:
        raise Problem(422, "idempotency_key_reused", "This Idempotency-Key came with another body before.")
    return found.verification


def _matched(data: NewVerification) -> bool:
    return data.ekyc is not None and data.ekyc.passed and set(data.ekyc.matched_fields) >= set(MatchedField)


def _verification(opening: Opening, now: int, lifetime_s: int) -> dict[str, Any]:
    data = opening.data
    stored = data.model_dump(mode="json")
    comparison = compare(typed(data.customer), parse(opening.code) if opening.code else None)
    return {
        "id": new_id(),
        "client": opening.holder.client,
        "company": opening.holder.company,
        "channel": data.channel,
        "external_ref": data.external_ref,
        "state": State.CREATED,
        "customer": stored["customer"],
        "subscriber": stored["subscriber"],
        "dealer": stored["dealer"],
        "shop_code": data.shop_code or (data.dealer.shop_code if data.dealer else None),
        "referral": data.referral,
        "ekyc": stored["ekyc"],
        "comparison": [field.as_json() for field in comparison],
        "language": data.language,
        "priority": data.priority,
        "decision": opening.ruling.decision,
        "rule": opening.ruling.rule,
        "full_name_folded": fold(data.customer.full_name),
        "consent_version": opening.consent_version,
        "consent_at": now if opening.consent_version else None,
        "fraud": False,
        "created_at": now,
        "expires_at": now + lifetime_s * SECOND,
    }


def _picture(verification: str, paper: KeptPaper) -> dict[str, Any]:
    return {
        "id": new_id(),
        "verification": verification,
        "kind": paper.kind,
        "source": paper.source,
        "at": paper.at,
        "width": paper.width,
        "height": paper.height,
        "clean_key": paper.key,
        "clean_sha256": paper.sha256,
    }
