"""A call between a customer's and an agent's page over the link, and what both of them see of it."""

import asyncio
import time
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, expect

from tests.e2e.pages import PHONE, Agent, Screen, context_of
from tests.networks.figures import Figures, Frame, figures, moving_at
from tests.networks.house import NetworkHouse, Places

WATCH = Path(__file__).with_name("watch.js")
_LOOK_S = 0.1
_CALL_S = 40
Side = Literal["agent", "customer"]
"""Who looks."""
_WAY = """async () => {
    const report = await seen.peers.at(-1).getStats();
    const of = (type) => [...report.values()].find((each) => each.type === type);
    const local = report.get(report.get(of("transport").selectedCandidatePairId).localCandidateId);
    return [local.candidateType, local.relayProtocol].filter(Boolean).join("/");
}"""
_SHOWS: dict[Side, str] = {"agent": "customer-video", "customer": "agent-video"}


class Customer(Screen):
    """The call page on a phone."""

    @classmethod
    async def open(cls, browser: Browser, house: NetworkHouse) -> "Customer":
        """By a fresh join link."""
        context = await context_of(browser, PHONE, WATCH)
        page = await context.new_page()
        await page.goto(await house.join_url())
        return cls(page)

    async def call(self) -> None:
        """Consent and press [Call]."""
        await self.page.locator("[name=consent]").check()
        await self.press("call")


class TwoPages:
    """Both pages of one call; made by `in_call`."""

    def __init__(self, customer: Customer, agent: Agent) -> None:
        self._agent = agent
        self._pages: dict[Side, Screen] = {"agent": agent, "customer": customer}

    async def decide(self) -> None:
        """The agent rejects, which ends the call for both."""
        pressed = time.time()
        await self._agent.reject()
        try:
            await self._pages["customer"].until_ended("rejected")
            await expect(self._agent.state).to_have_count(0)
        except AssertionError as error:
            error.add_note(
                f"seconds from the verdict, the agent's page: {await self.events('agent', pressed, before=30)}"
            )
            raise

    async def close(self) -> None:
        """Close both browsers' profiles."""
        for screen in self._pages.values():
            await screen.page.context.close()

    async def figures(self, side: Side, since: float, back_s: float | None = None) -> Figures:
        """What this side saw from `since` until now, seconds of Unix time."""
        return figures(await self._frames(side, since), since, time.time(), back_s)

    async def moving(self, side: Side, since: float, patience_s: float = 30) -> float:
        """Seconds from `since` to the first frame of a moving picture; AssertionError where there is none in time."""
        while time.time() < since + patience_s:
            found = moving_at(await self._frames(side, since), since)
            if found is not None:
                return found - since
            await asyncio.sleep(_LOOK_S)
        raise AssertionError(f"the {side} sees nothing move in {patience_s} s: {await self.events(side, since)}")

    async def states(self, side: Side) -> list[str]:
        """The call's states that this side was shown, in their order."""
        return list(await self._pages[side].page.evaluate("seen.states"))

    async def events(self, side: Side, since: float, before: float = 0) -> list[str]:
        """What became of this side's call, peer connections and sockets, with the seconds from `since`.

        `before`: the last seconds before it too.
        """
        found = await self._pages[side].page.evaluate("seen.events")
        return [f"{at / 1_000 - since:.1f} s {what}" for at, what in found if at / 1_000 >= since - before]

    async def peers(self, side: Side) -> int:
        """How many peer connections this side's page has made."""
        return int(await self._pages[side].page.evaluate("seen.peers.length"))

    async def way(self, side: Side) -> str:
        """How this side's newest peer connection goes: its local candidate's kind, and of a relay the protocol."""
        return str(await self._pages[side].page.evaluate(_WAY))

    async def _frames(self, side: Side, since: float) -> list[Frame]:
        asked = [_SHOWS[side], since * 1_000]
        found = await self._pages[side].page.evaluate(
            "([name, since]) => seen.frames[name].filter(([at]) => at >= since)", asked
        )
        return [Frame(milliseconds / 1_000, count) for milliseconds, count in found]


async def in_call(places: Places) -> TwoPages:
    """A customer and an agent whose call is active."""
    agent = await Agent.sign_in(places.agent, places.house, watch=WATCH)
    customer = await Customer.open(places.customer, places.house)
    await agent.press("ready")
    await customer.call()
    await agent.accept()
    for screen in (agent, customer):
        await screen.until("active", _CALL_S)
    return TwoPages(customer, agent)
