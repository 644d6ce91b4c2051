"""What each page is shown, and what an agent may read: the hub's and the console's questions answered.

A view is made from what this node has in memory, at once: nobody's ring waits for another's query. What must be read
(kept pictures, names, a call that its floor has forgotten) is read beside, and the page is shown it when it is there.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Any

from ekyc.evidence import Evidence
from routing.state import Call, Floor
from signaling import present
from signaling.floors import Floors
from signaling.present import Body
from signaling.sockets import CALLER, CONSOLE, WALL, Socket
from vouch.accounts.models import Role
from vouch.accounts.service import Accounts
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

_RETRY_S = 1.0
_LATER_S = (0.0, 1.0, 2.0, 4.0)
"""Pauses before pictures that should be there are looked for: the node that keeps them may be another one."""


class Desk:
    """Views by socket, and the calls that lie on an agent's desk.

    `shown_by` says who shows a socket's view again when something has been read for it.
    """

    def __init__(self, floors: Floors, evidence: Evidence, accounts: Accounts) -> None:
        self._floors = floors
        self._evidence = evidence
        self._accounts = accounts
        self._names: dict[str, str] = {}
        self._teams: dict[str, tuple[Floor, present.TeamWall, Body]] = {}
        self._summaries: dict[str, tuple[Floor, Body]] = {}
        self._show: Callable[[Iterable[Socket]], None] = lambda _: None
        self._naming: dict[str, set[Socket]] = {}
        self._tasks = TaskSet("desk")
        self._bodies: dict[str, Callable[[Socket], Body | None]] = {
            CALLER: self._caller,
            CONSOLE: self._console,
            WALL: self._wall,
        }

    def shown_by(self, show: Callable[[Iterable[Socket]], None]) -> None:
        """Have `show` called with sockets of which something has been read."""
        self._show = show

    async def close(self) -> None:
        """Read no more."""
        await self._tasks.close()

    async def may_read(self, account: str, call: str) -> bool:
        """Whether this call rings, runs or is being wrapped up at this agent."""
        return await self.call_of(account) == call

    async def call_of(self, account: str) -> str | None:
        """The call that rings, runs or is being wrapped up at this agent."""
        for floor in self._floors.all():
            agent = floor.agents.get(account)
            if agent is not None:
                return floor.index.serving.get(account) or (agent.wrap_up.call if agent.wrap_up else None)
        return None

    def agent_of(self, call: str) -> str | None:
        """The agent who holds a call or has held it last."""
        found = (floor.calls.get(call) for floor in self._floors.all())
        return next((each.agent for each in found if each is not None), None)

    def queue(self, floor: str) -> Iterable[str]:
        """The calls in a floor's queue, in their order."""
        known = self._floors.get(floor)
        return [place.call for place in known.index.queue] if known else []

    def summary(self, floor: str) -> Body | None:
        """A floor's QueueSummary; made once for all consoles."""
        known = self._floors.get(floor)
        if known is None:
            return None
        kept = self._summaries.get(floor)
        if kept is None or kept[0] is not known:
            kept = self._summaries[floor] = known, present.queue_summary(known)
        return kept[1]

    def body(self, socket: Socket) -> Body | None:
        """What a page shows; None: nothing yet, or it keeps what it showed last."""
        return self._bodies[socket.namespace](socket)

    def _caller(self, socket: Socket) -> Body | None:
        floor = next((self._floors.get(each) for each in socket.floors), None)
        if floor is None or socket.call is None or socket.call in floor.calls:
            return present.caller_body(floor, socket.call)
        # The floor has forgotten it, its caller has not: he is shown how it ended.
        if socket.ended_for != socket.call:
            socket.ended_for, socket.ended = socket.call, None
            self._tasks.spawn("ended", self._read(socket, self._read_ended(socket, socket.call)))
        ended = socket.ended
        return present.caller_body(replace(floor, calls=floor.calls.set(ended.id, ended)), ended.id) if ended else None

    def _console(self, socket: Socket) -> Body | None:
        floor = next((self._floors.get(each) for each in socket.floors), None)
        summary = self.summary(floor.id) if floor else None
        if floor is None or summary is None:
            return None
        call = self._floors.call_of_agent(floor.id, socket.agent)
        kept = self._kept(socket, call) if call is not None else ()
        return present.agent_body(floor, socket.agent, kept, summary)

    def _kept(self, socket: Socket, call: Call) -> tuple[Body, ...]:
        """The pictures kept of his call as last read; read again when there may be others.

        The hub tells of those that this node keeps (`kept_for` is None then); others show in what the floor says.
        """
        have = socket.kept[1] if socket.kept[0] == call.id else ()
        due = call.pictures + (call.verdict is not None or (call.outcome is not None and bool(call.started_at)))
        wanted = (call.id, due)
        if not (call.pictures or call.decisions or call.outcome):
            socket.kept, socket.kept_for = (call.id, ()), wanted
        elif socket.kept_for != wanted and (socket.kept_for is None or socket.kept[0] != call.id or len(have) < due):
            socket.kept_for = wanted
            self._tasks.spawn("pictures", self._read(socket, self._read_kept(socket, wanted)))
        return have

    def _wall(self, socket: Socket) -> Body | None:
        floors = [floor for each in sorted(socket.floors) if (floor := self._floors.get(each)) is not None]
        nameless = [floor for floor in floors if any(agent not in self._names for agent in floor.agents)]
        for floor in nameless:
            if floor.id not in self._naming:
                self._tasks.spawn("names", self._read_names(floor))
            self._naming.setdefault(floor.id, set()).add(socket)
        if nameless and socket.shown is None:
            return None
        return present.wall_body(self._team(floor) for floor in floors)

    def _team(self, floor: Floor) -> Body:
        kept = self._teams.get(floor.id)
        if kept is None or kept[0] is not floor:
            wall = present.TeamWall() if kept is None else kept[1]
            kept = self._teams[floor.id] = floor, wall, wall.body(floor, self._names)
        return kept[2]

    async def _read(self, socket: Socket, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a view's part could not be read; trying again")
            await asyncio.sleep(_RETRY_S)
            socket.kept_for = socket.ended_for = None
        self._show([socket])

    async def _read_ended(self, socket: Socket, call: str) -> None:
        ended = await self._floors.last_known(call)
        if socket.ended_for == call:
            socket.ended = ended

    async def _read_kept(self, socket: Socket, wanted: tuple[str, int]) -> None:
        call, due = wanted
        for pause in _LATER_S:
            await asyncio.sleep(pause)
            pictures = [present.kept_picture(each) for each in await self._evidence.kept(call)]
            if socket.kept_for is not wanted:  # somebody else was asked since, and is perhaps answered already
                return
            socket.kept = call, tuple(each for each in pictures if each is not None)
            if len(socket.kept[1]) >= due:
                return
            self._show([socket])

    async def _read_names(self, floor: Floor) -> None:
        try:
            team = await self._accounts.of_company(floor.id, Role.AGENT)
            # One of whom no account is known any more is not asked for again.
            self._names |= dict.fromkeys(floor.agents, "") | {account.id: account.full_name for account in team}
        except Exception:
            log.exception("names could not be read; trying again")
            await asyncio.sleep(_RETRY_S)
        self._teams.pop(floor.id, None)
        self._show(self._naming.pop(floor.id))
