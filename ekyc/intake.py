"""Opening a verification: one function within a transaction, used by the integration API and by our own screen alike.

The company is the token's, never the form's. Pictures are durable before there is a row that names them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import rules
from ekyc.card import Typed, compare, parse
from ekyc.coverage import is_enabled
from ekyc.messages import Customer, NewVerification
from ekyc.models import Channel, Client, IdempotencyKey, Picture, PictureKind, State, Verification
from ekyc.names import fold
from ekyc.policy import IdType, MatchedField, Question, Ruling, decide
from ekyc.tokens import Holder
from vouch.clock import SECOND, vietnamese_day
from vouch.ids import new_id
from vouch.problems import Problem

_ONE_SIDED = frozenset({IdType.FOREIGN_PASSPORT, IdType.UNDETERMINED_NATIONALITY, IdType.E_IDENTITY})
"""Papers without a second side to show."""


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
class Opening:
    """All that a verification is opened with."""

    holder: Holder
    data: NewVerification
    papers: tuple[KeptPaper, ...]
    code: str | None
    """The text of the citizen card's QR code, where one was read."""
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


async def judge(
    session: AsyncSession, holder: Holder, data: NewVerification, now: int, *, match_lifts_table: bool = False
) -> Ruling:
    """Whether and how this may be opened at `now`; changes nothing.

    Problem `verification_not_enabled`, `priority_not_allowed`, `ekyc_not_passed` or `unknown_sub_type`.
    """
    if data.priority > 0:
        await _check_priority(session, holder, data.priority)
    day = vietnamese_day(now)
    if not await is_enabled(session, data.channel, holder.company, day):
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
        day=day,
    )
    return decide(question, await rules.table_on(session, day), match_lifts_table=match_lifts_table)


async def open_verification(
    session: AsyncSession, opening: Opening, now: int, lifetime_s: int, *, match_lifts_table: bool = False
) -> Verification:
    """Add the verification and its pictures; Problem as `judge` and `check_papers` say."""
    data = opening.data
    check_papers(data.customer.id_type, {paper.kind for paper in opening.papers})
    ruling = await judge(session, opening.holder, data, now, match_lifts_table=match_lifts_table)
    verification = _verification(opening, ruling, now, lifetime_s)
    session.add(verification)
    # The pictures' foreign key needs the row first.
    await session.flush()
    session.add_all(_picture(verification.id, paper) for paper in opening.papers)
    await session.flush()
    return verification


def typed(customer: Customer) -> Typed:
    """The fields that a card's code can be compared with."""
    return Typed(customer.full_name, customer.id_number, customer.date_of_birth.isoformat())


def fingerprint(company: str, data: NewVerification, sent: Mapping[PictureKind, str]) -> str:
    """What tells a repeated request from another under the same key: company, data and the sent pictures' hashes.

    Not the bytes of the request, which differ from try to try (multipart boundaries, order, white space).
    """
    canonical = json.dumps([company, data.model_dump(mode="json"), sorted(sent.items())], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


async def earlier(session: AsyncSession, holder: Holder, key: str, print_: str) -> Verification | None:
    """What the client's request of this idempotency key opened before; Problem `idempotency_key_reused`."""
    row = await session.get(IdempotencyKey, (holder.client, key))
    if row is None:
        return None
    if row.fingerprint != print_:
        raise Problem(422, "idempotency_key_reused", "This Idempotency-Key came with another body before.")
    return await session.get_one(Verification, row.verification)


async def _check_priority(session: AsyncSession, holder: Holder, asked: int) -> None:
    highest = (await session.get_one(Client, holder.client)).highest_priority
    if asked > highest:
        raise Problem(403, "priority_not_allowed", f"This client may ask for priorities up to {highest}.")


def _matched(data: NewVerification) -> bool:
    return data.ekyc is not None and data.ekyc.passed and set(data.ekyc.matched_fields) >= set(MatchedField)


def _verification(opening: Opening, ruling: Ruling, now: int, lifetime_s: int) -> Verification:
    data = opening.data
    stored = data.model_dump(mode="json")
    comparison = compare(typed(data.customer), parse(opening.code) if opening.code else None)
    return Verification(
        id=new_id(),
        client=opening.holder.client,
        company=opening.holder.company,
        channel=data.channel,
        external_ref=data.external_ref,
        state=State.CREATED,
        customer=stored["customer"],
        subscriber=stored["subscriber"],
        dealer=stored["dealer"],
        shop_code=data.shop_code or (data.dealer.shop_code if data.dealer else None),
        referral=data.referral,
        ekyc=stored["ekyc"],
        comparison=[field.as_json() for field in comparison],
        language=data.language,
        priority=data.priority,
        decision=ruling.decision,
        rule=ruling.rule,
        full_name_folded=fold(data.customer.full_name),
        consent_version=opening.consent_version,
        consent_at=now if opening.consent_version else None,
        fraud=False,
        created_at=now,
        expires_at=now + lifetime_s * SECOND,
    )


def _picture(verification: str, paper: KeptPaper) -> Picture:
    return Picture(
        id=new_id(),
        verification=verification,
        kind=paper.kind,
        source=paper.source,
        at=paper.at,
        width=paper.width,
        height=paper.height,
        clean_key=paper.key,
        clean_sha256=paper.sha256,
    )
