"""Judges a fault run by what clients saw and what the database and the evidence's folder hold; it asks Vouch nothing.

- A lost call: a caller who was told that his call is queued, and who neither got an end nor is in a live state.
- A lost result: a call that ended, or a verdict that was acknowledged, without its row, its message or its picture.
- A doubled result: two results for one call, or one that contradicts the verdict.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.load.robots import CallerStory, Verdict
from vouch.clock import SystemClock

_VERDICTS = frozenset({"confirmed", "rejected", "unable_to_verify"})


@dataclass
class Findings:
    """What is wrong, in words; each line is one."""

    lost_calls: list[str] = field(default_factory=list)
    lost_results: list[str] = field(default_factory=list)
    doubled_results: list[str] = field(default_factory=list)
    stuck_agents: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Books:
    """The rows that count, read at one moment."""

    calls: list[Any]
    verdicts: dict[str, Any]
    pictures: dict[str, Any]
    outbox: list[Any]
    live: list[Any]
    now: int
    """When they were read."""


async def read_books(dsn: str) -> Books:
    """All of it in one snapshot."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            verdicts = await connection.fetch("SELECT * FROM verdict")
            pictures = await connection.fetch("SELECT * FROM picture WHERE call IS NOT NULL")
            return Books(
                calls=await connection.fetch("SELECT * FROM call_record ORDER BY queued_at"),
                verdicts={row["call"]: row for row in verdicts},
                pictures={row["id"]: row for row in pictures},
                outbox=await connection.fetch("SELECT *, body::json #>> '{data,attempt}' AS attempt FROM outbox"),
                live=await connection.fetch("SELECT id FROM floor_call WHERE live"),
                now=SystemClock().now(),
            )
    finally:
        await connection.close()


def check_calls(books: Books, stories: Sequence[CallerStory], findings: Findings) -> None:
    """Every caller got an end, the one that is written down."""
    records = {row["id"]: row for row in books.calls}
    live = {row["id"] for row in books.live}
    findings.lost_calls += [f"{call} is live though all deadlines have passed" for call in live]
    findings.lost_calls += [
        f"{row['id']} has no end" for row in books.calls if row["ended_at"] is None and row["id"] not in live
    ]
    for story in stories:
        if story.ready == "unanswered":
            findings.lost_calls.append(f"{story.verification}: call.ready was never answered")
        if story.ready != "ok":
            continue
        record = records.get(story.call)
        if record is None:
            findings.lost_calls.append(f"{story.call} was acknowledged and is not written down")
        elif not story.gone and story.outcome != record["outcome"]:
            was = f"its caller ({story.behaviour}) saw {story.outcome or 'no end'}; his page last saw {_last(story)}"
            findings.lost_calls.append(f"{story.call} ended as {record['outcome']} at {record['ended_at']}, {was}")


def check_results(books: Books, verdicts: Sequence[Verdict], evidence: Path, findings: Findings) -> None:
    """One result for each end and each verdict, the same in every book; each verdict's picture on the disk."""
    messages: dict[tuple[str, int], list[Any]] = defaultdict(list)
    for row in books.outbox:
        messages[row["verification"], int(row["attempt"])].append(row)
    for record in books.calls:
        if record["ended_at"] is None:
            continue
        its = messages[record["verification"], record["attempt"]]
        verdict = books.verdicts.get(record["id"])
        _check_messages(record, verdict, its, findings)
        if verdict is not None:
            wrong = wrong_picture(books.pictures.get(verdict["picture"]), evidence)
            findings.lost_results += [f"{record['id']}: {wrong}"] if wrong else []
    for pressed in verdicts:
        _check_pressed(pressed, books, findings)


def _check_messages(record: Any, verdict: Any, messages: Sequence[Any], findings: Findings) -> None:
    call, outcome = record["id"], record["outcome"]
    wanted = Counter(["verification.decided"] if verdict is not None else [])
    if outcome not in _VERDICTS:
        wanted["verification.call_ended"] += 1
    elif verdict is None:
        findings.lost_results.append(f"{call} ended as {outcome} without a verdict's row")
    elif verdict["verdict"] != outcome:
        findings.doubled_results.append(f"{call} ended as {outcome}, its verdict is {verdict['verdict']}")
    found = Counter(row["type"] for row in messages)
    findings.lost_results += [f"{call} ({outcome}) has no {kind}" for kind in wanted - found]
    findings.doubled_results += [f"{call} ({outcome}) has {found[kind]} {kind}" for kind in found - wanted]
    for row in messages:
        said = outcome_of(row["body"])
        right = verdict["verdict"] if row["type"] == "verification.decided" and verdict is not None else outcome
        if said != right:
            findings.doubled_results.append(f"{call} ended as {right}, its message says {said}")


def _check_pressed(pressed: Verdict, books: Books, findings: Findings) -> None:
    """What an agent was told to be done is done; what he was told not to be is nobody's business here."""
    if pressed.code != "ok":
        return
    verdict = books.verdicts.get(pressed.call)
    if pressed.verdict == "end":
        record = next((row for row in books.calls if row["id"] == pressed.call), None)
        if record is None or record["outcome"] != "agent_ended":
            findings.lost_results.append(f"{pressed.call}: its acknowledged end is not written down")
    elif verdict is None:
        findings.lost_results.append(f"{pressed.call}: an acknowledged verdict is not written down")
    elif verdict["verdict"] != pressed.verdict:
        was = f"{pressed.verdict} was acknowledged, {verdict['verdict']} is written down"
        findings.doubled_results.append(f"{pressed.call}: {was}")


def check_deliveries(books: Books, taken: Mapping[str, list[dict[str, Any]]], findings: Findings) -> None:
    """Each message came, always the same, or is still to come; none came that is not in the outbox."""
    known = {row["id"]: row for row in books.outbox}
    for message, bodies in taken.items():
        if message not in known:
            findings.doubled_results.append(f"the receiver got {message}, which is in no outbox")
        elif any(body != bodies[0] for body in bodies):
            findings.doubled_results.append(f"the receiver got {message} with different contents")
    missing = [message for message, row in known.items() if message not in taken and not on_its_way(row, books.now)]
    findings.lost_results += [f"message {message} was not delivered" for message in missing]


def on_its_way(row: Any, now: int) -> bool:
    """Whether a message will be tried: the claim of a node that was killed over it still runs."""
    return row["delivered_at"] is None and row["due_at"] is not None and row["due_at"] > now


def wrong_picture(picture: Any, evidence: Path) -> str:
    """What is wrong with the picture of a verdict; empty: nothing."""
    if picture is None:
        return "its picture has no row"
    for kind in ("clean", "stamped"):
        key, wanted = picture[f"{kind}_key"], picture[f"{kind}_sha256"]
        found = list(evidence.glob(f"*/{key}")) if key else []
        if not found:
            return f"its {kind} picture is not on the disk"
        if hashlib.sha256(found[0].read_bytes()).hexdigest() != wanted:
            return f"its {kind} picture differs from its hash"
    return ""


def outcome_of(body: str) -> str:
    """The outcome that a message names."""
    # asyncpg gives JSON columns as their text.
    told = json.loads(body)["data"]
    return str(told["outcome"])


def _last(story: CallerStory) -> str:
    return ", ".join(f"{seen.at} {seen.what} {seen.data}" for seen in story.trail)
