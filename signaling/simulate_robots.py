"""Robots of `vouch simulate`: callers and agents with whole pages, whose media is that of packet robots.

What they share with the demo's robots is the page, `signaling.demo.robot_page`.
"""

import asyncio
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field

import aiohttp

from media.packet_robot import PacketRobot, RobotSet
from media.synthetic import moving_picture
from signaling.demo.robot_page import Peer, RobotPage
from signaling.demo.robots import Papers, browser, call_session, console_session, open_verification
from vouch.tasks import TaskSet

RING_S = 60.0
"""Longest wait from the press to the conversation."""
END_S = 60.0
"""What a verdict may take, its picture and recording included."""
TRY_AGAIN_S = 0.5
"""A gate that is shut is tried again so soon."""

_FAULTS = (aiohttp.ClientError, OSError, RuntimeError, TimeoutError)


@dataclass
class Tally:
    """What the robots have seen."""

    started: int = 0
    active: int = 0
    """Calls in conversation now."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """Of calls that have ended."""
    faults: Counter[str] = field(default_factory=Counter)
    """What kept calls from their end, by its kind."""
    set_up: list[float] = field(default_factory=list)
    """From the press to the conversation, the agent's accept included: seconds."""
    decided: list[float] = field(default_factory=list)
    """From the agent's first press to the end of the call: seconds."""
    rates: list[float] = field(default_factory=list)
    """Pictures in a second, of every leg and second."""
    lost: int = 0
    """Packets that never came."""

    def fault(self, who: str, error: BaseException) -> None:
        """Count what went wrong for somebody."""
        self.faults[f"{who}: {type(error).__name__}: {str(error)[:100]}"] += 1


class LoadPage(RobotPage):
    """A page whose media costs next to nothing."""

    def __init__(
        self, origin: str, http: aiohttp.ClientSession, namespace: str, ticket_path: str, told: dict[str, object],
        robots: RobotSet,
    ) -> None:  # fmt: skip
        super().__init__(origin, http, namespace, ticket_path, told, moving_picture)
        self._robots = robots
        self._firsts = TaskSet("load page")
        self.robot: PacketRobot | None = None
        """Its newest peer connection."""
        self.failures = 0
        """Peer connections that did not come about."""
        self._counted = (0.0, 0)

    def make_peer(self) -> Peer:
        """A packet robot; its first picture is reported as a browser reports it."""
        robot = self.robot = self._robots.robot()
        self._firsts.spawn("first picture", self._present(robot))
        return robot

    async def offer_media(self) -> None:
        """As every page does; a connection that fails is offered again with the next view."""
        try:
            await super().offer_media()
        except (ConnectionError, ValueError):
            self.failures += 1

    def frame_name(self) -> dict[str, int] | None:
        """The newest picture, as a browser names it."""
        if self.robot is None or not self.robot.video.frames:
            return None
        return {"media": self.media, "rtp_timestamp": self.robot.video.newest_timestamp}

    def rate(self) -> float | None:
        """Pictures a second since the last look; None while there was no conversation throughout."""
        before, now = self._counted, time.monotonic()
        talks = self.call.get("state") == "active" and self.robot is not None
        self._counted = (now, self.robot.video.frames) if talks and self.robot is not None else (0.0, 0)
        if not before[0] or not self._counted[0] or self._counted[1] < before[1]:
            return None
        return (self._counted[1] - before[1]) / (now - before[0])

    async def close(self) -> None:
        """Close page and media."""
        await self._firsts.close()
        await super().close()

    async def _present(self, robot: PacketRobot) -> None:
        await robot.flows.wait()
        if robot is self.robot:
            await self.report_frame()


class AgentRobot:
    """An agent who takes every call, talks for `length` seconds, and confirms."""

    def __init__(self, origin: str, robots: RobotSet, tally: Tally, length: float) -> None:
        self._origin, self._robots, self._tally, self._length = origin, robots, tally, length
        self._http = browser(origin)
        self._tasks = TaskSet("agent robot")
        self.page: LoadPage | None = None

    async def start(self, username: str, password: str) -> None:
        """Sign in and be ready; raises what the server refuses."""
        told = await console_session(self._origin, self._http, username, password)
        self.page = LoadPage(self._origin, self._http, "/console", "/api/console/ticket", told, self._robots)
        await self.page.open()
        self._tasks.spawn("work", self._work(self.page))

    async def close(self) -> None:
        """Leave the console."""
        await self._tasks.close()
        if self.page is not None:
            await self.page.close()
        await self._http.close()

    async def _work(self, page: LoadPage) -> None:
        while True:
            try:
                await self._serve(page)
            except _FAULTS as error:
                self._tally.fault("agent", error)
                await asyncio.sleep(1)

    async def _serve(self, page: LoadPage) -> None:
        """One call, from ready to ready."""
        await page.until(lambda view: bool(view.get("agent")))
        if not page.view["agent"]["ready"]:
            await page.press("agent.ready")
        await page.until(lambda view: bool(view.get("offer")) or not view["agent"]["ready"], seconds=86_400)
        offer = page.view.get("offer")
        if offer is None:
            return
        answer = await page.press("offer.accept", call=offer["call"], offer=offer["offer"])
        if answer["code"] != "ok":
            return
        await page.until_state("active", "ended", seconds=RING_S)
        call = page.call
        if call["state"] == "active":
            await asyncio.sleep(self._length)
            await self._decide(page, call["id"])
        if (page.view.get("agent") or {}).get("wrap_up_until") is not None:
            await page.press("wrapup.end")

    async def _decide(self, page: LoadPage, call: str) -> None:
        for check in ("data", "faces"):
            await page.press("check.set", call=call, check=check, ticked=True)
        began, code = time.monotonic(), ""
        while page.call.get("id") == call and page.call["state"] in {"active", "reconnecting"}:
            answer = await page.press("verdict", call=call, verdict="confirmed", reason=None, frame=page.frame_name())
            code = answer["code"]
            if code == "ok" or time.monotonic() - began > END_S:
                break
            await asyncio.sleep(TRY_AGAIN_S)
        if code != "ok":
            self._tally.faults[f"verdict: {code or 'the call was over'}"] += 1
            await page.press("call.end", call=call, reason="technical")
        await page.until(lambda view: (view.get("call") or {}).get("state") in {None, "ended"}, seconds=END_S)
        if code == "ok":
            self._tally.decided.append(time.monotonic() - began)


class CallerRobot:
    """Somebody who calls, again and again as somebody else."""

    def __init__(self, origin: str, token: str, robots: RobotSet, tally: Tally, length: float) -> None:
        self._origin, self._token, self._robots, self._tally = origin, token, robots, tally
        self._length = length
        self.page: LoadPage | None = None

    async def call(self, papers: Papers) -> None:
        """One verification, to the end of its call."""
        self._tally.started += 1
        try:
            opened = await open_verification(self._origin, self._token, papers)
            async with browser(self._origin) as http:
                told = await call_session(self._origin, http, opened["join_token"])
                page = self.page = LoadPage(self._origin, http, "/caller", "/api/call/ticket", told, self._robots)
                try:
                    await self._talk(page)
                finally:
                    self._tally.lost += page.robot.video.lost if page.robot else 0
                    self.page = None
                    await page.close()
        except _FAULTS as error:
            self._tally.fault("caller", error)
            await asyncio.sleep(1)

    async def _talk(self, page: LoadPage) -> None:
        await page.open()
        began = time.monotonic()
        answer = await page.press("call.ready", consent_version=page.told["consent"]["version"])
        if answer["code"] != "ok":
            self._tally.faults[f"call.ready: {answer['code']}"] += 1
            await asyncio.sleep(1)
            return
        await page.until_state("active", "ended", seconds=RING_S)
        if page.call["state"] == "active":
            self._tally.set_up.append(time.monotonic() - began)
            self._tally.active += 1
            try:
                await page.until_state("ended", seconds=self._length + END_S)
            finally:
                self._tally.active -= 1
        self._tally.outcomes[str(page.call["outcome"])] += 1


def quantile(values: list[float], share: float) -> float | None:
    """The value below which so much lies; None for none."""
    if len(values) < 2:
        return round(values[0], 3) if values else None
    return round(statistics.quantiles(values, n=100)[round(share * 100) - 1], 3)
