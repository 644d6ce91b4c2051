"""What the demo begins with: companies, rules, accounts of every role, shops, and one token per company for mSale.

Passwords and tokens are drawn at the first seeding and kept in the data directory (mode 0600), so that the demo goes
on from its data; seeding again adds nothing.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import reference, tokens, webhooks
from vouch.accounts.models import Company, Role, Shop
from vouch.accounts.passwords import draw
from vouch.accounts.service import Accounts, NewAccount
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.ids import new_secret
from vouch.keys import Keys
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


async def seed(database: Database, settings: Settings, results_url: str = "http://127.0.0.1:8081/results") -> Seeds:
    """Fill an empty database, or read what an earlier seeding drew."""
    file = settings.data_dir / _FILE
    if file.exists():
        return Seeds(**json.loads(file.read_text()))
    async with database.write() as session:
        await reference.load(session)
        await _shops(session)
        secret, issued = await _tokens(session, settings, results_url)
    seeds = Seeds(await _accounts(database), issued, secret, new_secret())
    _keep(file, seeds)
    return seeds


async def _shops(session: AsyncSession) -> None:
    for code, company, name, address in _SHOPS:
        if await session.get(Shop, code) is None:
            session.add(Shop(code=code, company=company, name=name, address=address))


async def _accounts(database: Database) -> dict[str, str]:
    accounts = Accounts(database, SystemClock())
    passwords = {}
    for username, full_name, role, company, shop, kind in _PEOPLE:
        if await accounts.find(username) is None:
            passwords[username] = draw()
            await accounts.add(NewAccount(username, full_name, role, passwords[username], company, shop, kind))
    return passwords


async def _tokens(session: AsyncSession, settings: Settings, results_url: str) -> tuple[str, dict[str, str]]:
    """The client's webhook secret and its token for each company."""
    now = SystemClock().now()
    client = await tokens.client_named(session, CLIENT, now)
    secret = webhooks.new_secret()
    client.webhook_url = results_url
    client.webhook_secret = webhooks.seal(Keys.load(settings.data_dir), secret)
    companies = (await session.scalars(select(Company.id).order_by(Company.id))).all()
    return secret, {company: (await tokens.issue(session, client.id, company, now)).secret for company in companies}


def _keep(file: Path, seeds: Seeds) -> None:
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        json.dump(asdict(seeds), opened, indent=1)
