"""Refused sign-ins in the audit log, and refused second factors and passwords that are asked for again: by account and
network, thinned, so that a flood of guesses does not fill it.

For each account and network there is one line when the first sign-in of a window is refused, and one with their number
when the window is over. What is typed as a name and is nobody's is not kept, for people type passwords there by
mistake: such tries are counted by network alone. Beyond so many lines in a window all others are counted as one.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import select

from vouch.accounts.models import Account, SessionKind
from vouch.addresses import network_of
from vouch.audit import Tag, record
from vouch.clock import MINUTE, Clock
from vouch.database import Database
from vouch.problems import Problem

WINDOW = 15 * MINUTE
MOST = 500
"""Lines begun in a window; the next ones are one line, without account and network."""
_BUSY = 503
_REFUSED = frozenset({401, 429, _BUSY})
_PASSKEY_REFUSED = "passkey_refused"
_TAGS = {SessionKind.STAFF: Tag.SIGN_IN_FAILED, SessionKind.DEALER: Tag.DEALER_SIGN_IN_FAILED}


Signed = TypeVar("Signed")


class _Who(NamedTuple):
    """What is counted together."""

    kind: SessionKind
    account: str | None
    company: str | None
    network: str


@dataclass(slots=True)
class _Window:
    since: int
    count: int = 1


class SignInAudit:
    """Counts of this process; what it has counted when it is killed is lost but for each window's first line."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._windows: dict[_Who, _Window] = {}

    async def watched(self, sign_in: Awaitable[Signed], kind: SessionKind, username: str, address: str) -> Signed:
        """What `sign_in` gives; a refusal is counted and raised."""
        try:
            return await sign_in
        except Problem as refused:
            if refused.status in _REFUSED or refused.code == _PASSKEY_REFUSED:
                # Whoever was not even listened to tried nobody's password, and a flood of such costs no look-up.
                name = None if refused.status == _BUSY else username
                await self._count(kind, name, network_of(address))
            raise

    async def sweep(self) -> None:
        """Write the numbers of the windows that are over; to be repeated every few minutes."""
        now = self._clock.now()
        over = [who for who, window in self._windows.items() if now - window.since >= WINDOW]
        told = [(who, window) for who in over if (window := self._windows.pop(who)).count > 1]
        if told:
            await self._write(told)

    async def _count(self, kind: SessionKind, username: str | None, network: str) -> None:
        await self.sweep()
        who = _Who(kind, None, None, network) if username is None else await self._who(kind, username, network)
        if who not in self._windows and len(self._windows) >= MOST:
            who = _Who(kind, None, None, "others")
        if (window := self._windows.get(who)) is not None:
            window.count += 1
            return
        self._windows[who] = window = _Window(self._clock.now())
        await self._write([(who, window)])

    async def _who(self, kind: SessionKind, username: str, network: str) -> _Who:
        chosen = select(Account.id, Account.company).where(Account.username == username.replace("\0", ""))
        async with self._database.read() as session:
            found = (await session.execute(chosen)).first()
        return _Who(kind, None, None, network) if found is None else _Who(kind, found.id, found.company, network)

    async def _write(self, told: list[tuple[_Who, _Window]]) -> None:
        now = self._clock.now()
        async with self._database.write() as session:
            for who, window in told:
                facts: dict[str, Any] = {"network": who.network, "count": window.count, "since": window.since}
                record(session, _TAGS[who.kind], now, company=who.company, subject=who.account, **facts)
