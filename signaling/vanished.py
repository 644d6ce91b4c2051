"""Sockets that went while their floor was about to count them in, as when a page gives up on a busy node.

Whoever lets go of such a socket knows no number of it yet and can tell the floor nothing. Here the number comes by, and
the floor is told: without it a console would be rung, or a caller be waited for, who is not there.
"""

from routing.commands import SocketAssigned
from routing.events import AgentDisconnected, CallerDisconnected, Event
from signaling.floors import Floors
from signaling.hub import Hub
from signaling.writer import Changes, FloorClosedError
from vouch.tasks import TaskSet


class Vanished:
    """Listens to the floors, and tells them of numbers that went to nobody."""

    def __init__(self, floors: Floors, hub: Hub) -> None:
        self._floors = floors
        self._hub = hub
        self._tasks = TaskSet("vanished")

    async def close(self) -> None:
        """Tell no more."""
        await self._tasks.close()

    def committed(self, changes: Changes) -> None:
        """A floor has numbered sockets, all of this node: those that are still here know it by now."""
        for command in changes.commands:
            if isinstance(command, SocketAssigned) and self._hub.get(command.token) is None:
                self._tasks.spawn(command.token, self._tell(changes.after.id, _loss(command)))

    async def _tell(self, floor: str, loss: Event) -> None:
        try:
            await self._floors.post(floor, loss)
        except FloorClosedError:
            return  # whoever takes up the floor next finds that this node is gone


def _loss(assigned: SocketAssigned) -> Event:
    if assigned.agent is not None:
        return AgentDisconnected(assigned.agent, assigned.number, 0)
    if assigned.call is None:
        raise RuntimeError("a socket's number that belongs to nobody")
    return CallerDisconnected(assigned.call, assigned.number, 0)
