"""Several `vouch serve` on one PostgreSQL: calls across them, kills, names taken twice, a Redis that comes and goes."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import browser, caller_page, returning_page
from tests import services
from tests.installation import Installation
from tests.signaling.cluster import NOBODY, Cluster, cluster
from tests.signaling.conftest import House, ring, ring_and_accept, tick_checks

LOOKED_S = 3.0
"""By when another node's pages show what was committed, without Redis: a look each second, on a busy machine."""


@pytest.fixture
def redis() -> Iterator[services.RedisServer]:
    with services.redis_server() as server:
        yield server


@pytest.fixture
async def installation(postgresql_installation: Installation) -> AsyncIterator[Cluster]:
    async with cluster(postgresql_installation.folder, postgresql_installation.database_url) as nodes:
        yield nodes


async def elsewhere(page: RobotPage, house: House, jar: dict[RobotPage, object], node: House) -> RobotPage:
    """The same browser opens its call page by another node."""
    newer = await returning_page(node.origin, house.jars[page])
    await newer.open()
    house.stack.push_async_callback(newer.close)
    jar[newer] = house.jars[page]
    return newer


async def caller_of(house: House, *others: House) -> RobotPage:
    """A call page on one node whose browser may go on to others."""
    opened = await house.verification()
    http = await house.stack.enter_async_context(browser(house.origin, also=[other.origin for other in others]))
    page = await caller_page(house.origin, http, opened["join_token"])
    house.jars[page] = http
    await page.open()
    house.stack.push_async_callback(page.close)
    return page


async def test_a_call_goes_on_over_two_nodes_whatever_becomes_of_redis_and_of_one_of_them(
    installation: Cluster, redis: services.RedisServer
) -> None:
    one = await installation.serve("one", redis_url=redis.url, media_workers=1)
    two = await installation.serve("two", redis_url=redis.url, media_workers=0, media_worker_addresses=NOBODY)
    agent, caller = await two.ready(), await one.caller()

    offer = await ring(caller, agent)
    assert (await agent.press("offer.accept", call=offer["call"], offer=offer["offer"]))["code"] == "ok"
    await agent.until_state("active")
    await caller.until_state("active")
    call = agent.call["id"]

    redis.kill()
    await caller.close()
    await agent.until_state("reconnecting")
    newer = await one.again(caller)
    await newer.until_state("active")
    await agent.until_state("active")
    redis.start()

    await installation.nodes["two"].kill()
    again = await one.agent()
    await again.until_state("active", seconds=14)
    assert again.call["id"] == call
    await newer.until_state("active")
    await again.press("check.set", call=call, check="recheck", ticked=True)
    await tick_checks(again)
    async with asyncio.timeout(10):
        while again.frame_name() is None:
            await asyncio.sleep(0.02)
    assert await confirmed(again, call) == "ok"
    assert (await newer.until_state("ended"))["outcome"] == "confirmed"


async def confirmed(page: RobotPage, call: str) -> str:
    """Press Confirm as an agent does: again where the frame was too old by the time it was asked for."""
    code = "frame_too_old"
    async with asyncio.timeout(10):
        while code == "frame_too_old":
            answer = await page.press("verdict", call=call, verdict="confirmed", frame=page.frame_name())
            code = str(answer["code"])
    return code


async def test_without_redis_another_node_shows_it_a_second_later_and_uses_the_worker_of_the_first(
    installation: Cluster,
) -> None:
    one = await installation.serve("one", media_workers=1)
    two = await installation.serve("two", media_workers=0, media_worker_addresses=NOBODY)
    agent, caller = await two.ready(), await one.caller()
    began = time.monotonic()
    offer = await ring(caller, agent)
    assert time.monotonic() - began < LOOKED_S
    await agent.press("offer.accept", call=offer["call"], offer=offer["offer"])
    await agent.until_state("active")
    await tick_checks(agent)

    # The press comes to node two, which performs what it commits: the picture lies in node one's worker.
    answer = await agent.press("verdict", call=agent.call["id"], verdict="confirmed", frame=agent.frame_name())

    assert answer["code"] == "ok"
    assert (await caller.until_state("ended"))["outcome"] == "confirmed"


async def test_a_call_whose_node_and_worker_are_killed_goes_on_with_another(installation: Cluster) -> None:
    one = await installation.serve("one", media_workers=1)
    two = await installation.serve("two", media_workers=0, media_worker_addresses=NOBODY)
    caller, agent = await caller_of(one, two), await two.ready()
    await ring_and_accept(caller, agent)
    call, peer = agent.call["id"], agent.peer
    three = await installation.serve("three", media_workers=1)
    assert three.origin

    await installation.nodes["one"].kill()
    await agent.until_state("reconnecting")
    newer = await elsewhere(caller, one, one.jars, two)

    await newer.until_state("active", seconds=14)
    await agent.until_state("active", seconds=14)
    assert agent.call["id"] == newer.call["id"] == call
    assert agent.peer is not peer, "the media went on in a worker that is dead"


async def test_of_two_nodes_with_one_name_the_older_stops(installation: Cluster) -> None:
    await installation.serve("one", media_workers=1)
    older = installation.nodes["one"]
    await installation.serve("one", media_workers=1)
    async with asyncio.timeout(10):
        assert await older.process.wait() != 0
    assert older.said("another process has started under this node's name")
    assert installation.nodes["one"].process.returncode is None


async def test_a_node_that_stood_still_is_mourned_and_takes_its_pages_in_anew(installation: Cluster) -> None:
    one = await installation.serve("one", media_workers=1)
    two = await installation.serve("two", media_workers=1)
    agent = await two.ready()
    watched = await one.ready("agent2")
    installation.nodes["two"].signal(signal.SIGSTOP)
    async with asyncio.timeout(15):
        while not installation.nodes["one"].said("a node is dead"):
            await asyncio.sleep(0.1)
    installation.nodes["two"].signal(signal.SIGCONT)
    async with asyncio.timeout(15):
        while not installation.nodes["two"].said("this node was taken for dead"):
            await asyncio.sleep(0.1)
    async with asyncio.timeout(15):
        while agent._socket.connected:
            await asyncio.sleep(0.05)
    back = await two.agent()
    assert (await back.press("agent.ready"))["code"] == "ok"
    await back.until(lambda view: view["agent"]["ready"])
    assert watched.view["agent"]["ready"]
