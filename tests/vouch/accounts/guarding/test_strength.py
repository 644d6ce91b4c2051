import time

import pytest

from vouch.accounts.guarding.strength import LONGEST, check
from vouch.accounts.passwords import draw
from vouch.problems import Problem

OWNER = ("agent1", "Lê Thị Hồng Ánh", "CTKV1", None)


def answer(password: str) -> str:
    try:
        check(password, *OWNER)
    except Problem as problem:
        return f"{problem.status} {problem.code}"
    return "good"


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiop123",
        "1qaz2wsx3edc",
        "P@ssw0rd2024!",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "!@#$%^&*()_+",
        # in Vietnamese, with marks and without
        "matkhau123456",
        "Mậtkhẩu123456",
        "anh yêu em 1234",
        "Saigon@123456",
        "Vietnam-2025",
        "Hồ Chí Minh 2025",
        # of this trade
        "Mobifone@2025",
        # of the owner
        "agent1agent1",
        "lethihonganh1990",
        "Hồng Ánh 2024",
        "CTKV1@agent1",
        # identity numbers and telephone numbers
        "079204001234",
        "0901 234 567 8",
    ],
)
def test_what_would_be_guessed_is_refused(password: str) -> None:
    assert answer(password) == "422 password_common"


@pytest.mark.parametrize(
    "password",
    [
        "twelve-chars",
        "correct-horse-battery",
        "mưa rơi trên mái tôn",
        "con mèo đội nón lá",
        "Tr0ng-vuon_co9cay",
        "x8Kq2!mZpL0v",
    ],
)
def test_what_would_not_be_guessed_is_taken(password: str) -> None:
    assert answer(password) == "good"


def test_every_drawn_password_is_taken() -> None:
    assert {answer(draw()) for _ in range(200)} == {"good"}


def test_it_has_twelve_to_256_characters() -> None:
    long = "mưa rơi trên mái tôn "
    assert answer("eleven-char") == "422 password_too_short"
    assert answer((long * 20)[:LONGEST]) == "good"
    assert answer((long * 20)[: LONGEST + 1]) == "422 password_too_long"


@pytest.mark.parametrize("password", ["a1" * 128, "\0\udcff" * 128, "ßẞ" * 128, "qwerty" * 40, "\u200b" * 200])
def test_whatever_is_chosen_is_looked_at_within_half_a_second(password: str) -> None:
    began = time.process_time()
    assert answer(password) == "422 password_common"
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("password", ["4@8({[<3691!|70$5+%2" * 12, "@({[<!|$+%4836917052" * 4, "1|!7+$({<@ p4$$w0rd"])
def test_marks_that_can_be_read_in_hundreds_of_ways_are_looked_at_as_quickly(password: str) -> None:
    began = time.process_time()
    assert answer(password) == "good"
    assert time.process_time() - began < 0.5


def test_a_word_in_many_disguises_is_still_seen() -> None:
    marks = "|{[<$"
    assert answer(f"m@tkh@u{marks}") == answer(f"matkhau{marks}") == "422 password_common"


@pytest.mark.parametrize("mark", ["\u0300", "\u0344", " \u0301"])
def test_marks_over_no_letters_are_no_password(mark: str) -> None:
    assert answer(mark * 20) == "422 password_common"
