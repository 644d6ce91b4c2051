"""`vouch serve` in one namespace, a coturn and the agent's browser beside it; the customer's browser in the other."""

import asyncio
import os
import ssl
import sys
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from playwright.async_api import Browser, Playwright

from signaling.demo.lan import certificate
from signaling.demo.robots import open_verification
from tests.e2e.house import environment_of, until_healthy
from tests.e2e.pages import FLAGS
from tests.installation import Installation, seeded
from tests.networks.namespaces import Inside, within
from tests.networks.network import SERVER, Network
from tests.papers import papers
from tests.turn import turn_server

_PORT, _TURN_PORT = 8443, 3478
_START_S = 30


class NetworkHouse:
    """A Vouch that is reached over the link by HTTPS, as real ones are: cameras are given to no other page."""

    def __init__(self, net: Network, folder: Path, installation: Installation) -> None:
        self.net, self.folder, self.installation = net, folder, installation
        self.origin = f"https://{SERVER}:{_PORT}"
        self.log = folder / "serve.log"
        self._stack = ExitStack()
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """Start coturn and Vouch; return when it is healthy."""
        self.seeds = await seeded(self.installation.folder, self.installation.database_url)
        beside = within(self.net.server)
        self.turn = self._stack.enter_context(turn_server(self.folder, SERVER, _TURN_PORT, SERVER, within=beside))
        self._tls = certificate(self.folder, SERVER)
        self._trust = ssl.create_default_context(cafile=self._tls.certificate)
        self._inside = Inside(self.net.server)
        self._stack.callback(self._inside.close)
        await self._inside.run(self._serve())

    async def close(self) -> None:
        """End everything in order."""
        if self._process is not None:
            await self._inside.run(_ended(self._process))
        self._stack.close()

    async def join_url(self) -> str:
        """The call page's address for a fresh verification, as the company's system opens it."""
        opening = open_verification(self.origin, self.seeds.tokens["CTKV1"], papers(), self._trust)
        return str((await self._inside.run(opening))["join_url"])

    async def _serve(self) -> None:
        settings = {
            "data_dir": self.installation.folder,
            "database_url": self.installation.database_url,
            "host": SERVER,
            "port": _PORT,
            "public_url": self.origin,
            "turn_urls": f"{self.turn.url('udp')},{self.turn.url('tcp')}",
            "turn_secret": self.turn.secret,
            "office_hours": "always",
            "wrap_up_s": 0,
        }
        command = [sys.executable, "-m", "signaling.main", "serve"]
        command += ["--tls-cert", str(self._tls.certificate), "--tls-key", str(self._tls.key)]
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, env=os.environ | environment_of(settings), stdout=log, stderr=log
            )
        connector = aiohttp.TCPConnector(ssl=self._trust)
        async with asyncio.timeout(_START_S), aiohttp.ClientSession(connector=connector) as http:
            await until_healthy(http, self.origin, self._process, self.log)


async def _ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    await process.wait()


async def browser_within(
    stack: AsyncExitStack, playwright: Playwright, chromium: Path, camera: Path, folder: Path, namespace: str
) -> Browser:
    """A Chromium in a namespace, driven over its inherited pipe; closed with the stack."""
    starter = folder / f"chromium-{namespace}"
    starter.write_text(f'#!/bin/sh\nexec {" ".join(within(namespace))} "{chromium}" "$@"\n')
    starter.chmod(0o755)
    options: dict[str, Any] = {
        "executable_path": starter,
        "args": [*FLAGS, "--ignore-certificate-errors", f"--use-file-for-fake-video-capture={camera}"],
    }
    browser = await playwright.chromium.launch(**options)
    stack.push_async_callback(browser.close)
    return browser


@dataclass(frozen=True)
class Places:
    """What the tests with browsers share; starting it takes seconds."""

    house: NetworkHouse
    customer: Browser
    agent: Browser
