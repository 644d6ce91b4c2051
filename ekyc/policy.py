"""Is a video call required? One pure decision over the operator's table and the law's rules, which names its rule.

What it is not: it reads no database and no clock; `ekyc/rules.py` loads the table that was in force on a day. The
rules of the law are data with start dates, because both the circular and the reading of it change.

A chip card or an e-identity that was *not* matched gives the law no reason of its own (Circular 08/2026 asks for the
call with cards without chip, Art. 5(3)(b), foreigners, Art. 6(2), and people of undetermined nationality, Art. 7):
there the operator's table decides alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ekyc.models import Channel
from vouch.problems import Problem


class Decision(StrEnum):
    """What a video call is for one verification."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    """The call can be made all the same, and its result counts."""
    NOT_POSSIBLE = "not_possible"
    """Not on this channel: the customer has to come to a point of sale."""


class IdType(StrEnum):
    """The kind of paper by which a customer identifies himself."""

    CHIP_CARD = "chip_card"
    CARD_WITHOUT_CHIP = "card_without_chip"
    E_IDENTITY = "e_identity"
    FOREIGN_PASSPORT = "foreign_passport"
    UNDETERMINED_NATIONALITY = "undetermined_nationality"
    """People of Vietnamese origin whose nationality is not determined."""


class CustomerType(StrEnum):
    """The operator's three kinds of customers; its table has two columns for them."""

    INDIVIDUAL = "individual"
    ENTERPRISE_VI2 = "enterprise_vi2"
    ENTERPRISE = "enterprise"


class Payment(StrEnum):
    """How a subscription is paid."""

    PREPAID = "prepaid"
    POSTPAID = "postpaid"


class MatchedField(StrEnum):
    """What an electronic authentication compares (Circular 08/2026, Art. 4(1)); a match is all four."""

    ID_NUMBER = "id_number"
    FULL_NAME = "full_name"
    DATE_OF_BIRTH = "date_of_birth"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class Question:
    """What the decision depends on."""

    sub_type: str
    payment: Payment
    customer_type: CustomerType
    id_type: IdType
    matched: bool
    """The four fields were matched electronically."""
    channel: Channel
    day: date
    """Vietnamese calendar."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """The operator's row for a prepaid subscriber type."""

    name: str
    individual: bool
    """Y in the column of individuals together with the enterprise kind VI2."""
    enterprise: bool
    """Y in the column of other enterprises."""


@dataclass(frozen=True, slots=True)
class LawRule:
    """A kind of paper for which the law asks for a video call, unless the four fields were matched."""

    name: str
    id_type: IdType
    in_person: bool
    """Only at a point of sale, so not for a customer who is alone online."""
    starts_on: date


@dataclass(frozen=True, slots=True)
class Ruling:
    """The decision and the name of the rule that made it."""

    decision: Decision
    rule: str


_IN_FORCE = date(2026, 4, 15)
LAW = (
    LawRule("law.card_without_chip", IdType.CARD_WITHOUT_CHIP, in_person=False, starts_on=_IN_FORCE),
    LawRule("law.foreigner", IdType.FOREIGN_PASSPORT, in_person=True, starts_on=_IN_FORCE),
    LawRule("law.undetermined_nationality", IdType.UNDETERMINED_NATIONALITY, in_person=True, starts_on=_IN_FORCE),
)
"""Circular 08/2026, Art. 5(3)(b), 6(2) and 7, on Decree 163/2024, Art. 18(2)(c)."""


def decide(
    question: Question,
    table: Mapping[str, TableRow],
    law: Iterable[LawRule] = LAW,
    *,
    match_lifts_table: bool = False,
) -> Ruling:
    """Whether a video call is required; Problem `unknown_sub_type` for a prepaid type that the table lacks.

    `table` holds the rows in force on the question's day. `match_lifts_table`: a match takes away the operator's Y
    too, not the law's reason alone.
    """
    operator = _by_operator(question, table, match_lifts_table=match_lifts_table)
    rule = next((rule for rule in law if _binds(rule, question)), None)
    if rule is None:
        return operator
    if rule.in_person and question.channel == Channel.ONLINE:
        return Ruling(Decision.NOT_POSSIBLE, f"{rule.name}.in_person")
    return Ruling(Decision.REQUIRED, rule.name)


def _binds(rule: LawRule, question: Question) -> bool:
    """The law looks at the person's paper, not at the payment or at who pays: it binds an enterprise's user too."""
    return rule.id_type == question.id_type and not question.matched and rule.starts_on <= question.day


def _by_operator(question: Question, table: Mapping[str, TableRow], *, match_lifts_table: bool) -> Ruling:
    if question.payment == Payment.POSTPAID:
        return Ruling(Decision.OPTIONAL, "operator.postpaid")
    row = table.get(question.sub_type)
    if row is None:
        raise Problem(422, "unknown_sub_type", "The operator's table has no such prepaid subscriber type.")
    if not (row.enterprise if question.customer_type == CustomerType.ENTERPRISE else row.individual):
        return Ruling(Decision.OPTIONAL, "operator.table_n")
    if question.matched and match_lifts_table:
        return Ruling(Decision.OPTIONAL, "operator.match")
    return Ruling(Decision.REQUIRED, "operator.table_y")
