"""Explanations by replay: why a call reached whom it reached, why an agent got the calls that he got.

Nothing of them is stored. `explained_call.py` and `explained_day.py` look at the steps, `explanation_answers.py` writes
down what they saw. Implements the port `Explanations` of agent_console.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime, time

from sqlalchemy import select

from signaling import codec
from signaling.explained_call import ExplainedCall
from signaling.explained_day import ExplainedDay
from signaling.explanation_answers import call_answer, day_answer
from signaling.explanation_models import AgentDay, CallExplanation, Person
from signaling.models import FloorCallRow, FloorRow
from signaling.replay import Difference, Observer, Run, TooLongError, call_difference, other_code, replay
from signaling.snapshot_rows import Start, before, oldest
from vouch.accounts.models import Account
from vouch.clock import DAY, SECOND, VIETNAM, Clock, vietnamese_day
from vouch.database import Database
from vouch.problems import Problem

Companies = frozenset[str] | None

MOST_EVENTS = 100_000
"""What one question may have a serving node step: about half a minute."""
_MOST_WAITING = 4
_CHUNK = 1_000


class Explanations:
    """Answers from the journal, one at a time; `most` bounds the events of one, for nodes that serve."""

    def __init__(self, database: Database, clock: Clock, most: int | None = MOST_EVENTS) -> None:
        self._database = database
        self._clock = clock
        self._most = most
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def of_call(self, call: str, companies: Companies) -> CallExplanation | None:
        """Every match of a call; None where there is no such call, or neither it nor its team is of `companies`.

        Who of a team could have been chosen, and who not, is for those who may see the team. Problem `no_snapshot`,
        `too_much`, `busy`.
        """
        async with self._database.read() as session:
            row = await session.get(FloorCallRow, call)
            floor = None if row is None else await session.get_one(FloorRow, row.floor)
        if row is None or floor is None:
            return None
        stored = codec.load_call(row.data)
        of_team = companies is None or row.floor in companies
        if not of_team and stored.company not in (companies or ()):
            return None
        start = _needed(await before(self._database, row.floor, stored.queued_at))
        seen = ExplainedCall(call, row.version, floor.version if row.present else row.version)
        run = await self._replay(start, seen)
        difference = run.difference or call_difference(stored, seen.last)
        people = await self._people(seen.people(everybody=of_team))
        return call_answer(stored, row.floor, seen, people, _worded(difference, start), everybody=of_team)

    async def of_agent(self, agent: str, day: str | None, companies: Companies) -> AgentDay | None:
        """An agent's Vietnamese day, today if none is given; None where there is no such agent of `companies`.

        Problem `invalid_query` for what is no day, and those of `of_call`.
        """
        now = self._clock.now()
        day = day or vietnamese_day(now).isoformat()
        since = beginning(day)
        async with self._database.read() as session:
            account = await session.get(Account, agent)
        if account is None or account.company is None or not (companies is None or account.company in companies):
            return None
        floor = account.company
        start = _needed(await before(self._database, floor, since) or await oldest(self._database, floor))
        since = max(since, start.floor.now)
        until = max(since, min(beginning(day) + DAY, now))
        seen = ExplainedDay(agent, since, start.floor)
        run = await self._replay(start, seen, until)
        return day_answer(_person(account), floor, day, seen, until, _worded(run.difference, start))

    async def _replay(self, start: Start, observer: Observer, until: int | None = None) -> Run:
        if self._waiting >= _MOST_WAITING:
            raise Problem(503, "busy", "Others are being answered; try again in a minute.")
        async with self._in_turn():
            try:
                return await replay(self._database, start, observer, until=until, most=self._most)
            except TooLongError:
                advice = "So much happened that a serving node does not step it again; use `vouch explain`."
                raise Problem(422, "too_much", advice) from None

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    async def _people(self, ids: Iterable[str]) -> dict[str, Person]:
        wanted = sorted(set(ids))
        found: dict[str, Person] = {}
        async with self._database.read() as session:
            for at in range(0, len(wanted), _CHUNK):
                rows = await session.scalars(select(Account).where(Account.id.in_(wanted[at : at + _CHUNK])))
                found |= {account.id: _person(account) for account in rows}
        return found


def beginning(day: str) -> int:
    """The instant at which a Vietnamese day, as 2026-11-21, begins; Problem `invalid_query` for what is no day."""
    try:
        return int(datetime.combine(date.fromisoformat(day), time(), VIETNAM).timestamp()) * SECOND
    except (ValueError, OverflowError):
        raise Problem(422, "invalid_query", "A day is written as 2026-11-21.") from None


def _needed(start: Start | None) -> Start:
    if start is None:
        raise Problem(409, "no_snapshot", "It is older than the first snapshot of its floor and cannot be replayed.")
    return start


def _worded(difference: Difference | None, start: Start) -> str | None:
    if difference is None:
        return None
    return " ".join(filter(None, (f"{difference}.", other_code(start))))


def _person(account: Account) -> Person:
    return Person(id=account.id, username=account.username, full_name=account.full_name)
