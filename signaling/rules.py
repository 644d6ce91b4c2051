"""A company's rules as routing takes them: pure translation of `vouch.companies.rules`, which explains each."""

from typing import NamedTuple

from routing.state import GATE_CHECKS, GATE_RECORDING, CallRules, DeclineRule, ReconnectRule, Span, Strategy, TeamRules
from vouch.clock import SECOND
from vouch.companies.calendar import working_times
from vouch.companies.rules import CompanyRules


class Team(NamedTuple):
    """What a floor is told of its team."""

    rules: TeamRules
    hours: tuple[Span, ...] | None
    """None: it always works."""


def team_of(rules: CompanyRules, now: int) -> Team:
    """What a floor has to know of a team with these rules; the same all day long."""
    return Team(team_rules(rules), working_hours(rules, now))


def call_rules(rules: CompanyRules, *, recording: bool) -> CallRules:
    """The rules of a call that begins now; with `recording`, Confirm waits until both sides are on disk."""
    return CallRules(
        gates=frozenset({GATE_CHECKS, GATE_RECORDING} if recording else {GATE_CHECKS}),
        longest_wait=_microseconds(rules.longest_wait_s),
        longest_call=_microseconds(rules.longest_call_s),
        decline_rule=DeclineRule(rules.decline_rule),
        reconnect_rule=ReconnectRule(rules.reconnect_rule),
        redirect_limit=_limit(rules.redirect_limit),
        waiting_grace=_microseconds(rules.waiting_grace_s),
    )


def team_rules(rules: CompanyRules) -> TeamRules:
    """The rules of a team."""
    return TeamRules(
        ring_time_out=_microseconds(rules.ring_time_out_s),
        wrap_up=_microseconds(rules.wrap_up_s),
        strategy=Strategy(rules.strategy),
        pair_cap=_limit(rules.pair_cap),
        head_start=_microseconds(rules.head_start_s),
        closing_grace=_microseconds(rules.closing_grace_s),
    )


def working_hours(rules: CompanyRules, now: int) -> tuple[Span, ...] | None:
    """When a team works, from the beginning of today on for two weeks; None: always."""
    times = working_times(rules, now)
    return None if times is None else tuple(Span(start, end) for start, end in times)


def _microseconds(seconds: float) -> int:
    return round(seconds * SECOND)


def _limit(limit: int | str) -> int | None:
    return limit if isinstance(limit, int) else None
