"""A company's accounts, with passwords that are quick to check."""

import pytest

from tests.clock import ManualClock
from tests.passwords import QUICK, quick_hash
from vouch.accounts.models import Company
from vouch.accounts.service import Accounts
from vouch.database import Database


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Still argon2id, but with parameters that cost a tenth of a millisecond; test_passwords.py has the real ones."""
    monkeypatch.setattr("vouch.accounts.passwords._hasher", QUICK)
    monkeypatch.setattr("vouch.accounts.passwords._NOBODY", quick_hash("nobody's"))


@pytest.fixture
async def accounts(database: Database, clock: ManualClock, quick_hashes: None) -> Accounts:
    """The accounts of an installation with one company and nobody in it."""
    async with database.write() as session:
        session.add(Company(id="CTKV1", name="one"))
    return Accounts(database, clock)
