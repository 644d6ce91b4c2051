"""A whole Vouch in the test's own process: real database, real media worker, real sockets; pages are robots."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from signaling.composition import Node
from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import agent_page, browser, caller_page, open_verification, returning_page
from signaling.demo.seed import Seeds
from tests.installation import Installation, seeded
from tests.papers import papers
from tests.ports import free_port
from vouch.settings import Settings
from vouch.tasks import TaskSet


@dataclass
class House:
    """A running node with the demo's accounts, and the pages that a test opens on it."""

    node: Node
    origin: str
    seeds: Seeds
    stack: AsyncExitStack
    jars: dict[RobotPage, Any] = field(default_factory=dict)

    async def verification(self, company: str = "CTKV1", **changes: Any) -> dict[str, Any]:
        """A verification opened with the company's token."""
        return await open_verification(self.origin, self.seeds.tokens[company], papers(**changes))

    async def caller(self, opened: dict[str, Any] | None = None) -> RobotPage:
        """A connected call page; of a fresh verification unless one is given."""
        opened = opened or await self.verification()
        http = await self.stack.enter_async_context(browser(self.origin))
        page = await caller_page(self.origin, http, opened["join_token"])
        self.jars[page] = http
        return await self._opened(page)

    async def again(self, page: RobotPage) -> RobotPage:
        """The same browser opens the call page once more."""
        newer = await returning_page(self.origin, self.jars[page])
        self.jars[newer] = self.jars[page]
        return await self._opened(newer)

    async def agent(self, username: str = "agent1") -> RobotPage:
        """A connected console."""
        http = await self.stack.enter_async_context(browser(self.origin))
        page = await agent_page(self.origin, http, username, self.seeds.passwords[username])
        self.jars[page] = http
        return await self._opened(page)

    async def ready(self, username: str = "agent1") -> RobotPage:
        """A connected console whose agent is ready."""
        page = await self.agent(username)
        assert (await page.press("agent.ready"))["code"] == "ok"
        return page

    async def call(self, username: str = "agent1") -> tuple[RobotPage, RobotPage]:
        """Caller and agent in an active call."""
        agent = await self.ready(username)
        caller = await self.caller()
        await ring_and_accept(caller, agent)
        return caller, agent

    async def picture(self, verification: str, kind: str, company: str = "CTKV1") -> bytes:
        """A picture as the company's system fetches it."""
        headers = {"Authorization": f"Bearer {self.seeds.tokens[company]}"}
        address = f"{self.origin}/api/v1/verifications/{verification}/pictures/{kind}"
        async with aiohttp.ClientSession(headers=headers) as http, http.get(address) as answer:
            assert answer.status == 200
            return await answer.read()

    async def _opened(self, page: RobotPage) -> RobotPage:
        await page.open()
        self.stack.push_async_callback(page.close)
        return page


async def ring(caller: RobotPage, agent: RobotPage) -> dict[str, Any]:
    """The caller calls; gives the offer that rings at the agent."""
    consent = caller.told["consent"]["version"]
    assert (await caller.press("call.ready", consent_version=consent))["code"] == "ok"
    offer: dict[str, Any] = (await agent.until(lambda view: view.get("offer")))["offer"]
    return offer


async def first_to_ring(agents: list[RobotPage]) -> RobotPage:
    """The one of several agents whose console rings."""
    tasks = TaskSet("ringing")
    waiting = {tasks.spawn("wait", agent.until(lambda view: view.get("offer"))): agent for agent in agents}
    done, _left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await tasks.close()
    return waiting[done.pop()]


async def ring_and_accept(caller: RobotPage, agent: RobotPage) -> None:
    """The caller calls, the agent accepts, both see each other."""
    offer = await ring(caller, agent)
    accepted = await agent.press("offer.accept", call=offer["call"], offer=offer["offer"])
    assert accepted["code"] == "ok"
    await agent.until_state("active")
    await caller.until_state("active")


async def tick_checks(agent: RobotPage) -> None:
    """The agent ticks both of his checks, and the recording gets to disk: Confirm waits for both."""
    for check in ("data", "faces"):
        answer = await agent.press("check.set", call=agent.call["id"], check=check, ticked=True)
        assert answer["code"] == "ok"
    barred = {"checks", "recording"}
    await agent.until(lambda view: view["call"] is not None and not barred & set(view["call"]["shut_gates"]))


async def open_house(stack: AsyncExitStack, installation: Installation, **changes: Any) -> House:
    """Start a node on an installation until `stack` is closed; settings may be changed."""
    port = free_port()
    values: dict[str, Any] = {
        "data_dir": installation.folder,
        "database_url": installation.database_url,
        "port": port,
        "wrap_up_s": 1,
        "msale_url": "",
    }
    settings = Settings(_env_file=None, **(values | changes))
    node = Node(settings)
    seeds = await seeded(installation.folder, installation.database_url)
    await node.start()
    stack.push_async_callback(node.close)
    runner = web.AppRunner(node.app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return House(node, f"http://127.0.0.1:{port}", seeds, stack)


Start = Callable[..., Awaitable[House]]


@pytest.fixture
async def start(installation: Installation) -> AsyncIterator[Start]:
    """Start a house; settings may be changed."""
    async with AsyncExitStack() as stack:
        yield partial(open_house, stack, installation)


@pytest.fixture
async def house(start: Start) -> House:
    """A house with the usual settings."""
    return await start()
