"""An installation as the demo's seeding leaves it: a data directory with its keys, and a database with accounts."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from signaling.demo.seed import Seeds, seed
from tests.passwords import make_quick
from vouch import migrations
from vouch.database import Database
from vouch.settings import Settings


@dataclass(frozen=True)
class Installation:
    """Where a seeded installation lies."""

    folder: Path
    """The data directory."""
    database_url: str


def sqlite_copy(seeded_folder: Path, folder: Path) -> Installation:
    """A copy of a data directory that has its database in it."""
    shutil.copytree(seeded_folder, folder)
    return Installation(folder, f"sqlite+aiosqlite:///{folder / 'vouch.db'}")


NOWHERE = "http://127.0.0.1:1/results"
"""An address for results at which nobody listens."""


async def seeded(folder: Path, database_url: str = "", results_url: str = NOWHERE) -> Seeds:
    """Bring a data directory and its database to the demo's seeds; one that is there already takes next to no time."""
    settings = Settings(_env_file=None, data_dir=folder, database_url=database_url)
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database)
    await migrations.upgrade(database)
    seeds = await seed(database, settings, results_url)
    await database.close()
    return seeds


async def make_template(folder: Path, database_url: str = "") -> None:
    """A seeded installation to be copied, whose passwords are quick to check."""
    seeds = await seeded(folder, database_url)
    database = Database(Settings(_env_file=None, data_dir=folder, database_url=database_url).database)
    await make_quick(database, seeds.passwords)
    await database.close()
