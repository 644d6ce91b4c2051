from media.events import Gate, GateChanged, Leg, RecordedPiece
from media.gates import BEHIND, Gates, RecordingProgress

BOTH: dict[Leg, int] = {"customer": 1, "agent": 1}
SECOND = 1_000_000


def piece(leg: Leg, number: int, media: int = 1) -> RecordedPiece:
    """One of a hundred octets."""
    return RecordedPiece("call", leg, media, 100 * number, bytes(100), 0, 0, last=False)


def progress(*, told: int = 1, kept: int = 1) -> RecordingProgress:
    """So many pieces of either leg were told at zero, and so many are on disk."""
    made = RecordingProgress()
    legs: tuple[Leg, Leg] = ("customer", "agent")
    for leg in legs:
        for number in range(told):
            made.told(piece(leg, number), 0)
        for number in range(kept):
            made.kept(piece(leg, number))
    return made


def test_a_recording_is_safe_once_both_legs_have_a_piece_on_disk() -> None:
    made = RecordingProgress()
    for leg in BOTH:
        made.told(piece(leg, 0), 0)
    assert not made.is_safe(BOTH, 0)
    made.kept(piece("customer", 0))
    assert not made.is_safe(BOTH, 0)
    made.kept(piece("agent", 0))
    assert made.is_safe(BOTH, 0)


def test_one_leg_alone_is_not_safe() -> None:
    assert not progress().is_safe({"customer": 1}, 0)
    assert not progress().is_safe({}, 0)


def test_a_piece_that_waits_longer_than_three_seconds_makes_it_unsafe_until_it_is_on_disk() -> None:
    made = progress()
    made.told(piece("agent", 1), SECOND)
    assert made.is_safe(BOTH, SECOND + BEHIND - 1)
    assert not made.is_safe(BOTH, SECOND + BEHIND)
    made.told(piece("agent", 2), SECOND + BEHIND)
    made.kept(piece("agent", 1))
    assert made.is_safe(BOTH, SECOND + BEHIND)


def test_a_leg_that_falls_silent_with_all_on_disk_stays_safe() -> None:
    assert progress().is_safe(BOTH, 3_600 * SECOND)


def test_a_new_connection_is_unsafe_until_it_is_on_disk_itself() -> None:
    made = progress(told=2)
    newer: dict[Leg, int] = {"customer": 2, "agent": 1}
    assert not made.is_safe(newer, 0)
    made.told(piece("customer", 0, media=2), 0)
    made.kept(piece("customer", 1, media=1))
    assert not made.is_safe(newer, 0)
    made.kept(piece("customer", 0, media=2))
    assert made.is_safe(newer, 0)


def test_what_is_told_to_be_on_disk_twice_or_was_never_told_changes_nothing() -> None:
    made = progress(told=2)
    for leg in BOTH:
        made.kept(piece(leg, 0))
    made.kept(piece("customer", 0, media=7))
    assert not made.is_safe(BOTH, BEHIND), "the second piece of each still waits"
    assert not RecordingProgress().is_safe(BOTH, 0)


def test_recording_begins_shut_and_frozen_open() -> None:
    gates = Gates("call", "x")
    assert gates.change("recording", shut=True) == []
    assert gates.change("frozen", shut=False) == []


def test_each_change_is_told_once_with_an_id_of_its_own() -> None:
    gates = Gates("call", "x")
    told: list[GateChanged] = []
    changes: list[tuple[Gate, bool]] = [("recording", False), ("frozen", True), ("frozen", False), ("recording", True)]
    for gate, shut in changes:
        told += gates.change(gate, shut=shut)
        assert gates.change(gate, shut=shut) == []
    assert [(each.call, each.gate, each.shut) for each in told] == [("call", *change) for change in changes]
    ids = {each.id for each in told}
    assert len(ids) == 4
    assert not ids & {each.id for each in Gates("call", "y").change("recording", shut=False)}
