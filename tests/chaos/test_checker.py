"""The checker finds what it is there to find: each fault is planted in books that were in order."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.checker import Books, Findings, check_calls, check_deliveries, check_results
from tests.load.robots import CallerStory, Verdict

PICTURE = b"a picture"


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    folder = tmp_path / "ab"
    folder.mkdir()
    (folder / "clean.jpg").write_bytes(PICTURE)
    (folder / "stamped.jpg").write_bytes(PICTURE)
    return tmp_path


def books() -> Books:
    """A call that was confirmed, and one that the caller ended."""
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    keys = {"clean_key": "clean.jpg", "stamped_key": "stamped.jpg", "clean_sha256": sha256, "stamped_sha256": sha256}
    return Books(
        calls=[
            {"id": "c1", "verification": "v1", "attempt": 1, "outcome": "confirmed", "ended_at": 1},
            {"id": "c2", "verification": "v2", "attempt": 1, "outcome": "cancelled", "ended_at": 2},
        ],
        verdicts={"c1": {"call": "c1", "verdict": "confirmed", "picture": "p1"}},
        pictures={"p1": {"id": "p1", **keys}},
        outbox=[
            message("m1", "v1", "verification.decided", "confirmed"),
            message("m2", "v2", "verification.call_ended", "cancelled"),
        ],
        live=[],
        now=100,
    )


def message(name: str, verification: str, kind: str, outcome: str) -> dict[str, Any]:
    body = json.dumps({"type": kind, "data": {"outcome": outcome, "attempt": 1}})
    sent = {"due_at": None, "delivered_at": 50}
    return {"id": name, "verification": verification, "type": kind, "attempt": "1", "body": body, **sent}


def stories() -> list[CallerStory]:
    return [
        CallerStory("CTKV1", verification="v1", call="c1", ready="ok", outcome="confirmed"),
        CallerStory("CTKV1", verification="v2", call="c2", ready="ok", outcome="cancelled"),
    ]


def found(change: Callable[[Books], None], folder: Path) -> Findings:
    findings, its = Findings(), books()
    change(its)
    check_calls(its, stories(), findings)
    check_results(its, [Verdict("c1", "confirmed", "ok")], folder, findings)
    taken = {row["id"]: [json.loads(row["body"])] * 2 for row in books().outbox}
    check_deliveries(its, taken, findings)
    return findings


def test_books_in_order_show_nothing(evidence: Path) -> None:
    assert found(lambda _: None, evidence) == Findings()


LOST_CALLS: list[Callable[[Books], Any]] = [
    lambda it: it.live.append({"id": "c2"}),
    lambda it: it.calls[1].update(ended_at=None),
    lambda it: it.calls.pop(1),
    lambda it: it.calls[1].update(outcome="connection_lost"),
]


@pytest.mark.parametrize("change", LOST_CALLS)
def test_a_lost_call_is_found(change: Callable[[Books], None], evidence: Path) -> None:
    assert found(change, evidence).lost_calls


LOST_RESULTS: list[Callable[[Books], Any]] = [
    lambda it: it.outbox.pop(0),
    lambda it: it.outbox.pop(1),
    lambda it: it.verdicts.clear(),
    lambda it: it.pictures.clear(),
    lambda it: it.pictures["p1"].update(clean_key="gone.jpg"),
    lambda it: it.pictures["p1"].update(stamped_sha256="0" * 64),
    lambda it: it.outbox.append(message("m3", "v3", "verification.call_ended", "cancelled")),
]


@pytest.mark.parametrize("change", LOST_RESULTS)
def test_a_lost_result_is_found(change: Callable[[Books], None], evidence: Path) -> None:
    assert found(change, evidence).lost_results


DOUBLED_RESULTS: list[Callable[[Books], Any]] = [
    lambda it: it.outbox.append(message("m1", "v1", "verification.decided", "confirmed")),
    lambda it: it.outbox.append(message("m1", "v1", "verification.call_ended", "confirmed")),
    lambda it: it.outbox[0].update(body=json.dumps({"data": {"outcome": "rejected"}})),
    lambda it: it.verdicts["c1"].update(verdict="rejected"),
    lambda it: it.outbox[1].update(id="another"),
]


@pytest.mark.parametrize("change", DOUBLED_RESULTS)
def test_a_doubled_or_contrary_result_is_found(change: Callable[[Books], None], evidence: Path) -> None:
    assert found(change, evidence).doubled_results
