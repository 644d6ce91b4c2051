"""The reasons that staff may give, and the opening script with the days from which its versions hold.

Codes are part of the wire and of the evidence: a word once given keeps its meaning. Pages translate them.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from pydantic import BaseModel

from vouch.companies.rules import CompanyRules, PauseReason

PAUSE: Final = ("break", "meal", "training", "meeting", "technical", "end_of_shift")
"""Why an agent takes no calls, where his team has no reasons of its own."""
DECLINE: Final = ("knows_caller", "technical", "leaving_desk", "language", "other")
"""Why an agent does not take the call that rings; to know the caller is a reason to let somebody else decide."""
REJECT: Final = (
    "face_differs",
    "data_differs",
    "paper_suspect",
    "paper_expired",
    "not_live",
    "under_pressure",
    "customer_refuses",
    "other",
)
"""Why a customer is not who the papers say, or must not get the number. The first four are about comparing; `not_live`
is a picture or a recording held to the camera; `under_pressure` is somebody who acts for another."""
UNABLE: Final = (
    "picture_poor",
    "sound_poor",
    "connection_poor",
    "papers_unreadable",
    "face_covered",
    "language",
    "other",
)
"""Why it could not be told; never a suspicion: the customer may simply call again."""
END: Final = ("nobody_there", "customer_leaves", "test_call", "technical", "abuse", "other")
"""Why an agent ends a call without a verdict."""


class Script(BaseModel):
    """What the agent reads aloud when the call begins."""

    version: str
    """The day from which it holds, ISO 8601."""
    vi: str
    en: str


class Codes(BaseModel):
    """All that the console offers to choose from."""

    pause: tuple[str, ...] = PAUSE
    own_words: tuple[PauseReason, ...] = ()
    """What the pages write for reasons of the teams' own, of all teams that the account sees."""
    decline: tuple[str, ...] = DECLINE
    reject: tuple[str, ...] = REJECT
    unable: tuple[str, ...] = UNABLE
    end: tuple[str, ...] = END
    script: Script


def _opening(version: str, ministry_vi: str, ministry_en: str) -> Script:
    return Script(
        version=version,
        vi=(
            "Kính chào Quý khách, Quý khách đang tham gia dịch vụ video call nhằm xác minh chính chủ thuê bao theo quy "
            f"định của {ministry_vi}, xin vui lòng hướng mặt về phía màn hình để hoàn tất thủ tục. Xin cảm ơn sự phối "
            "hợp của Quý khách."
        ),
        en=(
            "Good day. You are taking part in a video call that verifies the owner of a subscription as the "
            f"{ministry_en} requires. Please turn your face towards the screen so that we can complete it. Thank you "
            "for your help."
        ),
    )


SCRIPTS: Final = (
    _opening("2021-06-01", "Bộ Thông tin và Truyền thông", "Ministry of Information and Communications"),
    # The ministries were merged on this day (Resolution 176/2025/QH15).
    _opening("2025-03-01", "Bộ Khoa học và Công nghệ", "Ministry of Science and Technology"),
)
"""Oldest first."""


def pause_codes(team: CompanyRules) -> tuple[str, ...]:
    """The reasons for which an agent of a team may pause."""
    return tuple(reason.code for reason in team.pause_reasons) or PAUSE


def codes_on(day: date, team: CompanyRules | None = None, seen: Iterable[CompanyRules] = ()) -> Codes:
    """What is offered on a day of the Vietnamese calendar to one of `team`, who sees agents of the teams `seen`."""
    begun = [script for script in SCRIPTS if date.fromisoformat(script.version) <= day]
    return Codes(
        pause=pause_codes(team) if team else PAUSE,
        own_words=tuple(reason for rules in seen for reason in rules.pause_reasons),
        script=begun[-1] if begun else SCRIPTS[0],
    )
