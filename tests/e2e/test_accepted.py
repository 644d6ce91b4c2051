"""Accepted and confirmed: the frame on the agent's screen is kept and reaches mSale with the papers."""

import time

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Browsers, Figures, Open
from tests.e2e.pages import Agent, Dealer, in_call
from tests.e2e.results import case, decided
from tests.installation import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOW = "performance.timeOrigin + performance.now()"


async def test_accepted_and_confirmed(open_house: Open, browsers: Browsers, figures: Figures) -> None:
    house = await open_house()
    agent = await Agent.ready(browsers[1], house)
    dealer = await Dealer.open(browsers[0], house)
    await dealer.fill(house, "dealer1")
    await dealer.settled()
    called = time.perf_counter()
    await dealer.press("call")
    await agent.ring.wait_for()
    figures["[Call] to ring"] = time.perf_counter() - called
    accepted = await agent.page.evaluate(NOW)
    await agent.accept()
    await agent.until("active")
    await dealer.until("active")
    await agent.sees_video()
    figures["accept to the agent's first frame"] = (await agent.page.evaluate("seen.firstFrameAt") - accepted) / 1_000
    await dealer.sees_agent()

    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    await expect(agent.page.get_by_test_id("snapshot").locator("img")).to_be_visible()

    result = await decided(house, agent, "confirmed")
    shown = await case(house, result.message.data.id)
    assert shown["company"] == "CTKV1"
    assert [verdict["agent"] for verdict in shown["verdicts"]] == ["agent1"]
    snapshot = next(picture for picture in shown["pictures"] if picture["kind"] == "snapshot")
    assert (snapshot["width"], snapshot["height"]) == (640, 480)
    assert snapshot["exact"] is True
    assert any(picture["kind"] == "agent" for picture in shown["pictures"])


async def test_rejected_on_postgresql(
    open_house: Open, browsers: Browsers, postgresql_installation: Installation
) -> None:
    house = await open_house(postgresql_installation)
    dealer, agent = await in_call(house, browsers)
    await agent.reject()
    await agent.until_ended("rejected")
    await dealer.until_ended("rejected")
    result = await decided(house, agent, "rejected")
    assert result.message.data.reason is not None


async def test_the_tokens_company_counts_and_its_agents_are_the_covering_companys(
    open_house: Open, browsers: Browsers
) -> None:
    house = await open_house()
    other = await Agent.ready(browsers[1], house, "agent3")
    dealer, agent = await in_call(house, browsers, "dealer4")
    await expect(other.ring).to_have_count(0)
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    result = await decided(house, agent, "confirmed", "CTKV4")
    shown = await case(house, result.message.data.id)
    assert shown["company"] == "CTKV4"
