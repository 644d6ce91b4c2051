"""Whether this node can serve calls; while it cannot, no new call is offered and `/healthz` says why."""

from collections.abc import Callable

from aiohttp import web

from routing.events import OffersHeld, OffersResumed
from signaling.floors import Floors
from signaling.nodes import Nodes
from signaling.workers import Workers
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
    """Looks once a second, tells the floors what forbids new calls, and answers `/healthz`.

    A reason of one node carries its name, `disk_full@node-1`, so that another node neither has it nor takes it back
    while that node lives; that no media worker lives is true of all nodes at once.
    """

    def __init__(
        self, settings: Settings, database: Database, nodes: Nodes, workers: Workers, blobs: Blobs, floors: Floors
    ) -> None:
        self._database = database
        self._floors = floors
        self._nodes = nodes
        self._workers = workers
        self._own_checks: dict[str, Callable[[], bool]] = {
            DISK_FULL: lambda: blobs.free_bytes() < settings.minimum_free_bytes,
        }
        self._tasks = TaskSet("health")

    def add_routes(self, app: web.Application) -> None:
        """`GET /healthz`: 200 when ready, else 503 with the reasons."""
        app.router.add_get("/healthz", self._answer)

    def start(self) -> None:
        """Begin to look."""
        self._tasks.every(_LOOK_EVERY_S, "look", self._tell, at_once=True)

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
        """What keeps this node from serving new calls."""
        own = [reason for reason, failed in self._own_checks.items() if failed()]
        return own if self._workers.choose() is not None else [*own, NO_MEDIA_WORKER]

    def _holding(self) -> set[str]:
        """What should hold offers back now, as far as it is this node's to say."""
        own = {f"{reason}@{self._nodes.name}" for reason, failed in self._own_checks.items() if failed()}
        return own if self._workers.any() else own | {NO_MEDIA_WORKER}

    def _is_over(self, reason: str) -> bool:
        """Whether a reason that floors have, and this node has not, holds no longer."""
        what, _, node = reason.partition("@")
        if what == NO_MEDIA_WORKER:
            return True
        return what in self._own_checks and (node == self._nodes.name or node not in self._nodes.living())

    async def _tell(self) -> None:
        """Bring each floor's reasons in line with what is so now."""
        holding = self._holding()
        for floor in self._floors.all():
            for reason in sorted(holding - floor.held):
                log.warning("no new calls are offered", reason=reason)
                await self._floors.post(floor.id, OffersHeld(reason))
            for reason in sorted(each for each in floor.held - holding if self._is_over(each)):
                log.info("new calls are offered again", reason=reason)
                await self._floors.post(floor.id, OffersResumed(reason))
