"""Calls for `chaos.media`: between robots whose media cost next to nothing, and between two browsers.

Both tell the same of themselves: when each side showed the first frame of a connection that it made after an instant.
Instants are seconds since 1970.
"""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any, Protocol

import aiohttp
from playwright.async_api import Page

from media.packet_robot import PacketRobot, RobotSet
from media.packet_sender import material
from media.synthetic import moving_picture
from signaling.demo import cards
from signaling.demo.people import person
from signaling.demo.robot_page import OFFER_AGAIN_S, RobotPage
from signaling.demo.robots import Papers, agent_page, browser, caller_page, open_verification
from tests.bench.media_browsers_stage import COMPANY, Stage, first_frame_after
from tests.chaos.media_records import Records
from tests.e2e.house import House
from tests.e2e.pages import Agent, Customer

_LOOK_S = 0.02
_REASON = "face_differs"
_PASSWORD = "a robot that answers calls"
_FIRST_PERSON = 1_000
_UNTOUCHED = "window.untouched"


class LiveCall(Protocol):
    """A call that is under way."""

    verification: str

    async def back_at(self, since: float) -> dict[str, float]:
        """By leg, when it was seen again on a connection made after `since`; never returns where it is not."""
        ...

    async def decide(self) -> None:
        """Reject by the frame on the agent's screen, and wait until it stands; AssertionError where it does not."""
        ...


class PacketPage(RobotPage):
    """A page without a browser whose media are a packet robot's."""

    def __init__(self, robots: RobotSet, page: RobotPage) -> None:
        super().__init__(page._origin, page._http, page._namespace, page._ticket_path, page.told, moving_picture)
        self._robots = robots
        self.packets: PacketRobot | None = None
        self.began_at = 0.0
        """When the newest connection was offered."""
        self.shown_at = 0.0
        """When its first picture came; 0 before."""

    def make_peer(self) -> PacketRobot:
        self.began_at, self.shown_at = time.time(), 0.0
        self.packets = self._robots.robot()
        self._tasks.spawn("show", self._show(self.packets))
        return self.packets

    def frame_name(self) -> dict[str, Any] | None:
        if self.packets is None or not self.shown_at:
            return None
        return {"media": self.media, "rtp_timestamp": self.packets.video.newest_timestamp}

    async def offer_media(self) -> None:
        try:
            await super().offer_media()
        except ConnectionError:
            # The worker died while the connection was being made.
            self.media = 0
            self._tasks.spawn("offer again", self._offer_again(OFFER_AGAIN_S))

    async def _show(self, robot: PacketRobot) -> None:
        while not robot.video.frames and self.packets is robot:
            await asyncio.sleep(_LOOK_S)
        if self.packets is robot:
            self.shown_at = time.time()
            await self.report_frame()


class RobotCall:
    """A call between two robots."""

    def __init__(self, verification: str, caller: PacketPage, agent: PacketPage) -> None:
        self.verification = verification
        self._sides = {"customer": agent, "agent": caller}
        """Who sees whom."""
        self._agent = agent
        self.pages = (caller, agent)

    async def back_at(self, since: float) -> dict[str, float]:
        for page in self._sides.values():
            while page.began_at <= since or not page.shown_at:
                await asyncio.sleep(_LOOK_S)
        return {leg: page.shown_at for leg, page in self._sides.items()}

    async def decide(self) -> None:
        await self._agent.until_state("active")
        answer = await self._agent.press(
            "verdict",
            call=self._agent.call["id"],
            verdict="rejected",
            reason=_REASON,
            frame=self._agent.frame_name(),
        )
        assert answer["code"] == "ok", answer
        await self._agent.until_state("ended")


class BrowserCall:
    """A call between two browsers."""

    def __init__(self, verification: str, customer: Customer, agent: Agent) -> None:
        self.verification = verification
        self._customer = customer
        self._agent = agent

    async def back_at(self, since: float) -> dict[str, float]:
        return {
            "customer": await _shown_after(self._agent, self._agent.page, since),
            "agent": await _shown_after(self._customer, self._customer.page, since),
        }

    async def decide(self) -> None:
        await self._agent.until("active")
        await self._agent.reject()
        await self._agent.until_ended("rejected")
        assert await self._agent.page.evaluate(_UNTOUCHED), "the agent's page was loaded again"


async def robot_calls(stack: AsyncExitStack, house: House, count: int) -> list[LiveCall]:
    """So many calls between robots, each with an agent of its own; `stack` ends them."""
    records = Records(house.installation)
    stack.push_async_callback(records.close)
    names = [f"robot{number}" for number in range(count)]
    await records.add_agents(COMPANY, names, _PASSWORD)
    robots = RobotSet(await asyncio.to_thread(material))
    robots.start()
    stack.push_async_callback(robots.close)
    return [await _robot_call(stack, house, robots, number, name) for number, name in enumerate(names)]


async def browser_call(stage: Stage) -> BrowserCall:
    """A call between two browsers; the agent is the only one who is free."""
    agent = await stage.agent()
    customer, verification = await stage.customer()
    await agent.accept()
    await agent.until("active")
    await customer.until("active")
    await agent.page.evaluate(f"{_UNTOUCHED} = true")
    return BrowserCall(verification, customer, agent)


async def _robot_call(stack: AsyncExitStack, house: House, robots: RobotSet, number: int, username: str) -> RobotCall:
    # The agent is the only one who is free.
    agent_http = await stack.enter_async_context(browser(house.origin))
    agent = await _opened(stack, robots, await agent_page(house.origin, agent_http, username, _PASSWORD))
    ready = await agent.press("agent.ready")
    assert ready["code"] == "ok", ready
    opened = await open_verification(house.origin, house.seeds.tokens[COMPANY], await _papers(_FIRST_PERSON + number))
    caller_http: aiohttp.ClientSession = await stack.enter_async_context(browser(house.origin))
    caller = await _opened(stack, robots, await caller_page(house.origin, caller_http, opened["join_token"]))
    called = await caller.press("call.ready", consent_version=caller.told["consent"]["version"])
    assert called["code"] == "ok", called
    offer = (await agent.until(lambda view: bool(view.get("offer"))))["offer"]
    accepted = await agent.press("offer.accept", call=offer["call"], offer=offer["offer"])
    assert accepted["code"] == "ok", accepted
    await agent.until_state("active")
    await caller.until_state("active")
    return RobotCall(opened["id"], caller, agent)


async def _opened(stack: AsyncExitStack, robots: RobotSet, page: RobotPage) -> PacketPage:
    packets = PacketPage(robots, page)
    await packets.open()
    stack.push_async_callback(packets.close)
    return packets


async def _papers(number: int) -> Papers:
    someone = person(number)
    return Papers(someone.data(f"chaos-{number}"), await asyncio.to_thread(cards.pictures, someone))


async def _shown_after(side: Agent | Customer, page: Page, since: float) -> float:
    """The page's own first frame after the first offer that it made after an instant."""
    query = "since => seen.offers.find((each) => each > since)"
    offered = await page.wait_for_function(query, arg=since * 1_000)
    return await first_frame_after(side, float(await offered.json_value())) / 1_000
