"""Accounts: making, finding, disabling, signing in."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from vouch.accounts.factors.service import reset
from vouch.accounts.guarding import devices, guesses
from vouch.accounts.guarding.guesses import Guess, Purpose
from vouch.accounts.guarding.turns import Turns
from vouch.accounts.models import Account, Pending, Role, SecondFactor, WebSession
from vouch.accounts.passwords import check_strength, hash_password, matches
from vouch.addresses import network_of
from vouch.clock import Clock
from vouch.database import Database
from vouch.ids import new_id
from vouch.problems import Problem

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
    drawn: bool = False
    """Whether a command drew the password, so that it must be changed at first use."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What came of a right password."""

    account: Account
    pending: Pending | None
    """What is to be done before the account can be used; None: nothing."""


class Accounts:
    """Accounts of one installation; those of `second_factor_roles` must have a second factor."""

    def __init__(self, database: Database, clock: Clock, second_factor_roles: frozenset[Role] = frozenset()) -> None:
        self._database = database
        self._clock = clock
        self._second_factor_roles = second_factor_roles
        self._turns = Turns()
        # Before anything is read for a stranger: a flood that finds no place here costs the database nothing.
        self._lookups = Turns(at_once=64, most_waiting=4096, most_of_one=64)

    async def add(self, new: NewAccount) -> Account:
        """Make an account.

        Problem `username_taken`, `password_too_short`, `password_too_long`, `password_common` or `validity_empty`.
        """
        _check_validity(new.valid_from, new.valid_until)
        await check_strength(new.password, new.username, new.full_name, new.company, new.shop)
        stored = await hash_password(new.password)
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
                password_drawn_at=self._clock.now() if new.drawn else None,
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

    async def set_password(self, username: str, password: str, *, drawn: bool = False) -> Account | None:
        """Give an account a new password and end its web sessions; None where there is none of this name.

        Problem `password_too_short`, `password_too_long` or `password_common`.
        """
        account = await self.find(username)
        return account and await self._store_password(account, password, drawn=drawn)

    async def change_password(
        self, account: Account, current: str, new: str, guess: Guess, *, keep: str | None = None
    ) -> Account:
        """Give an account the password that its owner chose and end its web sessions, but for that of digest `keep`.

        Problem `wrong_password`, `too_many_attempts`, `busy`, those of `set_password`, or `password_unchanged`.
        """
        await self.prove(account, current, guess)
        if current == new:
            raise Problem(422, "password_unchanged", "This is the password that you have; choose another.")
        async with self._turns.turn(account.id, known=True):
            return await self._store_password(account, new, drawn=False, keep=keep)

    async def sign_in(
        self, username: str, password: str, address: str, roles: frozenset[Role], device: str | None = None
    ) -> Account:
        """The account whose password this is, where nothing is left to be done; Problem as `enter`, and else
        `second_factor_needed`, `second_factor_missing` or `password_must_change`, which the page /account sees to.
        """
        entry = await self.enter(username, password, address, roles, device)
        if entry.pending is not None:
            raise still_pending(entry.pending)
        return entry.account

    async def enter(
        self, username: str, password: str, address: str, roles: frozenset[Role], device: str | None = None
    ) -> Entry:
        """The account whose password this is, and what is yet to be done. `device` is the browser's (`devices`).

        A disabled account, one outside its validity and one of another role answer `wrong_password` too: an answer
        must not tell a stranger which names exist. Problem `wrong_password`, `too_many_attempts` or `busy`.
        """
        # PostgreSQL takes no NUL in text. A name that cannot be stored is nobody's.
        name = username.replace("\0", "\ufffd")[:_LONGEST_USERNAME]
        network = network_of(address)
        async with self._lookups.turn(network), self._database.read() as session:
            account = await self._by_name(session, name)
            known = account and await devices.known(session, account.id, device)
        guess = Guess(Purpose.PASSWORD, name, network, known or None)
        usable = account is not None and account.role in roles and is_valid(account, self._clock.now())
        async with self.counted(guess):
            correct = await matches(password, account.password_hash if account else None)
            if account is None or not correct or not usable:
                raise _wrong_password()
        return Entry(account, await self.pending(account, proved=False))

    async def prove(self, account: Account, password: str, guess: Guess) -> None:
        """Ask somebody who is signed in for their password again; Problem `wrong_password` and what `counted` says."""
        async with self.counted(guess):
            if not await matches(password, account.password_hash):
                raise _wrong_password()

    @asynccontextmanager
    async def counted(self, guess: Guess) -> AsyncIterator[None]:
        """Try a guess within this: a Problem raised there leaves it counted as wrong.

        Problem `busy`, where too many wait, or `too_many_attempts`.
        """
        async with self._turns.turn(guess.device or guess.network, known=guess.device is not None):
            async with self._database.write() as session:
                attempt = await guesses.begin(session, guess, self._clock.now())
            yield
            async with self._database.write() as session:
                await guesses.succeed(session, attempt)

    async def pending(self, account: Account, *, proved: bool) -> Pending | None:
        """What the account's owner, who gave the password, and with `proved` the second factor, has yet to do."""
        shown = SecondFactor.confirmed_at.is_not(None)
        async with self._database.read() as session:
            owned = select(SecondFactor.id).where(SecondFactor.account == account.id, shown).limit(1)
            has_one = (await session.execute(owned)).first() is not None
        if has_one and not proved:
            return Pending.SECOND_FACTOR
        if not has_one and account.role in self._second_factor_roles:
            return Pending.ENROLMENT
        return Pending.PASSWORD if account.password_drawn_at is not None else None

    def must_have_second_factor(self, account: Account) -> bool:
        """Whether the account's role must have one."""
        return account.role in self._second_factor_roles

    async def reset_second_factor(self, username: str) -> tuple[Account, int] | None:
        """Take all second factors of an account away and end its web sessions; gives how many there were.

        None where there is none of this name.
        """
        async with self._database.write() as session:
            account = await self._by_name(session, username)
            if account is None:
                return None
            count = await reset(session, account.id)
            await self._end_sessions(session, account)
        return account, count

    async def sweep(self) -> None:
        """Forget old failures and the browsers that nobody uses; to be repeated every few minutes."""
        async with self._database.write() as session:
            await guesses.sweep(session, self._clock.now())
            await devices.sweep(session, self._clock.now())

    async def _store_password(
        self, account: Account, password: str, *, drawn: bool, keep: str | None = None
    ) -> Account:
        await check_strength(password, account.username, account.full_name, account.company, account.shop)
        stored = await hash_password(password)
        async with self._database.write() as session:
            kept = await session.get_one(Account, account.id)
            kept.password_hash = stored
            kept.password_drawn_at = self._clock.now() if drawn else None
            await self._end_sessions(session, kept, keep)
        return kept

    async def _end_sessions(self, session: AsyncSession, account: Account, keep: str | None = None) -> None:
        now = self._clock.now()
        ending = update(WebSession).where(WebSession.account == account.id, WebSession.expires_at > now)
        if keep is not None:
            ending = ending.where(WebSession.digest != keep)
        await session.execute(ending.values(expires_at=now))

    async def _by_name(self, session: AsyncSession, username: str) -> Account | None:
        return (await session.scalars(select(Account).where(Account.username == username))).first()


def _wrong_password() -> Problem:
    return Problem(401, "wrong_password", "The name or the password is not right; check both and try again.")


def still_pending(pending: Pending) -> Problem:
    """The answer to whoever asks for more before that is done."""
    code, detail = {
        Pending.SECOND_FACTOR: ("second_factor_needed", "Show your second factor on the page /account first."),
        Pending.ENROLMENT: (
            "second_factor_missing",
            "Your role needs a second factor; set one up on /account.",
        ),
        Pending.PASSWORD: ("password_must_change", "Choose a password of your own on the page /account first."),
    }[pending]
    return Problem(403, code, detail, page="/account")


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
