"""What the media plane tells, as events of the floors that it concerns."""

from collections.abc import Callable

from media import plane as media
from routing import events
from routing.state import Channel, Kind, Leg
from signaling.floors import Floors
from signaling.workers import Workers
from vouch.logs import logger

log = logger(__name__)


class MediaEvents:
    """Passes the media plane's events on; returns when they are committed, so that they count as delivered.

    `worker_up` is called when a worker was reached, or has begun anew.
    """

    def __init__(self, floors: Floors, workers: Workers, worker_up: Callable[[], None]) -> None:
        self._floors = floors
        self._workers = workers
        self._worker_up = worker_up

    async def __call__(self, event: media.MediaEvent) -> None:
        match event:
            case media.WorkerLost():
                log.warning("media worker is lost", worker=event.worker)
                await self._workers.lost(event.worker, event.boot, event.age)
            case media.WorkerUp():
                log.info("media worker is up", worker=event.worker)
                self._worker_up()
            case media.MediaFlowing() | media.LegSilent() | media.LegHeard():
                floor = await self._floors.of_call(event.call)
                if floor is not None:
                    await self._floors.post(floor, _translated(event))


def _translated(event: media.MediaFlowing | media.LegSilent | media.LegHeard) -> events.Event:
    leg = Leg(event.leg)
    match event:
        case media.MediaFlowing():
            return events.MediaFlowing(event.call, leg, event.media, Kind(event.kind))
        case media.LegSilent():
            return events.LegSilent(event.call, leg, Channel.MEDIA, event.media, event.report, event.age)
        case media.LegHeard():
            return events.LegHeard(event.call, leg, Channel.MEDIA, event.media, event.report)
