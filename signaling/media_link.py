"""What both kinds of page ask of the media plane through the shell."""

from media.errors import MediaRefused
from media.plane import MediaPlane
from routing import codes
from routing.events import FramePresented, MediaOffered
from routing.state import Call, Leg, Phase
from signaling.floors import Floors
from signaling.messages import IceServers, MediaAnswer
from signaling.negotiations import Negotiations
from signaling.relays import Relays
from signaling.workers import Workers


class MediaLink:
    """Offers, looks and reports of frames, for the namespaces."""

    def __init__(
        self, floors: Floors, plane: MediaPlane, workers: Workers, negotiations: Negotiations, relays: Relays
    ) -> None:
        self._floors = floors
        self._plane = plane
        self._workers = workers
        self._negotiations = negotiations
        self._relays = relays

    def servers(self, call: Call) -> IceServers:
        """What a page of this call may use on its way to the worker; the code `call_ended` where it is over."""
        if call.phase is Phase.ENDED:
            return IceServers(code=codes.CALL_ENDED, detail="This call is over.")
        return self._relays.of(call.id)

    def choose(self) -> str | None:
        """The worker that a call without one would get."""
        return self._workers.choose()

    async def offer(self, floor: str, event: MediaOffered, sdp: str) -> MediaAnswer:
        """Negotiate a leg's new peer connection."""
        return await self._negotiations.offer(floor, event, sdp)

    async def presented(self, floor: str, event: FramePresented) -> None:
        """A page shows the other side; only the first frame of each peer connection is a change of the floor."""
        call = self._floors.call(floor, event.call)
        if call is None:
            return
        leg = call.leg(event.leg)
        if leg.presented and leg.media == event.media:
            return
        await self._floors.post(floor, event)

    async def look(self, call: Call, leg: Leg) -> None:
        """A socket is gone while media flows: have the worker see at once whether the packets stopped too."""
        if call.worker is None:
            return
        try:
            await self._plane.look(call.worker, call.id, leg.value)
        except MediaRefused:
            # A worker that is gone is reported by the plane itself.
            return
