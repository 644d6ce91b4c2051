"""What a worker tells, and in which order; how it goes over a socket is in `test_server.py`."""

from media import protocol
from media.events import Gate, GateChanged, Leg, LegFacts, LegHeard, MediaFlowing, RecordedPiece
from media.outbox import REPEAT, Outbox

HEARD = LegHeard("call", "agent", 1, 2)


def piece(number: int, *, call: str = "call", leg: Leg = "customer", media: int = 1) -> RecordedPiece:
    return RecordedPiece(call, leg, media, 100 * number, bytes(100), 0, 0, last=False)


def gate(number: int, name: Gate = "recording") -> GateChanged:
    return GateChanged("call", name, shut=bool(number % 2), id=f"x.{number}")


def outbox(*events: RecordedPiece | GateChanged | LegHeard) -> Outbox:
    made = Outbox("w", "b")
    for event in events:
        made.add(event, 0)
    return made


def fresh(box: Outbox, now: int = 0) -> list[int]:
    return [event.sequence for _, event in box.fresh(now)]


def due(box: Outbox, now: int) -> list[tuple[int, int]]:
    return [(tries, event.sequence) for tries, event in box.due(now)]


def test_of_one_recording_a_piece_is_told_when_that_before_it_is_acknowledged() -> None:
    box = outbox(piece(0), piece(1), piece(2))
    assert fresh(box) == [1]
    assert fresh(box) == []
    box.acknowledge(1)
    assert fresh(box) == [2]
    assert due(box, REPEAT) == [(1, 2)]
    box.acknowledge(2)
    box.acknowledge(3)
    assert fresh(box) == []
    assert len(box) == 0


def test_recordings_do_not_wait_for_each_other() -> None:
    box = outbox(piece(0), piece(0, leg="agent"), piece(0, media=2), piece(0, call="other"), piece(1), HEARD)
    assert fresh(box) == [1, 2, 3, 4, 6]


def test_changes_of_one_gate_are_told_one_after_the_other_and_gates_beside_each_other() -> None:
    box = outbox(gate(1), gate(2), gate(3, "frozen"), gate(4, "frozen"))
    assert fresh(box) == [1, 3]
    box.acknowledge(3)
    assert fresh(box) == [4]
    box.acknowledge(1)
    assert fresh(box) == [2]


def test_a_line_that_was_empty_begins_anew() -> None:
    box = outbox(piece(0))
    assert fresh(box) == [1]
    box.acknowledge(1)
    box.add(piece(1), 0)
    assert fresh(box) == [2]


def test_what_was_not_told_for_want_of_a_node_is_due_oldest_first_and_only_the_first_of_a_line() -> None:
    box = outbox(piece(0), piece(1), HEARD)
    assert due(box, 0) == [(0, 1), (0, 3)]
    assert fresh(box) == []
    assert due(box, REPEAT) == [(1, 1), (1, 3)]


def test_what_was_sent_to_a_lost_node_goes_to_another_at_once_and_the_line_still_waits_for_it() -> None:
    box = outbox(piece(0), piece(1))
    assert fresh(box) == [1]
    box.lost([1])
    assert due(box, 1) == [(1, 1)]
    box.acknowledge(1)
    assert fresh(box, 2) == [2]


def test_a_lost_nodes_late_acknowledgement_is_as_good_as_any() -> None:
    box = outbox(piece(0), piece(1))
    assert fresh(box) == [1]
    box.lost([1])
    assert box.acknowledge(1) == piece(0)
    assert box.acknowledge(1) is None
    assert fresh(box) == [2]
    assert due(box, 1) == []


def test_octets_that_wait_are_counted() -> None:
    box = outbox(piece(0), piece(1), HEARD)
    assert box.octets == 200
    box.acknowledge(1)
    box.acknowledge(1)
    assert box.octets == 100


def test_a_thousand_pieces_that_nobody_takes_are_told_in_their_order_in_the_end() -> None:
    box = outbox(*(piece(n) for n in range(1_000)))
    told: list[int] = []
    while len(box):
        for _, event in box.due(len(told)):
            told.append(event.sequence)
            box.acknowledge(event.sequence)
    assert told == list(range(1, 1_001))


def test_every_kind_of_event_has_its_message() -> None:
    box = Outbox("w", "b")
    events = {
        MediaFlowing("call", "agent", 1, "video"): protocol.MediaFlowingEvent,
        HEARD: protocol.LegHeardEvent,
        gate(1): protocol.GateChangedEvent,
        piece(0): protocol.RecordedPieceEvent,
        LegFacts("call", "agent", 1, 0, ()): protocol.LegFactsEvent,
    }
    for event in events:
        box.add(event, 0)
    told = [event for _, event in box.fresh(0)]
    assert [(type(message), message.event) for message in told] == [(kind, event) for event, kind in events.items()]
    assert {(message.worker, message.boot) for message in told} == {("w", "b")}
