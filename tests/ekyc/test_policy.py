"""Every cell of the operator's table and every rule of the law, alone and together."""

import csv
import itertools
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

import ekyc
from ekyc.models import Channel
from ekyc.policy import (
    CustomerType,
    Decision,
    IdType,
    Payment,
    Question,
    Ruling,
    TableRow,
    decide,
)
from vouch.problems import Problem

DAY = date(2026, 11, 20)
CSV = Path(ekyc.__file__).parent / "reference" / "video_call_policy.csv"
ROWS = list(csv.DictReader(CSV.read_text(encoding="utf-8").splitlines()))
TABLE = {
    row["sub_type"]: TableRow(row["name"], row["individual_or_vi2"] == "Y", row["other_enterprise"] == "Y")
    for row in ROWS
}
BOUND = {
    IdType.CARD_WITHOUT_CHIP: "law.card_without_chip",
    IdType.FOREIGN_PASSPORT: "law.foreigner",
    IdType.UNDETERMINED_NATIONALITY: "law.undetermined_nationality",
}
IN_PERSON = {IdType.FOREIGN_PASSPORT, IdType.UNDETERMINED_NATIONALITY}
REQUIRED_BY_TABLE = Ruling(Decision.REQUIRED, "operator.table_y")
OPTIONAL_BY_TABLE = Ruling(Decision.OPTIONAL, "operator.table_n")


def question(
    sub_type: str = "MC",
    payment: Payment = Payment.PREPAID,
    customer_type: CustomerType = CustomerType.INDIVIDUAL,
    id_type: IdType = IdType.CHIP_CARD,
    matched: bool = False,
    channel: Channel = Channel.DEALER,
    day: date = DAY,
) -> Question:
    return Question(sub_type, payment, customer_type, id_type, matched, channel, day)


def expected(asked: Question) -> Ruling:
    """The specification's sentences, in its own order."""
    column = "other_enterprise" if asked.customer_type == CustomerType.ENTERPRISE else "individual_or_vi2"
    cell = next(row[column] for row in ROWS if row["sub_type"] == asked.sub_type)
    if asked.id_type in BOUND and not asked.matched:
        rule = BOUND[asked.id_type]
        if asked.id_type in IN_PERSON and asked.channel == Channel.ONLINE:
            return Ruling(Decision.NOT_POSSIBLE, f"{rule}.in_person")
        return Ruling(Decision.REQUIRED, rule)
    if asked.payment == Payment.POSTPAID:
        return Ruling(Decision.OPTIONAL, "operator.postpaid")
    return REQUIRED_BY_TABLE if cell == "Y" else OPTIONAL_BY_TABLE


def every_question() -> Iterator[Question]:
    for parts in itertools.product(TABLE, Payment, CustomerType, IdType, (False, True), Channel, (DAY,)):
        yield Question(*parts)


def test_every_combination_is_decided_as_the_specification_says() -> None:
    asked = list(every_question())
    assert len(asked) == 27 * 2 * 3 * 5 * 2 * 2
    assert [decide(one, TABLE) for one in asked] == [expected(one) for one in asked]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["sub_type"])
def test_the_operators_table_decides_for_a_matched_chip_card(row: dict[str, str]) -> None:
    for customer_type, column in (
        (CustomerType.INDIVIDUAL, "individual_or_vi2"),
        (CustomerType.ENTERPRISE_VI2, "individual_or_vi2"),
        (CustomerType.ENTERPRISE, "other_enterprise"),
    ):
        ruling = decide(question(row["sub_type"], customer_type=customer_type, matched=True), TABLE)
        assert ruling == (REQUIRED_BY_TABLE if row[column] == "Y" else OPTIONAL_BY_TABLE)


@pytest.mark.parametrize("tourist", ["W2G", "HTD", "HTV"])
def test_tourist_types_are_n_and_yet_required_for_a_foreigner_without_a_match(tourist: str) -> None:
    foreigner = question(tourist, id_type=IdType.FOREIGN_PASSPORT)
    assert decide(foreigner, TABLE) == Ruling(Decision.REQUIRED, "law.foreigner")
    assert decide(question(tourist), TABLE) == OPTIONAL_BY_TABLE


@pytest.mark.parametrize("id_type", sorted(IN_PERSON))
def test_online_such_a_customer_cannot_call_unless_matched(id_type: IdType) -> None:
    online = question(id_type=id_type, channel=Channel.ONLINE)
    assert decide(online, TABLE).decision == Decision.NOT_POSSIBLE
    matched = question(id_type=id_type, channel=Channel.ONLINE, matched=True)
    assert decide(matched, TABLE) == REQUIRED_BY_TABLE


@pytest.mark.parametrize("id_type", sorted(BOUND))
@pytest.mark.parametrize("customer_type", CustomerType)
def test_the_law_binds_postpaid_and_the_user_of_an_enterprises_sim_too(
    id_type: IdType, customer_type: CustomerType
) -> None:
    asked = question("-", Payment.POSTPAID, customer_type, id_type)
    assert decide(asked, TABLE) == Ruling(Decision.REQUIRED, BOUND[id_type])


def test_postpaid_is_optional_and_asks_for_no_row_of_the_prepaid_table() -> None:
    assert decide(question("POST", Payment.POSTPAID), TABLE) == Ruling(Decision.OPTIONAL, "operator.postpaid")


@pytest.mark.parametrize("id_type", IdType)
def test_an_unknown_prepaid_type_is_refused_whatever_the_law_says(id_type: IdType) -> None:
    with pytest.raises(Problem) as refused:
        decide(question("NONE", id_type=id_type), TABLE)
    assert refused.value.code == "unknown_sub_type"


def test_a_match_takes_away_the_laws_reason_and_not_the_operators_y() -> None:
    without_chip = question("ASI", id_type=IdType.CARD_WITHOUT_CHIP)
    assert decide(without_chip, TABLE) == Ruling(Decision.REQUIRED, "law.card_without_chip")
    matched = question("ASI", id_type=IdType.CARD_WITHOUT_CHIP, matched=True)
    assert decide(matched, TABLE) == OPTIONAL_BY_TABLE
    assert decide(question("MC", matched=True), TABLE) == REQUIRED_BY_TABLE


def test_a_switch_lets_a_match_take_away_the_operators_y_too() -> None:
    assert decide(question(matched=True), TABLE, match_lifts_table=True) == Ruling(Decision.OPTIONAL, "operator.match")
    assert decide(question(matched=False), TABLE, match_lifts_table=True) == REQUIRED_BY_TABLE
    assert decide(question("ASI", matched=True), TABLE, match_lifts_table=True) == OPTIONAL_BY_TABLE


def test_the_switch_never_lifts_the_law() -> None:
    asked = question(id_type=IdType.CARD_WITHOUT_CHIP)
    assert decide(asked, TABLE, match_lifts_table=True) == Ruling(Decision.REQUIRED, "law.card_without_chip")


@pytest.mark.parametrize("id_type", sorted(BOUND))
def test_the_law_binds_from_the_day_on_which_it_came_into_force(id_type: IdType) -> None:
    eve = question("ASI", id_type=id_type, day=date(2026, 4, 14))
    first = question("ASI", id_type=id_type, day=date(2026, 4, 15))
    assert decide(eve, TABLE) == OPTIONAL_BY_TABLE
    assert decide(first, TABLE) == Ruling(Decision.REQUIRED, BOUND[id_type])
