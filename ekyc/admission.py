"""May this verification call now? Asked by the shell within the transaction that queues the call."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.consent import check_version
from ekyc.coverage import team_of
from ekyc.models import CallRecord, Channel, Verification
from ekyc.verifications import check_callable
from vouch.clock import start_of_day, vietnamese_day
from vouch.companies.rules import CompanyRules
from vouch.companies.service import Rulebook
from vouch.ids import digest
from vouch.problems import Problem, not_found

_CLOSED = "closed"
"""The outcome of a call outside of the team's hours."""
_CLOSED_FOR_ONE = 20
"""So many of these count as one call."""


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
    session: AsyncSession, verification: str, now: int, calls_per_day: int, rulebook: Rulebook
) -> Admission:
    """Let a verification call; its row stays locked until the caller's transaction ends.

    Problem `not_found`, `already_confirmed`, `verification_expired`, `call_not_possible`, `calls_stopped` (a verdict
    carried the fraud flag) or `too_many_calls`. The caller must then `consent` in the same transaction.
    """
    found = await _locked(session, verification)
    check_callable(found, now)
    if found.fraud:
        raise Problem(409, "calls_stopped", "No further call can be made for this verification.")
    await _refuse_too_many(session, verification, now, calls_per_day)
    rules = await rulebook.read(session, found.company, now)
    return Admission(
        verification=found.id,
        company=found.company,
        team=await team_of(session, Channel(found.channel), found.company, vietnamese_day(now)),
        channel=Channel(found.channel),
        attempt=await _count(session, verification, since=0) + 1,
        customer_name=found.customer["full_name"],
        msisdn=found.subscriber["msisdn"],
        decision=found.decision,
        rules=rules,
        priority=found.priority,
        skills=frozenset(_skills(found, rules)),
        dealer=_dealer(found),
    )


async def consent(session: AsyncSession, verification: str, version: str, now: int) -> None:
    """Record that the customer has agreed to the text of `version`; the first time that he did is kept.

    Problem `consent_needed` where that text is not the one in force, `not_found`.
    """
    agreed = check_version(version)
    found = await _locked(session, verification)
    if found.consent_version != agreed:
        found.consent_version = agreed
        found.consent_at = now


async def _locked(session: AsyncSession, verification: str) -> Verification:
    found = await session.get(Verification, verification, with_for_update=True)
    if found is None:
        raise not_found("verification")
    return found


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


async def _refuse_too_many(session: AsyncSession, verification: str, now: int, calls_per_day: int) -> None:
    today = start_of_day(now)
    closed = await _count(session, verification, since=today, closed=True)
    # Who finds the team closed has used up nothing; a page that asks and asks is stopped all the same.
    spent = await _count(session, verification, since=today) - closed + closed // _CLOSED_FOR_ONE
    if spent >= calls_per_day:
        raise Problem(429, "too_many_calls", "No more calls today for this verification; try again tomorrow.")


async def _count(session: AsyncSession, verification: str, since: int, *, closed: bool = False) -> int:
    calls = select(func.count()).where(CallRecord.verification == verification, CallRecord.queued_at >= since)
    if closed:
        calls = calls.where(CallRecord.outcome == _CLOSED)
    return (await session.execute(calls)).scalar_one()
