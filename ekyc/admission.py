"""May this verification call now? Asked by the shell within the transaction that queues the call."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, case, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.consent import check_version
from ekyc.coverage import team_of
from ekyc.models import CallRecord, Channel, Verification
from ekyc.verifications import VERIFICATION, check_callable, verification_in
from vouch.clock import start_of_day, vietnamese_day
from vouch.companies.rules import CompanyRules
from vouch.companies.service import CHANGES, Changes, Rulebook
from vouch.ids import digest
from vouch.problems import Problem, not_found
from vouch.statements import table_of

_CLOSED = "closed"
"""The outcome of a call outside of the team's hours."""
_CLOSED_FOR_ONE = 20
"""So many of these count as one call."""
# Locks the row, too.
_CONSENTED = (
    update(VERIFICATION)
    .where(VERIFICATION.c.id == bindparam("this"))
    .values(
        consent_version=bindparam("agreed"),
        # The first time that he did is kept.
        consent_at=case(
            (VERIFICATION.c.consent_version == bindparam("agreed"), VERIFICATION.c.consent_at), else_=bindparam("now")
        ),
    )
    .returning(VERIFICATION)
)
_RECORD = table_of(CallRecord)
_TODAY = _RECORD.c.queued_at >= bindparam("today")
# A statement of its own, after the lock: what another call has written while we waited for it is seen.
_STANDING = select(
    func.count().label("calls"),
    func.count().filter(_TODAY).label("today"),
    func.count().filter(_TODAY, _RECORD.c.outcome == _CLOSED).label("closed"),
    team_of(bindparam("channel"), bindparam("company"), bindparam("day")).label("team"),
    *CHANGES,
).where(_RECORD.c.verification == bindparam("this"))


@dataclass(frozen=True, slots=True)
class Admission:
    """What routing and the console need to know of a call that may be queued."""

    verification: str
    company: str
    """To which it belongs: its token's."""
    team: str | None
    """The company whose team handles it; None where no coverage has begun."""
    channel: Channel
    attempt: int
    """Number of the call within the verification, from 1."""
    customer_name: str
    msisdn: str
    decision: str
    rules: CompanyRules
    """Those of the company to which it belongs."""
    priority: int = 0
    skills: frozenset[str] = frozenset()
    """What an agent must know: `language:CODE`, `paper:KIND`."""
    dealer: str = ""
    """Who stands beside the customer, as a digest that is the same in all of his calls; empty: nobody."""


async def admit(
    session: AsyncSession, verification: str, consent_version: str, now: int, calls_per_day: int, rulebook: Rulebook
) -> Admission:
    """Record that the customer has agreed to the text of `consent_version`, and let the verification call.

    Its row stays locked until the caller's transaction ends. Problem `consent_needed` where that text is not the one in
    force, `not_found`, `already_confirmed`, `verification_expired`, `call_not_possible`, `calls_stopped` (a verdict
    carried the fraud flag) or `too_many_calls`; the caller must then roll back.
    """
    found = await _consented(session, verification, check_version(consent_version), now)
    check_callable(found, now)
    if found.fraud:
        raise Problem(409, "calls_stopped", "No further call can be made for this verification.")
    standing = await _standing(session, found, now)
    _refuse_too_many(standing, calls_per_day)
    rules = await rulebook.read(session, found.company, now, Changes.of(standing))
    return Admission(
        verification=found.id,
        company=found.company,
        team=standing.team,
        channel=Channel(found.channel),
        attempt=standing.calls + 1,
        customer_name=found.customer["full_name"],
        msisdn=found.subscriber["msisdn"],
        decision=found.decision,
        rules=rules,
        priority=found.priority,
        skills=frozenset(_skills(found, rules)),
        dealer=_dealer(found),
    )


async def _consented(session: AsyncSession, verification: str, agreed: str, now: int) -> Verification:
    asked = {"this": verification, "agreed": agreed, "now": now}
    row = (await session.execute(_CONSENTED, asked)).one_or_none()
    if row is None:
        raise not_found("verification")
    return verification_in(row)


async def _standing(session: AsyncSession, found: Verification, now: int) -> Row[Any]:
    asked = {
        "this": found.id,
        "today": start_of_day(now),
        "channel": found.channel,
        "company": found.company,
        "day": vietnamese_day(now).isoformat(),
    }
    return (await session.execute(_STANDING, asked)).one()


def _skills(found: Verification, rules: CompanyRules) -> Iterator[str]:
    if found.language in rules.skilled_languages:
        yield f"language:{found.language}"
    if found.customer["id_type"] in rules.skilled_papers:
        yield f"paper:{found.customer['id_type']}"


def _dealer(found: Verification) -> str:
    # A dealer is known by his name at the system that sent him; without one, by what it says of him instead.
    told = found.dealer or {}
    username = told.get("username")
    known = (username,) if username else (told.get("shop_code"), told.get("name"))
    if not any(known):
        return ""
    return digest("\0".join((found.client, *(str(part or "").casefold() for part in known))))[:32]


def _refuse_too_many(standing: Row[Any], calls_per_day: int) -> None:
    # Who finds the team closed has used up nothing; a page that asks and asks is stopped all the same.
    spent = standing.today - standing.closed + standing.closed // _CLOSED_FOR_ONE
    if spent >= calls_per_day:
        raise Problem(429, "too_many_calls", "No more calls today for this verification; try again tomorrow.")
