"""A database with the operator's tables, accounts and tokens, and the package behind a real HTTP server.

The schema and all rows are made once per run and copied for each test, on SQLite and on PostgreSQL.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from ekyc import reference, tokens
from ekyc.service import Ekyc
from tests.clock import ManualClock
from tests.ekyc import papers
from tests.passwords import make_quick
from tests.services import PostgresCluster
from vouch.accounts.models import Role, Shop
from vouch.accounts.service import Accounts, NewAccount
from vouch.accounts.sessions import Sessions
from vouch.blobs import DirectoryBlobs
from vouch.companies.service import Rulebook
from vouch.database import Base, Database
from vouch.http import middlewares
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings

PASSWORD = "abcd-efgh-jkmn-pqrs"

Client = TestClient[web.Request, web.Application]


@dataclass(frozen=True)
class Seed:
    """What the prepared database holds besides the reference tables."""

    clients: dict[str, str]
    """Ids of the clients by name: `mSale`, and `shop`, which has a token of CTKV1 too."""
    tokens: dict[tuple[str, str], str]
    """Secrets of company tokens by client's name and company."""


async def _prepare(url: str) -> Seed:
    database = Database(url)
    clock = ManualClock()
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.write() as session:
        await reference.load(session)
        for company in ("CTKV1", "CTKV4"):
            session.add(Shop(code=f"S-{company}", company=company, name=f"Cửa hàng {company}", address="1 Lê Lợi"))
        seed = Seed({}, {})
        for name, companies in (("mSale", ("CTKV1", "CTKV2", "CTKV4")), ("shop", ("CTKV1",))):
            client = await tokens.client_named(session, name, clock.now())
            seed.clients[name] = client.id
            for company in companies:
                issued = await tokens.issue(session, client.id, company, clock.now())
                seed.tokens[name, company] = issued.secret
    await _add_accounts(Accounts(database, clock))
    await make_quick(database, dict.fromkeys(("dealer1", "dealer4", "agent1"), PASSWORD))
    await database.close()
    return seed


async def _add_accounts(accounts: Accounts) -> None:
    for username, role, company in (
        ("dealer1", Role.DEALER, "CTKV1"),
        ("dealer4", Role.DEALER, "CTKV4"),
        ("agent1", Role.AGENT, "CTKV1"),
    ):
        is_dealer = role == Role.DEALER
        await accounts.add(
            NewAccount(
                username,
                f"Họ Tên {username}",
                role,
                PASSWORD,
                company=company,
                shop=f"S-{company}" if is_dealer else None,
                dealer_kind="point_of_sale" if is_dealer else None,
            )
        )


@pytest.fixture(scope="session")
def prepared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Seed]:
    """The file of a prepared database."""
    path = tmp_path_factory.mktemp("prepared") / "vouch.db"
    seed = asyncio.run(_prepare(f"sqlite+aiosqlite:///{path}"))
    return path, seed


@pytest.fixture(scope="session")
def prepared_postgresql(postgres_cluster: PostgresCluster) -> Iterator[tuple[str, Seed]]:
    """The name of a prepared database."""
    with postgres_cluster.database() as name:
        seed = asyncio.run(_prepare(postgres_cluster.url(name)))
        yield name, seed


@dataclass(frozen=True)
class Copy:
    """A copy of the prepared database."""

    url: str
    seed: Seed


@pytest.fixture(params=["sqlite", "postgresql"])
def copy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copy]:
    """A copy for one test, which runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path, seed = request.getfixturevalue("prepared_sqlite")
        shutil.copy(path, tmp_path / "vouch.db")
        yield Copy(f"sqlite+aiosqlite:///{tmp_path / 'vouch.db'}", seed)
        return
    template, seed = request.getfixturevalue("prepared_postgresql")
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    with cluster.database(template) as name:
        yield Copy(cluster.url(name), seed)


@pytest.fixture
def seed(copy: Copy) -> Seed:
    """What the database holds."""
    return copy.seed


@pytest.fixture
async def database(copy: Copy) -> AsyncIterator[Database]:
    """The copy, opened."""
    database = Database(copy.url)
    yield database
    await database.close()


@pytest.fixture
def clock() -> ManualClock:
    """Stands still at ten on a Friday morning."""
    return ManualClock()


@dataclass
class MsaleInMemory:
    """The port `CompanyTokens` for tests: mSale Core as a table."""

    tokens: dict[str, str]
    """Token by the dealer's company."""
    asked: list[tuple[str, str | None, str]] = field(default_factory=list)
    reachable: bool = True

    async def token(self, dealer: str, shop_code: str | None, company: str) -> str:
        self.asked.append((dealer, shop_code, company))
        if not self.reachable:
            raise Problem(503, "msale_unreachable", "down")
        return self.tokens[company]


@dataclass(frozen=True)
class Site:
    """The package behind HTTP, with a browser or another system in front of it."""

    client: Client
    database: Database
    clock: ManualClock
    seed: Seed
    msale: MsaleInMemory
    ekyc: Ekyc
    blobs_folder: Path
    signed_out: list[str]
    """Sessions whose sockets have to go."""

    def bearer(self, company: str = "CTKV1", client: str = "mSale") -> dict[str, str]:
        """Headers of a request by a company token."""
        return {"Authorization": f"Bearer {self.seed.tokens[client, company]}"}

    def stored_blobs(self) -> int:
        """How many pictures lie in the store."""
        return sum(1 for path in self.blobs_folder.rglob("*") if path.is_file())


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Files may be chosen on the dealer's screen; everything else as it comes."""
    return Settings(data_dir=tmp_path, ekyc_files=True, public_url="https://vouch.example", _env_file=None)


@pytest.fixture
async def site(
    settings: Settings, database: Database, clock: ManualClock, seed: Seed, tmp_path: Path
) -> AsyncIterator[Site]:
    """A running site."""
    msale = MsaleInMemory({company: secret for (name, company), secret in seed.tokens.items() if name == "mSale"})
    blobs = DirectoryBlobs(tmp_path / "blobs")
    sessions = Sessions(database, clock, Keys(b"k" * 32), embedded=False)
    signed_out: list[str] = []
    service = Ekyc(
        settings,
        database,
        clock,
        blobs,
        Accounts(database, clock),
        sessions,
        Rulebook(settings),
        msale,
        signed_out=signed_out.append,
    )
    app = web.Application(middlewares=middlewares(settings))
    service.add_routes(app)
    server = TestServer(app)
    await server.start_server()
    # Browsers treat loopback as secure; this jar has to be told.
    jar = CookieJar(unsafe=True, treat_as_secure_origin=server.make_url("/"))
    async with TestClient(server, cookie_jar=jar) as client:
        yield Site(client, database, clock, seed, msale, service, tmp_path / "blobs", signed_out)
    service.close()


def new_verification(**changes: Any) -> dict[str, Any]:
    """The part `data` of a request; `customer`, `subscriber` and others may be changed field by field."""
    data: dict[str, Any] = {
        "channel": "dealer",
        "external_ref": "order-1",
        "customer": {
            "full_name": "Nguyễn Thị Hoà",
            "id_number": "001099012345",
            "date_of_birth": "1999-03-05",
            "id_type": "chip_card",
            "address": "12 Tràng Tiền, Hà Nội",
        },
        "subscriber": {"msisdn": "84901234567", "sub_type": "MC", "customer_type": "individual", "payment": "prepaid"},
    }
    for name, change in changes.items():
        data[name] = {**data[name], **change} if isinstance(data.get(name), dict) else change
    return data


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    """The three papers as JPEG files, no larger than the card's code needs."""
    return {
        "id_front": papers.encoded(papers.card(width=900)),
        "id_back": papers.encoded(papers.card(code=None, width=600)),
        "portrait": papers.encoded(papers.portrait()),
    }
