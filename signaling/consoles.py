"""The namespace `/console`: agents' pages."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from agent_console import codes
from routing import events
from routing.state import TALKING, Check, Frame, Leg, Verdict
from signaling import messages as wire
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.media_link import MediaLink
from signaling.members import joined
from signaling.nodes import Nodes
from signaling.sockets import Socket
from signaling.teams import Teams
from signaling.typed_namespace import TypedNamespace
from vouch.accounts.models import Role, SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.ids import new_id
from vouch.settings import Settings

Press = Callable[[str, str, Any], events.Event]
_NOT_YOURS = "This call is not, or no longer, yours."
_VERDICT_REASONS: dict[Verdict, tuple[str, ...]] = {
    Verdict.CONFIRMED: (),
    Verdict.REJECTED: codes.REJECT,
    Verdict.UNABLE_TO_VERIFY: codes.UNABLE,
}


class ConsoleNamespace(TypedNamespace):
    """Turns an agent's presses into events of his team's floor."""

    kind = SessionKind.STAFF
    messages = wire.FROM_CONSOLE

    def __init__(
        self,
        settings: Settings,
        sessions: Sessions,
        hub: Hub,
        floors: Floors,
        link: MediaLink,
        teams: Teams,
        nodes: Nodes,
    ) -> None:
        super().__init__("/console", settings, sessions, hub)
        self._floors = floors
        self._teams = teams
        self._nodes = nodes
        self._link = link
        self.on(wire.Beat, self._beat)
        self.on(wire.MediaServers, self._media_servers)
        self.on(wire.MediaOffer, self._media_offer)
        self.on(wire.FramePresented, self._presented)
        for message, make in self._presses().items():
            self.on(message, self._pressing(make))

    def _presses(self) -> dict[type[wire.Message], Press]:
        """Each press as the event that it stands for: (agent, request, message) -> event."""
        return {
            wire.AgentReady: lambda agent, request, _: events.AgentReady(agent, request),
            wire.AgentPause: lambda agent, request, m: events.AgentPaused(agent, request, m.reason),
            wire.OfferAccept: lambda agent, request, m: events.OfferAccepted(
                agent, m.call, m.offer, self._link.choose(), request
            ),
            wire.OfferDecline: lambda agent, request, m: events.OfferDeclined(
                agent, m.call, m.offer, m.reason, request
            ),
            wire.CheckSet: lambda agent, request, m: events.CheckSet(agent, m.call, Check(m.check), m.ticked, request),
            wire.GateOverride: lambda agent, request, m: events.GateOverridden(
                agent, m.call, m.gate, m.reason, request
            ),
            wire.PictureTake: lambda agent, request, m: events.PictureRequested(
                agent, m.call, _frame(m.frame), request
            ),
            wire.VerdictPress: _verdict,
            wire.CallEnd: lambda agent, request, m: events.AgentEnded(agent, m.call, m.reason, request),
            wire.WrapUpEnd: lambda agent, request, _: events.WrapUpEnded(agent, request),
        }

    async def admitted(self, visitor: Visitor) -> bool:
        account = visitor.account
        return account is not None and account.role == Role.AGENT and account.company is not None

    async def opened(self, socket: Socket) -> None:
        floor = _team(socket)
        self.hub.place(socket, [floor])
        connected = events.AgentConnected(socket.agent, self._nodes.identity, socket.sid, socket.page)
        comes: list[events.Event] = [connected]
        if socket.visitor.account is not None:
            comes.insert(0, joined(socket.visitor.account))
        # Queued in this order before the writer's turn, so that one transaction takes both.
        await asyncio.gather(*(self._floors.post(floor, each) for each in comes))

    async def closed(self, socket: Socket, age: int) -> None:
        floor = _team(socket)
        if socket.number == 0:
            return
        await self._floors.post(floor, events.AgentDisconnected(socket.agent, socket.number, age, socket.signed_out))
        call = self._floors.call_of_agent(floor, socket.agent)
        if call is not None and call.phase in TALKING:
            await self._link.look(call, Leg.AGENT)

    async def _beat(self, socket: Socket, beat: wire.Beat) -> None:
        self.hub.beat(socket, beat.version)

    def _pressing(self, make: Press) -> Callable[[Socket, Any], Awaitable[wire.Answer]]:
        async def press(socket: Socket, message: wire.Press) -> wire.Answer:
            if not self._known_reason(_team(socket), message):
                return wire.Answer(code="unknown_reason", detail="The codes are those of GET /api/console/codes.")
            request = f"{socket.agent}:{message.request}"
            answered = await self._floors.press(_team(socket), make(socket.agent, request, message), request)
            return wire.Answer(code=answered.code, detail=answered.detail)

        return press

    async def _media_servers(self, socket: Socket, asked: wire.MediaServers) -> wire.IceServers:
        call = self._floors.call_of_agent(_team(socket), socket.agent)
        if call is None or asked.call != call.id:
            return wire.IceServers(code="not_your_call", detail=_NOT_YOURS)
        return self._link.servers(call)

    async def _media_offer(self, socket: Socket, offer: wire.MediaOffer) -> wire.MediaAnswer:
        call = self._floors.call_of_agent(_team(socket), socket.agent)
        if call is None or offer.call != call.id:
            return wire.MediaAnswer(code="not_your_call", detail=_NOT_YOURS)
        # Each offer is a new peer connection, also one that is sent again: its answer cannot be repeated.
        request = f"{socket.agent}:{offer.request}:{new_id()}"
        event = events.MediaOffered(call.id, Leg.AGENT, socket.number, request, self._link.choose())
        return await self._link.offer(_team(socket), event, offer.sdp)

    async def _presented(self, socket: Socket, presented: wire.FramePresented) -> None:
        call = self._floors.call_of_agent(_team(socket), socket.agent)
        if call is not None and presented.call == call.id:
            frame = presented.frame
            event = events.FramePresented(call.id, Leg.AGENT, frame.media, frame.rtp_timestamp)
            await self._link.presented(_team(socket), event)

    def _known_reason(self, team: str, message: wire.Press) -> bool:
        """Reasons go into evidence and results: only agreed codes. That one is missing is the floor's to say."""
        match message:
            case wire.AgentPause():
                return message.reason in codes.pause_codes(self._teams.rules(team))
            case wire.OfferDecline():
                return message.reason in codes.DECLINE
            case wire.CallEnd():
                return message.reason in codes.END
            case wire.VerdictPress():
                return not message.reason or message.reason in _VERDICT_REASONS[Verdict(message.verdict)]
            case _:
                return True


def _team(socket: Socket) -> str:
    account = socket.visitor.account
    if account is None or account.company is None:
        raise RuntimeError("a console without a team")
    return account.company


def _frame(name: wire.FrameName | None) -> Frame | None:
    if name is None:
        return None
    return Frame(name.media, name.rtp_timestamp)


def _verdict(agent: str, request: str, message: wire.VerdictPress) -> events.Event:
    return events.VerdictPressed(
        agent=agent,
        call=message.call,
        verdict=Verdict(message.verdict),
        reason=message.reason or "",
        fraud=message.fraud,
        note=message.note or "",
        frame=_frame(message.frame),
        request=request,
    )
