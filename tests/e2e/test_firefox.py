"""Firefox on either side, Chromium on the other: both see each other, and the frame on the agent's screen is kept."""

import pytest
from playwright.async_api import Browser

from tests.e2e.conftest import Browsers, Open
from tests.e2e.pages import in_call
from tests.e2e.results import case, decided, result_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.devices]


async def test_the_customer_calls_from_firefox(open_house: Open, browsers: Browsers, firefox: Browser) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, (firefox, browsers[1]))
    await dealer.sees_agent()
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    result = await result_of(house, "confirmed")
    shown = await case(house, result.message.data.id)
    snapshot = next(picture for picture in shown["pictures"] if picture["kind"] == "snapshot")
    assert (snapshot["width"], snapshot["height"], snapshot["exact"]) == (640, 480, True)


async def test_the_agent_works_in_firefox(open_house: Open, browsers: Browsers, firefox: Browser) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, (browsers[0], firefox))
    await dealer.sees_agent()
    await agent.tick("data", "faces")
    await agent.hold()
    await agent.press("confirm")
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    result = await decided(house, agent, "confirmed")
    shown = await case(house, result.message.data.id)
    snapshot = next(picture for picture in shown["pictures"] if picture["kind"] == "snapshot")
    assert snapshot["exact"] is True
