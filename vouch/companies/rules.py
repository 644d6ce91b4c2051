"""The rules that a company may set, each with its default and why. Data only: the shell gives them to routing.

Rules of the call hold for calls of the company's own verifications, rules of the team for calls that its agents take.
"""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from vouch.companies.hours import OFFICE_HOURS, weekly, written
from vouch.problems import Problem
from vouch.settings import Settings

GIVEN_BY_THE_SYSTEM = frozenset({"account_changed", "connection_lost", "did_not_answer", "just_joined", "was_away"})
"""Why an agent is not ready without having said so: not for teams to use."""


def _list(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _json(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('write it as JSON: [{"code": "prayer", "vi": "...", "en": "..."}]') from None


def _different(reasons: "tuple[PauseReason, ...]") -> "tuple[PauseReason, ...]":
    if len({reason.code for reason in reasons}) < len(reasons):
        raise ValueError("two reasons have the same code")
    if taken := {reason.code for reason in reasons} & GIVEN_BY_THE_SYSTEM:
        raise ValueError(f"`{min(taken)}` is what the system itself says of an agent")
    return reasons


Seconds = Annotated[float, Field(gt=0, le=86_400)]
SecondsOrNone = Annotated[float, Field(ge=0, le=86_400)]
Hours = Annotated[str, AfterValidator(lambda text: written(weekly(text)))]
Days = Annotated[tuple[date, ...], BeforeValidator(_list), AfterValidator(lambda days: tuple(sorted(set(days))))]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=40)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_list), AfterValidator(lambda words: tuple(sorted(set(words))))]
Limit = Annotated[int, Field(ge=1, le=1000)] | Literal["none"]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class PauseReason(BaseModel):
    """One of a team's own reasons for taking no calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: Word
    """Stays what it means once it was used: it is in the journal."""
    vi: Label
    en: Label


PauseReasons = Annotated[
    tuple[PauseReason, ...], Field(max_length=20), BeforeValidator(_json), AfterValidator(_different)
]


class CompanyRules(BaseModel):
    """Everything that holds for a company at an instant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # Of the call.
    longest_wait_s: Seconds = 600
    """How long a caller waits until `no_agent`."""
    longest_call_s: Seconds = 1800
    """How long a call may last until `too_long`."""
    decline_rule: Literal["redirect", "end"] = "redirect"
    """What one refusal means: the next agent is asked, or the call ends."""
    redirect_limit: Limit = "none"
    """So many refusals end the call; none: as long as somebody is left."""
    reconnect_rule: Literal["resume", "resume_with_recheck", "strict"] = "resume_with_recheck"
    """What a gap of the customer's connection means."""
    waiting_grace_s: Seconds = 60
    """How long a caller who waits may be gone."""
    skilled_papers: Words = ()
    """Kinds of paper that only agents with the skill `paper:KIND` take."""
    skilled_languages: Words = ()
    """Languages that only agents with the skill `language:CODE` take; an API client names the customer's language."""

    # Of the team.
    ring_time_out_s: Seconds = 20
    """How long an offer rings."""
    wrap_up_s: SecondsOrNone = 30
    """The agent's own time after a call; 0: none."""
    strategy: Literal["random", "longest_idle", "fewest_calls"] = "random"
    """How one of several free agents is chosen."""
    pair_cap: Limit = 10
    """So many calls of one dealer an agent may take in a day; none: any number, for a team of one or two."""
    head_start_s: SecondsOrNone = 120
    """What one point of a caller's priority is worth, as waiting time."""
    closing_grace_s: SecondsOrNone = 300
    """How long after closing those who came before are still served."""
    hours: Hours = OFFICE_HOURS
    """When the team works."""
    holidays: bool = True
    """Whether it is closed on Vietnam's public holidays."""
    closed_days: Days = ()
    """Further days on which it is closed."""
    pause_reasons: PauseReasons = ()
    """The team's own reasons in place of the usual ones; none: the usual ones."""


NAMES = tuple(CompanyRules.model_fields)


def parsed(given: Mapping[str, object]) -> dict[str, Any]:
    """Values as they are stored, from text or JSON; None and empty text stand for the installation's own.

    Problem `unknown_rule` or `invalid_rule`, which name the rule.
    """
    return {name: _parsed(name, value) for name, value in given.items()}


def installed(settings: Settings) -> CompanyRules:
    """What holds where a company has set nothing."""
    return CompanyRules(
        longest_wait_s=settings.longest_wait_s,
        longest_call_s=settings.longest_call_s,
        ring_time_out_s=settings.ring_time_out_s,
        wrap_up_s=settings.wrap_up_s,
        hours=settings.office_hours,
    )


def _parsed(name: str, value: object) -> Any:
    if name not in NAMES:
        raise Problem(422, "unknown_rule", f"There is no rule `{name}`; the rules are: {', '.join(NAMES)}.")
    if value is None or value == "":
        return None
    try:
        return CompanyRules.model_validate({name: value}).model_dump(mode="json", include={name})[name]
    except ValidationError as error:
        what = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        raise Problem(422, "invalid_rule", f"`{name}`: {what}.") from None
