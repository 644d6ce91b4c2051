"""Agents of our own for fault runs."""

from collections.abc import Mapping

from vouch.accounts.models import Account, Role
from vouch.accounts.passwords import hash_password
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.ids import new_id


async def add_agents(database: Database, companies: Mapping[str, str], password: str) -> None:
    """An agent for each name, of that company; they share a password, and so its costly hash."""
    stored, now = await hash_password(password), SystemClock().now()
    async with database.write() as session:
        session.add_all(
            Account(
                id=new_id(),
                username=name,
                full_name=f"Robot {name}",
                role=Role.AGENT,
                company=company,
                password_hash=stored,
                created_at=now,
            )
            for name, company in companies.items()
        )
