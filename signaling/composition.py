"""The composition root: every part is built here, once, and given what it needs. Nothing is built on import."""

import asyncio

from aiohttp import web

from agent_console.service import Console
from ekyc.directory import Directory
from ekyc.evidence import Evidence
from ekyc.outbox_dispatcher import Dispatcher
from ekyc.service import Ekyc
from media.plane import MediaPlane
from media.settings import IceServer, MediaSettings
from routing.commands import CallEnded, VerdictGiven
from routing.state import CallRules, TeamRules
from signaling.callers import CallerNamespace
from signaling.consoles import ConsoleNamespace
from signaling.desk import Desk
from signaling.effects import Effects
from signaling.floors import Floors
from signaling.health import Health
from signaling.hub import Hub, Socket
from signaling.media_events import MediaEvents
from signaling.media_link import MediaLink
from signaling.negotiations import Negotiations
from signaling.nodes import Nodes
from signaling.records import CallRecords
from signaling.seeds import Seeds
from signaling.typed_namespace import TypedNamespace, make_server
from signaling.walls import FloorNamespace
from signaling.writer import Changes
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.blobs import DirectoryBlobs
from vouch.clock import SECOND, Clock, SystemClock
from vouch.database import Database
from vouch.http import middlewares
from vouch.keys import Keys
from vouch.logs import logger
from vouch.settings import Settings
from vouch.tasks import TaskSet

log = logger(__name__)

_SWEEP_S = 300
_LARGEST_BODY = 40 * 1024 * 1024
"""Three pictures of 8 MiB with room for the form around them."""


class Node:
    """One running Vouch: `app` serves HTTP and sockets between `start` and `close`."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.database = Database(settings.database)
        keys = Keys.load(settings.data_dir)
        self.keys = keys
        self.blobs = DirectoryBlobs(settings.data_dir / "evidence")
        self.accounts = Accounts(self.database, self.clock)
        self.sessions = Sessions(self.database, self.clock, keys, embedded=bool(settings.frame_ancestors))
        self.evidence = Evidence(self.database, self.blobs)
        self.cases = Directory(self.database, self.clock, self.blobs)
        self.dispatcher = Dispatcher(self.database, self.clock, settings, keys)
        self.ekyc = Ekyc(settings, self.database, self.clock, self.blobs, self.accounts, self.sessions)
        self.seeds = Seeds(keys, self.clock)
        self.floors = Floors(self.database, self.clock, CallRecords(), team_rules(settings), self.seeds.draw)
        self.plane = MediaPlane(media_settings(settings), MediaEvents(self.floors))
        self.nodes = Nodes(settings.node, self.database, self.floors)
        self.health = Health(settings, self.database, self.plane, self.blobs, self.floors)
        self._wire()
        self._tasks = TaskSet("node")
        self.app = self._application()

    def _wire(self) -> None:
        """The parts that know each other: sockets, hub, floors, effects."""
        self._server = make_server()
        self.hub = Hub(self.sessions, self._emit, self._drop)
        self.desk = Desk(self.clock, self.floors, self.evidence, self.accounts)
        self.negotiations = Negotiations(self.floors, self.plane)
        self.effects = Effects(
            self.database, self.clock, self.floors, self.plane, self.evidence, self.accounts, self.hub
        )
        self.floors.listen(self.hub.committed)
        self.floors.listen(self._results)
        link = MediaLink(self.floors, self.plane, self.negotiations)
        callers = CallerNamespace(
            self.settings,
            self.database,
            self.clock,
            self.sessions,
            self.hub,
            self.floors,
            link,
            call_rules(self.settings),
        )
        consoles = ConsoleNamespace(self.settings, self.sessions, self.hub, self.floors, link)
        walls = FloorNamespace(self.settings, self.sessions, self.hub, self.floors)
        self._namespaces: dict[str, TypedNamespace] = {each.namespace: each for each in (callers, consoles, walls)}
        for namespace in self._namespaces.values():
            self._server.register_namespace(namespace)
        self.hub.present_by(callers.namespace, self.desk.caller)
        self.hub.present_by(consoles.namespace, self.desk.console)
        self.hub.present_by(walls.namespace, self.desk.wall)

    def _application(self) -> web.Application:
        app = web.Application(middlewares=middlewares(self.settings), client_max_size=_LARGEST_BODY)
        self.health.add_routes(app)
        self.ekyc.add_routes(app)
        console = Console(
            self.settings,
            self.database,
            self.clock,
            self.accounts,
            self.sessions,
            self.cases,
            self.desk,
        )
        console.add_routes(app)
        self._server.attach(app)
        return app

    async def start(self) -> None:
        """Take up the floors and their calls, start the media workers, perform what is due."""
        await self.floors.start()
        await self.plane.start()
        await self.nodes.start(worker.name for worker in self.plane.workers())
        self.hub.start()
        self.effects.start()
        self.health.start()
        self.seeds.start(self.floors)
        self._tasks.spawn("results", self.dispatcher.run())
        self._tasks.spawn("sweep", self._sweep())

    async def close(self) -> None:
        """Stop in order; calls that run are lost connections, and go on when a node starts within their 15 seconds."""
        await self._tasks.close()
        for part in (self.seeds, self.health, self.nodes, self.effects, self.hub, self.negotiations):
            await part.close()
        await self._server.shutdown()
        await self.plane.close()
        await self.floors.close()
        await self.dispatcher.close()
        await self.database.close()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                await self.ekyc.sweep()
            except Exception:
                log.exception("sweep failed")

    async def _emit(self, namespace: str, sid: str, event: str, data: dict[str, object]) -> None:
        await self._server.emit(event, data, to=sid, namespace=namespace)

    async def _drop(self, socket: Socket, replaced: bool) -> None:  # noqa: FBT001 - hub's Drop
        await self._namespaces[socket.namespace].drop(socket, replaced)

    def _results(self, changes: Changes) -> None:
        if any(isinstance(command, CallEnded | VerdictGiven) for command in changes.commands):
            self.dispatcher.wake()


def team_rules(settings: Settings) -> TeamRules:
    """The rules of every team, as the settings give them."""
    return TeamRules(ring_time_out=_microseconds(settings.ring_time_out_s), wrap_up=_microseconds(settings.wrap_up_s))


def call_rules(settings: Settings) -> CallRules:
    """The rules of every call, as the settings give them."""
    return CallRules(
        longest_wait=_microseconds(settings.longest_wait_s), longest_call=_microseconds(settings.longest_call_s)
    )


def media_settings(settings: Settings) -> MediaSettings:
    """What the media plane needs of the node's settings."""
    return MediaSettings(
        node=settings.node,
        workers=settings.media_workers,
        ice_servers=tuple(
            IceServer((server.urls,), server.username, server.credential) for server in settings.ice_servers
        ),
        udp_ports=settings.udp_ports,
        announced_address=settings.media_address or None,
    )


def _microseconds(seconds: float) -> int:
    return round(seconds * SECOND)
