"""What each namespace's pages are shown, and what an agent may read: the hub's and the console's questions answered."""

from dataclasses import replace

from pydantic import BaseModel

from ekyc.evidence import Evidence
from ekyc.models import Picture
from signaling import messages as wire
from signaling import present
from signaling.floors import Floors
from signaling.hub import Socket
from vouch.accounts.models import Role
from vouch.accounts.service import Accounts
from vouch.clock import Clock


class Desk:
    """Views by socket, and the calls that lie on an agent's desk."""

    def __init__(self, clock: Clock, floors: Floors, evidence: Evidence, accounts: Accounts) -> None:
        self._clock = clock
        self._floors = floors
        self._evidence = evidence
        self._accounts = accounts
        self._names: dict[str, str] = {}

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

    async def caller(self, socket: Socket) -> BaseModel | None:
        """A caller's page."""
        floor = next((self._floors.get(each) for each in socket.floors), None)
        if floor is not None and socket.call is not None and socket.call not in floor.calls:
            # The floor has forgotten it, its caller has not: he is shown how it ended.
            ended = await self._floors.last_known(socket.call)
            floor = floor if ended is None else replace(floor, calls=floor.calls.set(ended.id, ended))
        return present.caller_view(floor, socket.call, self._clock.now())

    async def console(self, socket: Socket) -> BaseModel | None:
        """An agent's console."""
        floor = next((self._floors.get(each) for each in socket.floors), None)
        if floor is None:
            return None
        call = self._floors.call_of_agent(floor.id, socket.agent)
        kept: list[Picture] = []
        if call is not None and (call.pictures or call.decisions or call.outcome):
            kept = await self._evidence.kept(call.id)
        return present.agent_view(floor, socket.agent, kept, self._clock.now())

    async def wall(self, socket: Socket) -> BaseModel | None:
        """A supervisor's wall."""
        floors = [floor for each in sorted(socket.floors) if (floor := self._floors.get(each)) is not None]
        for floor in floors:
            if any(agent not in self._names for agent in floor.agents):
                team = await self._accounts.of_company(floor.id, Role.AGENT)
                self._names |= {account.id: account.full_name for account in team}
        teams = tuple(present.floor_team(floor, self._names) for floor in floors)
        return wire.FloorView(version=0, server_time=self._clock.now(), teams=teams)
