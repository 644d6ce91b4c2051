"""The media plane as the node sees it: starts the workers, dials them, asks them, and passes their events on.

What it is not: it forwards no packet itself; that is `media.worker`, a process of its own. Its counterpart on the
wire is `media.protocol`.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable

from media import protocol
from media.errors import BadOffer, FrameTooOld, FrameUnknown, MediaRefused, Overloaded, WorkerGone
from media.events import (
    CallSummary,
    KeptFrame,
    Kind,
    Leg,
    LegHeard,
    LegSilent,
    LegSummary,
    MediaEvent,
    MediaFlowing,
    WorkerLost,
    WorkerState,
    WorkerUp,
)
from media.link import WorkerLink
from media.settings import IceServer, MediaSettings
from media.supervisor import WorkerSupervisor
from media.worker_settings import UdpSettings, WorkerSettings

__all__ = [
    "BadOffer",
    "CallSummary",
    "FrameTooOld",
    "FrameUnknown",
    "IceServer",
    "KeptFrame",
    "Kind",
    "Leg",
    "LegHeard",
    "LegSilent",
    "LegSummary",
    "MediaEvent",
    "MediaFlowing",
    "MediaPlane",
    "MediaRefused",
    "MediaSettings",
    "Overloaded",
    "WorkerGone",
    "WorkerLost",
    "WorkerState",
    "WorkerUp",
]


NEGOTIATION = 8_000_000
"""What an answer may take: microseconds; asking a STUN server takes five seconds at most."""
PICTURE = 4_000_000
"""What a picture may take: microseconds, less than the five seconds in which evidence must be stored."""
SHORT = 2_000_000
"""What any other request may take: microseconds."""


class MediaPlane:
    """This node's media workers behind one façade; every method may be called at any time after `start`.

    `on_event` is awaited for one event at a time per worker, in order. An event counts as delivered when it returns;
    when it raises, the event comes again: what it does must be idempotent.
    """

    def __init__(self, settings: MediaSettings, on_event: Callable[[MediaEvent], Awaitable[None]]) -> None:
        secret = settings.secret or secrets.token_hex(32)
        count = settings.workers or os.cpu_count() or 1
        self._longest_calls = settings.longest_calls
        self._chosen = 0
        self._supervisors: dict[str, WorkerSupervisor] = {}
        for name in (f"{settings.node}-w{index}" for index in range(count)):
            told = _worker_settings(settings, name, secret)
            self._supervisors[name] = WorkerSupervisor(name, told, settings.listen_host, secret, on_event)

    async def start(self) -> None:
        """Start the workers and return when each listens; one that dies later is started again by itself.

        Raises OSError or RuntimeError where one cannot be started at all.
        """
        try:
            await asyncio.gather(*(supervisor.start() for supervisor in self._supervisors.values()))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """End the workers and wait for them; safe to call twice."""
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))

    def workers(self) -> tuple[WorkerState, ...]:
        """Every worker of this node, in the order of their names."""
        return tuple(supervisor.state() for supervisor in self._supervisors.values())

    def pid(self, worker: str) -> int | None:
        """Number of the worker's process in the system, for those who watch it; None while it does not run."""
        supervisor = self._supervisors.get(worker)
        return None if supervisor is None else supervisor.pid

    def choose(self) -> str | None:
        """Name of the living worker with the fewest calls, in turn among equals; None if none lives or has room."""
        able = [state for state in self.workers() if state.alive and state.calls < self._longest_calls]
        if not able:
            return None
        self._chosen += 1
        fewest = min(state.calls for state in able)
        equals = [state.name for state in able if state.calls == fewest]
        return equals[self._chosen % len(equals)]

    async def negotiate(self, worker: str, call: str, leg: Leg, media: int, offer_sdp: str) -> str:
        """Take a peer's offer (RFC 9429) and give the answer; opens the call in the worker if it is new there.

        A media number higher than the leg's last one replaces its peer connection; the other side negotiates nothing.
        The same number with the same offer gives the same answer again. Raises BadOffer, Overloaded, WorkerGone.
        """
        request = protocol.Negotiate(
            id=_draw_id(), call=call, time_left=NEGOTIATION, leg=leg, media=media, offer_sdp=offer_sdp
        )
        return (await self._link(worker).request(request, protocol.Answer)).answer_sdp

    async def frame(self, worker: str, call: str, media: int, rtp_timestamp: int, *, live: bool) -> KeptFrame:
        """The frame that the agent's page saw under (its media number, the RTP timestamp of the frame presented).

        `live` refuses one that left the worker more than 2 s ago or whose sender is silent now. Raises FrameTooOld,
        FrameUnknown, Overloaded, WorkerGone.
        """
        if not 0 <= rtp_timestamp < 1 << 32 or media < 0:
            raise FrameUnknown
        request = protocol.GetFrame(
            id=_draw_id(), call=call, time_left=PICTURE, media=media, rtp_timestamp=rtp_timestamp, live=live
        )
        return (await self._link(worker).request(request, protocol.Frame)).frame

    async def nearest_frame(self, worker: str, call: str, *, live: bool) -> KeptFrame:
        """The last complete frame of the customer, for browsers that do not name frames and for calls that broke off.

        Raises FrameTooOld (only when `live`), FrameUnknown (none was ever complete), Overloaded, WorkerGone.
        """
        request = protocol.GetNearestFrame(id=_draw_id(), call=call, time_left=PICTURE, live=live)
        return (await self._link(worker).request(request, protocol.Frame)).frame

    async def look(self, worker: str, call: str, leg: Leg) -> None:
        """Have the worker look at the leg now: a packet age over 1 s is reported as LegSilent. Raises WorkerGone."""
        request = protocol.Look(id=_draw_id(), call=call, time_left=SHORT, leg=leg)
        await self._link(worker).request(request, protocol.Done)

    async def close_call(self, worker: str, call: str) -> CallSummary:
        """Close both peer connections and forget the call's frames; repeating it gives the same summary.

        Raises WorkerGone.
        """
        request = protocol.CloseCall(id=_draw_id(), call=call, time_left=SHORT)
        return (await self._link(worker).request(request, protocol.Summary)).summary

    def _link(self, worker: str) -> WorkerLink:
        supervisor = self._supervisors.get(worker)
        if supervisor is None:
            raise WorkerGone
        return supervisor.link


def _worker_settings(settings: MediaSettings, name: str, secret: str) -> str:
    told = WorkerSettings(
        name=name,
        secret=secret,
        host=settings.listen_host,
        ice_servers=settings.ice_servers,
        udp=UdpSettings(settings.udp_addresses, settings.udp_ports, settings.announced_address),
        longest_calls=settings.longest_calls,
    )
    return told.model_dump_json()


def _draw_id() -> str:
    return secrets.token_hex(8)
