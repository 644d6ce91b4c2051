"""Reasons and the opening script."""

import re
from datetime import date

from agent_console import codes
from vouch.companies.rules import CompanyRules, PauseReason

FIRST_VERSION = (
    "Kính chào Quý khách, Quý khách đang tham gia dịch vụ video call nhằm xác minh chính chủ thuê bao theo quy định "
    "của Bộ Thông tin và Truyền thông, xin vui lòng hướng mặt về phía màn hình để hoàn tất thủ tục. Xin cảm ơn sự phối "
    "hợp của Quý khách."
)


def test_the_first_version_is_the_operators_own_text() -> None:
    assert codes.SCRIPTS[0].vi == FIRST_VERSION


def test_from_the_merger_on_the_ministry_has_its_new_name() -> None:
    assert codes.codes_on(date(2025, 2, 28)).script.vi == FIRST_VERSION
    renamed = FIRST_VERSION.replace("Bộ Thông tin và Truyền thông", "Bộ Khoa học và Công nghệ")
    assert codes.codes_on(date(2025, 3, 1)).script.vi == renamed
    assert codes.codes_on(date(2030, 1, 1)).script.version == "2025-03-01"


def test_before_the_first_version_the_first_one_is_read() -> None:
    assert codes.codes_on(date(2000, 1, 1)).script == codes.SCRIPTS[0]


def test_versions_are_in_order_of_their_days() -> None:
    days = [script.version for script in codes.SCRIPTS]
    assert days == sorted(set(days))


def test_every_reason_is_a_word_that_can_stay() -> None:
    offered = codes.codes_on(date(2026, 1, 1))
    for reasons in (offered.pause, offered.decline, offered.reject, offered.unable, offered.end):
        assert len(set(reasons)) == len(reasons) > 0
        assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", reason) for reason in reasons)


def test_a_teams_own_reasons_stand_in_place_of_the_usual_ones() -> None:
    prayer = PauseReason(code="prayer", vi="Cầu nguyện", en="Prayer")
    team = CompanyRules(pause_reasons=(prayer,))
    assert codes.pause_codes(CompanyRules()) == codes.PAUSE
    assert codes.pause_codes(team) == ("prayer",)
    offered = codes.codes_on(date(2026, 1, 1), CompanyRules(), [CompanyRules(), team])
    assert (offered.pause, offered.own_words) == (codes.PAUSE, (prayer,))
