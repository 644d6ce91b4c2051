"""A Vouch of its own process, as `vouch serve` runs it, with a simulated mSale Core beside it."""

import asyncio
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from signaling.demo.msale import MsaleConfig, MsaleCore
from signaling.demo.msale_results import Result
from signaling.demo.seed import Seeds
from tests.installation import Installation, seeded
from tests.ports import free_port
from tests.services import die_with_us


@dataclass
class House:
    """`vouch serve` and mSale Core on free ports."""

    folder: Path
    """For what is logged and received."""
    installation: Installation
    changes: dict[str, str] = field(default_factory=dict)
    """Further VOUCH_* variables."""

    def __post_init__(self) -> None:
        self.port, self.msale_port = free_port(), free_port()
        self.origin = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "serve.log"
        self.seeds: Seeds
        self._msale: MsaleCore
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """mSale Core, and serve."""
        results = f"http://127.0.0.1:{self.msale_port}/results"
        self.seeds = await seeded(self.installation.folder, self.installation.database_url, results)
        self._msale = MsaleCore(
            MsaleConfig(
                self.folder / "msale",
                self.seeds.msale_secret,
                self.seeds.tokens,
                self.seeds.webhook_secret,
                port=self.msale_port,
            )
        )
        await self._msale.start()
        await self.serve()

    async def serve(self) -> None:
        """Start `vouch serve` and wait until it is healthy."""
        environment = {
            "VOUCH_DATA_DIR": str(self.installation.folder),
            "VOUCH_DATABASE_URL": self.installation.database_url,
            "VOUCH_PORT": str(self.port),
            "VOUCH_EKYC_FILES": "true",
            "VOUCH_MSALE_URL": f"http://127.0.0.1:{self.msale_port}",
            "VOUCH_MSALE_SECRET": self.seeds.msale_secret,
            "VOUCH_WEBHOOK_PRIVATE": "true",
            **self.changes,
        }
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "signaling.main", "serve"),
                env=os.environ | environment,
                stderr=log,
                preexec_fn=die_with_us,
            )
        async with asyncio.timeout(30), aiohttp.ClientSession() as http:
            await until_healthy(http, self.origin, self._process, self.log)

    @property
    def pid(self) -> int:
        """Of `vouch serve`."""
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """End `vouch serve` without any warning."""
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def close(self) -> None:
        """End everything in order."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await asyncio.wait_for(self._process.wait(), 20)
        await self._msale.close()

    async def results(self) -> list[Result]:
        """What mSale has received, the newest first."""
        async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{self.msale_port}/results.json") as got:
            return [Result.model_validate(each) for each in (await got.json())["results"]]

    async def result(self, external_ref: str | None = None) -> Result:
        """The one result, once it is there with all its pictures."""
        async with asyncio.timeout(20):
            while True:
                found = [each for each in await self.results() if each.complete]
                if found:
                    assert len(found) == 1, "more than one result"
                    return found[0]
                await asyncio.sleep(0.05)


async def until_healthy(
    http: aiohttp.ClientSession, origin: str, process: asyncio.subprocess.Process, log: Path
) -> None:
    """Wait for `vouch serve`; fails with the end of its log where it has ended."""
    while True:
        assert process.returncode is None, log.read_text()[-2_000:]
        if await _is_healthy(http, origin):
            return
        await asyncio.sleep(0.05)


async def _is_healthy(http: aiohttp.ClientSession, origin: str) -> bool:
    try:
        async with http.get(f"{origin}/healthz") as answer:
            return answer.status == 200
    except aiohttp.ClientConnectionError:
        return False


def environment_of(settings: dict[str, Any]) -> dict[str, str]:
    """Settings as VOUCH_* variables."""
    return {f"VOUCH_{name.upper()}": str(value) for name, value in settings.items()}
