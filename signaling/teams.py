"""Keeps every floor told of its team's rules and hours, which change at run time and with the day.

Each node looks once a second. It tells a floor what is new to itself and differs from what the floor has, under an id
that names the floor's version and the news, so that of several nodes one is heard.
"""

from routing.events import Event, HoursChanged, TeamChanged
from routing.state import Floor
from signaling.codec import dump
from signaling.floors import Floors
from signaling.rules import Team, team_of
from vouch.clock import Clock
from vouch.companies.rules import CompanyRules
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.ids import digest
from vouch.logs import logger
from vouch.tasks import TaskSet

log = logger(__name__)

_LOOK_EVERY_S = 1.0


class Teams:
    """The teams' rules as this node knows them."""

    def __init__(self, database: Database, clock: Clock, rulebook: Rulebook) -> None:
        self._database = database
        self._clock = clock
        self._rulebook = rulebook
        self._told: dict[str, Team] = {}
        self._tasks = TaskSet("teams")

    def rules(self, company: str) -> CompanyRules:
        """What a company has set, as far as this node has seen."""
        return self._rulebook.on(company, self._clock.now())

    def begin(self, team: str) -> Team:
        """What a floor begins with."""
        return team_of(self.rules(team), self._clock.now())

    async def load(self) -> None:
        """Read the rules; before the first floor is taken up."""
        async with self._database.read() as session:
            await self._rulebook.refresh(session)

    async def start(self, floors: Floors) -> None:
        """Tell the floors what has changed since they were left, and go on telling them."""
        await self.look(floors)
        self._tasks.every(_LOOK_EVERY_S, "watch", lambda: self.look(floors))

    async def close(self) -> None:
        """Stop."""
        await self._tasks.close()

    async def look(self, floors: Floors) -> None:
        """Tell each floor what has become of its team's rules by now."""
        async with self._database.read() as session:
            now = await self._database.now(session)
            await self._rulebook.refresh(session)
        for floor in floors.all():
            team = team_of(self._rulebook.on(floor.id, now), now)
            # Only what is new to this node: nodes of unlike settings must not contradict each other for ever.
            if team != self._told.get(floor.id):
                await self._tell(floors, floor, team)
                self._told[floor.id] = team

    async def _tell(self, floors: Floors, floor: Floor, team: Team) -> None:
        news: list[Event] = []
        if floor.rules != team.rules:
            news.append(TeamChanged(team.rules))
        if floor.hours != team.hours:
            news.append(HoursChanged(team.hours))
        for event in news:
            event_id = f"{type(event).__name__} {floor.id} {floor.version} {digest(dump(event))[:16]}"
            await floors.post(floor.id, event, event_id=event_id)
        if news:
            log.info("a team's rules have changed", team=floor.id, changed=[type(event).__name__ for event in news])
