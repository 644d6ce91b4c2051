"""The namespace `/floor`: supervisors' live view of their teams."""

from signaling import messages as wire
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.sockets import Socket
from signaling.typed_namespace import TypedNamespace
from vouch.accounts.models import Role, SessionKind
from vouch.accounts.sessions import Sessions, Visitor
from vouch.settings import Settings

_MAY = frozenset({Role.SUPERVISOR, Role.ADMINISTRATOR})


class FloorNamespace(TypedNamespace):
    """Shows; takes nothing but beats."""

    kind = SessionKind.STAFF
    messages = wire.FROM_FLOOR

    def __init__(self, settings: Settings, sessions: Sessions, hub: Hub, floors: Floors) -> None:
        super().__init__("/floor", settings, sessions, hub)
        self._floors = floors
        self.on(wire.Beat, self._beat)

    async def admitted(self, visitor: Visitor) -> bool:
        return visitor.account is not None and visitor.account.role in _MAY

    async def opened(self, socket: Socket) -> None:
        account = socket.visitor.account
        if account is not None and account.company is not None:
            await self._floors.writer(account.company)
            self.hub.place(socket, [account.company])
        else:
            self.hub.place(socket, [floor.id for floor in self._floors.all()])

    async def closed(self, socket: Socket, age: int) -> None:
        """Nobody else's view changes by it."""

    async def _beat(self, socket: Socket, beat: wire.Beat) -> None:
        self.hub.beat(socket, beat.version)
