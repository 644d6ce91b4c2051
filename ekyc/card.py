"""The chip card's printed code (CCCD): what it says, and whether that is what was typed. Pure.

The QR code of a Vietnamese citizen card holds seven fields parted by `|`: number, number of the older card (may be
empty), full name, date of birth ddmmyyyy, sex, address, date of issue ddmmyyyy; later cards append more. Finding the
code in a picture is the work of `ekyc/card_reader.py`.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from ekyc.names import same_name

_SEPARATOR = "|"
_FEWEST_FIELDS = 7
_NUMBER = re.compile(r"[0-9]{12}")
_LONGEST_NAME = 200
_NO_LINE = ("C", "Zl", "Zp")
"""Unicode's categories of what is no part of a line: controls, what is invisible or turns the writing."""
_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")


@dataclass(frozen=True, slots=True)
class Card:
    """What a card's code says."""

    id_number: str
    full_name: str
    date_of_birth: date | None
    """None where the code holds no calendar day."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed of the fields that the code holds."""

    full_name: str
    id_number: str
    date_of_birth: str
    """ISO date."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field, typed against read."""

    field: str
    typed: str
    read: str | None
    result: str
    """`match`, `differs`, or `not_assessed` where nothing could be read."""

    def as_json(self) -> dict[str, Any]:
        """As it is stored and sent."""
        return {"field": self.field, "typed": self.typed, "read": self.read, "result": self.result}


def parse(code: str) -> Card | None:
    """The card that a QR code's text describes; None for a text that is not a citizen card's.

    Anybody can print a code: what it says is shown to agents beside what was typed, and must not deceive them.
    """
    fields = [field.strip() for field in code.split(_SEPARATOR)]
    if len(fields) < _FEWEST_FIELDS or not _NUMBER.fullmatch(fields[0]) or not _is_name(fields[2]):
        return None
    return Card(fields[0], unicodedata.normalize("NFC", fields[2]), _day(fields[3]))


def compare(typed: Typed, card: Card | None) -> tuple[Comparison, ...]:
    """Field by field; without a card every field is `not_assessed`."""
    born = card.date_of_birth.isoformat() if card and card.date_of_birth else None
    return (
        _field("full_name", typed.full_name, card.full_name if card else None, same_name),
        _field("id_number", typed.id_number, card.id_number if card else None, _same_number),
        _field("date_of_birth", typed.date_of_birth, born, str.__eq__),
    )


def _is_name(text: str) -> bool:
    if not 0 < len(text) <= _LONGEST_NAME:
        return False
    return not any(unicodedata.category(each).startswith(_NO_LINE) for each in text)


def _same_number(one: str, other: str) -> bool:
    return re.sub(r"[\s.]", "", one) == other


def _field(name: str, typed: str, read: str | None, same: Any) -> Comparison:
    if read is None:
        return Comparison(name, typed, None, "not_assessed")
    return Comparison(name, typed, read, "match" if same(typed, read) else "differs")


def _day(text: str) -> date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year = map(int, found.groups())
    try:
        return date(year, month, day)
    except ValueError:
        return None
