"""An installation for fault runs: PostgreSQL, Redis, several nodes, a synthetic worker, accounts and tokens."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from signaling.demo.seed import seed
from tests.chaos.agents import add_agents
from tests.chaos.machines import Machine, Postgres, Redis, SyntheticWorker, VouchNode, run_vouch
from tests.chaos.receiver import Receiver
from vouch.database import Database
from vouch.keys import Keys
from vouch.settings import Settings

TEAMS = ("CTKV1", "CTKV2", "CTKV3")
PASSWORD = "a robot that answers calls"
_SETTINGS = {
    "VOUCH_PUBLIC_URL": "https://vouch.test",  # what is sent to other systems must not depend on the node
    "VOUCH_RING_TIME_OUT_S": "5",
    "VOUCH_WRAP_UP_S": "10",
    "VOUCH_LONGEST_WAIT_S": "60",
    "VOUCH_LONGEST_CALL_S": "60",
    "VOUCH_OFFICE_HOURS": "always",
    "VOUCH_WEBHOOK_PRIVATE": "true",
    "VOUCH_LOG_LEVEL": "WARNING",
    "VOUCH_MEDIA_WORKERS": "0",
    # The worker of the load has no pictures that could be recorded.
    "VOUCH_RECORDING": "false",
}
_UP_S = 30.0


class House:
    """Everything that runs; `open` starts it, `close` ends it."""

    def __init__(self, home: Path, nodes: int, *, sqlite: bool = False) -> None:
        self.home = home
        self._sqlite = sqlite
        self.data = home / "data"
        self.postgres = Postgres(home)
        self.redis = Redis(home)
        self.receiver = Receiver()
        self._node_count = nodes
        self.nodes: list[VouchNode] = []
        self.workers: list[SyntheticWorker] = []
        self.tokens: dict[str, str] = {}
        self.agents: list[str] = []
        """Usernames."""

    @property
    def evidence(self) -> Path:
        """The folder of the pictures."""
        return self.data / "evidence"

    @property
    def url(self) -> str:
        """The database as SQLAlchemy takes it."""
        return f"sqlite+aiosqlite:///{self.data / 'vouch.db'}" if self._sqlite else self.postgres.url

    @property
    def dsn(self) -> str:
        """PostgreSQL as asyncpg takes it."""
        return self.postgres.url.replace("+asyncpg", "")

    async def open(self, agents: int) -> None:
        """Start everything and return when every node takes calls."""
        if not self._sqlite:
            self.postgres.prepare()
            self.postgres.start()
            self.postgres.wait()
            self.postgres.create()
        self.redis.start()
        await self.receiver.start()
        environment = {
            "VOUCH_DATA_DIR": str(self.data),
            "VOUCH_DATABASE_URL": self.url,
            "VOUCH_REDIS_URL": self.redis.url,
            **_SETTINGS,
        }
        await asyncio.to_thread(run_vouch, self.home, environment, "migrate")
        await self._populate(agents)
        self.workers = [SyntheticWorker(f"media-{n}", self.home, media_secret(self.data)) for n in (1, 2)]
        for worker in self.workers:
            worker.begin()
        environment["VOUCH_MEDIA_WORKER_ADDRESSES"] = ",".join(worker.address for worker in self.workers)
        self.nodes = [VouchNode(f"node-{n + 1}", self.home, environment) for n in range(self._node_count)]
        for node in self.nodes:
            node.start()
        await self.all_up()

    async def close(self) -> None:
        """End everything that this has started."""
        for machine in self._machines():
            machine.kill()
        await self.receiver.close()

    async def all_up(self) -> None:
        """Return when every node answers that it takes calls; RuntimeError with the log of one that does not."""
        async with aiohttp.ClientSession() as http:
            for node in self.nodes:
                try:
                    async with asyncio.timeout(_UP_S):
                        while not await _is_up(http, node):
                            await asyncio.sleep(0.1)
                except TimeoutError:
                    raise RuntimeError(f"{node.name} is not up: {node.log.read_text()[-2000:]}") from None

    async def fetch(self, query: str, *values: Any) -> list[Any]:
        """Rows of the database; OSError or asyncpg's own error while it is down."""
        connection = await asyncpg.connect(self.dsn, timeout=5)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close(timeout=5)

    def processor_s(self) -> dict[str, float]:
        """Processor time of the machines that run, by name."""
        return {machine.name: machine.processor_s() for machine in self._machines()}

    def _machines(self) -> list[Machine]:
        return [*self.nodes, *self.workers, self.redis, self.postgres]

    async def _populate(self, agents: int) -> None:
        """The demo's companies and tokens; agents of our own, who share a password and so its costly hash."""
        settings = Settings(_env_file=None, data_dir=self.data, database_url=self.url)
        database = Database(settings.database)
        try:
            self.tokens = (await seed(database, settings, self.receiver.url)).tokens
            self.agents = [f"robot{number}" for number in range(agents)]
            teams = {name: TEAMS[number % len(TEAMS)] for number, name in enumerate(self.agents)}
            await add_agents(database, teams, PASSWORD)
        finally:
            await database.close()


def media_secret(data_dir: Path) -> str:
    """What nodes and workers of this installation prove to each other."""
    return Keys.load(data_dir).derive("media workers").hex()


async def _is_up(http: aiohttp.ClientSession, node: VouchNode) -> bool:
    try:
        async with http.get(f"{node.origin}/healthz", timeout=aiohttp.ClientTimeout(total=5)) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, OSError, TimeoutError):
        return False
