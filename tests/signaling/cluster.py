"""Several nodes of one installation, each a `vouch serve` of its own process on one PostgreSQL; pages are robots."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import aiohttp

from signaling.composition import Node
from signaling.demo.seed import Seeds, seed
from tests.ports import free_port
from tests.signaling.conftest import House
from vouch.database import Database
from vouch.settings import Settings

NOBODY = f"nobody=127.0.0.1:{free_port()}"
"""The address of a worker that does not run: a node that is told of it has none of its own."""


@dataclass
class Process:
    """One node's process."""

    name: str
    port: int
    log: Path
    process: asyncio.subprocess.Process

    def signal(self, number: signal.Signals) -> None:
        """Send its process a signal."""
        self.process.send_signal(number)

    async def kill(self) -> None:
        """End it without any warning."""
        self.process.kill()
        await self.process.wait()

    def said(self, text: str) -> bool:
        """Whether its log has this."""
        return text in self.log.read_text()


@dataclass
class Cluster:
    """An installation whose nodes a test starts and kills."""

    folder: Path
    database_url: str
    seeds: Seeds
    stack: AsyncExitStack
    settings: dict[str, Any]
    nodes: dict[str, Process] = field(default_factory=dict)

    async def serve(self, name: str, *, healthy: bool = True, **changes: Any) -> House:
        """Start a node, wait until it is healthy, and give the pages that can be opened on it."""
        port = free_port()
        values = {"node": name, "port": port, "data_dir": self.folder, "database_url": self.database_url}
        environment = {f"VOUCH_{key.upper()}": str(value) for key, value in (values | self.settings | changes).items()}
        log = self.folder / f"{name}-{port}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "signaling.main", "serve", env=os.environ | environment, stderr=file
            )
        node = self.nodes[name] = Process(name, port, log, process)
        self.stack.push_async_callback(_end, node)
        origin = f"http://127.0.0.1:{port}"
        async with asyncio.timeout(40), aiohttp.ClientSession() as http:
            while not await _answers(http, origin, node, healthy=healthy):
                await asyncio.sleep(0.05)
        # The node is in another process; only its pages are used here.
        return House(cast(Node, None), origin, self.seeds, self.stack)


async def _answers(http: aiohttp.ClientSession, origin: str, node: Process, *, healthy: bool) -> bool:
    assert node.process.returncode is None, node.log.read_text()[-2_000:]
    try:
        async with http.get(f"{origin}/healthz") as answer:
            return answer.status == 200 or not healthy
    except aiohttp.ClientError:
        return False


async def _end(node: Process) -> None:
    if node.process.returncode is None:
        node.signal(signal.SIGCONT)
        await node.kill()


@asynccontextmanager
async def cluster(folder: Path, database_url: str, **settings: Any) -> AsyncIterator[Cluster]:
    """An installation without nodes yet, on a migrated database; everything is ended at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    database = Database(database_url)
    seeds = await seed(database, Settings(_env_file=None, data_dir=folder, database_url=database_url))
    await database.close()
    async with AsyncExitStack() as stack:
        yield Cluster(folder, database_url, seeds, stack, {"wrap_up_s": 1, "msale_url": "", **settings})
