"""A company's accounts, with passwords that are quick to check."""

import pytest
from argon2 import PasswordHasher

from tests.clock import ManualClock
from vouch.accounts.models import Company
from vouch.accounts.service import Accounts
from vouch.database import Database


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still argon2id, but with parameters that cost a tenth of a millisecond; test_passwords.py has the real ones."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("vouch.accounts.passwords._hasher", quick)
    monkeypatch.setattr("vouch.accounts.passwords._NOBODY", quick.hash("nobody's"))


@pytest.fixture
async def accounts(database: Database, clock: ManualClock, quick_hashes: None) -> Accounts:
    """The accounts of an installation with one company and nobody in it."""
    async with database.write() as session:
        session.add(Company(id="CTKV1", name="one"))
    return Accounts(database, clock)
