"""Signs of collusion between an agent and a dealer: what a supervisor should look at. They say nothing of guilt.

Two are looked for, each when a call ends, in the transaction that writes its end, among the calls of one agent or one
dealer within an hour: an index gives them, and history costs nothing. Judging is pure (`early`, `given_up`).

- `early_hang_ups`: an agent ended a call by themselves, without a verdict, at most 15 s after accepting it, for the
  third time in an hour. Whoever picks their customers does so.
- `dialled_until`: an agent confirmed a dealer's call, and in the hour before it the same dealer had given up at least
  three calls that this agent did not have: hung up while they waited or rang, or at most 15 s after somebody else had
  accepted them. Whoever waits for an accomplice does so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pydantic import BaseModel
from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc.models import CallRecord, State
from ekyc.sign_models import Sign
from vouch.accounts.models import Account
from vouch.audit import Tag, record
from vouch.clock import HOUR, SECOND
from vouch.database import Database
from vouch.ids import new_id
from vouch.problems import Problem
from vouch.statements import insert, table_of

EARLY_HANG_UPS = "early_hang_ups"
DIALLED_UNTIL = "dialled_until"
SOON = 15 * SECOND
"""After accepting: time enough to see who it is, and not to check anybody."""
WINDOW = HOUR
TIMES = 3
_MOST = 200
"""Calls that are looked at; nobody has more in an hour."""
_PAGE = 50
_RECORD, _SIGN = table_of(CallRecord), table_of(Sign)
_COLUMNS = tuple(_RECORD.c[name] for name in ("id", "agent", "accepted_at", "ended_at", "outcome"))
_LATELY = select(*_COLUMNS).where(_RECORD.c.queued_at >= bindparam("since")).order_by(_RECORD.c.queued_at).limit(_MOST)
_OF_AGENT = _LATELY.where(_RECORD.c.agent == bindparam("whose"))
_OF_DEALER = _LATELY.where(_RECORD.c.dealer == bindparam("whose"), _RECORD.c.queued_at <= bindparam("until"))
_KNOWN = (
    select(_SIGN.c.dealer)
    .where(_SIGN.c.agent == bindparam("agent"), _SIGN.c.kind == bindparam("kind"), _SIGN.c.at > bindparam("since"))
    .limit(_MOST)
)


class Past(NamedTuple):
    """A call of the last hour."""

    id: str
    agent: str | None
    accepted_at: int | None
    ended_at: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Over:
    """The call that has just ended."""

    team: str
    agent: str | None
    dealer: str | None
    outcome: str
    queued_at: int
    accepted_at: int | None
    ended_at: int


class ShownCall(BaseModel):
    """One of the calls that a sign is made of."""

    id: str
    number: str
    verification: str


class ShownSign(BaseModel):
    """A sign as supervisors see it."""

    id: str
    kind: str
    team: str
    agent: str
    """Username."""
    dealer: str | None
    """Username at the client that opened the verification."""
    at: int
    calls: tuple[ShownCall, ...]


class Signs(BaseModel):
    """A page of signs, the newest first."""

    signs: tuple[ShownSign, ...]
    cursor: str | None


def early(call: Past) -> bool:
    """Whether its agent hung up soon after accepting."""
    return call.outcome == "agent_ended" and _soon(call)


def given_up(call: Past, agent: str) -> bool:
    """Whether the dealer gave it up before `agent` could have it: while it waited or rang, or soon after another's
    accept.
    """
    return call.outcome == "cancelled" and call.agent != agent and (call.accepted_at is None or _soon(call))


async def look(session: AsyncSession, over: Over) -> None:
    """Raise the signs that a call's end completes, with a line in the audit log; within the caller's transaction."""
    agent = over.agent
    if agent is None:
        return
    if early(Past("", agent, over.accepted_at, over.ended_at, over.outcome)):
        asked = {"whose": agent, "since": over.ended_at - WINDOW}
        calls = [call.id for call in await _lately(session, _OF_AGENT, asked) if early(call)]
        await _raise(session, EARLY_HANG_UPS, over, agent, None, calls)
    elif over.outcome == State.CONFIRMED and over.dealer:
        asked = {"whose": over.dealer, "since": over.queued_at - WINDOW, "until": over.queued_at}
        calls = [call.id for call in await _lately(session, _OF_DEALER, asked) if given_up(call, agent)]
        await _raise(session, DIALLED_UNTIL, over, agent, over.dealer, calls)


def _soon(call: Past) -> bool:
    return call.accepted_at is not None and call.ended_at is not None and call.ended_at - call.accepted_at <= SOON


async def _lately(session: AsyncSession, chosen: Any, asked: dict[str, Any]) -> Sequence[Past]:
    return [Past(*row) for row in await session.execute(chosen, asked)]


async def _raise(
    session: AsyncSession, kind: str, over: Over, agent: str, dealer: str | None, calls: list[str]
) -> None:
    """One sign for each hour: the calls that follow belong to what the supervisor looks at already."""
    if len(calls) < TIMES:
        return
    asked = {"agent": agent, "kind": kind, "since": over.ended_at - WINDOW}
    if dealer in (await session.scalars(_KNOWN, asked)).all():
        return
    row = {"id": new_id(), "kind": kind, "team": over.team, "agent": agent, "dealer": dealer, "calls": calls}
    await insert(session, Sign, row | {"at": over.ended_at})
    facts: dict[str, Any] = {"kind": kind, "dealer": dealer, "calls": calls}
    record(session, Tag.SIGN_RAISED, over.ended_at, company=over.team, subject=agent, **facts)


class SignBook:
    """The signs as supervisors read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, teams: frozenset[str] | None, cursor: str | None) -> Signs:
        """Signs of these teams (None: of all), the newest first; Problem `bad_cursor`."""
        wanted = select(Sign).order_by(Sign.at.desc(), Sign.id.desc()).limit(_PAGE + 1)
        if teams is not None:
            wanted = wanted.where(Sign.team.in_(teams))
        if cursor is not None:
            wanted = wanted.where(tuple_(Sign.at, Sign.id) < tuple_(*_position(cursor)))
        async with self._database.read() as session:
            found = list((await session.scalars(wanted)).all())
            shown, more = found[:_PAGE], len(found) > _PAGE
            names = await _usernames(session, {sign.agent for sign in shown})
            calls = await _calls(session, {call for sign in shown for call in sign.calls})
        following = f"{shown[-1].at}.{shown[-1].id}" if more else None
        return Signs(signs=tuple(_shown(sign, names, calls) for sign in shown), cursor=following)


def _shown(sign: Sign, names: dict[str, str], calls: dict[str, ShownCall]) -> ShownSign:
    return ShownSign(
        id=sign.id,
        kind=sign.kind,
        team=sign.team,
        agent=names.get(sign.agent, sign.agent),
        dealer=sign.dealer,
        at=sign.at,
        calls=tuple(calls[call] for call in sign.calls if call in calls),
    )


async def _usernames(session: AsyncSession, accounts: set[str]) -> dict[str, str]:
    rows = await session.execute(select(Account.id, Account.username).where(Account.id.in_(accounts)))
    return {row.id: row.username for row in rows}


async def _calls(session: AsyncSession, calls: set[str]) -> dict[str, ShownCall]:
    chosen = select(CallRecord.id, CallRecord.number, CallRecord.verification).where(CallRecord.id.in_(calls))
    rows = await session.execute(chosen)
    return {row.id: ShownCall(id=row.id, number=row.number, verification=row.verification) for row in rows}


def _position(cursor: str) -> tuple[Any, ...]:
    at, _, key = cursor.partition(".")
    if not (at.isascii() and at.isdigit() and len(at) < 19 and key.isascii() and key.isalnum()):
        raise Problem(422, "bad_cursor", "Send the cursor as the list before gave it.")
    return int(at), key
