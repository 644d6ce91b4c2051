"""What a company may set, and what is refused."""

import json
from datetime import date
from typing import get_args

import pytest

from vouch.companies.rules import GIVEN_BY_THE_SYSTEM, NAMES, CompanyRules, installed, parsed
from vouch.problems import Problem
from vouch.settings import Settings

PRAYER = {"code": "prayer", "vi": "Cầu nguyện", "en": "Prayer"}


def test_every_rule_can_be_written_as_text() -> None:
    given = {
        "longest_wait_s": "90",
        "longest_call_s": "600",
        "decline_rule": "end",
        "redirect_limit": "3",
        "reconnect_rule": "strict",
        "waiting_grace_s": "30",
        "skilled_papers": "foreign_passport, e_identity",
        "skilled_languages": "en",
        "ring_time_out_s": "12.5",
        "wrap_up_s": "0",
        "strategy": "longest_idle",
        "pair_cap": "4",
        "head_start_s": "60",
        "closing_grace_s": "0",
        "hours": "sat 08:00-12:00",
        "holidays": "no",
        "closed_days": "2026-12-31,2026-12-24",
        "pause_reasons": json.dumps([PRAYER]),
    }
    assert tuple(given) == NAMES
    stored = parsed(given)
    rules = CompanyRules.model_validate(json.loads(json.dumps(stored)))
    assert (rules.redirect_limit, rules.holidays, rules.ring_time_out_s) == (3, False, 12.5)
    assert rules.closed_days == (date(2026, 12, 24), date(2026, 12, 31))
    assert rules.skilled_papers == ("e_identity", "foreign_passport")
    assert [reason.model_dump() for reason in rules.pause_reasons] == [PRAYER]


def test_nothing_given_is_the_installations_own() -> None:
    assert parsed({"strategy": "", "hours": None}) == {"strategy": None, "hours": None}


@pytest.mark.parametrize(
    ("rule", "value", "says"),
    [
        ("ring_time_out_s", "0", "`ring_time_out_s`: Input should be greater than 0."),
        ("ring_time_out_s", "nan", "`ring_time_out_s`: Input should be less than or equal to 86400."),
        ("wrap_up_s", "-1", "greater than or equal to 0"),
        ("longest_wait_s", "soon", "valid number"),
        ("strategy", "best", "'random', 'longest_idle' or 'fewest_calls'"),
        ("redirect_limit", "0", "greater than or equal to 1"),
        ("hours", "mon", "`hours`: `mon` needs times"),
        ("closed_days", "tomorrow", "valid date"),
        ("pause_reasons", "prayer", "write it as JSON"),
        ("pause_reasons", json.dumps([PRAYER, PRAYER]), "two reasons have the same code"),
        ("pause_reasons", json.dumps([PRAYER | {"code": "was_away"}]), "`was_away` is what the system itself says"),
        ("pause_reasons", json.dumps([PRAYER | {"code": "Prayer!"}]), "pattern"),
        ("pause_reasons", json.dumps([{"code": "prayer"}]), "required"),
        ("skilled_languages", "English!", "pattern"),
    ],
)
def test_what_is_wrong_is_said(rule: str, value: str, says: str) -> None:
    with pytest.raises(Problem) as refused:
        parsed({rule: value})
    assert refused.value.code == "invalid_rule"
    assert says in refused.value.detail


def test_an_unknown_rule_is_answered_with_those_there_are() -> None:
    with pytest.raises(Problem) as refused:
        parsed({"ring_timeout": "3"})
    assert refused.value.code == "unknown_rule"
    assert "ring_time_out_s" in refused.value.detail


def test_the_settings_say_what_holds_where_nothing_was_set() -> None:
    settings = Settings(ring_time_out_s=11, office_hours="fri 13:00-15:00", _env_file=None)
    assert installed(settings) == CompanyRules(ring_time_out_s=11, hours="fri 13:00-15:00")
    assert installed(Settings(_env_file=None)) == CompanyRules(), "both have the same defaults"


def test_settings_with_hours_that_cannot_be_read_are_refused_at_start() -> None:
    with pytest.raises(ValueError, match="is no day"):
        Settings(office_hours="monday 8-12", _env_file=None)


def test_the_systems_own_words_are_words() -> None:
    assert all(word.isidentifier() for word in GIVEN_BY_THE_SYSTEM)
    assert get_args(CompanyRules.model_fields["decline_rule"].annotation) == ("redirect", "end")
