"""A company's rules as routing takes them."""

from datetime import date
from typing import get_args

from routing import words
from routing.hours import is_open, opens_at
from routing.rules import CallRules, TeamRules
from routing.state import DeclineRule, ReconnectRule, Span, Strategy
from signaling.rules import call_rules, team_of, team_rules, working_hours
from tests.clock import A_FRIDAY_MORNING as NOW
from vouch.clock import DAY, HOUR, SECOND
from vouch.companies import calendar
from vouch.companies.rules import GIVEN_BY_THE_SYSTEM, CompanyRules


def test_both_have_the_same_defaults() -> None:
    assert call_rules(CompanyRules(), recording=False) == CallRules()
    assert team_rules(CompanyRules()) == TeamRules()


def test_confirm_waits_for_the_recording_where_calls_are_recorded() -> None:
    gates = call_rules(CompanyRules(), recording=True).gates
    assert gates - CallRules().gates == {words.GATE_RECORDING}


def test_both_have_the_same_words() -> None:
    fields = CompanyRules.model_fields
    for rule, kind in (("decline_rule", DeclineRule), ("reconnect_rule", ReconnectRule), ("strategy", Strategy)):
        assert get_args(fields[rule].annotation) == tuple(kind)
    said = {words.ACCOUNT_CHANGED, words.CONNECTION_LOST, words.DID_NOT_ANSWER, words.JUST_JOINED, words.WAS_AWAY}
    assert said == GIVEN_BY_THE_SYSTEM


def test_what_a_company_set_arrives() -> None:
    rules = CompanyRules(
        longest_wait_s=1.5,
        longest_call_s=2,
        decline_rule="end",
        redirect_limit=3,
        reconnect_rule="strict",
        waiting_grace_s=4,
        ring_time_out_s=5,
        wrap_up_s=0,
        strategy="fewest_calls",
        pair_cap=6,
        head_start_s=7,
        closing_grace_s=8,
    )
    assert call_rules(rules, recording=False) == CallRules(
        longest_wait=1_500_000,
        longest_call=2 * SECOND,
        decline_rule=DeclineRule.END,
        redirect_limit=3,
        reconnect_rule=ReconnectRule.STRICT,
        waiting_grace=4 * SECOND,
    )
    assert team_rules(rules) == TeamRules(
        ring_time_out=5 * SECOND,
        wrap_up=0,
        strategy=Strategy.FEWEST_CALLS,
        pair_cap=6,
        head_start=7 * SECOND,
        closing_grace=8 * SECOND,
    )


def test_the_hours_are_as_routing_reads_them() -> None:
    hours = working_hours(CompanyRules(), NOW)
    assert hours is not None
    assert list(hours) == sorted(hours)
    assert all(isinstance(span, Span) for span in hours)
    for instant in range(NOW - 9 * HOUR, NOW + 6 * DAY, HOUR // 2):
        assert opens_at(hours, instant) == calendar.opens_at(CompanyRules(), instant)
    assert is_open(hours, NOW)
    assert working_hours(CompanyRules(hours="always"), NOW) is None


def test_a_team_is_the_same_all_day_long() -> None:
    rules = CompanyRules(closed_days=(date(2026, 11, 26),))
    assert team_of(rules, NOW) == team_of(rules, NOW + 13 * HOUR)
    assert team_of(rules, NOW) != team_of(rules, NOW + DAY)
