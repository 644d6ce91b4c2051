"""What may stand in a field that somebody outside fills: every text has a class of characters and a length, every
number its bounds.

Texts of all kinds exclude what no database, page or log should meet: control characters, code points that are no
characters (Unicode, 23.7) and, by pydantic, lone surrogates. The patterns are read by three dialects: pydantic's,
Python's and ECMAScript's.
"""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

_NEVER = r"\u007f-\u009f\ufdd0-\ufdef\ufffe\uffff"
_INVISIBLE = r"\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
PRINTABLE = rf"^[^\u0000-\u001f{_INVISIBLE}{_NEVER}]*$"
"""One line that people read: without invisible characters and those that turn the direction of writing, which serve
only to deceive."""
PROSE = rf"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f{_NEVER}]*$"
"""Several lines, with tabs."""


def _characters(text: str) -> str:
    # Each plane ends with two code points that are no characters; those of the first are in the patterns.
    if any(ord(each) & 0xFFFE == 0xFFFE for each in text):
        raise ValueError("only characters are allowed")
    return text


def composed(text: str) -> str:
    """One spelling of each character (NFC, UAX 15), so that names that look alike are stored alike."""
    return unicodedata.normalize("NFC", text)


CHARACTERS = AfterValidator(_characters)
COMPOSED = AfterValidator(composed)

Id = Annotated[str, StringConstraints(max_length=64, pattern=r"^[0-9A-Za-z_-]*$")]
"""Of ours, as a peer names it; one that does not exist is for whoever looks it up."""
RequestId = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[ -~]*$")]
"""What a page draws for a press."""
Code = Annotated[str, StringConstraints(max_length=64, pattern=r"^[ -~]*$")]
"""A word of some list of ours, or a version; that it is none is told by whoever has the list."""
Token = Annotated[str, StringConstraints(max_length=500, pattern=r"^[!-~]*$")]
"""A secret that we drew, or a system that we know."""
Line = Annotated[str, StringConstraints(max_length=200, pattern=PRINTABLE), CHARACTERS]
"""One line that somebody typed."""
Note = Annotated[str, StringConstraints(max_length=2_000, pattern=PROSE), CHARACTERS]
"""Several lines that somebody typed."""
Password = Annotated[str, StringConstraints(max_length=1_000, pattern=PROSE), CHARACTERS]
"""As typed: it is compared, never shown or stored."""
Sdp = Annotated[str, StringConstraints(max_length=65_536, pattern=PROSE), CHARACTERS]
"""A session description (RFC 8866)."""

Natural = Annotated[int, Field(ge=0, le=2**31 - 1)]
"""A count, or a number that only rises."""
Uint32 = Annotated[int, Field(ge=0, le=2**32 - 1)]
"""32 bits as they stand in a packet."""
