"""What both kinds of page ask of the media plane through the shell."""

from media.errors import MediaRefused
from media.plane import MediaPlane
from routing.events import FramePresented, MediaOffered
from routing.state import Call, Leg
from signaling.floors import Floors
from signaling.messages import MediaAnswer
from signaling.negotiations import Negotiations
from signaling.workers import Workers


class MediaLink:
    """Offers, looks and reports of frames, for the namespaces."""

    def __init__(self, floors: Floors, plane: MediaPlane, workers: Workers, negotiations: Negotiations) -> None:
        self._floors = floors
        self._plane = plane
        self._workers = workers
        self._negotiations = negotiations

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
