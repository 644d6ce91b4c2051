"""A page without a browser: the wire of docs/protocol.md over Socket.IO, and real media by `media.robot`.

The demo's callers and the tests' dealers and agents are such pages; they do what signaling/client does in a browser.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import aiohttp
import socketio

from media.robot import ReceivedFrame, RobotPeer
from media.synthetic import Image
from signaling import changes
from signaling.present import BEAT_S
from vouch.accounts.sessions import CSRF_HEADER
from vouch.ids import new_id
from vouch.tasks import TaskSet

View = dict[str, Any]
_IN_MEDIA = frozenset({"connecting", "active", "reconnecting", "deciding"})
_ANSWER_S = 12
OFFER_AGAIN_S = 0.3


class Peer(Protocol):
    """A page's peer connection: `media.robot`, or one of less cost."""

    async def offer(self) -> str:
        """The session description to give to the media plane."""
        ...

    async def accept(self, answer_sdp: str) -> None:
        """Take the media plane's answer."""
        ...

    async def close(self) -> None:
        """Leave; safe to call twice."""
        ...


class RobotPage:
    """One page on one namespace; `http` must hold the cookie of its session.

    `told` is what its session's request answered; `video` makes the pictures of each new peer connection.
    """

    def __init__(
        self,
        origin: str,
        http: aiohttp.ClientSession,
        namespace: str,
        ticket_path: str,
        told: dict[str, Any],
        video: Callable[[], Iterator[Image | bytes]],
    ) -> None:
        self._origin = origin
        self._http = http
        self._namespace = namespace
        self._page = new_id()
        self._ticket_path = ticket_path
        self.told = told
        self._video = video
        # Its own handling of Ctrl-C would cancel every task of the process.
        self._socket = socketio.AsyncClient(reconnection=False, handle_sigint=False, http_session=http)
        self._socket.on("view", self._viewed, namespace=namespace)
        self._socket.on("changes", self._view_changed, namespace=namespace)
        self._socket.on("replaced", self._was_replaced, namespace=namespace)
        self._changed = asyncio.Condition()
        self._quicker = asyncio.Event()
        self._tasks = TaskSet("robot page")
        self._offering = False
        self.view: View = {}
        self.replaced = False
        self._peers: set[Peer] = set()
        self.peer: Peer | None = None
        self.media = 0
        """Media number of its peer connection."""
        self.last_frame: ReceivedFrame | None = None
        """The last picture of the other side that it presented."""

    @property
    def call(self) -> View:
        """The call in its view; empty without one."""
        return self.view.get("call") or {}

    async def open(self) -> None:
        """Connect the socket with a fresh ticket, and begin to send beats."""
        async with self._http.post(
            self._origin + self._ticket_path, headers={CSRF_HEADER: self.told["csrf"]}
        ) as answer:
            answer.raise_for_status()
            ticket = (await answer.json())["ticket"]
        await self._socket.connect(
            self._origin,
            namespaces=[self._namespace],
            auth={"ticket": ticket, "page": self._page},
            transports=["websocket"],
            wait_timeout=_ANSWER_S,
        )
        self._tasks.spawn("beat", self._beat())

    async def close(self) -> None:
        """Close page and media as a browser does when its tab is closed."""
        await self._tasks.close()
        await self._socket.disconnect()
        self.peer = None
        for peer in list(self._peers):
            await self._close_peer(peer)

    async def press(self, event: str, **fields: Any) -> dict[str, Any]:
        """Send a press under a new request and give its answer."""
        return await self.send(event, request=new_id(), **fields)

    async def send(self, event: str, **fields: Any) -> dict[str, Any]:
        """Send a message as it is and give its answer."""
        answer = await self._socket.call(event, fields, namespace=self._namespace, timeout=_ANSWER_S)
        return dict(answer)

    async def until(self, seen: Callable[[View], bool], seconds: float = 20) -> View:
        """Wait for a view of which `seen` is true; TimeoutError names the state that it was left in."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: seen(self.view))
        except TimeoutError:
            raise TimeoutError(f"{self._namespace} was left with {self.view}") from None
        return self.view

    async def until_state(self, *states: str, seconds: float = 20) -> View:
        """Wait until the call is in one of these states."""
        await self.until(lambda view: bool(view.get("call")) and view["call"]["state"] in states, seconds)
        return self.call

    async def until_replaced(self, seconds: float = 20) -> None:
        """Wait until a newer page has taken over."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.replaced)

    def frame_name(self) -> dict[str, Any] | None:
        """The picture on its screen, as a browser names it."""
        if self.last_frame is None:
            return None
        return {"media": self.media, "rtp_timestamp": self.last_frame.rtp_timestamp}

    def make_peer(self) -> Peer:
        """A new peer connection, not yet offered; who makes another kind also says what it presents."""
        return RobotPeer(self._video(), on_frame=self._presented)

    async def offer_media(self) -> None:
        """Make a new peer connection for its leg; the older one is closed when the new one stands."""
        try:
            peer = self.make_peer()
            self._peers.add(peer)
            offer = await peer.offer()
            answer = await self.press("media.offer", sdp=offer, **self._about_call())
            if answer["code"] != "ok":
                await self._close_peer(peer)
                self._tasks.spawn("offer again", self._offer_again(max(OFFER_AGAIN_S, answer["wait_s"])))
                return
            older, self.peer, self.media, self.last_frame = self.peer, peer, answer["media"], None
            await peer.accept(answer["sdp"])
            if older is not None:
                await self._close_peer(older)
        finally:
            self._offering = False
        # Views that came meanwhile may ask for the next one already.
        self._offer_if_needed()

    async def _offer_again(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self._offer_if_needed()

    def _offer_if_needed(self) -> None:
        if not self._offering and self.call.get("state") in _IN_MEDIA and self._needs_media():
            self._offering = True
            self._tasks.spawn("offer", self.offer_media())

    def _about_call(self) -> dict[str, Any]:
        return {"call": self.call["id"]} if self._namespace == "/console" else {}

    async def _view_changed(self, news: View) -> None:
        if news["since"] != self.view.get("version"):
            await self._socket.emit("beat", {"version": 0}, namespace=self._namespace)
            return
        stamp = {"version": news["version"], "server_time": news["server_time"]}
        await self._viewed(changes.apply(self.view, news["changes"]) | stamp)

    async def _viewed(self, view: View) -> None:
        if view["beat_s"] < self.view.get("beat_s", BEAT_S):
            self._quicker.set()
        async with self._changed:
            self.view = view
            self._changed.notify_all()
        self._offer_if_needed()
        if self.call.get("state") == "ended" and self.peer is not None:
            peer, self.peer, self.media = self.peer, None, 0
            self._tasks.spawn("close", self._close_peer(peer))

    async def _close_peer(self, peer: Peer) -> None:
        await peer.close()
        self._peers.discard(peer)

    def _needs_media(self) -> bool:
        return self.peer is None or self.call["media"] > self.media

    async def _was_replaced(self, _data: Any) -> None:
        async with self._changed:
            self.replaced = True
            self._changed.notify_all()

    def _presented(self, frame: ReceivedFrame) -> None:
        first = self.last_frame is None
        self.last_frame = frame
        if first:
            self._tasks.spawn("presented", self.report_frame())

    async def report_frame(self) -> None:
        """Tell which picture stands on the screen."""
        await self._socket.emit(
            "media.presented", {"frame": self.frame_name(), **self._about_call()}, namespace=self._namespace
        )

    async def _beat(self) -> None:
        while self._socket.connected:
            await self._socket.emit("beat", {"version": self.view.get("version", 0)}, namespace=self._namespace)
            self._quicker.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self.view.get("beat_s", BEAT_S)):
                    await self._quicker.wait()
