"""The composition root: every part is built here, once, and given what it needs. Nothing is built on import."""

import asyncio
import os

from aiohttp import web

from agent_console.service import Console
from ekyc.directory import Directory
from ekyc.evidence import Evidence
from ekyc.outbox_dispatcher import Dispatcher
from ekyc.playback import Playback
from ekyc.recordings import Recordings
from ekyc.service import Ekyc
from ekyc.signs import SignBook
from media import playable
from media.plane import MediaEvent, MediaPlane
from media.settings import IceServer, MediaSettings
from routing.commands import CallEnded, VerdictGiven
from signaling.callers import CallerNamespace
from signaling.consoles import ConsoleNamespace
from signaling.desk import Desk
from signaling.draws import Draws
from signaling.effects import Effects
from signaling.explanations import Explanations
from signaling.fanout import Fanout
from signaling.floors import Floors
from signaling.health import Health
from signaling.hub import Hub
from signaling.media_events import MediaEvents
from signaling.media_link import MediaLink
from signaling.members import Members
from signaling.negotiations import Negotiations
from signaling.nodes import Nodes
from signaling.records import CallRecords
from signaling.relays import Relays
from signaling.seed_seal import BOX, box
from signaling.seeds import Seeds
from signaling.snapshots import Snapshots
from signaling.sockets import Socket
from signaling.teams import Teams
from signaling.typed_namespace import TypedNamespace, make_server, uncompressed
from signaling.vanished import Vanished
from signaling.walls import FloorNamespace
from signaling.workers import Workers
from signaling.writer import Changes
from vouch.accounts.embedding import embedded_kinds
from vouch.accounts.factors.service import SecondFactors
from vouch.accounts.models import Role, SessionKind
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.blobs import DirectoryBlobs
from vouch.clock import Clock, DatabaseClock
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.http import address_of, middlewares
from vouch.http.bodies import SMALL
from vouch.keys import Keys
from vouch.rates import Rates
from vouch.settings import Settings
from vouch.stalls import Stalls
from vouch.tasks import TaskSet

_SWEEP_S = 300
_CLOSE_S = 10
"""Between two looks for recordings whose worker died: seconds."""


class Node:
    """One running Vouch: `app` serves HTTP and sockets between `start` and `close`."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        database_clock = DatabaseClock()
        self.clock: Clock = clock or database_clock
        keys = Keys.load(settings.data_dir)
        self.keys = keys
        self.database = Database(settings.database, info={BOX: box(keys)})
        self.blobs = DirectoryBlobs(settings.data_dir / "evidence")
        self.accounts = Accounts(self.database, self.clock, frozenset(map(Role, settings.second_factor_roles)))
        self.sessions = Sessions(
            self.database,
            self.clock,
            keys,
            embedded=embedded_kinds(settings),
            idle_s={SessionKind.STAFF: settings.staff_idle_s, SessionKind.DEALER: settings.dealer_idle_s},
        )
        self.evidence = Evidence(self.database, self.blobs)
        self.recordings = Recordings(self.database, self.clock, self.blobs, playable)
        self.playback = Playback(self.database, self.blobs, playable, settings.data_dir)
        self.cases = Directory(self.database, self.clock, self.blobs)
        self.dispatcher = Dispatcher(self.database, self.clock, settings, keys)
        self.rulebook = Rulebook(settings)
        self.rates = Rates(settings, keys)
        self.ekyc = Ekyc(
            settings,
            self.database,
            self.clock,
            self.blobs,
            self.accounts,
            self.sessions,
            self.rulebook,
            rates=self.rates,
            signed_out=self._signed_out,
        )
        self.seeds = Seeds(keys, self.clock)
        self.draws = Draws(self.database, self.clock, self.seeds)
        self.snapshots = Snapshots(self.database)
        self.teams = Teams(self.database, self.clock, self.rulebook)
        self.members = Members(self.database, self.accounts)
        self.floors = Floors(self.database, self.clock, CallRecords(), self.teams.begin, self.seeds.draw)
        self.fanout = Fanout(settings.redis_url, keys, self.floors)
        self.plane = MediaPlane(media_settings(settings, media_secret(settings, keys)), self._media_event)
        self.workers = Workers(settings.node, settings.worker_addresses, self.plane, self.floors)
        self.replaced = asyncio.Event()
        self.nodes = Nodes(
            settings.node,
            self.database,
            database_clock.follow,
            self.floors,
            self.workers,
            self._mourned,
            self.replaced.set,
        )
        self._media_events = MediaEvents(self.floors, self.workers, self.recordings, self.nodes.soon)
        self.health = Health(settings, self.database, self.nodes, self.workers, self.blobs, self.floors)
        self._wire()
        self._tasks = TaskSet("node")
        self._stalls = Stalls()
        self.app = self._application()

    def _wire(self) -> None:
        """The parts that know each other: sockets, hub, floors, effects."""
        self._server = make_server(lambda request: address_of(request, self.settings))
        self.desk = Desk(self.floors, self.evidence, self.accounts)
        self.hub = Hub(self.sessions, self.clock, self.desk, self._emit, self._drop)
        self.desk.shown_by(self.hub.refresh)
        self.negotiations = Negotiations(self.floors, self.plane)
        self.effects = Effects(
            self.database,
            self.clock,
            self.floors,
            self.plane,
            self.evidence,
            self.accounts,
            self.hub,
            self.workers,
        )
        self.floors.listen(self.hub.committed)
        self.vanished = Vanished(self.floors, self.hub)
        self.floors.listen(self.vanished.committed)
        self.floors.listen(self.snapshots.committed)
        self.floors.listen(self._results)
        relays = Relays(self.settings, self.clock)
        link = MediaLink(self.floors, self.plane, self.workers, self.negotiations, relays)
        callers = CallerNamespace(
            self.settings,
            self.database,
            self.sessions,
            self.hub,
            self.floors,
            link,
            self.rulebook,
            self.nodes,
        )
        consoles = ConsoleNamespace(self.settings, self.sessions, self.hub, self.floors, link, self.teams, self.nodes)
        walls = FloorNamespace(self.settings, self.sessions, self.hub, self.floors)
        self._namespaces: dict[str, TypedNamespace] = {each.namespace: each for each in (callers, consoles, walls)}
        for namespace in self._namespaces.values():
            self._server.register_namespace(namespace)

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[*middlewares(self.settings), uncompressed], client_max_size=SMALL)
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
            self.rulebook,
            Explanations(self.database, self.clock),
            self.playback,
            SignBook(self.database),
            SecondFactors(self.database, self.clock, self.keys, self.settings.url),
        )
        console.add_routes(app)
        self.draws.add_routes(app)
        self._server.attach(app)
        return app

    async def start(self) -> None:
        """Take up the floors and their calls, start the media workers, perform what is due."""
        await self.nodes.tell_time()
        await self.teams.load()
        await self.floors.start()
        await self.teams.start(self.floors)
        await self.members.start(self.floors)
        await self.plane.start()
        await self.nodes.start()
        self.fanout.start()
        self.hub.start()
        self.effects.start()
        self.health.start()
        self.seeds.start(self.floors)
        await self.draws.start()
        self._stalls.start()
        self._tasks.spawn("results", self.dispatcher.run())
        self._tasks.every(_SWEEP_S, "sweep", self._sweep)
        self._tasks.every(_CLOSE_S, "recordings", self.recordings.close_left)

    async def close(self) -> None:
        """Stop in order; calls that run are lost connections, and go on when a node starts within their 15 seconds."""
        await self._stalls.close()
        await self._tasks.close()
        for told in (self.teams, self.members, self.draws):
            await told.close()
        for part in (
            self.seeds,
            self.fanout,
            self.health,
            self.effects,
            self.hub,
            self.vanished,
            self.desk,
            self.negotiations,
        ):
            await part.close()
        await self.nodes.leave()
        await self._server.shutdown()
        await self.plane.close()
        await self.floors.close()
        await self.snapshots.close()
        await self.dispatcher.close()
        await self.playback.close()
        await self.rates.close()
        self.ekyc.close()
        await self.database.close()

    async def _sweep(self) -> None:
        await self.ekyc.sweep()
        await self.sessions.sweep()
        await self.accounts.sweep()

    async def _emit(self, namespace: str, sid: str, event: str, data: dict[str, object]) -> None:
        await self._server.emit(event, data, to=sid, namespace=namespace)

    async def _drop(self, socket: Socket, replaced: bool) -> None:  # noqa: FBT001 - hub's Drop
        await self._namespaces[socket.namespace].drop(socket, replaced)

    async def _media_event(self, event: MediaEvent) -> None:
        await self._media_events(event)

    def _signed_out(self, session: str) -> None:
        self.hub.signed_out(session)

    def _mourned(self) -> None:
        self.hub.drop_all()

    def _results(self, changes: Changes) -> None:
        if any(isinstance(command, CallEnded | VerdictGiven) for command in changes.commands):
            self.dispatcher.wake()


def media_settings(settings: Settings, secret: str) -> MediaSettings:
    """What the media plane needs of the node's settings."""
    return MediaSettings(
        node=settings.node,
        workers=_own_workers(settings),
        listen_host=settings.media_listen,
        secret=secret,
        ice_servers=_asked_by_workers(settings),
        udp_ports=settings.udp_ports,
        announced_address=settings.media_address or None,
        private_peers=settings.media_private_peers,
        memory_mib=settings.media_memory_mib,
        recording=settings.recording,
    )


def media_secret(settings: Settings, keys: Keys) -> str:
    """What nodes and media workers prove to each other that they know."""
    return settings.media_secret or keys.derive("media workers").hex()


def _asked_by_workers(settings: Settings) -> tuple[IceServer, ...]:
    """STUN servers alone, and only where the public address is not known: pages' relays reach a worker by itself."""
    if settings.media_address:
        return ()
    return tuple(IceServer((server.urls,)) for server in settings.ice_servers if server.urls.startswith("stun:"))


def _own_workers(settings: Settings) -> int:
    if settings.media_workers or settings.worker_addresses:
        return settings.media_workers
    return os.cpu_count() or 1
