"""From rows to what staff read; pure. The queries are `directory.py`, the shapes `directory_models.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ekyc import directory_models as shown
from ekyc.models import (
    CallRecord,
    Channel,
    OutboxMessage,
    Picture,
    PictureKind,
    Review,
    VerdictRecord,
    Verification,
)
from ekyc.verifications import state_of
from vouch.accounts.models import Shop


@dataclass(frozen=True, slots=True)
class Loaded:
    """A verification with the rows around it, as a dossier and a case need them."""

    verification: Verification
    calls: Sequence[CallRecord]
    """By attempt."""
    verdicts: Mapping[str, VerdictRecord]
    """By call."""
    pictures: Sequence[Picture]
    """By time."""
    shop: Shop | None
    usernames: Mapping[str, str]
    """By account id."""


def dossier(loaded: Loaded, call: CallRecord) -> shown.Dossier:
    """What the agent of `call` judges by; only earlier attempts stand in it."""
    earlier = [other for other in loaded.calls if other.attempt < call.attempt]
    return shown.Dossier(**_facts(loaded, call.attempt, earlier), call=call.id, number=call.number)


def case(
    loaded: Loaded, client: str, reviews: Sequence[Review], deliveries: Sequence[OutboxMessage], now: int
) -> shown.Case:
    """Everything about one verification."""
    row = loaded.verification
    attempt = loaded.calls[-1].attempt if loaded.calls else 0
    return shown.Case(
        **_facts(loaded, attempt, loaded.calls),
        id=row.id,
        external_ref=row.external_ref,
        client=client,
        state=state_of(row, now),
        created_at=row.created_at,
        expires_at=row.expires_at,
        consent=_consent(row),
        calls=tuple(_call(call, loaded.usernames) for call in loaded.calls),
        verdicts=tuple(_verdict(call, loaded) for call in loaded.calls if call.id in loaded.verdicts),
        reviews=tuple(review(given, loaded.usernames) for given in reviews),
        deliveries=tuple(_delivery(message) for message in deliveries),
    )


def row(
    verification: Verification,
    calls: Sequence[CallRecord],
    latest_mark: shown.Mark | None,
    usernames: Mapping[str, str],
    now: int,
) -> shown.Row:
    """A verification in a list; `calls` by attempt."""
    last = calls[-1] if calls else None
    return shown.Row(
        id=verification.id,
        number=last.number if last else None,
        external_ref=verification.external_ref,
        company=verification.company,
        channel=Channel(verification.channel),
        state=state_of(verification, now),
        full_name=verification.customer["full_name"],
        msisdn=verification.subscriber["msisdn"],
        created_at=verification.created_at,
        attempts=len(calls),
        outcome=last.outcome if last else None,
        decided_at=verification.decided_at,
        agent=_name(last.agent, usernames) if last else None,
        review=latest_mark,
    )


def agent_call(call: CallRecord, company: str, verdict: str | None, agent: str, now: int) -> shown.AgentCall:
    """A call in its agent's own list."""
    return shown.AgentCall(
        id=call.id,
        number=call.number,
        verification=call.verification,
        company=company,
        started_at=call.started_at,
        ended_at=call.ended_at,
        talk_us=_talk(call, now),
        outcome=call.outcome,
        verdict=verdict,
        agent=agent,
    )


def review(given: Review, usernames: Mapping[str, str]) -> shown.Review:
    """A supervisor's opinion."""
    return shown.Review(
        id=given.id,
        mark=mark(given),
        note=given.note,
        reviewer=usernames.get(given.reviewer, given.reviewer),
        at=given.at,
    )


def mark(given: Review) -> shown.Mark:
    """The mark of a review's row."""
    return "disagree" if given.mark == "disagree" else "agree"


def _talk(call: CallRecord, now: int) -> int:
    if call.started_at is None:
        return 0
    return max(0, (call.ended_at if call.ended_at is not None else now) - call.started_at)


def _name(account: str | None, usernames: Mapping[str, str]) -> str | None:
    return usernames.get(account, account) if account is not None else None


def _facts(loaded: Loaded, attempt: int, attempts: Sequence[CallRecord]) -> dict[str, Any]:
    row = loaded.verification
    numbers = {call.id: call.attempt for call in loaded.calls}
    return {
        "verification": row.id,
        "attempt": attempt,
        "company": row.company,
        "channel": row.channel,
        "customer": row.customer,
        "subscriber": row.subscriber,
        "dealer": _dealer(row, loaded.shop),
        "decision": row.decision,
        "rule": row.rule,
        "comparison": row.comparison,
        "pictures": tuple(_picture(picture, numbers) for picture in loaded.pictures),
        "attempts": tuple(_attempt(call, loaded) for call in attempts),
    }


def _dealer(row: Verification, shop: Shop | None) -> shown.ShownDealer | None:
    """Our own list of shops goes before what the client says of them: their addresses are fixed."""
    given = row.dealer
    if given is None:
        return None
    return shown.ShownDealer(
        name=given.get("name") or given.get("username") or "",
        kind=given.get("kind"),
        shop_code=shop.code if shop else given.get("shop_code") or row.shop_code,
        shop_name=shop.name if shop else given.get("shop_name"),
        shop_address=shop.address if shop else given.get("shop_address"),
    )


def _consent(row: Verification) -> shown.ShownConsent | None:
    if row.consent_version is None or row.consent_at is None:
        return None
    return shown.ShownConsent(version=row.consent_version, at=row.consent_at)


def _picture(picture: Picture, attempts: Mapping[str, int]) -> shown.ShownPicture:
    return shown.ShownPicture.model_validate(
        {
            "key": picture.id,
            "kind": PictureKind(picture.kind),
            "source": picture.source,
            "source_claimed": picture.source != "call",
            "call": picture.call,
            "attempt": attempts.get(picture.call) if picture.call else None,
            "at": picture.at,
            "width": picture.width,
            "height": picture.height,
            "sha256": picture.stamped_sha256 or picture.clean_sha256,
            "exact": picture.exact,
        }
    )


def _attempt(call: CallRecord, loaded: Loaded) -> shown.ShownAttempt:
    verdict = loaded.verdicts.get(call.id)
    return shown.ShownAttempt(
        attempt=call.attempt,
        number=call.number,
        outcome=call.outcome,
        verdict=verdict.verdict if verdict else None,
        reason=verdict.reason if verdict else None,
        fraud=verdict.fraud if verdict else False,
        ended_at=call.ended_at,
        agent=_name(call.agent, loaded.usernames),
    )


def _call(call: CallRecord, usernames: Mapping[str, str]) -> shown.ShownCall:
    return shown.ShownCall.model_validate(
        {
            "id": call.id,
            "number": call.number,
            "attempt": call.attempt,
            "outcome": call.outcome,
            "ended_in": call.ended_in,
            "agent": _name(call.agent, usernames),
            "queued_at": call.queued_at,
            "accepted_at": call.accepted_at,
            "started_at": call.started_at,
            "ended_at": call.ended_at,
            "gaps": call.gaps,
        }
    )


def _verdict(call: CallRecord, loaded: Loaded) -> shown.ShownVerdict:
    given = loaded.verdicts[call.id]
    frame = next(picture for picture in loaded.pictures if picture.id == given.picture)
    return shown.ShownVerdict(
        call=call.id,
        attempt=call.attempt,
        verdict=given.verdict,
        reason=given.reason,
        fraud=given.fraud,
        note=given.note,
        late=given.late,
        agent=loaded.usernames.get(given.agent, given.agent),
        pressed_at=given.pressed_at,
        decided_at=given.decided_at,
        frame_at=frame.at,
        checks=given.checks,
    )


def _delivery(message: OutboxMessage) -> shown.ShownDelivery:
    return shown.ShownDelivery(
        type=message.type,
        at=message.created_at,
        delivered_at=message.delivered_at,
        tries=message.tries,
        last_error=message.last_error,
    )
