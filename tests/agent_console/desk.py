"""A small Cases and a small Desk that hold what a test puts into them, and the staff's API on a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel
from sqlalchemy import select

from agent_console.ports import Companies
from agent_console.service import Console
from tests.clock import ManualClock
from tests.passwords import quick_hash
from vouch.accounts.factors.service import SecondFactors
from vouch.accounts.models import Account, Company, Role
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import CSRF_HEADER, Sessions
from vouch.audit import AuditEntry
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.http import middlewares
from vouch.ids import new_id
from vouch.keys import Keys
from vouch.settings import Settings

PASSWORD = "correct-horse-battery"


class Dossier(BaseModel):
    """As much of a dossier as the console itself looks at."""

    call: str
    verification: str
    company: str


class Listed(BaseModel):
    """A page of anything."""

    rows: list[str]
    cursor: str | None = None


class Found(Listed):
    """What a search has found."""

    verifications: list[str]


class Signs:
    """Signs by team, in memory."""

    def __init__(self) -> None:
        self.teams: list[str] = []

    async def page(self, teams: Companies, cursor: str | None) -> BaseModel:
        return Listed(rows=[team for team in self.teams if teams is None or team in teams], cursor=cursor)


class Review(BaseModel):
    mark: str
    note: str
    reviewer: str


@dataclass
class Shelf:
    """Cases in memory: verification -> its company, call -> its verification, (verification, key) -> picture."""

    companies: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    pictures: dict[tuple[str, str, bool], bytes] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    async def dossier(self, call: str) -> BaseModel | None:
        verification = self.calls.get(call)
        if verification is None:
            return None
        return Dossier(call=call, verification=verification, company=self.companies[verification])

    async def calls_of(self, agent: str, since: int, cursor: str | None) -> BaseModel:
        self.asked = {"agent": agent, "since": since, "cursor": cursor}
        return Listed(rows=list(self.calls))

    async def search(self, *, companies: Companies, **asked: Any) -> BaseModel:
        self.asked = {"companies": companies, **asked}
        rows = [row for row, owner in self.companies.items() if companies is None or owner in companies]
        return Found(rows=rows, verifications=rows)

    async def case(self, verification: str, companies: Companies) -> BaseModel | None:
        return Listed(rows=[verification]) if self._shown(verification, companies) else None

    async def owner(self, verification: str) -> str | None:
        return self.companies.get(verification)

    async def picture(self, verification: str, key: str, clean: bool, companies: Companies) -> bytes | None:
        return self.pictures.get((verification, key, clean)) if self._shown(verification, companies) else None

    async def review(self, verification: str, reviewer: str, mark: str, note: str, companies: Companies) -> BaseModel:
        return Review(mark=mark, note=note, reviewer=reviewer)

    def _shown(self, verification: str, companies: Companies) -> bool:
        owner = self.companies.get(verification)
        return owner is not None and (companies is None or owner in companies)


@dataclass
class Seats:
    """Which call is on whose desk."""

    calls: dict[str, str] = field(default_factory=dict)

    async def may_read(self, account: str, call: str) -> bool:
        return self.calls.get(account) == call

    async def call_of(self, account: str) -> str | None:
        return self.calls.get(account)


class CallStory(BaseModel):
    """As much of a call's explanation as the console itself looks at."""

    call: str
    verification: str
    company: str


class DayStory(BaseModel):
    agent: str
    team: str
    day: str


@dataclass
class Stories:
    """Explanations in memory: call -> its verification and company, agent -> his team."""

    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)

    async def of_call(self, call: str, companies: Companies) -> BaseModel | None:
        verification, company = self.calls.get(call, ("", ""))
        shown = call in self.calls and (companies is None or company in companies)
        return CallStory(call=call, verification=verification, company=company) if shown else None

    async def of_agent(self, agent: str, day: str | None, companies: Companies) -> BaseModel | None:
        team = self.teams.get(agent)
        shown = team is not None and (companies is None or team in companies)
        return DayStory(agent=agent, team=team or "", day=day or "today") if shown else None


class Listing(BaseModel):
    """As much of a call's recordings as the console itself looks at."""

    call: str
    verification: str
    company: str


@dataclass
class Tape:
    """A recording in memory."""

    verification: str
    company: str
    data: bytes
    name: str = "7KQ2-M4XA-customer-1.webm"

    @property
    def size(self) -> int:
        return len(self.data)

    async def chunks(self, start: int, stop: int) -> AsyncIterator[bytes]:
        for begin in range(start, stop, 4):
            yield self.data[begin : min(begin + 4, stop)]


@dataclass
class Tapes:
    """Recordings in memory: (call, leg, media, whether as it was stored) -> the recording."""

    tapes: dict[tuple[str, str, int, bool], Tape] = field(default_factory=dict)

    async def of_call(self, call: str, companies: Companies) -> BaseModel | None:
        for (of, *_), tape in self.tapes.items():
            if of == call and (companies is None or tape.company in companies):
                return Listing(call=call, verification=tape.verification, company=tape.company)
        return None

    async def playable(self, call: str, leg: str, media: int, companies: Companies, original: bool) -> Tape | None:
        tape = self.tapes.get((call, leg, media, original))
        return tape if tape is not None and (companies is None or tape.company in companies) else None


@dataclass
class Office:
    """The staff's API at work."""

    client: TestClient[web.Request, web.Application]
    settings: Settings
    database: Database
    clock: ManualClock
    shelf: Shelf
    seats: Seats
    stories: Stories
    tapes: Tapes
    accounts: Accounts
    people: dict[str, Account]
    signs: Signs
    csrf: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, dict[str, str]] = field(default_factory=dict)

    async def sign_in(self, username: str, password: str = PASSWORD) -> ClientResponse:
        form = {"username": username, "password": password}
        response = await self.client.post("/api/console/session", json=form)
        if response.status == 200:
            self.csrf[username] = (await response.json())["csrf"]
            self.cookies[username] = {name: morsel.value for name, morsel in response.cookies.items()}
        return response

    async def ask(self, username: str, method: str, path: str, json: object = None, **more: str) -> ClientResponse:
        """A request of somebody who has signed in, the token along as the page would send it; `more` are headers."""
        if username not in self.csrf:
            assert (await self.sign_in(username)).status == 200
        # The cookie is Secure and the test's server is not: a browser excepts 127.0.0.1, this client does not.
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies[username].items())
        headers = {CSRF_HEADER: self.csrf[username], "Cookie": cookie} | more
        return await self.client.request(method, path, json=json, headers=headers)

    async def audit(self) -> list[AuditEntry]:
        """The audit log, oldest first, without the sign-ins."""
        async with self.database.read() as session:
            rows = (await session.scalars(select(AuditEntry).order_by(AuditEntry.id))).all()
        return [row for row in rows if ":session:" not in row.tag]


STAFF = (
    ("agent1", Role.AGENT, "CTKV1"),
    ("agent3", Role.AGENT, "CTKV2"),
    ("supervisor1", Role.SUPERVISOR, "CTKV1"),
    ("admin", Role.ADMINISTRATOR, None),
    ("dealer1", Role.DEALER, "CTKV1"),
)


@asynccontextmanager
async def office(url: str, data_dir: Path) -> AsyncIterator[Office]:
    """Two companies, their staff and a dealer, with no call on any desk; the database has the schema and no rows."""
    database = Database(url)
    clock = ManualClock()
    settings = Settings(data_dir=data_dir, trusted_proxies=1, _env_file=None)
    accounts = Accounts(database, clock)
    keys = Keys(b"a secret of these tests")
    sessions = Sessions(database, clock, keys, embedded=False)
    people = await _people(database, clock.now())
    shelf, seats, stories, tapes = Shelf(), Seats(), Stories(), Tapes()
    signs = Signs()
    app = web.Application(middlewares=middlewares(settings))
    rulebook = Rulebook(settings)
    factors = SecondFactors(database, clock, keys, "https://vouch.example.vn")
    ports = (shelf, seats, rulebook, stories, tapes, signs, factors)
    Console(settings, database, clock, accounts, sessions, *ports).add_routes(app)
    async with TestClient(TestServer(app)) as client:
        yield Office(client, settings, database, clock, shelf, seats, stories, tapes, accounts, people, signs)
    await database.close()


async def _people(database: Database, now: int) -> dict[str, Account]:
    stored = quick_hash(PASSWORD)
    people = {
        name: Account(
            id=new_id(),
            username=name,
            full_name=name.title(),
            role=role,
            company=company,
            password_hash=stored,
            created_at=now,
        )
        for name, role, company in STAFF
    }
    async with database.write() as session:
        session.add_all([Company(id=name, name=name) for name in ("CTKV1", "CTKV2")])
        await session.flush()
        session.add_all(people.values())
    return people
