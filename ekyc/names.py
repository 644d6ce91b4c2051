"""Vietnamese names: when two spellings are one, and the form by which they are searched. Pure."""

import unicodedata

# Grave, acute, tilde, hook above, dot below; circumflex, breve and horn make other letters and stay where they are.
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_D_WITH_STROKE = str.maketrans({"đ": "d"})


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one Vietnamese name.

    Case, spacing, Unicode form and the two schools of placing a tone mark (hòa, hoà) do not matter. The marks
    themselves do: Hạnh and Hanh are two names.
    """
    return _name_key(one) == _name_key(other)


def fold(text: str) -> str:
    """The form for search: lower case, single spaces, no diacritics; what is searched for is folded the same way."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(bare.translate(_D_WITH_STROKE).split())


def _name_key(name: str) -> list[tuple[str, str]]:
    return [_syllable_key(syllable) for syllable in unicodedata.normalize("NFD", name.casefold()).split()]


def _syllable_key(syllable: str) -> tuple[str, str]:
    letters = "".join(character for character in syllable if character not in _TONES)
    return letters, "".join(character for character in syllable if character in _TONES)
