"""Whether this node can serve calls; while it cannot, no new call is offered and `/healthz` says why."""

import asyncio
from collections.abc import Callable

from aiohttp import web

from media.plane import MediaPlane
from routing.events import OffersHeld, OffersResumed
from signaling.floors import Floors
from vouch.blobs import Blobs
from vouch.database import Database
from vouch.logs import logger
from vouch.problems import Problem
from vouch.settings import Settings
from vouch.tasks import TaskSet

log = logger(__name__)

DATABASE_GONE = "database_gone"
NO_MEDIA_WORKER = "no_media_worker"
DISK_FULL = "disk_full"

_LOOK_EVERY_S = 1.0


class Health:
    """Looks once a second, tells the floors what forbids new calls, and answers `/healthz`."""

    def __init__(self, settings: Settings, database: Database, plane: MediaPlane, blobs: Blobs, floors: Floors) -> None:
        self._database = database
        self._floors = floors
        self._checks: dict[str, Callable[[], bool]] = {
            NO_MEDIA_WORKER: lambda: plane.choose() is None,
            DISK_FULL: lambda: blobs.free_bytes() < settings.minimum_free_bytes,
        }
        self._tasks = TaskSet("health")

    def add_routes(self, app: web.Application) -> None:
        """`GET /healthz`: 200 when ready, else 503 with the reasons."""
        app.router.add_get("/healthz", self._answer)

    def start(self) -> None:
        """Begin to look."""
        self._tasks.spawn("look", self._run())

    async def close(self) -> None:
        """Stop looking."""
        await self._tasks.close()

    async def _answer(self, _request: web.Request) -> web.Response:
        wrong = self._wrong()
        if not await self._database.alive():
            wrong = [DATABASE_GONE, *wrong]
        if wrong:
            raise Problem(503, "not_ready", "This node takes no new calls; see `reasons`.", reasons=wrong)
        return web.json_response({"status": "ready"})

    def _wrong(self) -> list[str]:
        return [reason for reason, failed in self._checks.items() if failed()]

    async def _run(self) -> None:
        while True:
            try:
                await self._tell()
            except Exception:
                log.warning("health could not be told to the floors", exc_info=True)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _tell(self) -> None:
        """Bring each floor's reasons in line with what is so now."""
        wrong = set(self._wrong())
        for floor in self._floors.all():
            for reason in sorted(wrong - floor.held):
                log.warning("no new calls are offered", reason=reason)
                await self._floors.post(floor.id, OffersHeld(reason))
            for reason in sorted((floor.held & set(self._checks)) - wrong):
                log.info("new calls are offered again", reason=reason)
                await self._floors.post(floor.id, OffersResumed(reason))
