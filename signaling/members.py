"""Keeps every floor told of its agents' accounts: skills, employer, validity, and whether they still belong to it.

Each node asks once a second for the accounts that were changed lately, and once a minute looks at all, so that what
slipped by (a console that joined with what it had read a moment before) is mended. Counterpart of `teams.py`.
"""

from collections.abc import Iterable, Mapping

from routing.events import AgentChanged, AgentJoined, AgentRemoved
from routing.state import Agent, Floor
from signaling.codec import dump
from signaling.floors import Floors
from vouch.accounts.models import Account, Role
from vouch.accounts.service import Accounts
from vouch.clock import MINUTE
from vouch.database import Database
from vouch.ids import digest
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

_LOOK_EVERY_S = 1.0
_LATELY = MINUTE
"""How far back "lately" goes: a change may be committed long after it was given its time."""
_ALL_EVERY_S = 60.0
"""How often all agents are looked at."""


def joined(account: Account) -> AgentJoined:
    """The account as a floor is told of it when its console connects."""
    return AgentJoined(
        agent=account.id,
        skills=frozenset(account.skills),
        employer=account.employer or "",
        valid=account.disabled_at is None,
        valid_from=account.valid_from,
        valid_until=account.valid_until,
    )


class Members:
    """The accounts behind the floors' agents."""

    def __init__(self, database: Database, accounts: Accounts) -> None:
        self._database = database
        self._accounts = accounts
        self._tasks = TaskSet("members")

    async def start(self, floors: Floors) -> None:
        """Tell the floors what has changed since they were left, and go on telling them."""
        await self.look_at_all(floors)
        self._tasks.every(_LOOK_EVERY_S, "watch", lambda: self.look(floors))
        self._tasks.every(_ALL_EVERY_S, "watch all", lambda: self.look_at_all(floors))

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def look(self, floors: Floors) -> None:
        """Tell the floors of the accounts that were changed lately."""
        async with self._database.read() as session:
            now = await self._database.now(session)
            changed = {account.id: account for account in await self._accounts.agents(session, now - _LATELY)}
        if changed:
            for floor in floors.all():
                await _tell(floors, floor, changed, changed.keys() & floor.agents.keys())

    async def look_at_all(self, floors: Floors) -> None:
        """Tell the floors of every account that is not as they have it."""
        async with self._database.read() as session:
            known = {account.id: account for account in await self._accounts.agents(session)}
        for floor in floors.all():
            await _tell(floors, floor, known, floor.agents)


async def _tell(floors: Floors, floor: Floor, accounts: Mapping[str, Account], agents: Iterable[str]) -> None:
    for agent in sorted(agents):
        event = news(floor, floor.agents[agent], accounts.get(agent))
        if event is not None:
            event_id = f"account {agent} {floor.id} {floor.version} {digest(dump(event))[:16]}"
            await floors.post(floor.id, event, event_id=event_id)
            log.info("an agent's account has changed", agent=agent, team=floor.id, change=type(event).__name__)


def news(floor: Floor, agent: Agent, account: Account | None) -> AgentChanged | AgentRemoved | None:
    """What the floor has to be told of one of its agents; None: it knows."""
    if agent.leaving:
        return None
    if account is None or account.role != Role.AGENT or account.company != floor.id:
        return AgentRemoved(agent.id)
    told = joined(account)
    kept = (agent.skills, agent.employer, agent.valid, agent.valid_from, agent.valid_until)
    if kept == (told.skills, told.employer, *_validity(told, floor.now)):
        return None
    return AgentChanged(agent.id, told.skills, told.employer, told.valid, told.valid_from, told.valid_until)


def _validity(told: AgentJoined, now: int) -> tuple[bool, int | None, int | None]:
    """What a floor at `now` keeps of the dates: those to come."""
    begins = told.valid_from if told.valid_from is not None and told.valid_from > now else None
    if not told.valid or (told.valid_until is not None and told.valid_until <= max(now, begins or 0)):
        return False, None, None
    return begins is None, begins, told.valid_until
