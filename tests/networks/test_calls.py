"""Calls between real browsers over bad networks: they go on, and both sides see each other move.

The server, its media worker and the agent are at one end of the link, the customer at the other. What is measured is
printed, and put together by `./dev bench networks`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from typing import Any

import pytest
import pytest_asyncio

from tests.networks.calls import Side, TwoPages, in_call
from tests.networks.house import Places
from tests.networks.network import Network
from tests.networks.pipe import Wire

pytestmark = [pytest.mark.networks, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]

MS = 1_000
GOOD = Wire(delay=10 * MS)
SIDES: tuple[Side, Side] = ("agent", "customer")
SETTLE_S, WATCH_S, AFTER_S = 4.0, 15.0, 6.0
FORGOTTEN_S = 17.0
"""After this long a call whose pages are gone is lost."""
Talk = Callable[[], Awaitable[TwoPages]]
Report = Callable[[str, Any], None]


@pytest.fixture
def net(places: Places) -> Network:
    """The link under the browsers."""
    return places.house.net


@pytest.fixture
def lasting() -> Iterator[ExitStack]:
    """What holds until the call of the test has been decided."""
    with ExitStack() as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="session")
async def talk(places: Places, net: Network, lasting: ExitStack) -> AsyncIterator[Talk]:
    """Begin a call; when the test is over both sides must see the other move, and the same call must bear a verdict."""
    async with AsyncExitStack() as stack:
        begun: list[TwoPages] = []

        async def begin() -> TwoPages:
            pages = await in_call(places)
            stack.push_async_callback(pages.close)
            begun.append(pages)
            return pages

        net.both(GOOD)
        yield begin
        for pages in begun:
            for side in SIDES:
                await pages.moving(side, time.time(), 5)
                states = await pages.states(side)
                assert set(states[states.index("active") :]) <= {"active", "reconnecting"}
            await decided(pages)
        net.both(GOOD)


async def decided(pages: TwoPages) -> None:
    """The agent's verdict ends the call; where it does not, the next test must not find this call still there."""
    try:
        await pages.decide()
    except AssertionError:
        await pages.close()
        await asyncio.sleep(FORGOTTEN_S)
        raise


@pytest.fixture
def report(record_property: Callable[[str, object], None], request: pytest.FixtureRequest) -> Report:
    """Print figures, and keep them for the bench."""

    def told(name: str, measured: Any) -> None:
        record_property(name, measured)
        print(f"{request.node.name}: {name}: {measured}")

    return told


async def watched(pages: TwoPages, report: Report) -> float:
    """What both sides see of a call that has settled; gives the agent's frames a second."""
    await asyncio.sleep(SETTLE_S)
    since = time.time()
    await asyncio.sleep(WATCH_S)
    for side in SIDES:
        report(side, (await pages.figures(side, since)).told())
    return (await pages.figures("agent", since)).fps


async def returned(pages: TwoPages, since: float, report: Report) -> float:
    """Seconds until the agent sees the customer move again; reports what follows too."""
    back_s = await pages.moving("agent", since)
    customer_s = await pages.moving("customer", since)
    await asyncio.sleep(AFTER_S)
    report("agent", (await pages.figures("agent", since + back_s, back_s)).told())
    report("customer", (await pages.figures("customer", since + customer_s, customer_s)).told())
    report("peer_connections", await pages.peers("customer"))
    report("peer_connections_of_the_agent", await pages.peers("agent"))
    print(f"the customer's page: {await pages.events('customer', since)}")
    return back_s


async def test_three_of_a_hundred_packets_are_lost(net: Network, talk: Talk, report: Report) -> None:
    net.both(Wire(delay=10 * MS, loss=0.03))
    assert await watched(await talk(), report) >= 25


async def test_a_round_trip_of_150_milliseconds(net: Network, talk: Talk, report: Report) -> None:
    net.both(Wire(delay=75 * MS))
    assert await watched(await talk(), report) >= 25


async def test_a_mobile_network_of_the_third_generation(net: Network, talk: Talk, report: Report) -> None:
    net.set(
        down=Wire(delay=50 * MS, loss=0.01, bits_per_s=780_000, queue=32_000),
        up=Wire(delay=50 * MS, loss=0.01, bits_per_s=330_000, queue=16_000),
    )
    assert await watched(await talk(), report) > 0


@pytest.mark.parametrize("seconds", [pytest.param(5, id="5_s"), pytest.param(12, id="12_s")])
async def test_the_network_is_gone_for_a_while(net: Network, talk: Talk, report: Report, seconds: int) -> None:
    pages = await talk()
    await asyncio.sleep(SETTLE_S)
    with net.outage():
        await asyncio.sleep(seconds)
    assert await returned(pages, time.time(), report) <= 1.5


async def test_the_customer_moves_to_another_network(
    net: Network, lasting: ExitStack, talk: Talk, report: Report
) -> None:
    pages = await talk()
    await asyncio.sleep(SETTLE_S)
    lasting.enter_context(net.moved())
    assert await returned(pages, time.time(), report) <= 5


async def test_a_network_that_lets_no_udp_out(net: Network, lasting: ExitStack, talk: Talk, report: Report) -> None:
    lasting.enter_context(net.udp_blocked())
    pages = await talk()
    assert await watched(pages, report) >= 25
    assert await pages.way("customer") == "relay/tcp"
