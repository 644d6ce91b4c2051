"""What a citizen card's code says, what counts as the same, and finding the code in a picture."""

from datetime import date

import pytest
from PIL import Image, ImageFilter

from ekyc.card import Card, Typed, compare, parse
from ekyc.card_reader import read_code
from tests.ekyc import papers

TYPED = Typed("Nguyễn Thị Hoà", "001099012345", "1999-03-05")
CARD = Card("001099012345", "Nguyễn Thị Hòa", date(1999, 3, 5))


def results(typed: Typed, card: Card | None) -> dict[str, str]:
    return {field.field: field.result for field in compare(typed, card)}


def test_a_cards_code_is_read_field_by_field() -> None:
    assert parse(papers.CARD_CODE) == CARD


def test_the_older_number_may_be_empty_and_later_cards_append_fields() -> None:
    assert parse("001099012345||Nguyễn Thị Hòa|05031999|Nữ|Hà Nội|10072021||||") == CARD


@pytest.mark.parametrize(
    "code",
    [
        "",
        "https://example.org/|a|b|c|d|e|f",
        "001099012345|012345678|Nguyễn Thị Hòa|05031999|Nữ|Hà Nội",
        "00109901234|012345678|Nguyễn Thị Hòa|05031999|Nữ|Hà Nội|10072021",
        "001099012345|012345678||05031999|Nữ|Hà Nội|10072021",
        "٠٠١٠٩٩٠١٢٣٤٥|012345678|Nguyễn Thị Hòa|05031999|Nữ|Hà Nội|10072021",
        *(
            f"001099012345|012345678|{name}|05031999|Nữ|Hà Nội|10072021"
            for name in (
                "Nguyễn\x00Thị",
                "Nguyễn\nThị",
                "Nguyễn\x1b[2JThị",
                "Nguyễn\x85Thị",
                "\u202eòaH ịhT nễyugN",
                "Nguyễn\u200bThị",
                "Nguyễn\u2028Thị",
                "Nguyễn\ufffeThị",
                "Nguyễn\U0001ffffThị",
                "Nguyễn\ud800Thị",
                "N" * 201,
            )
        ),
    ],
)
def test_another_code_is_no_card(code: str) -> None:
    assert parse(code) is None


@pytest.mark.parametrize("born", ["", "31021999", "1999", "05-03-1999", "00001999"])
def test_a_date_that_is_no_day_is_not_assessed(born: str) -> None:
    card = parse(f"001099012345||Nguyễn Thị Hòa|{born}|Nữ|Hà Nội|10072021")
    assert card is not None
    assert results(TYPED, card) == {"full_name": "match", "id_number": "match", "date_of_birth": "not_assessed"}


def test_each_field_is_compared_on_its_own() -> None:
    typed = Typed("Nguyễn Thị Hoa", "001099012345", "1999-05-03")
    assert results(typed, CARD) == {"full_name": "differs", "id_number": "match", "date_of_birth": "differs"}


def test_the_comparison_shows_both_sides() -> None:
    name = compare(TYPED, CARD)[0]
    assert name.as_json() == {
        "field": "full_name",
        "typed": "Nguyễn Thị Hoà",
        "read": "Nguyễn Thị Hòa",
        "result": "match",
    }


def test_without_a_readable_code_nothing_is_assessed() -> None:
    assert set(results(TYPED, None).values()) == {"not_assessed"}
    assert all(field.read is None for field in compare(TYPED, None))


@pytest.mark.parametrize("number", ["001099012345", "001 099 012 345", "001.099.012.345"])
def test_a_number_may_be_typed_in_groups(number: str) -> None:
    assert results(Typed("", number, ""), CARD)["id_number"] == "match"


def test_a_half_typed_form_differs() -> None:
    assert set(results(Typed("", "", ""), CARD).values()) == {"differs"}


@pytest.mark.parametrize("width", [1200, 1000])
def test_the_code_of_a_sharp_card_is_found(width: int) -> None:
    assert read_code([papers.encoded(papers.card(width=width))], 10) == papers.CARD_CODE


@pytest.mark.parametrize("angle", [90, 180, 270, 8])
def test_the_card_may_lie_any_way_round(angle: int) -> None:
    turned = papers.card().rotate(angle, expand=True, fillcolor=(90, 80, 70))
    assert read_code([papers.encoded(turned)], 10) == papers.CARD_CODE


def test_the_code_may_be_on_the_back() -> None:
    front, back = papers.card(code=None), papers.card()
    assert read_code([papers.encoded(front), papers.encoded(back)], 10) == papers.CARD_CODE


def test_a_dim_and_soft_picture_is_read_on_a_later_try() -> None:
    dim = papers.card(width=1100).filter(ImageFilter.GaussianBlur(1.6)).point(lambda level: 40 + level // 6)
    assert read_code([papers.encoded(dim)], 10) == papers.CARD_CODE


def test_other_codes_are_passed_over() -> None:
    assert read_code([papers.encoded(papers.card(code="https://example.org/"))], 10) is None


def test_a_sharp_picture_is_read_at_the_first_look() -> None:
    instants = iter([0.0, 99.0])
    assert read_code([papers.encoded(papers.card())], 0, monotonic=lambda: next(instants)) == papers.CARD_CODE
    assert next(instants) == 99.0


def test_looking_ends_when_the_time_is_up() -> None:
    picture = papers.encoded(Image.effect_noise((1200, 800), 80).convert("RGB"))
    instants = iter([0.0, 0.1, 0.7, 99.0])
    assert read_code([picture], 0.5, monotonic=lambda: next(instants)) is None
    assert next(instants) == 99.0
