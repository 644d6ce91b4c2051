"""What holds new calls back, where several nodes have a say."""

import asyncio
from typing import Any

import aiohttp
import pytest

from routing.events import OffersHeld
from tests.signaling.conftest import House, Start

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


async def held(house: House, wanted: set[str]) -> None:
    async with asyncio.timeout(10):
        while house.node.floors.all()[0].held != wanted:
            await asyncio.sleep(0.02)


async def reasons(house: House) -> Any:
    async with aiohttp.ClientSession() as http, http.get(f"{house.origin}/healthz") as answer:
        return (answer.status, (await answer.json()).get("reasons"))


async def test_a_full_disk_is_one_nodes_and_is_taken_back_when_that_node_is_dead(start: Start) -> None:
    house = await start(minimum_free_bytes=1 << 62)
    await house.node.floors.writer("CTKV1")
    await house.node.floors.post("CTKV1", OffersHeld("disk_full@a-node-that-is-dead"))
    await held(house, {"disk_full@node-1"})
    assert await reasons(house) == (503, ["disk_full"])


async def test_without_a_worker_nobody_is_offered_a_call(start: Start) -> None:
    house = await start(media_workers=0, media_worker_addresses="nobody=127.0.0.1:1")
    await house.node.floors.writer("CTKV1")
    await held(house, {"no_media_worker"})
    assert await reasons(house) == (503, ["no_media_worker"])


async def test_a_reason_that_is_over_is_taken_back(house: House) -> None:
    await house.node.floors.writer("CTKV1")
    for reason in ("disk_full@node-1", "no_media_worker", "of_somebody_else"):
        await house.node.floors.post("CTKV1", OffersHeld(reason))
    await held(house, {"of_somebody_else"})
    assert await reasons(house) == (200, None)
