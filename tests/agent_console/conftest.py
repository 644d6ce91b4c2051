"""The staff's API on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.agent_console.desk import Office, office


@pytest.fixture
async def desk(migrated_database_url: str, tmp_path: Path) -> AsyncIterator[Office]:
    """Staff of two companies, nobody signed in."""
    async with office(migrated_database_url, tmp_path) as built:
        yield built
