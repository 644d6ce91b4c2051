"""Accounts: making, finding, disabling, signing in."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.models import Account, Role, SignInFailure, WebSession
from vouch.accounts.passwords import SHORTEST, hash_password, matches
from vouch.clock import MINUTE, Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.problems import Problem

_WINDOW = 15 * MINUTE
_PER_USERNAME = 10
_PER_ADDRESS = 50
_LONGEST_USERNAME = 200
_SKILL = re.compile(r"language:[a-z]{2,3}|paper:[a-z]+(_[a-z]+)*")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is made of."""

    username: str
    full_name: str
    role: Role
    password: str
    company: str | None = None
    shop: str | None = None
    dealer_kind: str | None = None
    employer: str | None = None
    valid_from: int | None = None
    valid_until: int | None = None


class Accounts:
    """Accounts of one installation."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, new: NewAccount) -> Account:
        """Make an account; Problem `username_taken`, `password_too_short` or `validity_empty`."""
        _check_validity(new.valid_from, new.valid_until)
        stored = await _hashed(new.password)
        async with self._database.write() as session:
            if await self._by_name(session, new.username) is not None:
                raise Problem(409, "username_taken", "There is an account of this name; choose another name.")
            account = Account(
                id=new_id(),
                username=new.username,
                full_name=new.full_name,
                role=new.role,
                company=new.company,
                shop=new.shop,
                dealer_kind=new.dealer_kind,
                employer=new.employer,
                valid_from=new.valid_from,
                valid_until=new.valid_until,
                password_hash=stored,
                created_at=self._clock.now(),
            )
            session.add(account)
        return account

    async def any(self) -> bool:
        """Whether there is an account at all."""
        async with self._database.read() as session:
            return (await session.execute(select(Account.id).limit(1))).first() is not None

    async def get(self, account: str) -> Account | None:
        """The account of this id."""
        async with self._database.read() as session:
            return await session.get(Account, account)

    async def find(self, username: str) -> Account | None:
        """The account of this name."""
        async with self._database.read() as session:
            return await self._by_name(session, username)

    async def of_company(self, company: str, role: Role) -> list[Account]:
        """The company's accounts of one role, the disabled ones too, by username."""
        async with self._database.read() as session:
            chosen = select(Account).where(Account.company == company, Account.role == role)
            return list((await session.scalars(chosen.order_by(Account.username))).all())

    async def disable(self, username: str) -> Account | None:
        """Shut an account and end its web sessions; None where there is none of this name."""
        async with self._database.write() as session:
            account = await self._by_name(session, username)
            if account is None:
                return None
            account.changed_at = await self._database.now(session)
            account.disabled_at = account.disabled_at or self._clock.now()
            await self._end_sessions(session, account)
        return account

    async def change(self, username: str, **changes: Any) -> Account | None:
        """Change columns of an account; None where there is none of this name.

        Problem `skill_malformed` or `validity_empty`. Running nodes find out within a second.
        """
        for skill in changes.get("skills", ()):
            if not _SKILL.fullmatch(skill):
                raise Problem(422, "skill_malformed", f"`{skill}` is no skill: write language:CODE or paper:KIND.")
        async with self._database.write() as session:
            account = await self._by_name(session, username)
            if account is None:
                return None
            for column, value in changes.items():
                setattr(account, column, value)
            _check_validity(account.valid_from, account.valid_until)
            account.changed_at = await self._database.now(session)
        return account

    async def agents(self, session: AsyncSession, since: int | None = None) -> list[Account]:
        """All agents; with `since` every account that was changed from then on, whatever it is now."""
        chosen = select(Account)
        chosen = chosen.where(Account.role == Role.AGENT if since is None else Account.changed_at >= since)
        return list((await session.scalars(chosen)).all())

    async def set_password(self, username: str, password: str) -> Account | None:
        """Give an account a new password and end its web sessions; None where there is none of this name.

        Problem `password_too_short`.
        """
        stored = await _hashed(password)
        async with self._database.write() as session:
            account = await self._by_name(session, username)
            if account is None:
                return None
            account.password_hash = stored
            await self._end_sessions(session, account)
        return account

    async def sign_in(self, username: str, password: str, address: str, roles: frozenset[Role]) -> Account:
        """The account whose password this is; Problem `too_many_attempts` or `wrong_password`.

        A disabled account, one outside its validity and one of another role answer `wrong_password` too: an answer
        must not tell a stranger which names exist.
        """
        now = self._clock.now()
        # PostgreSQL takes no NUL in text. A name that cannot be stored is nobody's.
        name = username.replace("\0", "\ufffd")[:_LONGEST_USERNAME]
        # Counted as a failure before it is tried: guesses sent all at once must not pass the count together.
        attempt = SignInFailure(id=new_id(), username=name, address=address, at=now)
        async with self._database.write() as session:
            await self._refuse_guessing(session, attempt)
            session.add(attempt)
            account = await self._by_name(session, name)
        correct = await matches(password, account.password_hash if account else None)
        if account is None or not correct or not is_valid(account, now) or account.role not in roles:
            raise Problem(401, "wrong_password", "The name or the password is not right; check both and try again.")
        async with self._database.write() as session:
            await session.execute(delete(SignInFailure).where(SignInFailure.id == attempt.id))
        return account

    async def _end_sessions(self, session: AsyncSession, account: Account) -> None:
        now = self._clock.now()
        await session.execute(update(WebSession).where(WebSession.account == account.id).values(expires_at=now))

    async def _by_name(self, session: AsyncSession, username: str) -> Account | None:
        return (await session.scalars(select(Account).where(Account.username == username))).first()

    async def _refuse_guessing(self, session: AsyncSession, attempt: SignInFailure) -> None:
        await session.execute(delete(SignInFailure).where(SignInFailure.at <= attempt.at - _WINDOW))
        count = select(func.count()).select_from(SignInFailure)
        by_name = (await session.execute(count.where(SignInFailure.username == attempt.username))).scalar_one()
        by_address = (await session.execute(count.where(SignInFailure.address == attempt.address))).scalar_one()
        if by_name >= _PER_USERNAME or by_address >= _PER_ADDRESS:
            raise Problem(429, "too_many_attempts", "Too many wrong passwords; wait 15 minutes and try again.")


async def _hashed(password: str) -> str:
    if len(password) < SHORTEST:
        raise Problem(422, "password_too_short", f"Choose a password of at least {SHORTEST} characters.")
    return await hash_password(password)


def _check_validity(begins: int | None, ends: int | None) -> None:
    if begins is not None and ends is not None and ends <= begins:
        raise Problem(422, "validity_empty", "The account would end before it begins.")


def valid_at(now: int) -> ColumnElement[bool]:
    """`is_valid` as a condition of a query on accounts."""
    begun = or_(Account.valid_from.is_(None), Account.valid_from <= now)
    not_over = or_(Account.valid_until.is_(None), Account.valid_until > now)
    return and_(Account.id.is_not(None), Account.disabled_at.is_(None), begun, not_over)


def is_valid(account: Account, now: int) -> bool:
    """Whether the account may be used at `now`: not disabled, within its validity."""
    begun = account.valid_from is None or account.valid_from <= now
    over = account.valid_until is not None and account.valid_until <= now
    return account.disabled_at is None and begun and not over
