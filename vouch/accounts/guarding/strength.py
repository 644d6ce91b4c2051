"""Which passwords are refused because they would be guessed.

zxcvbn knows some 30,000 passwords and words that people use, and finds them in disguise, doubled, with a year at the
end. To them come words of Vietnamese passwords, and what everybody knows of the account's owner.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from math import log10, prod

from vouch.problems import Problem

SHORTEST = 12
LONGEST = 256
_FEWEST_GUESSES = 9
"""As a power of ten."""
_LOOKED_AT = 72
"""Characters; zxcvbn takes longer than linear time, and nobody guesses what stands behind so many."""
_DISGUISES = ("4@", "8", "({[<", "3", "69", "1!|", "1|7", "0", "$5", "+7", "%", "2")
"""The marks that zxcvbn takes for a letter, by letter. It tries all readings, each as long as the first."""
_MOST_READINGS = 24
_UNDISGUISED = str.maketrans("@({[<!|$+%", "accccilstx")
# The commonest first: what stands later is worth more guesses.
_BEFORE_DIGITS = re.compile(r"[\s._-]+(?=\d)")
"""What people put between a word and its number, which is the first thing that is tried."""
_COMMON = (
    "mat khau, anh yeu em, em yeu anh, yeu em, yeu anh, viet nam, mobifone, vouch, msale, ha noi, sai gon, "
    "ho chi minh, gia dinh, hanh phuc, tinh yeu, yeu thuong, mai mai, con yeu, vo yeu, chong yeu, nguoi yeu, bo me, "
    "nguyen, tran, pham, hoang, huynh, phan, dang, bui, thi, van, cong ty, cua hang, diem ban hang, nhan vien, "
    "giam sat, quan tri, dang nhap, tai khoan, thue bao, dien thoai, khach hang, xac minh, so tong dai, da nang, "
    "can tho, hai phong, bi mat, khong biet, khong co, mot hai ba, mot hai ba bon, phat loc, loc phat, may man, "
    "ngoc trinh, bong da, que huong, xin chao, cam on, chao ban"
)
_WORDS = [form for phrase in _COMMON.split(", ") for form in dict.fromkeys((phrase.replace(" ", ""), phrase))]


def check(password: str, *about: str | None) -> None:
    """Problem `password_too_short`, `password_too_long` or `password_common`; `about` is what is known of its owner.

    Some milliseconds of a core: to be called beside the loop.
    """
    if len(password) < SHORTEST:
        raise Problem(422, "password_too_short", f"Choose a password of at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise Problem(422, "password_too_long", f"Choose a password of at most {LONGEST} characters.")
    if _is_guessed(_plain(password), about):
        raise Problem(
            422,
            "password_common",
            "This password would be guessed: it is made of common words, a pattern, digits alone or your own names. "
            "Choose another, such as four words that have nothing to do with each other.",
        )


def _is_guessed(password: str, about: Iterable[str | None]) -> bool:
    # Twelve digits are an identity number, ten a telephone number: in this trade both lie about on paper.
    # Of marks over no letters nothing is left.
    bare = password.replace(" ", "")
    if not bare or bare.isdecimal():
        return True
    from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # noqa: PLC0415 - 60 ms that most commands do not need

    looked_at = _readable(_BEFORE_DIGITS.sub("", password)[:_LOOKED_AT])
    found = zxcvbn(looked_at, user_inputs=[*_parts(about), *_WORDS], max_length=_LOOKED_AT)
    return log10(found["guesses"]) < _FEWEST_GUESSES


def _readable(text: str) -> str:
    """The text itself, or where it has very many readings the first one of its marks that are no digits."""
    readings = prod(max(1, sum(mark in text for mark in marks)) for marks in _DISGUISES)
    return text if readings <= _MOST_READINGS else text.translate(_UNDISGUISED)


def _parts(about: Iterable[str | None]) -> Iterator[str]:
    """Names as they are typed in passwords: whole or their last words, run together or not, and by the word."""
    for text in filter(None, about):
        plain = _plain(text)
        yield plain
        words = "".join(letter if letter.isalnum() else " " for letter in plain).split()
        yield from words
        for first in range(len(words)):
            yield " ".join(words[first:])
            yield "".join(words[first:])


def _plain(text: str) -> str:
    """Without Vietnamese marks, because people type the same word with them and without."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
