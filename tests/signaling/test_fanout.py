"""Pushes between nodes by Redis, which may be absent, killed and started again; the look finds the same by itself."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack

import pytest

from routing import events as e
from routing.state import Seed, TeamRules
from signaling.fanout import Fanout
from signaling.floors import Floors
from signaling.rules import Team
from tests import services
from tests.signaling.test_writer import FLOOR, Nothing
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.keys import Keys


class Node:
    """The part of a node that hears and speaks."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.database = Database(database_url)
        self.floors = Floors(
            self.database,
            SystemClock(),
            Nothing(),
            lambda _: Team(TeamRules(), None),
            lambda: Seed("2026-11-21", "00ff"),
        )
        self.fanout = Fanout(redis_url, Keys(b"k" * 32), self.floors)

    async def start(self) -> None:
        await self.floors.start()
        await self.floors.writer(FLOOR)
        self.fanout.start()

    async def close(self) -> None:
        await self.fanout.close()
        await self.floors.close()
        await self.database.close()

    def knows(self, agent: str) -> bool:
        floor = self.floors.get(FLOOR)
        return floor is not None and agent in floor.agents

    async def until_it_knows(self, agent: str) -> None:
        async with asyncio.timeout(10):
            while not self.knows(agent):
                await asyncio.sleep(0.01)

    async def join(self, agent: str) -> None:
        await self.floors.post(FLOOR, e.AgentJoined(agent, frozenset(), ""))


@pytest.fixture
def redis() -> Iterator[services.RedisServer]:
    with services.redis_server() as server:
        yield server


@pytest.fixture
async def nodes(migrated_postgresql_url: str, redis: services.RedisServer) -> AsyncIterator[tuple[Node, Node]]:
    async with AsyncExitStack() as stack:
        one, two = (Node(migrated_postgresql_url, redis.url) for _ in range(2))
        for node in (one, two):
            await node.start()
            stack.push_async_callback(node.close)
        yield one, two


async def push(one: Node, two: Node, name: str) -> None:
    """Commits of the one, until one of them was pushed to the other: it hears only once it has subscribed."""
    async with asyncio.timeout(15):
        attempt = 0
        while not any(two.knows(f"{name}{n}") for n in range(attempt)):
            await one.join(f"{name}{attempt}")
            attempt += 1
            await asyncio.sleep(0.1)


async def test_a_push_brings_a_commit_here_and_a_new_redis_goes_on_with_it(
    nodes: tuple[Node, Node], redis: services.RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.fanout._LOOK_EVERY_S", 3600)
    one, two = nodes
    await asyncio.sleep(1.1)  # the last look of either
    await push(one, two, "before")
    redis.kill()
    await one.join("unheard of")
    redis.start()
    await push(two, one, "after")
    await push(one, two, "again")
    assert two.knows("unheard of")


async def test_without_redis_the_look_finds_what_others_did_and_floors_that_they_opened(
    nodes: tuple[Node, Node], redis: services.RedisServer
) -> None:
    redis.kill()
    one, two = nodes
    await one.join("a")
    await two.until_it_knows("a")
    await one.floors.writer("CTKV9")
    async with asyncio.timeout(10):
        while two.floors.get("CTKV9") is None:
            await asyncio.sleep(0.01)
