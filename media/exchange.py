"""The calls of one worker: peers' connections joined to `media.call`, and the answers to the node's requests.

What it is not: it knows nothing of the wire to the node (`media.server`).
"""

import asyncio
import gc
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from media import clock
from media.call import CallEvent, CallMedia, NamedPicture, Output
from media.cuts import EVERY, Cuts
from media.errors import BadOffer, FrameUnknown, Overloaded
from media.events import CallSummary, KeptFrame, Leg, RecordedPiece
from media.evidence import Keeping
from media.leg import LegMedia, LegParameters, Numbering
from media.load import OVERFULL, Load
from media.peer import Link, LinkMaker, PacketHandler
from media.picture import to_jpeg, warm_up
from media.settings import IceServer
from media.worker_settings import UdpSettings
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

TICK_S = 0.05
"""Between two looks at what is due in every call: seconds."""
MOST_PICTURES = 8
"""Pictures that may wait for decoding at once."""
IDLE = 300_000_000
"""A call without a packet for this long was forgotten by its node and is closed: microseconds."""
CLOSING_S = 1.0
"""What telling all peers goodbye may take: seconds."""
COLLECT_EVERY = 64
"""Closed connections between two collections, each of which stops the worker for some ten milliseconds."""
REMEMBERED = 1_000
"""Closed calls whose summary is kept, for a request that is repeated."""


@dataclass
class _Open:
    """One call with its sockets."""

    media: CallMedia
    opened_at: int
    links: dict[LegMedia, Link] = field(default_factory=dict)
    answers: dict[Leg, tuple[int, str, str]] = field(default_factory=dict)
    """Of each leg: media number, offer, answer."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while an offer is answered: one at a time in each call."""
    negotiating: int = 0
    """Offers that are being answered or wait for it."""
    cut_at: int = 0
    """When a leg was cut last."""

    def heard_at(self) -> int:
        """The last valid packet of any leg, or the last cut, else the opening."""
        return max([self.opened_at, self.cut_at, *(leg.last_valid or 0 for leg in self.links)])


class Exchange:
    """All calls of this process. `on_event` is told what happens in them and when, on the worker's clock."""

    def __init__(
        self,
        *,
        make_link: LinkMaker,
        udp: UdpSettings,
        ice_servers: tuple[IceServer, ...],
        longest_calls: int,
        evidence: bool = True,
        on_event: Callable[[CallEvent, int], None],
        has_room: Callable[[], bool] = lambda: True,
    ) -> None:
        self._make_link = make_link
        self._udp = udp
        self._ice_servers = ice_servers
        self._longest_calls = longest_calls
        self._evidence = evidence
        self._on_event = on_event
        self._has_room = has_room
        self._load = Load()
        self._calls: dict[str, _Open] = {}
        self._closed: OrderedDict[str, CallSummary] = OrderedDict()
        self._cuts = Cuts(REMEMBERED)
        self._tasks = TaskSet("exchange")
        self._closing: set[asyncio.Task[None]] = set()
        self._links_closed = 0
        # One at a time: the worker has one core, and two pictures at once would both be late.
        self._decoder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="decoder")
        self._decoding = 0

    def start(self) -> None:
        """Begin to look after the calls."""
        self._decoder.submit(warm_up)
        self._tasks.spawn("tick", self._run())

    async def close(self) -> None:
        """Close every call, telling the peers so where that is quick."""
        for call in list(self._calls):
            self.close_call(call)
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSING_S)
        await self._tasks.close()
        self._decoder.shutdown(wait=False, cancel_futures=True)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether no further call should be given: as many as allowed, as much to do as there is time for, no room."""
        calls = len(self._calls)
        return calls >= self._longest_calls or self._load.is_full(calls) or not self._has_room()

    async def negotiate(self, call: str, leg: Leg, media: int, offer_sdp: str, *, record: bool) -> str:
        """See `MediaPlane.negotiate`; raises BadOffer and Overloaded."""
        self._require_present(call, leg, media)
        opened = self._calls.get(call)
        if opened is None:
            self._admit(is_new=media == 1)
            opened = self._calls[call] = self._open(call, record=record)
        opened.negotiating += 1
        try:
            async with opened.lock:
                return await self._answer(opened, leg, media, offer_sdp)
        finally:
            opened.negotiating -= 1
            if opened.media.is_unused and not opened.negotiating and self._calls.get(call) is opened:
                del self._calls[call]

    async def frame(self, call: str, media: int, rtp_timestamp: int, *, live: bool, ago: int = 0) -> KeptFrame:
        """See `MediaPlane.frame`; raises FrameTooOld, FrameUnknown and Overloaded."""
        media_of = self._media(call)
        return await self._keep(media_of.frame(media, rtp_timestamp, live=live, now=clock.now() - ago))

    async def nearest_frame(self, call: str, *, live: bool, ago: int = 0) -> KeptFrame:
        """See `MediaPlane.nearest_frame`; raises FrameTooOld, FrameUnknown and Overloaded."""
        return await self._keep(self._media(call).nearest_frame(live=live, now=clock.now() - ago))

    async def agents_own(self, call: str, at: int) -> KeptFrame:
        """See `MediaPlane.agents_own`; raises FrameUnknown and Overloaded."""
        return await self._keep(self._media(call).agents_own(at - clock.wall_offset()))

    def kept(self, piece: RecordedPiece) -> None:
        """A piece of a recording is on disk; one of a closed call no longer matters here."""
        opened = self._calls.get(piece.call)
        if opened is not None:
            opened.media.kept(piece, clock.now())
            self._tell(opened)

    def look(self, call: str, leg: Leg) -> None:
        """Look at once whether a leg is silent; an unknown call is no error, it has none."""
        opened = self._calls.get(call)
        if opened is not None:
            opened.media.look(leg, clock.now())
            self._tell(opened)

    def cut(self, call: str, customer: int | None, agent: int | None) -> None:
        """See `MediaPlane.cut`; holds for what is answered later too, also of a call that is not known (yet)."""
        numbers: dict[Leg, int] = {
            "customer": EVERY if customer is None else customer,
            "agent": EVERY if agent is None else agent,
        }
        self._cuts.add(call, numbers, self._calls)
        opened = self._calls.get(call)
        if opened is None:
            return
        for leg, number in numbers.items():
            present = opened.media.leg(leg)
            if present is not None and present.media <= number:
                self._cut_leg(opened, present)

    def end_call(self, call: str) -> CallSummary:
        """The call is over for good: close it, and answer no offer of it any more."""
        self.cut(call, None, None)
        return self.close_call(call)

    def close_call(self, call: str) -> CallSummary:
        """Close the call's connections and forget its frames; the summary is remembered."""
        opened = self._calls.pop(call, None)
        if opened is None:
            return self._closed.get(call, CallSummary(call, ()))
        try:
            opened.media.end(clock.now())
            self._tell(opened)
        except Exception:
            # The connections are closed all the same.
            log.exception("the end of a call's recording was not told", call=call)
        summary = self._closed[call] = opened.media.summary(clock.wall_offset())
        self._closed.move_to_end(call)
        if len(self._closed) > REMEMBERED:
            self._closed.popitem(last=False)
        for link in opened.links.values():
            self._close_link(link)
        opened.links.clear()
        return summary

    def _cut_leg(self, opened: _Open, leg: LegMedia) -> None:
        opened.cut_at = clock.now()
        link = opened.links.pop(leg, None)
        if link is not None:
            self._close_link(link)
        try:
            opened.media.cut(leg.leg, opened.cut_at)
        except Exception:
            # Nothing goes or comes any more all the same.
            log.exception("the end of a leg's recording was not told", call=opened.media.call)
        self._tell(opened)

    def _require_present(self, call: str, leg: Leg, media: int) -> None:
        """Raise BadOffer where whoever made the offer has left the call since."""
        if not self._cuts.allow(call, leg, media):
            raise BadOffer("the leg was cut meanwhile")

    def _admit(self, *, is_new: bool) -> None:
        """Raise Overloaded where a call is one too many; load turns none away that ran elsewhere until now."""
        calls = len(self._calls)
        if calls >= self._longest_calls or (is_new and (self._load.is_full(calls, OVERFULL) or not self._has_room())):
            raise Overloaded

    def _open(self, call: str, *, record: bool) -> _Open:
        self._load.expect(clock.now())
        keeping = Keeping(secrets.token_hex(8), clock.wall_offset(), self._evidence, self._evidence and record)
        return _Open(CallMedia(call, keeping), clock.now())

    async def _answer(self, opened: _Open, leg: Leg, media: int, offer_sdp: str) -> str:
        known = opened.answers.get(leg)
        if known is not None and known[:2] == (media, offer_sdp):
            return known[2]
        if known is not None and media <= known[0]:
            raise BadOffer("the media number is not new")
        answer_sdp = await self._connect(opened, leg, media, offer_sdp)
        opened.answers[leg] = (media, offer_sdp, answer_sdp)
        return answer_sdp

    async def _connect(self, opened: _Open, leg: Leg, media: int, offer_sdp: str) -> str:
        link = self._make_link(self._udp, self._ice_servers)
        try:
            answer_sdp, parameters = await link.answer(offer_sdp)
            if self._calls.get(opened.media.call) is not opened:
                raise BadOffer("the call was closed meanwhile")
            self._require_present(opened.media.call, leg, media)
        except BaseException:
            self._close_link(link)
            raise
        self._join(opened, _leg_media(opened.media.call, leg, media, parameters), link)
        return answer_sdp

    def _join(self, opened: _Open, leg: LegMedia, link: Link) -> None:
        older = opened.media.leg(leg.leg)
        if older is not None:
            self._close_link(opened.links.pop(older))
        opened.links[leg] = link
        opened.media.join(leg, clock.now())
        self._tell(opened)

        link.receive(
            self._taker(opened, leg, opened.media.rtp),
            self._taker(opened, leg, opened.media.rtcp),
            partial(self._connected, opened, leg),
        )

    def _taker(self, opened: _Open, leg: LegMedia, take: Callable[[LegMedia, bytes, int], Output]) -> PacketHandler:
        """What takes the packets of a leg, one by one."""

        def on_packet(data: bytes) -> None:
            try:
                self._send(opened, take(leg, data, clock.now()))
            except Exception as fault:  # noqa: BLE001 - a fault of ours in one call must not stop the others
                self._give_up(opened, fault)

        return on_packet

    def _connected(self, opened: _Open, leg: LegMedia) -> None:
        try:
            self._send(opened, opened.media.connected(leg, clock.now()))
        except Exception as fault:  # noqa: BLE001 - as there
            self._give_up(opened, fault)

    def _close_link(self, link: Link) -> None:
        closing = self._tasks.spawn("close link", link.close())
        self._closing.add(closing)
        closing.add_done_callback(self._link_closed)

    def _link_closed(self, closing: asyncio.Task[None]) -> None:
        self._closing.discard(closing)
        self._links_closed += 1
        if self._links_closed % COLLECT_EVERY == 0:
            # The library's connections are cycles, and the collector was told to come rarely: `vouch.collector`.
            gc.collect()

    def _send(self, opened: _Open, output: Output) -> None:
        if opened.media.has_events:
            self._tell(opened)
        for leg, data in output:
            link = opened.links.get(leg)
            if link is not None:
                link.send(data)

    def _give_up(self, opened: _Open, fault: Exception) -> None:
        log.error("call closed because of a fault", call=opened.media.call, exc_info=fault)
        self.close_call(opened.media.call)

    def _tell(self, opened: _Open) -> None:
        for event in opened.media.take_events():
            self._on_event(event, clock.now())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._load.measure(clock.now(), time.process_time_ns() // 1_000)
            for opened in list(self._calls.values()):
                try:
                    self._tick(opened)
                except Exception as fault:  # noqa: BLE001 - as there
                    self._give_up(opened, fault)

    def _tick(self, opened: _Open) -> None:
        now = clock.now()
        self._send(opened, opened.media.tick(now))
        if now - opened.heard_at() > IDLE and not opened.negotiating:
            log.warning("call closed because nothing was heard of it", call=opened.media.call)
            self.close_call(opened.media.call)

    def _media(self, call: str) -> CallMedia:
        opened = self._calls.get(call)
        if opened is None:
            raise FrameUnknown
        return opened.media

    async def _keep(self, named: NamedPicture) -> KeptFrame:
        if self._decoding >= MOST_PICTURES:
            raise Overloaded
        offset = clock.wall_offset()
        self._decoding += 1
        try:
            jpeg = await asyncio.get_running_loop().run_in_executor(self._decoder, to_jpeg, named.picture)
        finally:
            self._decoding -= 1
        if jpeg is None:
            raise FrameUnknown
        return KeptFrame(
            jpeg=jpeg.data,
            width=jpeg.width,
            height=jpeg.height,
            rtp_timestamp=named.rtp_timestamp,
            exact=named.exact,
            arrived_at=named.picture.arrived + offset,
        )


def _leg_media(call: str, leg: Leg, media: int, parameters: LegParameters) -> LegMedia:
    return LegMedia(call, leg, media, parameters, Numbering(secrets.randbelow(1 << 15), secrets.randbits(32)))
