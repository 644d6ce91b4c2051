"""A synthetic media worker: speaks the workers' protocol by the real `media.server`, and forwards nothing.

An offer is any text; the answer tells the UDP port where the page's signs of life are taken. A robot page sends its
token there once a second instead of a stream: so a leg falls silent and is heard again as it would with media, and
`MediaFlowing`, `LegSilent` and `LegHeard` are told as the real worker tells them. The picture is always the same.

Run as `python -m tests.load.worker` it reads one line of JSON on standard input (`Told`), prints `{"listening": port}`
and ends when standard input ends.
"""

import asyncio
import base64
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, cast

import uvloop
from PIL import Image
from pydantic import BaseModel

from media import clock
from media.cuts import EVERY, Cuts
from media.errors import BadOffer, FrameTooOld, FrameUnknown
from media.events import CallSummary, KeptFrame, Leg, LegHeard, LegSilent, MediaFlowing
from media.exchange import REMEMBERED, Exchange
from media.leg import LOOK_AFTER, SILENT_AFTER, LegEvent
from media.server import WorkerServer
from media.worker import watch_parent
from tests.load.pictures import textured
from vouch import logs
from vouch.tasks import TaskSet

LIFE = "a=x-life:"
"""Line of an offer with the page's token, of an answer with the port for it."""
_TICK_S = 0.25


class Told(BaseModel):
    """What the worker is told at its start."""

    name: str
    secret: str
    host: str = "127.0.0.1"
    port: int = 0
    calls: int = 6_000
    """Calls that it bears at once."""
    picture: bytes = b""
    """JPEG in base64; empty: its own."""


@dataclass
class _Leg:
    media: int
    answer: str
    offer: str
    last: int
    silent: bool = False
    reports: int = 0
    flowed: bool = False
    left: bool = False


@dataclass
class _Open:
    legs: dict[Leg, _Leg] = field(default_factory=dict)


class SyntheticExchange:
    """Has the methods of `media.exchange.Exchange` that the server calls."""

    def __init__(self, told: Told, on_event: Callable[[LegEvent, int], None]) -> None:
        self._told = told
        self._on_event = on_event
        self._calls: dict[str, _Open] = {}
        self._tokens: dict[str, tuple[str, Leg, int]] = {}
        self._jpeg = base64.b64decode(told.picture) or textured()
        with Image.open(BytesIO(self._jpeg)) as picture:
            self._size = picture.size
        self._tasks = TaskSet("synthetic exchange")
        self._transport: asyncio.DatagramTransport | None = None
        self._port = 0
        self._cuts = Cuts(REMEMBERED)

    async def start(self) -> None:
        """Listen for signs of life."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Lives(self._lives), local_addr=(self._told.host, 0)
        )
        self._port = self._transport.get_extra_info("sockname")[1]
        self._tasks.spawn("tick", self._run())

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()
        if self._transport is not None:
            self._transport.close()

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Never: what it does costs next to nothing."""
        return False

    async def negotiate(self, call: str, leg: Leg, media: int, offer_sdp: str, *, record: bool = False) -> str:
        """As `Exchange.negotiate`: the same number with the same offer gives the same answer."""
        if not self._cuts.allow(call, leg, media):
            raise BadOffer
        opened = self._calls.setdefault(call, _Open())
        known = opened.legs.get(leg)
        if known is not None and (known.media, known.offer) == (media, offer_sdp):
            return known.answer
        if known is not None and media <= known.media:
            raise BadOffer
        answer = f"v=0\r\n{LIFE}{self._port}\r\n"
        opened.legs[leg] = _Leg(media, answer, offer_sdp, clock.now())
        token = offer_sdp.partition(LIFE)[2].strip()
        self._tokens = {t: at for t, at in self._tokens.items() if at[:2] != (call, leg)}
        self._tokens[token] = (call, leg, media)
        return answer

    async def frame(self, call: str, media: int, _rtp_timestamp: int, *, live: bool, ago: int = 0) -> KeptFrame:
        """The picture, under the name that was asked for."""
        agent = self._leg(call, "agent")
        if agent is None or agent.media != media:
            raise FrameUnknown
        return self._picture(call, _rtp_timestamp, live=live, exact=True)

    async def nearest_frame(self, call: str, *, live: bool, ago: int = 0) -> KeptFrame:
        """The picture."""
        return self._picture(call, 0, live=live, exact=False)

    async def agents_own(self, call: str, _at: int) -> KeptFrame:
        """The picture."""
        if self._leg(call, "agent") is None:
            raise FrameUnknown
        return self._picture(call, 0, live=False, exact=False)

    def look(self, call: str, leg: Leg) -> None:
        """Silence of 1 s counts now."""
        found = self._leg(call, leg)
        if found is not None:
            self._judge(call, leg, found, LOOK_AFTER)

    def cut(self, call: str, customer: int | None, agent: int | None) -> None:
        """Take no sign of life of these connections any more; the picture stays."""
        numbers = {"customer": EVERY if customer is None else customer, "agent": EVERY if agent is None else agent}
        self._cuts.add(call, cast("dict[Leg, int]", numbers), self._calls)
        for leg, number in numbers.items():
            found = self._leg(call, cast("Leg", leg))
            if found is not None and found.media <= number:
                found.left = True
                self._tokens = {token: at for token, at in self._tokens.items() if at[:2] != (call, leg)}

    def end_call(self, call: str) -> CallSummary:
        """Close the call for good."""
        self.cut(call, None, None)
        return self.close_call(call)

    def close_call(self, call: str) -> CallSummary:
        """Forget the call."""
        self._calls.pop(call, None)
        self._tokens = {token: at for token, at in self._tokens.items() if at[0] != call}
        return CallSummary(call, ())

    def _picture(self, call: str, rtp_timestamp: int, *, live: bool, exact: bool) -> KeptFrame:
        customer = self._leg(call, "customer")
        if customer is None or not customer.flowed:
            raise FrameUnknown
        if live and customer.silent:
            raise FrameTooOld
        now = clock.now() + clock.wall_offset()
        return KeptFrame(self._jpeg, *self._size, rtp_timestamp, exact, now)

    def _leg(self, call: str, leg: Leg) -> _Leg | None:
        opened = self._calls.get(call)
        return opened.legs.get(leg) if opened else None

    def _lives(self, token: str) -> None:
        """A sign of life: the first one is the begin of both streams."""
        call, leg, media = self._tokens.get(token, ("", "customer", 0))
        found = self._leg(call, leg)
        if found is None or found.media != media:
            return
        found.last = now = clock.now()
        if not found.flowed:
            found.flowed = True
            self._on_event(MediaFlowing(call, leg, media, "audio"), now)
            self._on_event(MediaFlowing(call, leg, media, "video"), now)
        elif found.silent:
            found.silent, found.reports = False, found.reports + 1
            self._on_event(LegHeard(call, leg, media, found.reports), now)

    def _judge(self, call: str, leg: Leg, found: _Leg, after: int) -> None:
        age = clock.now() - found.last
        if found.flowed and not found.silent and not found.left and age > after:
            found.silent, found.reports = True, found.reports + 1
            self._on_event(LegSilent(call, leg, found.media, found.reports, age), clock.now())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            for call, opened in self._calls.items():
                for leg, found in opened.legs.items():
                    self._judge(call, leg, found, SILENT_AFTER)


class _Lives(asyncio.DatagramProtocol):
    """The port for signs of life."""

    def __init__(self, on_life: Callable[[str], None]) -> None:
        self._on_life = on_life

    def datagram_received(self, data: bytes, _address: Any) -> None:
        for token in data.decode(errors="replace").split():
            self._on_life(token)


async def serve(told: Told) -> None:
    """Run until standard input ends."""
    ended = asyncio.Event()
    server = WorkerServer(told.name, told.secret, on_abandoned=ended.set, capacity=told.calls)
    exchange = SyntheticExchange(told, server.on_event)
    await exchange.start()
    port = await server.start(cast("Exchange", exchange), told.host, told.port)
    watch_parent(asyncio.get_running_loop(), ended)
    print(json.dumps({"listening": port}), flush=True)
    await ended.wait()
    await exchange.close()
    await server.close()


if __name__ == "__main__":
    logs.configure("WARNING")
    uvloop.run(serve(Told.model_validate_json(sys.stdin.buffer.readline())))
