"""What the demo begins with: companies, rules, accounts of every role, shops, and one token per company for mSale.

Passwords and tokens are drawn at the first seeding and kept in the data directory (mode 0600) before anything else, so
that a seeding that was interrupted is finished by the next, and the demo goes on from its data.
"""

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import reference, tokens, webhooks
from vouch.accounts.models import Company, Role, Shop
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts, NewAccount
from vouch.clock import SystemClock
from vouch.companies.hours import ALWAYS
from vouch.companies.service import Rulebook, history
from vouch.database import Database
from vouch.ids import new_secret
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings

CLIENT = "msale"
_FILE = "demo.json"
_SHOPS = (
    ("HCM001", "CTKV1", "Cửa hàng Nguyễn Huệ", "123 Nguyễn Huệ, Phường Sài Gòn, TP. Hồ Chí Minh"),
    ("HN0021", "CTKV2", "Điểm bán Hàng Bài", "5 Hàng Bài, Phường Cửa Nam, Hà Nội"),
    ("CT0040", "CTKV4", "Đại lý Minh Phát", "88 đường 30 Tháng 4, Phường Ninh Kiều, Cần Thơ"),
)
_PEOPLE = (
    ("admin", "Nguyễn Thị Quản Trị", Role.ADMINISTRATOR, None, None, None),
    ("supervisor1", "Trần Văn Giám Sát", Role.SUPERVISOR, "CTKV1", None, None),
    ("agent1", "Lê Thị Hồng Ánh", Role.AGENT, "CTKV1", None, None),
    ("agent2", "Phạm Quốc Bảo", Role.AGENT, "CTKV1", None, None),
    ("agent3", "Đỗ Mỹ Duyên", Role.AGENT, "CTKV2", None, None),
    ("dealer1", "Võ Thành Đạt", Role.DEALER, "CTKV1", "HCM001", "point_of_sale"),
    ("dealer2", "Bùi Thị Hạnh", Role.DEALER, "CTKV2", "HN0021", "point_of_sale"),
    ("dealer4", "Huỳnh Minh Phát", Role.DEALER, "CTKV4", "CT0040", "agency"),
)


@dataclass(frozen=True)
class Seeds:
    """What was drawn for the demo."""

    passwords: dict[str, str]
    """By username."""
    tokens: dict[str, str]
    """Company tokens of the client msale, by company."""
    webhook_secret: str
    msale_secret: str
    """What our eKYC screen shows mSale Core."""

    def lines(self) -> list[str]:
        """The accounts as `username password` lines."""
        return [f"{username} {password}" for username, password in self.passwords.items()]


def drawn(data_dir: Path) -> Seeds | None:
    """What an earlier seeding drew; None before the first."""
    file = data_dir / _FILE
    return Seeds(**json.loads(file.read_text())) if file.exists() else None


async def seed(database: Database, settings: Settings, results_url: str = "http://127.0.0.1:8081/results") -> Seeds:
    """Fill the database with what is not there yet; `results_url` is where mSale Core listens.

    Problem `not_a_demo` where the database has accounts that no seeding of this data directory made.
    """
    accounts = Accounts(database, SystemClock())
    seeds = drawn(settings.data_dir)
    if seeds is None:
        if await accounts.any():
            raise not_a_demo()
        seeds = Seeds({person[0]: draw() for person in _PEOPLE}, {}, webhooks.new_secret(), new_secret())
        _keep(settings.data_dir, seeds)
    async with database.write() as session:
        await reference.load(session)
        await _shops(session)
        await _always_open(session, settings)
    async with database.write() as session:
        issued = await _tokens(session, settings, seeds, results_url)
        seeds = replace(seeds, tokens=seeds.tokens | issued)
        _keep(settings.data_dir, seeds)
    await _accounts(accounts, seeds)
    return seeds


def not_a_demo() -> Problem:
    """The database is somebody's."""
    return Problem(
        409, "not_a_demo", "This database is in use and not the demo's. Give the demo a --data-dir of its own."
    )


async def _shops(session: AsyncSession) -> None:
    for code, company, name, address in _SHOPS:
        if await session.get(Shop, code) is None:
            session.add(Shop(code=code, company=company, name=name, address=address))


async def _always_open(session: AsyncSession, settings: Settings) -> None:
    """Whoever tries the demo at night finds somebody, and one dealer and one agent may try all day; a company whose
    rules were changed keeps them.
    """
    rulebook, now = Rulebook(settings), SystemClock().now()
    given = {"pair_cap": "none"} | ({} if settings.office_hours == ALWAYS else {"hours": ALWAYS})
    for company in (await session.scalars(select(Company.id).order_by(Company.id))).all():
        if not await history(session, company):
            await rulebook.change(session, company, given, now, author="demo", reason="The demo is always open.")


async def _accounts(accounts: Accounts, seeds: Seeds) -> None:
    for username, full_name, role, company, shop, kind in _PEOPLE:
        if await accounts.find(username) is None:
            password = seeds.passwords[username]
            await accounts.add(NewAccount(username, full_name, role, password, company, shop, kind))


async def _tokens(session: AsyncSession, settings: Settings, seeds: Seeds, results_url: str) -> dict[str, str]:
    """Tokens of the companies that have none yet; the client's address and secret as they are now."""
    now = SystemClock().now()
    client = await tokens.client_named(session, CLIENT, now)
    client.webhook_url = results_url
    client.webhook_secret = webhooks.seal(Keys.load(settings.data_dir), seeds.webhook_secret)
    companies = (await session.scalars(select(Company.id).order_by(Company.id))).all()
    missing = [company for company in companies if company not in seeds.tokens]
    return {company: (await tokens.issue(session, client.id, company, now)).secret for company in missing}


def _keep(data_dir: Path, seeds: Seeds) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data_dir / _FILE, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(asdict(seeds), opened, indent=1)
