"""A supervisor asks a running Vouch why a call reached its agent; a stranger asks it for the draws."""

from typing import Any

import aiohttp
import pytest

from signaling.demo.robots import browser
from tests.signaling.conftest import House, ring

pytestmark = pytest.mark.parametrize("installation", ["sqlite"], indirect=True)


async def asked(house: House, username: str, *paths: str) -> list[dict[str, Any]]:
    """What a member of staff is answered."""
    async with browser(house.origin) as http:
        form = {"username": username, "password": house.seeds.passwords[username]}
        async with http.post(f"{house.origin}/api/console/session", json=form) as signed_in:
            assert signed_in.status == 200
        answers = []
        for path in paths:
            async with http.get(house.origin + path) as answer:
                assert answer.status == 200, await answer.text()
                answers.append(await answer.json())
        return answers


async def test_a_supervisor_is_told_why_a_call_reached_its_agent(house: House) -> None:
    await house.agent("agent2")
    agent, caller = await house.ready("agent1"), await house.caller()
    offer = await ring(caller, agent)
    account = await house.node.accounts.find("agent1")
    assert account is not None
    of_call, of_agent = await asked(
        house,
        "supervisor1",
        f"/api/console/calls/{offer['call']}/explanation",
        f"/api/console/agents/{account.id}/explanation",
    )
    assert of_call["exact"] is True
    (made,) = of_call["offers"]
    assert (made["agent"]["username"], made["drawn_right"], made["result"]) == ("agent1", True, None)
    assert {each["agent"]["username"]: each["reason"] for each in made["excluded"]} == {"agent2": "paused"}
    assert (of_agent["exact"], of_agent["offers"]) == (True, {"chosen": 1})
    assert of_agent["stretches"][-1]["call"] == offer["call"]


async def test_anybody_may_note_the_commitments(house: House) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{house.origin}/draws") as answer:
        draws = (await answer.json())["draws"]
    assert len(draws) == 31
    assert [each["seed"] for each in draws] == [None] * 31
    assert draws == sorted(draws, key=lambda each: each["day"], reverse=True)
