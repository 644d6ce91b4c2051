"""Recovery codes: 120 random bits each, so that a plain hash is kept of them and none can be guessed."""

import secrets

from vouch.ids import digest

COUNT = 8
# Crockford's base 32 in small letters: none that is taken for another.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS, _LETTERS = 6, 4


def draw() -> list[str]:
    """Fresh codes, in groups that can be typed."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(COUNT)]


def stored(code: str) -> str:
    """What is kept of a code, however it was typed."""
    typed = "".join(letter for letter in code.lower() if letter.isalnum())
    return digest(typed.translate(str.maketrans("oil", "011")))


def _group() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))
