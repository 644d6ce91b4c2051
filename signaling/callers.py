"""The namespace `/caller`: pages of dealers and customers."""

import asyncio

from ekyc import admission
from routing import codes
from routing.events import (
    CallerConnected,
    CallerDisconnected,
    CallerHungUp,
    CallRequested,
    FramePresented,
    MediaOffered,
)
from routing.state import TALKING, Leg
from signaling import messages as wire
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.media_link import MediaLink
from signaling.nodes import Nodes
from signaling.rules import call_rules
from signaling.sockets import Socket
from signaling.typed_namespace import TypedNamespace
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.ids import new_id
from vouch.problems import Problem
from vouch.settings import Settings

_NO_CALL = wire.Answer(code=codes.UNKNOWN_CALL, detail="Press Call first.")


class CallerNamespace(TypedNamespace):
    """Lets a verification's page queue its call, negotiate media and hang up."""

    kind = SessionKind.CALLER
    messages = wire.FROM_CALLER

    def __init__(
        self,
        settings: Settings,
        database: Database,
        sessions: Sessions,
        hub: Hub,
        floors: Floors,
        link: MediaLink,
        rulebook: Rulebook,
        nodes: Nodes,
    ) -> None:
        super().__init__("/caller", settings, sessions, hub)
        self._database = database
        self._floors = floors
        self._link = link
        self._rulebook = rulebook
        self._nodes = nodes
        self.on(wire.Beat, self._beat)
        self.on(wire.CallReady, self._call_ready)
        self.on(wire.MediaServers, self._media_servers)
        self.on(wire.MediaOffer, self._media_offer)
        self.on(wire.FramePresented, self._presented)
        self.on(wire.CallHangUp, self._hang_up)

    async def admitted(self, visitor: Visitor) -> bool:
        return visitor.session.verification is not None

    async def opened(self, socket: Socket) -> None:
        """A page that comes back finds its call again."""
        found = await self._floors.latest_call(_verification(socket))
        if found is None:
            return
        self.hub.place(socket, [found.floor], found.call)
        if found.live:
            await self._connect_leg(socket, found.floor, found.call)

    async def closed(self, socket: Socket, age: int) -> None:
        """A page that is gone is a loss, not a hang-up."""
        floor = self._floor(socket)
        if floor is None or socket.call is None or socket.number == 0:
            return
        await self._floors.post(floor, CallerDisconnected(socket.call, socket.number, age, socket.signed_out))
        call = self._floors.call(floor, socket.call)
        if call is not None and call.phase in TALKING:
            await self._link.look(call, Leg.CUSTOMER)

    async def _beat(self, socket: Socket, beat: wire.Beat) -> None:
        self.hub.beat(socket, beat.version)

    async def _call_ready(self, socket: Socket, ready: wire.CallReady) -> wire.Answer:
        floor, call = await self._request_call(socket, ready)
        if socket.call != call or socket.number == 0:
            self.hub.place(socket, [floor], call)
            await self._connect_leg(socket, floor, call)
        # One that was over as soon as it began, outside of the hours, brings no change by which it would be shown.
        self.hub.refresh([socket])
        return wire.Answer(detail=call)

    async def _request_call(self, socket: Socket, ready: wire.CallReady) -> tuple[str, str]:
        """The floor and the live call, else a new one; Problem with the reason why there can be none."""
        verification = _verification(socket)
        async with self._database.write() as session:
            found = await self._floors.latest_call(verification, within=session)
            if found is not None and found.live:
                return found.floor, found.call
            now = await self._database.now(session)
            admitted = await admission.admit(
                session, verification, ready.consent_version, now, self._settings.calls_per_day, self._rulebook
            )
        if admitted.team is None:
            raise Problem(409, "no_team", "No team takes this company's calls now; ask the operator.")
        request = f"{verification}:{ready.request}"
        event = CallRequested(
            request=request,
            call=new_id(),
            verification=verification,
            company=admitted.company,
            attempt=admitted.attempt,
            priority=admitted.priority,
            skills=admitted.skills,
            rules=call_rules(admitted.rules, recording=self._settings.recording),
            node=self._nodes.identity,
            dealer=admitted.dealer,
        )
        # Queued in this order before the writer's turn, so that one transaction takes both and it rings the sooner.
        # Where an earlier call is found instead, the second one speaks of a call that nobody knows: nothing changes.
        answered, _ = await asyncio.gather(
            self._floors.press(admitted.team, event, request), self._connect_leg(socket, admitted.team, event.call)
        )
        if answered.code != codes.OK:
            raise Problem(409, answered.code, answered.detail)
        return admitted.team, answered.detail

    async def _connect_leg(self, socket: Socket, floor: str, call: str) -> None:
        # The number is back when this returns: the hub hears of the commit before the writer answers.
        await self._floors.post(floor, CallerConnected(call, self._nodes.identity, socket.sid, socket.page))

    async def _media_servers(self, socket: Socket, _: wire.MediaServers) -> wire.IceServers:
        floor = self._floor(socket)
        call = self._floors.call(floor, socket.call) if floor is not None and socket.call is not None else None
        return self._link.servers(call) if call else wire.IceServers(code=_NO_CALL.code, detail=_NO_CALL.detail)

    async def _media_offer(self, socket: Socket, offer: wire.MediaOffer) -> wire.MediaAnswer:
        floor = self._floor(socket)
        if floor is None or socket.call is None:
            return wire.MediaAnswer(code=_NO_CALL.code, detail=_NO_CALL.detail)
        # Each offer is a new peer connection, also one that is sent again: its answer cannot be repeated.
        request = f"{_verification(socket)}:{offer.request}:{new_id()}"
        event = MediaOffered(socket.call, Leg.CUSTOMER, socket.number, request, self._link.choose())
        return await self._link.offer(floor, event, offer.sdp)

    async def _presented(self, socket: Socket, presented: wire.FramePresented) -> None:
        floor = self._floor(socket)
        if floor is not None and socket.call is not None:
            frame = presented.frame
            event = FramePresented(socket.call, Leg.CUSTOMER, frame.media, frame.rtp_timestamp)
            await self._link.presented(floor, event)

    async def _hang_up(self, socket: Socket, hang_up: wire.CallHangUp) -> wire.Answer:
        floor = self._floor(socket)
        if floor is None or socket.call is None:
            return _NO_CALL
        request = f"{_verification(socket)}:{hang_up.request}"
        answered = await self._floors.press(floor, CallerHungUp(socket.call, socket.number, request), request)
        return wire.Answer(code=answered.code, detail=answered.detail)

    def _floor(self, socket: Socket) -> str | None:
        return next(iter(socket.floors), None)


def _verification(socket: Socket) -> str:
    verification = socket.visitor.session.verification
    if verification is None:
        raise RuntimeError("a caller's session without a verification")
    return verification
