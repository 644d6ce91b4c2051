"""A whole call that is recorded: Confirm waits for it, it is closed at the call's end, and a supervisor plays it."""

import asyncio
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import aiohttp
import pytest

from media import playable
from signaling.demo.robot_page import RobotPage
from signaling.demo.robots import browser
from tests.signaling.conftest import House, Start, tick_checks
from tests.webm import numbers
from vouch.clock import SECOND

Told = dict[str, Any]


async def until_told(http: aiohttp.ClientSession, address: str, enough: Callable[[Told], bool]) -> Told:
    """What there is of a call, once it is enough."""
    async with asyncio.timeout(15):
        while True:
            async with http.get(address) as answer:
                assert answer.status == 200
                told: Told = await answer.json()
            if enough(told):
                return told
            await asyncio.sleep(0.1)


def is_closed(told: Told) -> bool:
    """Both sides are closed, and what their seconds carried is there."""
    closed = {each["leg"] for each in told["recordings"] if each["sha256"]}
    return closed == {each["leg"] for each in told["facts"]} == {"agent", "customer"}


async def supervisor(house: House) -> aiohttp.ClientSession:
    """A supervisor's browser, signed in."""
    http = await house.stack.enter_async_context(browser(house.origin))
    form = {"username": "supervisor1", "password": house.seeds.passwords["supervisor1"]}
    async with http.post(f"{house.origin}/api/console/session", json=form) as signed_in:
        assert signed_in.status == 200
    return http


async def confirmed(agent: RobotPage) -> None:
    """The agent confirms as soon as nothing else is waited for."""
    await tick_checks(agent)
    assert agent.call["shut_gates"] == []
    pressed = {"call": agent.call["id"], "verdict": "confirmed", "frame": agent.frame_name(), "reason": None}
    assert (await agent.press("verdict", **pressed))["code"] == "ok"
    assert (await agent.until_state("ended"))["outcome"] == "confirmed"


@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
async def test_both_sides_are_recorded_before_confirm_and_can_be_played_afterwards(start: Start) -> None:
    house = await start(recording=True)
    _caller, agent = await house.call()
    http = await supervisor(house)
    root = f"{house.origin}/api/console/calls/{agent.call['id']}/recordings"

    def has_run(told: Told) -> bool:
        began = [each["began_at"] for each in told["recordings"]]
        return len(began) == 2 and house.node.clock.now() - max(began) > 2 * SECOND + SECOND // 2

    growing = await until_told(http, root, has_run)
    assert {each["sha256"] for each in growing["recordings"]} == {None}
    async with http.get(f"{root}/customer/1") as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "not_closed")

    await confirmed(agent)

    told = await until_told(http, root, is_closed)
    assert [(each["leg"], each["media"]) for each in told["recordings"]] == [("agent", 1), ("customer", 1)]
    for each in told["recordings"]:
        address = f"{root}/{each['leg']}/{each['media']}"
        async with http.get(address, params={"original": "1"}) as answer:
            original = await answer.read()
        assert hashlib.sha256(original).hexdigest() == each["sha256"]
        assert playable.length(BytesIO(original)) == pytest.approx(each["length"], abs=SECOND // 4)
        async with http.get(address, headers={"Range": "bytes=0-99"}) as answer:
            assert (answer.status, len(await answer.read())) == (206, 100)
        async with http.get(address) as answer:
            seen = [number for number in numbers(await answer.read()) if number is not None]
        assert len(seen) >= 3
        assert seen == sorted(seen)
    for each in told["facts"]:
        assert {len(values) for values in each["seconds"].values()} == {len(each["seconds"]["frames"])}
