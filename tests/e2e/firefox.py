"""The system's own Firefox under Playwright, which talks to it by WebDriver BiDi, as it does not to its patched builds.

Playwright starts this file in Firefox's place: standing between the two, it answers the one command that Playwright
needs and this Firefox does not know yet. Firefox's camera is its own: a colour that changes, without a number.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, Playwright

from vouch.tasks import TaskSet

ROOT = Path(__file__).resolve().parents[2]
PREFERENCES: dict[str, str | float | bool] = {
    "media.navigator.streams.fake": True,
    "media.navigator.permission.disabled": True,
    "media.peerconnection.ice.loopback": True,
    "media.peerconnection.ice.obfuscate_host_addresses": False,
    "media.autoplay.default": 0,
    # Whatever is not on this machine: a proxy that is not there.
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
}
_LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_UNKNOWN = "emulation.setMediaFeaturesOverride"


@asynccontextmanager
async def firefox_with_camera(playwright: Playwright, program: Path, folder: Path) -> AsyncIterator[Browser]:
    """A Firefox of the system; `folder` is for the script that starts it."""
    start = folder / "firefox"
    start.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m {__name__} "{program}" "$@"\n')
    start.chmod(0o755)
    environment: dict[str, str | float | bool] = {**os.environ, "PYTHONPATH": str(ROOT)}
    browser = await playwright.firefox.launch(
        channel="moz-firefox", executable_path=start, firefox_user_prefs=PREFERENCES, env=environment
    )
    try:
        yield browser
    finally:
        await browser.close()


class _Between:
    """Passes messages between Playwright and Firefox on."""

    def __init__(self, firefox: str) -> None:
        self._firefox = firefox

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        playwright = web.WebSocketResponse(max_msg_size=0)
        await playwright.prepare(request)
        tasks = TaskSet("between")
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(f"{self._firefox}{request.path}", max_msg_size=0) as firefox,
        ):
            tasks.spawn("answers", self._answers(firefox, playwright))
            async for message in playwright:
                command = json.loads(message.data)
                if command["method"] == _UNKNOWN:
                    await playwright.send_json({"type": "success", "id": command["id"], "result": {}})
                else:
                    await firefox.send_str(message.data)
            await tasks.close()
        return playwright

    async def _answers(self, firefox: aiohttp.ClientWebSocketResponse, playwright: web.WebSocketResponse) -> None:
        async for message in firefox:
            await playwright.send_str(message.data)
        await playwright.close()


async def _run(command: list[str]) -> int:
    """Start Firefox, stand before it, and last as long as it does."""
    firefox = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    assert firefox.stderr is not None
    runner = web.AppRunner(web.Application())
    async for line in firefox.stderr:
        if found := _LISTENS.search(line.decode(errors="replace")):
            runner.app.router.add_get("/{path:.*}", _Between(found[1]).serve)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            print(f"WebDriver BiDi listening on ws://127.0.0.1:{runner.addresses[0][1]}", file=sys.stderr, flush=True)
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(_run(sys.argv[1:])))
