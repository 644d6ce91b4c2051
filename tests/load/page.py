"""One robot's page: keeps its socket and its media up as signaling/client does, and writes down what it sees.

What it is not: it decides nothing; whoever drives it presses. Its media is a sign of life (`lives.py`).
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from signaling import changes
from tests.load.api import Api, NotServedError, Visit
from tests.load.engine import EngineGoneError, EngineRefusedError, EngineSocket
from tests.load.lives import Lives
from tests.load.worker import LIFE
from vouch.clock import SystemClock
from vouch.ids import new_id
from vouch.tasks import TaskSet

View = dict[str, Any]
_IN_MEDIA = frozenset({"connecting", "active", "reconnecting", "deciding"})
_DIAL_AGAIN_S = (0.3, 0.6, 1.2, 2.0)
_OFFER_AGAIN_S = 5.0
_FORGOTTEN_S = 20.0
"""How long a connection through which nothing passes stays open at its page's end."""
_TICKET_PATHS = {"/caller": "/api/call/ticket", "/console": "/api/console/ticket"}
_ASK_AGAIN = frozenset({"no_answer_yet", "not_connected", "our_fault", "unknown_agent"})
"""Answers that say nothing of the press itself."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that a page saw."""

    at: int
    """Microseconds UTC."""
    what: str
    """`view`, `answer`, `connected`, `gone`, `refused`, `replaced`, `vanished`."""
    data: Any


@dataclass
class Media:
    """The page's newest peer connection."""

    number: int = 0
    token: str = ""
    offered_at: float = 0.0
    timestamp: int = field(default_factory=lambda: random.getrandbits(32))


class Page:
    """A page on one namespace, from `open` to `close`; between them it reconnects by itself, to any node."""

    def __init__(self, api: Api, lives: Lives, namespace: str, visit: Visit) -> None:
        self._api = api
        self._lives = lives
        self._namespace = namespace
        self._visit = visit
        self._clock = SystemClock()
        self._socket: EngineSocket | None = None
        self._tasks = TaskSet("page")
        self._changed = asyncio.Event()
        self._here = asyncio.Event()
        self._connected = asyncio.Event()
        self._offering = False
        self.media = Media()
        self.view: View = {}
        self.on_view: Callable[[Page], None] | None = None
        """Told of each view at once."""
        self.history: list[Seen] = []
        self.replaced = False
        self.origin = ""
        """The node that it is or was last connected to."""

    @property
    def call(self) -> View:
        """The call in its view; empty without one."""
        return self.view.get("call") or {}

    @property
    def whole(self) -> bool:
        """Whether its view is one of the present connection."""
        return bool(self.view.get("version"))

    @property
    def state(self) -> str:
        """The call's state; empty without a call."""
        return str(self.call.get("state", ""))

    def open(self) -> None:
        """Begin to connect, and stay connected."""
        self._here.set()
        self._tasks.spawn("run", self._run())

    async def close(self) -> None:
        """Close page and media as a browser does with its tab."""
        self._stop_media()
        if self._socket is not None:
            await self._socket.close()
        await self._tasks.close()

    def vanish(self, *, cut: bool) -> None:
        """Be gone, page and media, without a word; `cut`: the TCP connection is reset, else nothing passes any more."""
        self._see("vanished", cut)
        self._here.clear()
        self.view = self.view | {"version": 0}
        self._lives.stop(self.media.token)
        if self._socket is not None:
            (self._socket.cut if cut else self._socket.mute)()

    def come_back(self) -> None:
        """Be there again, as a page that was loaded anew: with a new socket and new media."""
        self.media = Media()
        self._here.set()

    async def press(self, event: str, seconds: float = 45, **fields: Any) -> dict[str, Any]:
        """Press until an answer says what became of it, under one request; code `unanswered` after `seconds`."""
        data = {"request": new_id(), **fields}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    answer = await self._ask(event, data)
                    if answer is not None and answer["code"] not in _ASK_AGAIN:
                        break
                    await asyncio.sleep(0.2)
        except TimeoutError:
            answer = {"code": "unanswered", "detail": ""}
        self._see("answer", (event, answer["code"], fields))
        return answer

    async def until(self, seen: Callable[["Page"], bool], seconds: float) -> bool:
        """Wait for something to be so; whether it became so in time."""
        try:
            async with asyncio.timeout(seconds):
                while not seen(self):
                    await self.changed(1.0)
        except TimeoutError:
            return False
        return True

    async def changed(self, seconds: float) -> None:
        """Wait for a view, or so long."""
        self._changed.clear()
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return

    def frame(self) -> dict[str, Any]:
        """The picture on its screen."""
        return {"media": self.media.number, "rtp_timestamp": self.media.timestamp}

    def _see(self, what: str, data: Any) -> None:
        self.history.append(Seen(self._clock.now(), what, data))
        self._changed.set()

    async def _ask(self, event: str, data: dict[str, Any]) -> dict[str, Any] | None:
        await self._connected.wait()
        if self._socket is None:
            return None
        try:
            return await self._socket.call(event, data)
        except (EngineGoneError, TimeoutError):
            return None

    # --- the socket -------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        tries = 0
        while not self.replaced:
            await self._here.wait()
            self.origin = self._api.any_origin()
            try:
                ticket = await self._api.ticket(self.origin, _TICKET_PATHS[self._namespace], self._visit)
                self._socket = await EngineSocket.connect(
                    self._api.http, self.origin, self._namespace, ticket, self._take
                )
            except (NotServedError, EngineGoneError, EngineRefusedError) as error:
                self._see("refused", str(error))
                await asyncio.sleep(_DIAL_AGAIN_S[min(tries, len(_DIAL_AGAIN_S) - 1)])
                tries += 1
                continue
            tries = 0
            await self._stay(self._socket)

    async def _stay(self, socket: EngineSocket) -> None:
        """One connection, until it ends."""
        self._see("connected", self.origin)
        self._connected.set()
        beat = self._tasks.spawn("beat", self._beat(socket))
        try:
            if not self._here.is_set():
                socket.mute()
            await socket.ended.wait()
        finally:
            self._connected.clear()
            self.view = self.view | {"version": 0}  # nothing can be added to it any more
            beat.cancel()
            self._see("gone", self.origin)
            # A muted connection stays open on the wire: the server must notice by itself.
            self._tasks.spawn("close", self._close_later(socket))

    async def _close_later(self, socket: EngineSocket) -> None:
        try:
            await asyncio.sleep(0 if self._here.is_set() else _FORGOTTEN_S)
        finally:
            await socket.close()

    async def _beat(self, socket: EngineSocket) -> None:
        while True:
            try:
                await socket.emit("beat", {"version": self.view.get("version", 0)})
                if self.media.number and self.state in _IN_MEDIA:
                    await self._present(socket)
            except EngineGoneError:
                return
            self._look_after_media()
            await asyncio.sleep(self.view.get("beat_s", 2))

    def _take(self, event: str, data: Any) -> None:
        match event:
            case "view":
                self.view = data
            case "changes":
                if data["since"] != self.view.get("version"):
                    self.view = self.view | {"version": 0}  # the next beat asks for the whole
                    return
                self.view = applied(self.view, data)
            case "replaced":
                self.replaced = True
                self._see("replaced", None)
                return
            case _:
                return
        self._see("view", (self.state, self.call.get("id"), self.call.get("outcome")))
        if self.on_view is not None:
            self.on_view(self)
        self._look_after_media()

    # --- media ------------------------------------------------------------------------------------------------------

    def _look_after_media(self) -> None:
        if self.state not in _IN_MEDIA:
            if self.state == "ended":
                self._stop_media()
            return
        now = asyncio.get_running_loop().time()
        stale = self.call.get("renegotiate") and now - self.media.offered_at > _OFFER_AGAIN_S
        if not self._offering and (self.call.get("media", 0) > self.media.number or not self.media.number or stale):
            self._offering = True
            self._tasks.spawn("offer", self._offer())

    def _stop_media(self) -> None:
        self._lives.stop(self.media.token)
        self.media = Media()

    async def _offer(self) -> None:
        try:
            token, began = new_id(), asyncio.get_running_loop().time()
            about = {"call": self.call.get("id")} if self._namespace == "/console" else {}
            offer = {"request": new_id(), "sdp": f"v=0\r\n{LIFE}{token}\r\n", **about}
            answer = await self._ask("media.offer", offer)
            if answer is None or answer["code"] != "ok":
                await asyncio.sleep(0.5)
                return
            self._lives.stop(self.media.token)
            self.media = Media(answer["media"], token, began)
            if self._here.is_set():
                self._lives.begin(token, int(answer["sdp"].partition(LIFE)[2]))
            if self._socket is not None:
                await self._present(self._socket)
        except EngineGoneError:
            return
        finally:
            self._offering = False

    async def _present(self, socket: EngineSocket) -> None:
        self.media.timestamp = (self.media.timestamp + 3000) % (1 << 32)
        about = {"call": self.call.get("id")} if self._namespace == "/console" else {}
        await socket.emit("media.presented", {"frame": self.frame(), **about})


def applied(view: View, message: dict[str, Any]) -> View:
    """The view after a `changes` message."""
    whole: View = changes.apply(view, message["changes"])
    return {**whole, "version": message["version"], "server_time": message["server_time"]}
