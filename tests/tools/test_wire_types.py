"""The pages' types of the wire are what the server speaks."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from signaling import messages
from signaling.messages import Message
from tools import wire_types


def test_the_kept_types_are_fresh() -> None:
    assert wire_types.TYPES.read_text() == wire_types.typescript(), "run ./dev fix"


@pytest.mark.parametrize(
    ("annotation", "typescript"),
    [
        (str, "string"),
        (int | None, "number | null"),
        (messages.CallState, "CallState"),
        (Literal["left", "right"], '"left" | "right"'),
        (Annotated[str, Field(max_length=3)] | None, "string | null"),
        (tuple[messages.Lost, ...], "ReadonlyArray<Lost>"),
        (tuple[messages.Check | None, ...], "ReadonlyArray<Check | null>"),
        (tuple[messages.Path, Any], "readonly [ReadonlyArray<string | number>, unknown]"),
    ],
)
def test_each_kind_of_field_has_its_typescript(annotation: object, typescript: str) -> None:
    assert wire_types.type_of(annotation) == typescript


def test_a_kind_of_field_that_pages_could_not_read_is_refused() -> None:
    with pytest.raises(KeyError):
        wire_types.type_of(bytes)


def test_a_page_may_leave_defaults_out_but_the_server_sends_them() -> None:
    made = wire_types.typescript()
    assert "  fraud?: boolean;" in made  # of a press
    assert "  detail: string;" in made  # of an answer


def test_every_message_and_every_event_is_there() -> None:
    made = wire_types.typescript()
    kinds = [kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, Message)]
    assert [kind.__name__ for kind in kinds if kind is not Message and f"interface {kind.__name__} " not in made] == []
    events = [*messages.FROM_CALLER, *messages.FROM_CONSOLE, *messages.FROM_FLOOR]
    assert [event for event in events if f'"{event}": ' not in made] == []


def test_a_fields_words_stand_above_it() -> None:
    assert "  /** Place in the queue, from 1. */\n  position: number | null;" in wire_types.typescript()
