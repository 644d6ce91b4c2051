"""Robot agents and callers: whole calls without media, with the behaviours of real people, drawn from a seed.

What they saw stands in their pages' `history`; what they pressed and were answered in `verdicts` and `ready`.
"""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from tests.load.api import Api, NotServedError, Visit
from tests.load.lives import Lives
from tests.load.page import Page, Seen
from tests.load.pictures import tiny_papers
from vouch.tasks import TaskSet

_REASONS = {"rejected": "face_differs", "unable_to_verify": "picture_poor"}


@dataclass(frozen=True)
class AgentHabits:
    """How often an agent does what; the rest of the offers he accepts, the rest of the calls he confirms."""

    decline: float = 0.08
    ring_out: float = 0.04
    vanish: float = 0.03
    """In a call: gone for a while, and back."""
    reject: float = 0.15
    unable: float = 0.1
    end: float = 0.05
    """Ends the call without a verdict."""
    talk_s: tuple[float, float] = (0.5, 3.0)
    away_s: tuple[float, float] = (2.0, 25.0)


@dataclass(frozen=True)
class CallerHabits:
    """How often a caller does what; the rest wait for the end."""

    hang_up: float = 0.08
    vanish: float = 0.12
    """For less than 15 s."""
    vanish_for_good: float = 0.05
    phases: tuple[str, ...] = ("waiting", "ringing", "connecting", "active", "active", "deciding")
    """In which state one of these begins, drawn."""
    away_s: tuple[float, float] = (1.0, 12.0)
    longest_s: float = 150.0
    """After this a caller without an end gives up; then something is wrong."""


STEADY = (
    AgentHabits(decline=0, ring_out=0, vanish=0, reject=0, unable=0, end=0, talk_s=(0, 0)),
    CallerHabits(hang_up=0, vanish=0, vanish_for_good=0),
)
"""Habits of those who only call, accept and confirm."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict, or the end, that an agent pressed; and the answer that he got."""

    call: str
    verdict: str
    code: str


class AgentRobot:
    """One agent at his console."""

    def __init__(self, api: Api, lives: Lives, visit: Visit, habits: AgentHabits, seed: str) -> None:
        self.page = Page(api, lives, "/console", visit)
        self.account: str = visit.told["id"]
        self.company: str = visit.told["company"]
        self.verdicts: list[Verdict] = []
        self.on_duty = True
        """Presses ready whenever he is not."""
        self.accepted: list[str] = []
        """Calls of which an accept was answered `ok`."""
        self.had_one_more = False
        """After `one_more`: he has accepted a call."""
        self._one_more = False
        self._habits = habits
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, and nothing hangs on it
        self._met: set[tuple[str, Any]] = set()
        self._tasks = TaskSet("agent robot")

    def start(self) -> None:
        """Go to work."""
        self.page.open()
        self._tasks.spawn("work", self._work())

    def one_more(self) -> None:
        """From now on accept and confirm; one call, then a break."""
        self._habits = STEADY[0]
        self._one_more = True

    async def close(self) -> None:
        """Close the console."""
        await self._tasks.close()
        await self.page.close()

    async def _work(self) -> None:
        while True:
            await self._act()
            await self.page.changed(1.0)

    async def _act(self) -> None:
        """Whatever the view asks for now."""
        view = self.page.view
        offer, call, self_ = view.get("offer"), view.get("call"), view.get("agent")
        if self_ is None:
            return
        if offer is not None:
            await self._offered(offer)
        elif call is not None and call["state"] == "active":
            await self._talk(call["id"])
        elif call is not None and call["state"] == "ended" and self_["wrap_up_until"] is not None:
            await self._wrap_up(call)
        elif self.on_duty and not self_["ready"] and (call is None or call["state"] == "ended"):
            await self.page.press("agent.ready")

    async def _offered(self, offer: dict[str, Any]) -> None:
        about = (offer["call"], offer["offer"])
        if about in self._met:
            return
        self._met.add(about)
        await asyncio.sleep(self._chance.uniform(0, 0.3) if self._habits.decline else 0)
        drawn, named = self._chance.random(), {"call": offer["call"], "offer": offer["offer"]}
        if drawn < self._habits.ring_out:
            return
        if drawn < self._habits.ring_out + self._habits.decline:
            await self.page.press("offer.decline", reason="technical", **named)
            return
        answer = await self.page.press("offer.accept", **named)
        if answer["code"] == "ok":
            self.accepted.append(offer["call"])
            if self._one_more:
                self.on_duty, self.had_one_more = False, True
                await self.page.press("agent.pause", reason="break")

    async def _talk(self, call: str) -> None:
        if (call, "talk") not in self._met:
            self._met.add((call, "talk"))
            await asyncio.sleep(self._chance.uniform(*self._habits.talk_s))
            if self._chance.random() < self._habits.vanish:
                await self._go_away()
                return
        if not self._talks(call):
            return
        for check in ("data", "faces", *self.page.call.get("shut_gates", ())):
            if check in {"data", "faces", "recheck"} and check not in self.page.call.get("checks", ()):
                await self.page.press("check.set", call=call, check=check, ticked=True)
        if self._talks(call):
            await self._decide(call)

    def _talks(self, call: str) -> bool:
        return self.page.call.get("id") == call and self.page.state == "active"

    async def _decide(self, call: str) -> None:
        weights = (self._habits.reject, self._habits.unable, self._habits.end)
        verdict = self._chance.choices(
            ("rejected", "unable_to_verify", "end", "confirmed"), (*weights, 1 - sum(weights))
        )[0]
        if verdict == "end":
            answer = await self.page.press("call.end", call=call, reason="technical")
        else:
            fields = {"verdict": verdict, "reason": _REASONS.get(verdict), "frame": self.page.frame()}
            answer = await self.page.press("verdict", call=call, **fields)
        self.verdicts.append(Verdict(call, verdict, answer["code"]))
        if answer["code"] != "ok":
            await asyncio.sleep(0.3)

    async def _wrap_up(self, call: dict[str, Any]) -> None:
        if (call["id"], "wrap-up") in self._met:
            return
        self._met.add((call["id"], "wrap-up"))
        if call["late_verdict"] and self._chance.random() < self._habits.unable:
            answer = await self.page.press(
                "verdict", call=call["id"], verdict="unable_to_verify", reason="picture_poor"
            )
            self.verdicts.append(Verdict(call["id"], "unable_to_verify", answer["code"]))
        await self.page.press("wrapup.end")

    async def _go_away(self) -> None:
        self.page.vanish(cut=self._chance.random() < 0.5)
        await asyncio.sleep(self._chance.uniform(*self._habits.away_s))
        self.page.come_back()


@dataclass
class CallerStory:
    """What a caller's robot lived through; microseconds UTC are in the page's history."""

    company: str
    behaviour: str = "stay"
    verification: str = ""
    call: str = ""
    """Named by the answer to `call.ready`."""
    ready: str = ""
    """The code of that answer."""
    outcome: str = ""
    """As the page showed it at the end."""
    gone: bool = False
    """He left for good, without waiting for the end."""
    trouble: str = ""
    """What kept him from calling at all."""
    states: list[str] = field(default_factory=list)
    trail: list[Seen] = field(default_factory=list)
    """The last things that his page saw."""


class CallerRobot:
    """One caller, from the request of the integration API to the end of his call."""

    def __init__(self, api: Api, lives: Lives, company: str, token: str, habits: CallerHabits, seed: str) -> None:
        self.story = CallerStory(company)
        self.page: Page | None = None
        self._api = api
        self._lives = lives
        self._token = token
        self._habits = habits
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, and nothing hangs on it
        self._reference = f"load-{seed}"

    async def run(self) -> CallerStory:
        """Call once; gives the story, whatever it was."""
        try:
            opened = await self._api.open_verification(self._token, tiny_papers(self._reference))
            visit = await self._api.join(self._token, opened)
        except NotServedError as refused:
            self.story.trouble = str(refused)
            return self.story
        self.story.verification = opened["id"]
        self.page = page = Page(self._api, self._lives, "/caller", visit)
        page.open()
        try:
            answer = await page.press(
                "call.ready", self._habits.longest_s, consent_version=visit.told["consent"]["version"]
            )
            self.story.ready, self.story.call = answer["code"], answer["detail"]
            if answer["code"] == "ok":
                await self._behave(page)
        finally:
            self.story.states = _states(page)
            self.story.trail = page.history[-8:]
            await page.close()
        return self.story

    async def _behave(self, page: Page) -> None:
        habits = self._habits
        weights = (habits.hang_up, habits.vanish, habits.vanish_for_good)
        self.story.behaviour = self._chance.choices(
            ("hang_up", "vanish", "vanish_for_good", "stay"), (*weights, 1 - sum(weights))
        )[0]
        loop = asyncio.get_running_loop()
        give_up = loop.time() + habits.longest_s
        if self.story.behaviour != "stay":
            phase = self._chance.choice(habits.phases)
            await page.until(lambda it: it.state == phase or _is_over(it), habits.longest_s)
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            if page.state != "ended":
                await self._misbehave(page)
        if not self.story.gone and await page.until(_is_over, max(5.0, give_up - loop.time())):
            self.story.outcome = page.call.get("outcome") or ""

    async def _misbehave(self, page: Page) -> None:
        match self.story.behaviour:
            case "hang_up":
                await page.press("call.hangup")
            case "vanish":
                page.vanish(cut=self._chance.random() < 0.5)
                await asyncio.sleep(self._chance.uniform(*self._habits.away_s))
                page.come_back()
            case "vanish_for_good":
                page.vanish(cut=self._chance.random() < 0.5)
                self.story.gone = True


def _is_over(page: Page) -> bool:
    """Whether the page shows an end, or no call any more, which is none."""
    return page.state == "ended" or (page.whole and not page.call and bool(_states(page)))


def _states(page: Page) -> list[str]:
    """The states that the page showed, each once in a row."""
    shown = [seen.data[0] for seen in page.history if seen.what == "view" and seen.data[0]]
    return [state for before, state in zip(["", *shown], shown, strict=False) if before != state]
