"""Robot callers of the demo: each opens a verification, calls, shows a moving face, and calls again as somebody else.

They run in a process of their own, so that making their video takes nothing from Vouch's event loop. Run as
`python -m signaling.demo.callers` it reads `Callers` as a line of JSON from standard input and ends with its end.
"""

import asyncio
import itertools
import signal
import ssl
import sys
from pathlib import Path

import aiohttp
from pydantic import BaseModel, ConfigDict

from signaling.demo import cards
from signaling.demo.faces import moving_face
from signaling.demo.people import person
from signaling.demo.robots import Papers, browser, caller_page, join_again, open_verification
from vouch.ids import new_id
from vouch.logs import configure, logger
from vouch.tasks import TaskSet

log = logger(__name__)

_DECIDED = frozenset({"confirmed", "rejected"})
_MOST_ATTEMPTS = 3
_PAUSE_S = 8.0
_LONGEST_S = 3600.0


class Callers(BaseModel):
    """What they are told."""

    model_config = ConfigDict(frozen=True)

    origin: str
    tokens: dict[str, str]
    """Company tokens; the callers take turns among the companies."""
    count: int
    certificate: Path | None = None
    """A certificate of Vouch's own making to be trusted (PEM)."""


async def run(callers: Callers) -> None:
    """Call until cancelled."""
    tasks = TaskSet("callers")
    try:
        companies = itertools.cycle(callers.tokens.values())
        for number, token in zip(range(callers.count), companies, strict=False):
            tasks.spawn(f"caller {number}", _keep_calling(callers, token, number))
        await asyncio.Event().wait()
    finally:
        await tasks.close()


async def _keep_calling(callers: Callers, token: str, number: int) -> None:
    for turn in itertools.count():
        try:
            await _verify(callers, token, number + turn * callers.count)
        except (aiohttp.ClientError, OSError, RuntimeError, TimeoutError) as error:
            log.warning("a robot caller did not get through", caller=number, error=str(error)[:200])
        await asyncio.sleep(_PAUSE_S)


async def _verify(callers: Callers, token: str, number: int) -> None:
    """One person's verification: called for until it is decided, three times at most, as real people do."""
    trust = ssl.create_default_context(cafile=callers.certificate) if callers.certificate else None
    someone = person(number)
    pictures = await asyncio.to_thread(cards.pictures, someone)
    papers = Papers(someone.data(f"demo-{new_id()[-8:]}"), pictures)
    opened = await open_verification(callers.origin, token, papers, trust)
    for attempt in range(_MOST_ATTEMPTS):
        if attempt:
            await asyncio.sleep(_PAUSE_S)
            opened = await join_again(callers.origin, token, opened["id"], trust)
        if await _call(callers.origin, opened["join_token"], trust) in _DECIDED:
            return


async def _call(origin: str, join_token: str, trust: ssl.SSLContext | None) -> str:
    """One call; gives its outcome."""
    async with browser(origin, trust) as http:
        page = await caller_page(origin, http, join_token, moving_face)
        try:
            await page.open()
            answer = await page.press("call.ready", consent_version=page.told["consent"]["version"])
            if answer["code"] != "ok":
                raise RuntimeError(f"refused: {answer['code']}")
            ended = await page.until_state("ended", seconds=_LONGEST_S)
            return str(ended["outcome"])
        finally:
            await page.close()


async def _until_parent_ends() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    callers = Callers.model_validate_json(await reader.readline())
    tasks = TaskSet("callers' process")
    tasks.spawn("run", run(callers))
    await reader.read()
    await tasks.close()


if __name__ == "__main__":
    # Ctrl-C reaches the whole group; the parent decides when we end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    configure("WARNING")
    asyncio.run(_until_parent_ends())
