"""What is told of a call or of an agent's day: the answers of the staff's API (docs/http.md) and of `vouch explain`."""

from pydantic import BaseModel


class Person(BaseModel):
    """A member of staff."""

    id: str
    username: str
    full_name: str


class Excluded(BaseModel):
    """Somebody whom a call could not be offered to."""

    agent: Person
    reason: str


class Offered(BaseModel):
    """One match: a call was offered to one of several agents."""

    at: int
    offer: int
    agent: Person
    """Who was chosen."""
    among: int
    strategy: str
    candidates: list[Person]
    """Everybody who could have been chosen, in the order that a draw counts them by; empty for who may not see them."""
    excluded: list[Excluded]
    """Everybody else of the team and the first reason that held; empty for who may not see them."""
    reasons: dict[str, int]
    """How many were excluded, by reason."""
    day: str
    """Day of the seed."""
    drawn_right: bool | None
    """Whether the draw, reckoned anew, hits the agent who was chosen; None: the strategy does not draw."""
    result: str | None
    """accepted, declined, rang_out, agent_lost, call_ended; None: it still rings."""
    ended_at: int | None


class Waited(BaseModel):
    """A stretch of the time in the queue, until the next one or the next offer."""

    at: int
    place: int
    """From 1."""
    queue: int
    """How many were in the queue."""
    reachable: bool
    """Whether the caller's page was connected."""
    held: list[str]
    """Why nobody's calls were offered."""
    reasons: dict[str, int]
    """How many agents could not be offered this call, by reason."""


class CallExplanation(BaseModel):
    """Why a call reached whom it reached, and when."""

    call: str
    number: str
    verification: str
    company: str
    team: str
    priority: int
    skills: list[str]
    queued_at: int
    outcome: str | None
    ended_at: int | None
    offers: list[Offered]
    waits: list[Waited]
    exact: bool
    """Whether the replay comes to the very call that is stored."""
    difference: str | None
    """Where they part."""


class Stretch(BaseModel):
    """A time in which an agent stood the same way."""

    since: int
    until: int
    standing: str
    """free, paused, offline, busy, wrap_up, not_valid, or absent: not of the team."""
    reason: str
    """Why he was not ready, while paused."""
    call: str | None
    """While busy: which call."""
    offers: dict[str, int]
    """Offers that were made to anybody meanwhile: why not to him, `not_drawn`, or `chosen`."""
    waiting: dict[str, int]
    """While free: callers whom he could not be offered, by reason; `held` and `unreachable` among them."""
    held: list[str]
    """While free: reasons why nobody was offered anything."""


class AgentDay(BaseModel):
    """Why calls did, or did not, reach an agent on a day."""

    agent: Person
    team: str
    day: str
    since: int
    until: int
    standing_us: dict[str, int]
    """How long he stood which way."""
    offers: dict[str, int]
    """As in the stretches, all together."""
    candidate: int
    """How many draws he was in."""
    expected: float
    """How many of these would have hit him by pure chance."""
    drawn: int
    """How many did."""
    stretches: list[Stretch]
    exact: bool
    """Whether the replay agrees with the journal."""
    difference: str | None
    """Where they part; nothing after it is told."""
