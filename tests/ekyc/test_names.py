"""When two spellings are one Vietnamese name."""

import unicodedata

import pytest

from ekyc.names import fold, same_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn Anh", "NGUYỄN VĂN ANH"),
        ("Nguyễn Văn Anh", "  Nguyễn   Văn Anh "),
        ("Nguyễn Thị Hòa", "Nguyễn Thị Hoà"),
        ("Đỗ Thuý Quỳnh", "đỗ thúy quỳnh"),
        ("Trần Khoẻ", "Trần Khỏe"),
        ("Lê Thị Ước", unicodedata.normalize("NFD", "Lê Thị Ước")),
    ],
)
def test_case_spacing_unicode_form_and_placing_of_the_tone_do_not_matter(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Thị Hạnh", "Nguyễn Thị Hanh"),
        ("Nguyễn Thị Hạnh", "Nguyễn Thị Hành"),
        ("Trần Đức", "Trần Dức"),
        ("Lê Văn Tân", "Lê Văn Tăn"),
        ("Lê Văn Tân", "Lê Tân Văn"),
        ("Hoa Mỹ", "Hỏa My"),
    ],
)
def test_marks_letters_and_order_do(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_search_ignores_all_marks() -> None:
    assert fold("  NGUYỄN Thị  Ước Đoàn ") == "nguyen thi uoc doan"
    assert fold(unicodedata.normalize("NFD", "Ước")) == fold("ước") == "uoc"
