import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from media import protocol
from media.plane import (
    CallSummary,
    GateChanged,
    KeptFrame,
    LegFacts,
    LegHeard,
    LegSilent,
    LegSummary,
    MediaFlowing,
    RecordedPiece,
    SecondFacts,
)

MESSAGES_TO_WORKER: list[protocol.ToWorker] = [
    protocol.Negotiate(id="1", call="c", time_left=5, leg="agent", media=0, offer_sdp="v=0"),
    protocol.GetFrame(id="1", call="c", time_left=5, media=2, rtp_timestamp=0xFFFFFFFF, live=True),
    protocol.GetNearestFrame(id="1", call="c", time_left=5, live=False),
    protocol.GetAgentsOwn(id="1", call="c", time_left=5, at=7),
    protocol.Look(id="1", call="c", time_left=5, leg="customer"),
    protocol.CutLegs(id="1", call="c", time_left=5, customer=1, agent=0),
    protocol.CutLegs(id="1", call="c", time_left=5, customer=None, agent=None),
    protocol.CloseCall(id="1", call="c", time_left=5),
    protocol.Proof(proof="p"),
    protocol.Acknowledge(sequence=3),
]
SECOND = SecondFacts(1, 2, 3, 640, 480, 4, 5, 6, 7, None, 8, 9, frozen=True)
SUMMARY = CallSummary("c", (LegSummary("agent", 1, 2, 3, 4, 5, None, 6),))
MESSAGES_TO_NODE: list[protocol.ToNode] = [
    protocol.Hello(worker="w", boot="b", capacity=60, nonce="n", proof="p"),
    protocol.Alive(calls=3),
    protocol.Answer(id="1", answer_sdp="v=0"),
    protocol.Frame(id="1", frame=KeptFrame(b"\xff\xd8\x00", 640, 480, 7, True, 8)),
    protocol.Summary(id="1", summary=SUMMARY),
    protocol.Done(id="1"),
    protocol.Refusal(id="1", code="frame_unknown"),
    protocol.MediaFlowingEvent(worker="w", boot="b", sequence=1, event=MediaFlowing("c", "agent", 1, "audio")),
    protocol.LegSilentEvent(worker="w", boot="b", sequence=2, event=LegSilent("c", "agent", 1, 2, 3)),
    protocol.LegHeardEvent(worker="w", boot="b", sequence=3, event=LegHeard("c", "agent", 1, 3)),
    protocol.GateChangedEvent(worker="w", boot="b", sequence=4, event=GateChanged("c", "frozen", shut=True, id="x.1")),
    protocol.LegFactsEvent(worker="w", boot="b", sequence=5, event=LegFacts("c", "agent", 1, 2, (SECOND, SECOND))),
]


def piece(data: bytes) -> protocol.RecordedPieceEvent:
    event = RecordedPiece("c", "agent", 1, 5, data, 6, 7, last=False)
    return protocol.RecordedPieceEvent(worker="w", boot="b", sequence=6, event=event)


@pytest.mark.parametrize("message", MESSAGES_TO_WORKER, ids=lambda message: message.type)
def test_what_a_node_says_is_read_as_it_was_said(message: protocol.ToWorker) -> None:
    assert protocol.to_worker.validate_json(message.model_dump_json()) == message


@pytest.mark.parametrize("message", MESSAGES_TO_NODE, ids=lambda message: message.type)
def test_what_a_worker_says_is_read_as_it_was_said(message: protocol.ToNode) -> None:
    encoded = protocol.encode(message)
    assert isinstance(encoded, str)
    assert protocol.decode(encoded) == message


@given(data=st.binary(max_size=300))
def test_octets_of_a_recording_travel_as_they_are_behind_what_they_are(data: bytes) -> None:
    encoded = protocol.encode(piece(data))
    assert isinstance(encoded, bytes)
    assert encoded.endswith(data)
    assert len(encoded) - len(data) < 300
    assert protocol.decode(encoded) == piece(data)


@given(data=st.binary(max_size=40), cut=st.integers(0, 300))
def test_octets_that_are_no_message_are_refused_like_any_text(data: bytes, cut: int) -> None:
    head = len(protocol.encode(piece(b"")))
    for received in (data, b"\xff\xff\xff\xff" + data, protocol.encode(piece(b""))[: min(cut, head - 1)]):
        with pytest.raises(ValidationError):
            protocol.decode(received)


def test_what_has_no_octets_of_its_own_may_come_as_octets_too() -> None:
    text = protocol.Done(id="1").model_dump_json().encode()
    assert protocol.decode(len(text).to_bytes(4, "big") + text) == protocol.Done(id="1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"type":"hello"}',
        '{"type":"look","id":"1","call":"","time_left":1,"leg":"agent"}',
        '{"type":"look","id":"1","call":"c","time_left":0,"leg":"agent"}',
        '{"type":"look","id":"1","call":"c","time_left":1,"leg":"somebody"}',
        '{"type":"look","id":"1","call":"c","time_left":1,"leg":"agent","more":1}',
    ],
)
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        protocol.to_worker.validate_json(text)


@given(secret=st.text(), nonce=st.text())
def test_a_proof_is_good_for_its_own_role_nonce_and_secret_alone(secret: str, nonce: str) -> None:
    proof = protocol.prove(secret, "node", nonce)
    assert protocol.is_proof(secret, "node", nonce, proof)
    assert not protocol.is_proof(secret, "worker", nonce, proof)
    assert not protocol.is_proof(secret, "node", nonce + "x", proof)
    assert not protocol.is_proof(secret + "x", "node", nonce, proof)
    assert not protocol.is_proof(secret, "node", nonce, "é")


def leaves(told: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every text and number within a message, by where it stands."""
    if isinstance(told, dict | list):
        for key, value in told.items() if isinstance(told, dict) else enumerate(told):
            yield from leaves(value, (*at, key))
    elif isinstance(told, str | int) and not isinstance(told, bool):
        yield at, told


def with_leaf(told: Any, at: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(told)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return changed


@pytest.mark.parametrize("message", [*MESSAGES_TO_NODE, piece(b"")], ids=lambda message: message.type)
def test_a_worker_that_was_taken_over_tells_nothing_that_a_database_refuses(message: protocol.ToNode) -> None:
    told = json.loads(message.model_dump_json())
    tried = 0
    for at, value in leaves(told):
        if at[-1] in ("jpeg", "data"):
            continue  # octets, as many as a message may have
        hostile = [1 << 63, -(1 << 63) - 1] if isinstance(value, int) else ["\0", "a\0", "\x7f", "x" * (2 << 20)]
        for each in hostile:
            text = json.dumps(with_leaf(told, at, each))
            with pytest.raises(ValidationError):
                protocol.decode(text)
            tried += 1
        if isinstance(value, str):
            surrogate = json.dumps(with_leaf(told, at, "SURROGATE")).replace("SURROGATE", "\\ud800")
            with pytest.raises(ValidationError):
                protocol.decode(surrogate)
    assert tried >= 4
