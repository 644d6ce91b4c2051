"""The media plane as the node sees it: starts its own workers, dials all that it is told of, asks them, and passes
their events on.

What it is not: it forwards no packet itself; that is `media.worker`, a process of its own. Its counterpart on the
wire is `media.protocol`. A worker is named by `WorkerState.id`, its name and the boot number of its process.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import partial

from media import clock, protocol
from media.dialler import WorkerDialler
from media.errors import BadOffer, FrameTooOld, FrameUnknown, MediaRefused, Overloaded, WorkerGone
from media.events import (
    CallSummary,
    Gate,
    GateChanged,
    KeptFrame,
    Kind,
    Leg,
    LegFacts,
    LegHeard,
    LegSilent,
    LegSummary,
    MediaEvent,
    MediaFlowing,
    RecordedPiece,
    SecondFacts,
    WorkerLost,
    WorkerState,
    WorkerUp,
    worker_id,
)
from media.link import WorkerLink
from media.process import WorkerProcess
from media.settings import IceServer, MediaSettings
from media.supervisor import WorkerSupervisor
from media.worker_settings import UdpSettings, WorkerSettings

__all__ = [
    "BadOffer",
    "CallSummary",
    "FrameTooOld",
    "FrameUnknown",
    "Gate",
    "GateChanged",
    "IceServer",
    "KeptFrame",
    "Kind",
    "Leg",
    "LegFacts",
    "LegHeard",
    "LegSilent",
    "LegSummary",
    "MediaEvent",
    "MediaFlowing",
    "MediaPlane",
    "MediaRefused",
    "MediaSettings",
    "Overloaded",
    "RecordedPiece",
    "SecondFacts",
    "WorkerGone",
    "WorkerLost",
    "WorkerState",
    "WorkerUp",
    "worker_id",
    "worker_settings",
]


NEGOTIATION = 8_000_000
"""What an answer may take: microseconds; asking a STUN server takes five seconds at most."""
PICTURE = 4_000_000
"""What a picture may take: microseconds, less than the five seconds in which evidence must be stored."""
SHORT = 2_000_000
"""What any other request may take: microseconds."""


class MediaPlane:
    """The workers of the installation behind one façade; every method may be called at any time after `start`.

    `on_event` is awaited for several events at a time. An event counts as delivered when it returns; when it raises,
    the event comes again, perhaps at another node: what it does must be idempotent.
    """

    def __init__(self, settings: MediaSettings, on_event: Callable[[MediaEvent], Awaitable[None]]) -> None:
        self._host = settings.listen_host
        self._secret = settings.secret or secrets.token_hex(32)
        self._on_event = on_event
        self._recording = settings.recording
        self._turn = 0
        self._diallers: dict[str, WorkerDialler] = {}
        self._supervisors: dict[str, WorkerSupervisor] = {}
        for name in (f"{settings.node}-w{index}" for index in range(settings.workers)):
            told = worker_settings(settings, name, self._secret)
            heard_at = partial(self._heard_at, name)
            self._supervisors[name] = WorkerSupervisor(name, told, self._listening, self._ended, heard_at)

    async def start(self) -> None:
        """Start this node's workers and return when each is connected; one that dies later is started again by itself.

        Raises OSError or RuntimeError where one cannot be started at all.
        """
        try:
            await asyncio.gather(*(supervisor.start() for supervisor in self._supervisors.values()))
            await asyncio.gather(*(self._diallers[name].connected() for name in self._supervisors))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Leave the workers, end this node's own and wait for them; safe to call twice."""
        await asyncio.gather(*(supervisor.close() for supervisor in self._supervisors.values()))
        await asyncio.gather(*(dialler.close() for dialler in self._diallers.values()))

    async def dial(self, workers: Mapping[str, str]) -> None:
        """Be connected to these workers, `host:port` by name, and to this node's own; others are left."""
        for name, address in workers.items():
            if name not in self._supervisors:
                self._dialler(name).dial(address)
        for name in self._diallers.keys() - workers.keys() - self._supervisors.keys():
            await self._diallers.pop(name).close()

    def workers(self) -> tuple[WorkerState, ...]:
        """Every worker that this node dials, in the order of their names."""
        return tuple(self._diallers[name].state() for name in sorted(self._diallers))

    def own(self) -> tuple[WorkerState, ...]:
        """Those that run in processes of this node."""
        return tuple(state for state in self.workers() if self.pid(state.name) is not None)

    def pid(self, worker: str) -> int | None:
        """Number of the process in the system, of a worker of this node by its name; None while it does not run."""
        supervisor = self._supervisors.get(worker)
        process = None if supervisor is None else supervisor.process
        return None if process is None else process.pid

    def choose(self, among: Collection[str] | None = None) -> str | None:
        """Id of the connected worker with the fewest calls, in turn among equals; None if none has room.

        `among` are the ids that may be chosen; None: all.
        """
        able = [state for state in self.workers() if state.takes_calls and (among is None or state.id in among)]
        if not able:
            return None
        self._turn += 1
        fewest = min(state.calls for state in able)
        equals = [state for state in able if state.calls == fewest]
        chosen = equals[self._turn % len(equals)]
        self._diallers[chosen.name].link.chosen += 1
        return chosen.id

    def reaches(self, worker: str) -> bool:
        """Whether this node is connected to a worker, by its id."""
        return any(state.alive and state.id == worker for state in self.workers())

    async def negotiate(self, worker: str, call: str, leg: Leg, media: int, offer_sdp: str) -> str:
        """Take a peer's offer (RFC 9429) and give the answer; opens the call in the worker if it is new there.

        A media number higher than the leg's last one replaces its peer connection; the other side negotiates nothing.
        The same number with the same offer gives the same answer again. Raises BadOffer, Overloaded, WorkerGone.
        """
        request = protocol.Negotiate(
            id=_draw_id(),
            call=call,
            time_left=NEGOTIATION,
            leg=leg,
            media=media,
            offer_sdp=offer_sdp,
            record=self._recording,
        )
        return (await self._link(worker).request(request, protocol.Answer)).answer_sdp

    async def frame(
        self, worker: str, call: str, media: int, rtp_timestamp: int, *, live: bool, ago: int = 0
    ) -> KeptFrame:
        """The frame that the agent's page saw under (its media number, the RTP timestamp of the frame presented).

        `live` refuses one that left the worker more than 2 s ago or whose sender is silent; `ago`, microseconds: not
        now but then. Raises FrameTooOld, FrameUnknown, Overloaded, WorkerGone.
        """
        if not 0 <= rtp_timestamp < 1 << 32 or media < 0:
            raise FrameUnknown
        request = protocol.GetFrame(
            id=_draw_id(), call=call, time_left=PICTURE, media=media, rtp_timestamp=rtp_timestamp, live=live, ago=ago
        )
        return (await self._link(worker).request(request, protocol.Frame)).frame

    async def nearest_frame(self, worker: str, call: str, *, live: bool, ago: int = 0) -> KeptFrame:
        """The customer's whole frame that came nearest to now, or to `ago` microseconds before.

        For browsers that do not name frames and for calls that broke off.

        Raises FrameTooOld (only when `live`), FrameUnknown (none was ever complete), Overloaded, WorkerGone.
        """
        request = protocol.GetNearestFrame(id=_draw_id(), call=call, time_left=PICTURE, live=live, ago=ago)
        return (await self._link(worker).request(request, protocol.Frame)).frame

    async def agents_own(self, worker: str, call: str, at: int) -> KeptFrame:
        """The agent's own frame that came nearest to a moment, the `arrived_at` of a frame of the same worker.

        Raises FrameUnknown, Overloaded, WorkerGone.
        """
        request = protocol.GetAgentsOwn(id=_draw_id(), call=call, time_left=PICTURE, at=at)
        return (await self._link(worker).request(request, protocol.Frame)).frame

    async def look(self, worker: str, call: str, leg: Leg) -> None:
        """Have the worker look at the leg now: a packet age over 1 s is reported as LegSilent. Raises WorkerGone."""
        request = protocol.Look(id=_draw_id(), call=call, time_left=SHORT, leg=leg)
        await self._link(worker).request(request, protocol.Done)

    async def cut(self, worker: str, call: str, customer: int | None, agent: int | None) -> None:
        """Have connections up to these media numbers get and send nothing from now on (None: every one, for good).

        Their recordings end; frames that came before can still be asked for. An offer of such a number is refused,
        whenever it comes. Repeating it does nothing. Raises WorkerGone.
        """
        request = protocol.CutLegs(id=_draw_id(), call=call, time_left=SHORT, customer=customer, agent=agent)
        await self._link(worker).request(request, protocol.Done)

    async def close_call(self, worker: str, call: str) -> CallSummary:
        """Close both peer connections and forget the call's frames; repeating it gives the same summary.

        Raises WorkerGone.
        """
        request = protocol.CloseCall(id=_draw_id(), call=call, time_left=SHORT)
        return (await self._link(worker).request(request, protocol.Summary)).summary

    def _link(self, worker: str) -> WorkerLink:
        name, _, boot = worker.rpartition(".")
        dialler = self._diallers.get(name)
        if dialler is None:
            raise WorkerGone
        return dialler.link_to(boot)

    def _dialler(self, name: str) -> WorkerDialler:
        if name not in self._diallers:
            self._diallers[name] = WorkerDialler(name, self._secret, self._on_event)
        return self._diallers[name]

    def _heard_at(self, name: str) -> int:
        return self._dialler(name).state().heard_at

    def _listening(self, name: str, process: WorkerProcess) -> None:
        self._dialler(name).dial(f"{self._host}:{process.port}")

    def _ended(self, name: str, process: WorkerProcess) -> None:
        dialler = self._dialler(name)
        dialler.tell(WorkerLost(name, process.boot, clock.now() - (dialler.state().heard_at or clock.now())))


def worker_settings(settings: MediaSettings, name: str, secret: str, port: int = 0) -> str:
    """What a worker of this name is told, as JSON."""
    told = WorkerSettings(
        name=name,
        secret=secret,
        host=settings.listen_host,
        port=port,
        ice_servers=settings.ice_servers,
        udp=UdpSettings(
            settings.udp_addresses, settings.udp_ports, settings.announced_address, private_peers=settings.private_peers
        ),
        longest_calls=settings.longest_calls,
        memory_mib=settings.memory_mib,
        evidence=settings.evidence,
    )
    return told.model_dump_json()


def _draw_id() -> str:
    return secrets.token_hex(8)
