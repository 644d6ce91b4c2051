"""The staff's API on each kind of database."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agent_console.desk import PASSWORD, Office, office
from vouch.accounts.passwords import hash_password


@pytest.fixture(scope="session")
def password_hash() -> str:
    """The stored form of everybody's password: made once, because it is made to be slow."""
    return asyncio.run(hash_password(PASSWORD))


@pytest.fixture
async def desk(database_url: str, tmp_path: Path, password_hash: str) -> AsyncIterator[Office]:
    """Staff of two companies, nobody signed in."""
    async with office(database_url, tmp_path, password_hash) as built:
        yield built
