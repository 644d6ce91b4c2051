"""A receiver of results for tests: a real HTTP server on the loopback that keeps what came and answers as told."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """What came, and what is answered."""

    runner: web.AppRunner
    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    held: asyncio.Event | None = None
    """Set by a test that wants requests to stay unanswered until it lets them go."""
    arrived: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    """The ids of messages, as they come."""

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((headers, await request.read()))
        status = self.status
        self.arrived.put_nowait(headers.get("webhook-id", ""))
        if self.held is not None:
            await self.held.wait()
        return web.Response(status=status, headers=self.headers, text="" if status == 204 else "secret words")

    async def close(self) -> None:
        if self.held is not None:
            self.held.set()
        await self.runner.cleanup()


async def start_receiver() -> Receiver:
    """A receiver under `/results` on a free port."""
    app = web.Application()
    receiver = Receiver(web.AppRunner(app))
    app.router.add_post("/results", receiver.handle)
    await receiver.runner.setup()
    await web.TCPSite(receiver.runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{receiver.runner.addresses[0][1]}/results"
    return receiver
