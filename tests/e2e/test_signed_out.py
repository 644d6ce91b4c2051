"""Before the dealer's account is given nothing leaves the page; after the result nothing of the customer stays."""

import asyncio

import pytest
from playwright.async_api import Request, expect

from signaling.demo.people import person
from signaling.demo.robots import open_verification
from tests.e2e.conftest import Browsers, Open
from tests.e2e.pages import Agent, Customer, Dealer
from tests.e2e.results import decided
from tests.papers import papers

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_pictures_stay_in_the_page_until_the_account_is_given(open_house: Open, browsers: Browsers) -> None:
    house = await open_house()
    agent = await Agent.ready(browsers[1], house)
    dealer = await Dealer.open(browsers[0], house)
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method != "GET":
            sent.append(f"{request.method} {request.url.rsplit('/', 1)[-1].partition('?')[0]}")

    dealer.page.on("request", note)
    await dealer.fill(house, "dealer1")
    await expect(dealer.page.locator("[data-paper][data-phase=held]")).to_have_count(3)
    assert sent == []

    await dealer.page.locator("[name=dealer_password]").fill("not the password")
    await dealer.press("call")
    await expect(dealer.page.get_by_text("Wrong username or password")).to_be_visible()
    assert sent == ["POST dealer"]
    await expect(dealer.page.locator("[name=full_name]")).to_have_value(person(1).full_name)
    await expect(dealer.page.locator("[data-paper][data-phase=held]")).to_have_count(3)

    await dealer.page.locator("[name=dealer_password]").fill(house.seeds.passwords["dealer1"])
    await dealer.press("call")
    await agent.ring.wait_for()
    assert sent[1:3] == ["POST dealer", "POST drafts"]
    assert sorted(sent[3:6]) == ["PUT id_back", "PUT id_front", "PUT portrait"]


async def test_a_page_with_a_result_holds_nothing_of_the_customer_and_can_be_signed_out(
    open_house: Open, browsers: Browsers
) -> None:
    house = await open_house()
    sent = papers()
    name, msisdn = sent.data["customer"]["full_name"], sent.data["subscriber"]["msisdn"]
    opened = await open_verification(house.origin, house.seeds.tokens["CTKV1"], sent)
    customer = await Customer.open(browsers[0], house, opened["join_token"])
    agent = await Agent.ready(browsers[1], house)
    await customer.call()
    await agent.accept()
    await asyncio.gather(agent.until("active"), customer.until("active"))
    await expect(customer.page.get_by_text(name)).to_be_visible()
    await expect(customer.page.locator("img[src*='/api/call/pictures/']")).to_have_count(3)
    await agent.sees_video()
    await agent.reject()
    await customer.until_ended("rejected")
    facts = customer.page.get_by_test_id("result-facts")
    await expect(facts).to_contain_text("Reason")
    for secret in (name, msisdn):
        assert secret not in await customer.page.content()
    await expect(customer.page.locator("img[src*='/api/call/pictures/']")).to_have_count(0)
    await decided(house, agent, "rejected")

    await customer.page.reload()
    await expect(facts).to_be_visible()
    assert name not in await customer.page.content()
    await customer.press("sign-out")
    await expect(customer.page.get_by_text("Signed out")).to_be_visible()
    assert await customer.page.context.cookies() == []
    await customer.page.reload()
    await expect(customer.page.get_by_test_id("call")).to_have_count(0)
