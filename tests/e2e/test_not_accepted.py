"""Declined, passed on, rung out: what both sides see when the first agent does not take the call."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Browsers, Open
from tests.e2e.pages import Agent, Dealer
from tests.e2e.results import decided, ended

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_declined_with_nobody_left(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    agent = await Agent.ready(browsers[1], house)
    dealer = await Dealer.open(browsers[0], house)
    await dealer.call(house)
    await agent.decline()
    await dealer.until_ended("declined")
    await ended(house, "declined")
    await expect(agent.ring).to_have_count(0)


async def test_declined_by_the_first_and_confirmed_by_the_second(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    first = await Agent.ready(browsers[1], house, "agent1")
    dealer = await Dealer.open(browsers[0], house)
    await dealer.call(house)
    await first.ring.wait_for()
    second = await Agent.ready(browsers[1], house, "agent2")
    await first.decline()
    await confirmed_by(second, dealer)
    result = await decided(house, second, "confirmed")
    assert result.message.data.agent == "agent2"


async def test_rung_out_at_the_first_and_confirmed_by_the_second(open_house: Open, browsers: Browsers) -> None:
    house = await open_house(ring_time_out_s=4)
    first = await Agent.ready(browsers[1], house, "agent1")
    dealer = await Dealer.open(browsers[0], house)
    await dealer.fill(house, "dealer1")
    second = await Agent.sign_in(browsers[1], house, "agent2")
    await expect(second.page.get_by_test_id("ready")).to_be_enabled()
    await dealer.press("call")
    await first.ring.wait_for()
    await second.press("ready")
    await confirmed_by(second, dealer)
    await expect(first.page.get_by_test_id("ready")).to_be_visible()
    result = await decided(house, second, "confirmed")
    assert result.message.data.agent == "agent2"


async def confirmed_by(agent: Agent, dealer: Dealer) -> None:
    """The agent's console rings, and the call is confirmed."""
    await agent.accept()
    await agent.until("active")
    await agent.sees_video()
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
