"""The small floors that are explored: agents x callers, with rules so short that few instants differ."""

from dataclasses import replace

from routing.state import GATE_RECHECK, CallRules, Check, DeclineRule, Leg, ReconnectRule, TeamRules
from tests.model.alphabet import LONG, WORKER, Scope

TEAM = TeamRules(
    ring_time_out=1,
    wrap_up=1,
    set_up=1,
    evidence=1,
    away_after=1,
    closing_grace=1,
    head_start=1_000,
    pair_cap=None,
)
CALL = CallRules(
    longest_wait=2,
    longest_call=2,
    waiting_grace=1,
    grace=1,
    gates=frozenset(),
    reconnect_rule=ReconnectRule.RESUME,
)
STRICT = replace(CALL, reconnect_rule=ReconnectRule.STRICT, decline_rule=DeclineRule.END)
CHECKED = replace(CALL, reconnect_rule=ReconnectRule.RESUME_WITH_RECHECK, gates=frozenset({"checks"}))

ONE_AND_ONE = (
    Scope("1x1, media in any order", ("a1",), 1, TEAM, CALL, lapses=frozenset(), in_any_order=True),
    Scope(
        "1x1, accounts",
        ("a1",),
        1,
        replace(TEAM, away_after=0),
        replace(CALL, longest_wait=1, longest_call=1),
        lapses=frozenset({Leg.AGENT}),
        in_line=True,
        accounts=True,
    ),
    Scope(
        "1x1, hours and the pair cap",
        ("a1",),
        1,
        replace(TEAM, pair_cap=1),
        replace(CALL, longest_call=1),
        lapses=frozenset(),
        in_line=True,
        hours=True,
        only_known=True,
        dealer="d1",
    ),
    Scope(
        "1x1, checks and gates",
        ("a1",),
        1,
        TEAM,
        replace(CHECKED, longest_call=1),
        lapses=frozenset({Leg.CUSTOMER}),
        in_line=True,
        checks=tuple(Check),
        gates=(GATE_RECHECK,),
    ),
    Scope("1x1, either leg fails", ("a1",), 1, TEAM, CALL, ages=(0, LONG)),
    Scope("1x1, at the deadline", ("a1",), 1, TEAM, CALL, in_line=True, at_deadline=True),
    Scope(
        "1x1, strict, without a worker",
        ("a1",),
        1,
        TEAM,
        STRICT,
        in_line=True,
        other_team=replace(TEAM, wrap_up=0, agent_audio_required=False),
        replacements=(None, WORKER),
        worker=None,
    ),
)
# Waiting for two units while it rings for one: so a second agent is asked in time.
SLIM = replace(CALL, longest_call=1)
ONE_AND_TWO = (Scope("1x2", ("a1",), 2, TEAM, SLIM, in_line=True, by_socket=False),)
TWO_AND_ONE = (Scope("2x1", ("a1", "a2"), 1, replace(TEAM, away_after=0), SLIM, in_line=True, by_socket=False),)
TWO_AND_TWO = (
    Scope(
        "2x2, the customer's leg fails",
        ("a1", "a2"),
        2,
        replace(TEAM, away_after=0),
        replace(SLIM, longest_wait=1),
        lapses=frozenset({Leg.CUSTOMER}),
        in_line=True,
        by_socket=False,
    ),
)
