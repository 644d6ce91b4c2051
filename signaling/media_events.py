"""What the media plane tells: events of the floors that it concerns, and what is kept of calls as evidence."""

from collections.abc import Callable
from dataclasses import fields

from ekyc.recordings import Recordings
from media import plane as media
from routing import events
from routing.state import Channel, Kind, Leg
from signaling.floors import Floors
from signaling.workers import Workers
from vouch.logs import logger

log = logger(__name__)

_MEASURED = tuple(field.name for field in fields(media.SecondFacts))
Change = media.MediaFlowing | media.LegSilent | media.LegHeard | media.GateChanged


class MediaEvents:
    """Passes the media plane's events on; returns when they are committed, so that they count as delivered.

    `worker_up` is called when a worker was reached, or has begun anew.
    """

    def __init__(
        self,
        floors: Floors,
        workers: Workers,
        recordings: Recordings,
        worker_up: Callable[[], None],
    ) -> None:
        self._floors = floors
        self._workers = workers
        self._recordings = recordings
        self._worker_up = worker_up

    async def __call__(self, event: media.MediaEvent) -> None:
        match event:
            case media.WorkerLost():
                log.warning("media worker is lost", worker=event.worker)
                await self._workers.lost(event.worker, event.boot, event.age)
            case media.WorkerUp():
                log.info("media worker is up", worker=event.worker)
                self._worker_up()
            case media.RecordedPiece():
                await self._recordings.take(event)
            case media.LegFacts():
                seconds = {name: [getattr(second, name) for second in event.seconds] for name in _MEASURED}
                await self._recordings.take_facts(event.call, event.leg, event.media, event.first_at, seconds)
            case media.GateChanged():
                await self._post(event, event.id)
            case _:
                await self._post(event)

    async def _post(self, event: Change, event_id: str | None = None) -> None:
        floor = await self._floors.of_call(event.call)
        if floor is not None:
            await self._floors.post(floor, _translated(event), event_id=event_id)


def _translated(event: Change) -> events.Event:
    match event:
        case media.MediaFlowing():
            return events.MediaFlowing(event.call, Leg(event.leg), event.media, Kind(event.kind))
        case media.LegSilent():
            return events.LegSilent(event.call, Leg(event.leg), Channel.MEDIA, event.media, event.report, event.age)
        case media.LegHeard():
            return events.LegHeard(event.call, Leg(event.leg), Channel.MEDIA, event.media, event.report)
        case media.GateChanged(shut=True):
            return events.GateShut(event.call, event.gate)
        case media.GateChanged():
            return events.GateOpened(event.call, event.gate)
