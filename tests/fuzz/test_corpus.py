"""What the fuzzer once broke stays mended; and the fuzzer finds what is broken."""

from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.cases import Case, Op, read, stored, write
from tests.fuzz.run import TARGETS, Fuzzer, attempt, smaller, where
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import Features


@pytest.mark.parametrize("case", stored().values(), ids=stored().keys())
def test_what_once_broke_breaks_nothing(case: Case) -> None:
    _, broken = attempt(case)
    assert broken is None


def test_what_real_peers_send_breaks_nothing_and_is_understood() -> None:
    shown: Features = set()
    for case in seeds():
        features, broken = attempt(case)
        assert broken is None
        shown |= features
    told = {"MediaFlowing", "LegSilent", "LegHeard", "LegFacts", "frame_unknown", ("frame", True), ("frame", False)}
    assert {("call", each) for each in told} <= shown
    assert ("recorded", "RecordedPiece") in shown
    assert ("offers", "answered") in shown
    assert ("port", ("proved", "RESPONSE")) in shown


def test_a_case_is_the_same_once_written_and_read() -> None:
    case = Case("call", (Op("customer-rtp", b"\x00\xff"), Op("wait", b"")))
    assert read(write(case, "why")) == case


def test_a_planted_fault_is_found_made_small_and_stored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(ops: tuple[Op, ...]) -> Features:
        assert not any(op.data[:1] == b"\x80" and len(op.data) > 14 for op in ops)
        return set()

    monkeypatch.setitem(TARGETS, "wire", broken)
    monkeypatch.setattr(run, "CORPUS", tmp_path)
    fuzzer = Fuzzer(1)
    for case in seeds():
        if case.target == "wire":
            fuzzer.execute(case)
    assert fuzzer.crashes == 1, "the same cause counts once"
    (file,) = tmp_path.iterdir()
    (op,) = read(file.read_text()).ops
    assert 14 < len(op.data) < 30


def test_making_a_case_smaller_keeps_what_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(ops: tuple[Op, ...]) -> Features:
        assert b"b" not in [op.data for op in ops]
        return set()

    monkeypatch.setitem(TARGETS, "wire", broken)
    case = Case("wire", tuple(Op("packet", bytes([octet])) for octet in b"aaabaaa"))
    _, error = attempt(case)
    assert error is not None
    assert smaller(case, where(error)) == Case("wire", (Op("packet", b"b"),))
