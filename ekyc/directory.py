"""What staff read and write of verifications: dossiers, cases, lists, pictures, reviews.

Who may see what is decided here by company: a supervisor sees the verifications of his company and those whose calls
his team handled. Who asks, and whether he may, is the caller's (package agent_console), which also logs every look.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import directory_models as shown
from ekyc import directory_views as views
from ekyc.evidence import read_blob
from ekyc.models import CallRecord, Client, OutboxMessage, Picture, Review, State, VerdictRecord, Verification
from ekyc.names import fold
from vouch import audit
from vouch.accounts.models import Account, Shop
from vouch.blobs import Blobs
from vouch.clock import Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.problems import Problem, not_found

PAGE = 50
Companies = frozenset[str] | None
"""Whose verifications may be seen; None: everybody's."""

# Crockford's base 32: what people write for digits that look alike.
_LOOK_ALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})


class Directory:
    """Verifications as staff see them."""

    def __init__(self, database: Database, clock: Clock, blobs: Blobs) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    async def dossier(self, call: str) -> shown.Dossier | None:
        """What the agent of this call needs; None where there is no such call."""
        async with self._database.read() as session:
            record = await session.get(CallRecord, call)
            if record is None:
                return None
            loaded = await _load(session, await session.get_one(Verification, record.verification))
        return views.dossier(loaded, record)

    async def calls_of(self, agent: str, since: int, cursor: str | None) -> shown.AgentCalls:
        """Calls that this account took since an instant, newest first, with totals over all of them."""
        mine = and_(CallRecord.agent == agent, CallRecord.accepted_at >= since)
        async with self._database.read() as session:
            calls, following = await _page(
                session, select(CallRecord).where(mine), CallRecord.accepted_at, CallRecord.id, cursor
            )
            totals = await _totals(session, mine)
            verdicts = await _verdicts(session, VerdictRecord.call.in_([call.id for call in calls]))
            companies = await _companies(session, {call.verification for call in calls})
            username = (await _usernames(session, {agent})).get(agent, agent)
        now = self._clock.now()
        listed = [
            views.agent_call(
                call,
                companies[call.verification],
                verdicts[call.id].verdict if call.id in verdicts else None,
                username,
                now,
            )
            for call in calls
        ]
        return shown.AgentCalls(calls=tuple(listed), cursor=following, totals=totals)

    async def search(
        self,
        *,
        companies: Companies,
        query: str = "",
        state: str | None = None,
        company: str | None = None,
        since: int | None = None,
        until: int | None = None,
        cursor: str | None = None,
    ) -> shown.Page:
        """Verifications made in [since, until), newest first.

        `query`: part of the name in any spelling, or the whole of number, ID number, client's reference, call number.
        """
        if any("\0" in given for given in (query, state or "", company or "")):
            # PostgreSQL takes no NUL, and nothing that is stored holds one.
            return shown.Page(verifications=(), cursor=None)
        now = self._clock.now()
        wanted = select(Verification).where(_visible(companies), _matches(query), _in_state(state, now))
        if company is not None:
            wanted = wanted.where(Verification.company == company)
        if since is not None:
            wanted = wanted.where(Verification.created_at >= since)
        if until is not None:
            wanted = wanted.where(Verification.created_at < until)
        async with self._database.read() as session:
            found, following = await _page(session, wanted, Verification.created_at, Verification.id, cursor)
            rows = await _rows(session, found, now)
        return shown.Page(verifications=tuple(rows), cursor=following)

    async def case(self, verification: str, companies: Companies) -> shown.Case | None:
        """All about one verification; None where there is none or it may not be seen."""
        async with self._database.read() as session:
            row = await seen(session, verification, companies)
            if row is None:
                return None
            reviews = await _reviews(session, [row.id])
            loaded = await _load(session, row, {given.reviewer for given in reviews})
            deliveries = select(OutboxMessage).where(OutboxMessage.verification == row.id)
            messages = (await session.scalars(deliveries.order_by(OutboxMessage.created_at, OutboxMessage.id))).all()
            client = await session.get_one(Client, row.client)
        return views.case(loaded, client.name, reviews, messages, self._clock.now())

    async def owner(self, verification: str) -> str | None:
        """The company that a verification belongs to."""
        async with self._database.read() as session:
            row = await session.get(Verification, verification)
        return row.company if row else None

    async def picture(self, verification: str, key: str, clean: bool, companies: Companies) -> bytes | None:  # noqa: FBT001 - as the port of agent_console has it
        """A picture's JPEG, stamped where there is a stamp unless `clean`; None where there is none to be seen."""
        async with self._database.read() as session:
            row = await seen(session, verification, companies)
            picture = await session.get(Picture, key)
        if row is None or picture is None or picture.verification != row.id:
            return None
        return await read_blob(self._blobs, picture, clean=clean)

    async def review(
        self,
        verification: str,
        reviewer: str,
        mark: shown.Mark,
        note: str,
        companies: Companies,
    ) -> shown.Review:
        """Keep the opinion of `reviewer` (account id) with its audit line; Problem `note_needed` or `not_found`."""
        if mark == "disagree" and not note.strip():
            raise Problem(422, "note_needed", "Say why you disagree.")
        now = self._clock.now()
        async with self._database.write() as session:
            row = await seen(session, verification, companies)
            if row is None:
                raise not_found("verification")
            given = Review(id=new_id(), verification=row.id, mark=mark, note=note.strip(), reviewer=reviewer, at=now)
            session.add(given)
            audit.record(
                session,
                audit.Tag.VERIFICATION_REVIEWED,
                now,
                company=row.company,
                account=reviewer,
                subject=row.id,
                mark=mark,
            )
            usernames = await _usernames(session, {reviewer})
        return views.review(given, usernames)


def _visible(companies: Companies) -> ColumnElement[bool]:
    if companies is None:
        return true()
    handled = select(CallRecord.id).where(CallRecord.verification == Verification.id, CallRecord.team.in_(companies))
    return or_(Verification.company.in_(companies), handled.exists())


def _matches(query: str) -> ColumnElement[bool]:
    text = query.strip()
    if not text:
        return true()
    called = select(CallRecord.id).where(
        CallRecord.verification == Verification.id, CallRecord.number == _call_number(text)
    )
    folded = fold(text)
    return or_(
        Verification.full_name_folded.contains(folded, autoescape=True) if folded else false(),
        Verification.external_ref == text,
        Verification.customer["id_number"].as_string() == text,
        Verification.subscriber["msisdn"].as_string().in_(_msisdns(text)),
        called.exists(),
    )


def _call_number(text: str) -> str:
    bare = text.upper().translate(_LOOK_ALIKES).replace("-", "").replace(" ", "")
    return f"{bare[:4]}-{bare[4:]}"


def _msisdns(text: str) -> set[str]:
    """The ways in which one Vietnamese number is written: 0901..., 84901..., +84901..."""
    digits = text.replace(" ", "").removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return set()
    national = digits.removeprefix("84") if digits.startswith("84") else digits.removeprefix("0")
    return {text, "0" + national, "84" + national, "+84" + national}


def _in_state(state: str | None, now: int) -> ColumnElement[bool]:
    """What `verifications.state_of` says, as a condition: time alone lets a verification expire."""
    overdue = and_(Verification.state == State.CREATED, Verification.expires_at <= now)
    if state is None:
        return true()
    if state == State.EXPIRED:
        return or_(Verification.state == state, overdue)
    return and_(Verification.state == state, ~overdue)


async def _page(
    session: AsyncSession, wanted: Select[Any], time: Any, key: Any, cursor: str | None
) -> tuple[list[Any], str | None]:
    """A part of what is wanted, newest first, and the cursor of the next one: time and id of the last row shown."""
    if cursor is not None:
        wanted = wanted.where(tuple_(time, key) < tuple_(*_position(cursor)))
    found = list((await session.scalars(wanted.order_by(time.desc(), key.desc()).limit(PAGE + 1))).all())
    if len(found) <= PAGE:
        return found, None
    last = found[PAGE - 1]
    return found[:PAGE], f"{getattr(last, time.key)}.{last.id}"


def _position(cursor: str) -> tuple[int, str]:
    time, _, key = cursor.partition(".")
    if not (time.isascii() and time.isdigit() and len(time) < 19 and key.isascii() and key.isalnum()):
        raise Problem(422, "bad_cursor", "Send the cursor as the list before gave it.")
    return int(time), key


async def seen(session: AsyncSession, verification: str, companies: Companies) -> Verification | None:
    """A verification, if it may be seen."""
    wanted = select(Verification).where(Verification.id == verification, _visible(companies))
    return (await session.scalars(wanted)).first()


async def _load(session: AsyncSession, row: Verification, others: Collection[str] = ()) -> views.Loaded:
    """The verification with the rows around it; `others`: further accounts whose names are needed."""
    calls = await _calls(session, [row.id])
    verdicts = await _verdicts(session, VerdictRecord.verification == row.id)
    pictures = select(Picture).where(Picture.verification == row.id).order_by(Picture.at, Picture.id)
    agents = {call.agent for call in calls if call.agent} | {given.agent for given in verdicts.values()}
    code = row.shop_code or (row.dealer or {}).get("shop_code")
    return views.Loaded(
        verification=row,
        calls=calls,
        verdicts=verdicts,
        pictures=(await session.scalars(pictures)).all(),
        shop=await session.get(Shop, code) if code else None,
        usernames=await _usernames(session, agents | set(others)),
    )


async def _rows(session: AsyncSession, found: list[Verification], now: int) -> list[shown.Row]:
    ids = [row.id for row in found]
    calls: dict[str, list[CallRecord]] = defaultdict(list)
    for call in await _calls(session, ids):
        calls[call.verification].append(call)
    marks = {given.verification: views.mark(given) for given in await _reviews(session, ids)}
    usernames = await _usernames(session, {call.agent for of in calls.values() for call in of if call.agent})
    return [views.row(row, calls[row.id], marks.get(row.id), usernames, now) for row in found]


async def _calls(session: AsyncSession, verifications: list[str]) -> list[CallRecord]:
    chosen = select(CallRecord).where(CallRecord.verification.in_(verifications))
    return list((await session.scalars(chosen.order_by(CallRecord.attempt))).all())


async def _verdicts(session: AsyncSession, chosen: ColumnElement[bool]) -> dict[str, VerdictRecord]:
    return {given.call: given for given in (await session.scalars(select(VerdictRecord).where(chosen))).all()}


async def _reviews(session: AsyncSession, verifications: list[str]) -> list[Review]:
    chosen = select(Review).where(Review.verification.in_(verifications))
    return list((await session.scalars(chosen.order_by(Review.at, Review.id))).all())


async def _usernames(session: AsyncSession, accounts: set[str]) -> dict[str, str]:
    rows = await session.scalars(select(Account).where(Account.id.in_(accounts)))
    return {account.id: account.username for account in rows.all()}


async def _companies(session: AsyncSession, verifications: set[str]) -> dict[str, str]:
    rows = await session.scalars(select(Verification).where(Verification.id.in_(verifications)))
    return {row.id: row.company for row in rows.all()}


async def _totals(session: AsyncSession, mine: ColumnElement[bool]) -> shown.Totals:
    talk = func.sum(CallRecord.ended_at - CallRecord.started_at)
    count, talk_us = (await session.execute(select(func.count(), talk).where(mine))).one()
    return shown.Totals(calls=count, talk_us=int(talk_us or 0))
