"""What the staff's HTTP API asks of the rest of the house; the composition root wires it.

The models behind `BaseModel` are those that docs/http.md describes: they go out as they come. `companies` narrows what
an account may see: its own, or None for the operator's accounts, which see all.
"""

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from pydantic import BaseModel

Companies = frozenset[str] | None
Mark = Literal["agree", "disagree"]


class Cases(Protocol):
    """Read models of verifications and their calls, and the reviews of decisions."""

    async def dossier(self, call: str) -> BaseModel | None:
        """What the agent of this call needs; it has the attributes of `Subject`. None where there is no such call."""
        ...

    async def calls_of(self, agent: str, since: int, cursor: str | None) -> BaseModel:
        """A page of the calls that this account took since an instant, newest first, with their totals."""
        ...

    async def search(
        self,
        *,
        companies: Companies,
        query: str,
        state: str | None,
        company: str | None,
        since: int | None,
        until: int | None,
        cursor: str | None,
    ) -> BaseModel:
        """A page of verifications that were made in [since, until), newest first; it has the attribute
        `verifications`.
        """
        ...

    async def case(self, verification: str, companies: Companies) -> BaseModel | None:
        """All about one verification; None where there is none or it is of another company."""
        ...

    async def owner(self, verification: str) -> str | None:
        """The company that a verification belongs to."""
        ...

    async def picture(self, verification: str, key: str, clean: bool, companies: Companies) -> bytes | None:  # noqa: FBT001 - the contract of docs/http.md
        """A picture's JPEG, stamped where there is a stamp unless `clean`; None where there is none to be seen."""
        ...

    async def review(self, verification: str, reviewer: str, mark: Mark, note: str, companies: Companies) -> BaseModel:
        """Keep an opinion of a decision, with its audit line; Problem `note_needed` or `not_found`."""
        ...


class Desk(Protocol):
    """The live calls, as far as one agent's desk goes."""

    async def may_read(self, account: str, call: str) -> bool:
        """Whether this call rings, runs or is being wrapped up at this agent."""
        ...

    async def call_of(self, account: str) -> str | None:
        """The call that rings, runs or is being wrapped up at this agent."""
        ...


class Explanations(Protocol):
    """Why calls reached whom they reached, found by replay; may take seconds."""

    async def of_call(self, call: str, companies: Companies) -> BaseModel | None:
        """Every match of a call; it has the attributes of `Subject`.

        None where there is no such call, or neither it nor its team is of `companies`. Problem `no_snapshot`,
        `too_much`, `busy`.
        """
        ...

    async def of_agent(self, agent: str, day: str | None, companies: Companies) -> BaseModel | None:
        """An agent's day, today if none is given; it has the attribute `team`, his company.

        None where there is no such agent of `companies`. Problem `invalid_query`, and those of `of_call`.
        """
        ...


class Playable(Protocol):
    """A recording that may be read."""

    @property
    def verification(self) -> str:
        """Whose it is."""
        ...

    @property
    def company(self) -> str:
        """The company that the verification belongs to."""
        ...

    @property
    def name(self) -> str:
        """As a file is called."""
        ...

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def chunks(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """Its bytes [start, stop)."""
        ...


class Recordings(Protocol):
    """What was recorded of calls."""

    async def of_call(self, call: str, companies: Companies) -> BaseModel | None:
        """What there is of a call; it has the attributes of `Subject`. None where there is none to be seen."""
        ...

    async def playable(self, call: str, leg: str, media: int, companies: Companies, original: bool) -> Playable | None:  # noqa: FBT001 - the contract of docs/http.md
        """One recording, as players need it or as it was stored; may take seconds. None where there is none to be seen.

        Problem `not_closed`, `not_playable`.
        """
        ...


class Signs(Protocol):
    """Signs of collusion that supervisors should look at."""

    async def page(self, teams: Companies, cursor: str | None) -> BaseModel:
        """A page of the signs of these teams, the newest first; Problem `bad_cursor`."""
        ...


class Subject(BaseModel):
    """Which verification a dossier speaks of, and whose it is."""

    verification: str
    company: str


class Team(BaseModel):
    """Whose agent an explanation speaks of."""

    team: str
