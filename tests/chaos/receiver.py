"""Takes the results of a fault run, as a client's system does, and keeps each try."""

import json
from collections import defaultdict
from typing import Any

from aiohttp import web


class Receiver:
    """A receiver of webhooks; `taken` has the bodies by the webhook's id, one for each try."""

    def __init__(self) -> None:
        self.taken: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.url = ""
        app = web.Application()
        app.router.add_post("/results", self._take)
        self._runner = web.AppRunner(app, access_log=None)

    async def start(self) -> None:
        """Listen on a free port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/results"

    async def close(self) -> None:
        """Stop."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.taken[request.headers["webhook-id"]].append(json.loads(await request.read()))
        return web.Response(status=204)
