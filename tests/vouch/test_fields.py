"""Every field that somebody outside fills has a class of characters, a length, bounds."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from tests import received
from vouch import fields

MODELS = received.http_models() | received.socket_models()
KINDS = {name: kind for name, kind in vars(fields).items() if hasattr(kind, "__metadata__")}
TEXTS = {name: kind for name, kind in KINDS.items() if kind.__origin__ is str}


@pytest.mark.parametrize("model", MODELS)
def test_no_field_may_be_as_long_or_large_as_the_peer_likes(model: str) -> None:
    assert received.unbounded(MODELS[model]) == []


def test_what_handlers_read_is_found() -> None:
    names = {name.rpartition(".")[2] for name in MODELS}
    assert {"JoinForm", "CheckForm", "DealerForm", "NewVerification", "ReviewForm", "SignIn"} <= names


class Inner(BaseModel):
    text: str
    more: "Inner | None" = None


class Loose(BaseModel):
    text: str = Field(max_length=3)
    number: int = Field(ge=0)
    many: tuple[bool, ...]
    keys: dict[str, bool]
    inner: Inner
    free: Any


def test_a_loose_field_is_found() -> None:
    assert received.unbounded(Loose) == [
        "Loose.text: no pattern",
        "Loose.number: no maximum",
        "Loose.many: no maxItems",
        "Loose.keys: no maxProperties",
        "Loose.inner.text: no maxLength",
        "Loose.inner.text: no pattern",
        "Loose.inner.more: it may be as deep as the peer likes",
        "Loose.free: anything is taken",
    ]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x85", "\ud800", "\ufdd0", "\uffff", "\U0001fffe"])
def test_no_text_holds_what_is_no_character(name: str, character: str) -> None:
    text = f"12345{character}6789"
    with pytest.raises(ValidationError):
        TypeAdapter(TEXTS[name]).validate_python(text)


@pytest.mark.parametrize("text", ["Nguyễn Thị Ánh", "Đường 3/2, P.12", "một\u00a0hai", "👍🏽"])
def test_what_people_type_is_taken(text: str) -> None:
    for kind in (fields.Line, fields.Note, fields.Password):
        assert TypeAdapter(kind).validate_python(text) == text


def test_notes_have_lines_and_tabs_and_a_line_has_not() -> None:
    text = "một\r\n\thai"
    assert TypeAdapter(fields.Note).validate_python(text) == text
    for deceiving in (text, "\u202etxt", "\ufeff", "a\u2028b"):
        with pytest.raises(ValidationError):
            TypeAdapter(fields.Line).validate_python(deceiving)


@pytest.mark.parametrize("number", [-1, 2**32, 2**64, 10**4000, 1e300])
def test_numbers_have_bounds(number: float) -> None:
    for kind in (fields.Natural, fields.Uint32):
        with pytest.raises(ValidationError):
            TypeAdapter(kind).validate_python(number)
