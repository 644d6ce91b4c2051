"""A connection that is lost: for less than 15 seconds the same call goes on, for more it ends and both are told."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import Browsers, Figures, Open
from tests.e2e.outage import outage
from tests.e2e.pages import Agent, Dealer, in_call
from tests.e2e.results import case, decided, ended
from vouch.clock import SECOND

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOST_S = 5


async def confirmed_after_the_gap(agent: Agent, dealer: Dealer) -> None:
    """The agent sees the customer again, says that it is the same person, and confirms."""
    await agent.until("active")
    await dealer.until("active")
    await agent.sees_video()
    assert await same_peer(agent) == KEPT
    await agent.tick("recheck")
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")


async def keep_peer(agent: Agent) -> None:
    """Remember the peer connection that the agent's page has."""
    await agent.page.evaluate("window.before = seen.peers.at(-1)")


async def same_peer(agent: Agent) -> tuple[bool, str]:
    """Whether it is the same object still, and its state."""
    same, state = await agent.page.evaluate("[before === seen.peers.at(-1), before.connectionState]")
    return same, state


KEPT = (True, "connected")


async def test_the_dealers_page_is_closed_for_five_seconds_and_opened_again(
    open_house: Open, browsers: Browsers
) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, browsers)
    await keep_peer(agent)
    address = dealer.page.url
    await dealer.page.close()
    await agent.until("reconnecting")
    await asyncio.sleep(LOST_S)
    page = await dealer.page.context.new_page()
    await page.goto(address)
    again = Dealer(page)
    await confirmed_after_the_gap(agent, again)
    result = await decided(house, agent, "confirmed")
    shown = await case(house, result.message.data.id)
    assert len(shown["calls"]) == 1
    assert [gap["leg"] for gap in shown["calls"][0]["gaps"]] == ["customer"]
    assert "recheck" in shown["verdicts"][0]["checks"]["ticks"]


async def test_packets_stop_for_five_seconds_while_the_page_stays_open(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, browsers)
    await keep_peer(agent)
    with outage(Dealer.MARK):
        await agent.until("reconnecting")
        await asyncio.sleep(LOST_S)
    await confirmed_after_the_gap(agent, dealer)
    await decided(house, agent, "confirmed")


async def test_lost_for_good(open_house: Open, browsers: Browsers, figures: Figures) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, browsers)
    with outage(Dealer.MARK):
        await agent.until("reconnecting")
        await agent.until_ended("connection_lost")
    await dealer.until_ended("connection_lost")
    result = await ended(house, "connection_lost")
    call = (await case(house, result.message.data.id))["calls"][0]
    lost = next(gap for gap in call["gaps"] if gap["leg"] == "customer")
    figures["last packet to the end of a lost call"] = (call["ended_at"] - lost["from"]) / SECOND
    assert abs(call["ended_at"] - lost["from"] - 15 * SECOND) <= SECOND


async def test_the_agent_reloads_in_a_call(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, browsers)
    agent.page.on("dialog", lambda dialog: dialog.accept())
    await agent.page.reload()
    await agent.until("active")
    await dealer.until("active")
    await agent.sees_video()
    await expect(agent.page.locator("[name=check_recheck]")).to_have_count(0)
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    await decided(house, agent, "confirmed")


async def test_serve_is_killed_in_a_call_and_started_again(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    dealer, agent = await in_call(house, browsers)
    number = await agent.page.evaluate("seen.counters.size")
    await house.kill()
    await house.serve()
    await expect(agent.state).to_have_attribute("data-state", "active", timeout=15_000)
    await dealer.until("active")
    await agent.page.wait_for_function("before => seen.counters.size > before + 20", arg=number)
    await agent.tick("recheck")
    await agent.confirm()
    await agent.until_ended("confirmed")
    await dealer.until_ended("confirmed")
    result = await decided(house, agent, "confirmed")
    assert result.message.data.attempt == 1
