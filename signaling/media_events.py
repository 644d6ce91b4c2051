"""What the media plane tells, as events of the floors that it concerns."""

from media import plane as media
from routing import events
from routing.state import Channel, Kind, Leg
from signaling.floors import Floors
from vouch.logs import logger

log = logger(__name__)


class MediaEvents:
    """Passes the media plane's events on; returns when they are committed, so that they count as delivered."""

    def __init__(self, floors: Floors) -> None:
        self._floors = floors

    async def __call__(self, event: media.MediaEvent) -> None:
        match event:
            case media.WorkerLost():
                await self._worker_lost(event)
            case media.WorkerUp():
                log.info("media worker is up", worker=event.worker)
            case _:
                floor = await self._floors.of_call(event.call)
                if floor is not None:
                    await self._floors.post(floor, _translated(event))

    async def _worker_lost(self, event: media.WorkerLost) -> None:
        log.warning("media worker is lost", worker=event.worker)
        for floor in self._floors.all():
            # It is started again under its own name; where that fails the next media offer names another.
            await self._floors.post(floor.id, events.WorkerLost(event.worker, event.worker, event.age))


def _translated(event: media.MediaFlowing | media.LegSilent | media.LegHeard) -> events.Event:
    leg = Leg(event.leg)
    match event:
        case media.MediaFlowing():
            return events.MediaFlowing(event.call, leg, event.media, Kind(event.kind))
        case media.LegSilent():
            return events.LegSilent(event.call, leg, Channel.MEDIA, event.media, event.report, event.age)
        case media.LegHeard():
            return events.LegHeard(event.call, leg, Channel.MEDIA, event.media, event.report)
