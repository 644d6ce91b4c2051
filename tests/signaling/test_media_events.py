"""What the media plane tells reaches floors and evidence, and told again it changes nothing."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, select

from media import plane as media
from routing import events as e
from routing.rules import CallRules
from routing.state import GATE_FROZEN, GATE_RECORDING, Seed, TeamRules
from signaling.floors import Floors
from signaling.media_events import MediaEvents
from signaling.models import JournalRow
from signaling.rules import Team
from tests.signaling.test_writer import FLOOR, Nothing
from vouch.clock import SystemClock
from vouch.database import Database
from vouch.ids import new_id

SECOND = media.SecondFacts(400_000, 32_000, 30, 640, 480, 2, 0, 3_000, 40_000, None, 900_000, 1, False)


@dataclass
class Shelf:
    """Holds what it is given to keep."""

    pieces: list[media.RecordedPiece] = field(default_factory=list)
    facts: list[tuple[Any, ...]] = field(default_factory=list)

    async def take(self, piece: media.RecordedPiece) -> None:
        self.pieces.append(piece)

    async def take_facts(self, *told: Any) -> None:
        self.facts.append(told)


@dataclass
class Shell:
    """A floor with one call that waits, and the media plane's events on their way to it."""

    database: Database
    floors: Floors
    shelf: Shelf
    call: str

    def events(self) -> MediaEvents:
        return MediaEvents(self.floors, None, self.shelf, lambda: None)

    @property
    def gates(self) -> set[str]:
        call = self.floors.call(FLOOR, self.call)
        assert call is not None
        return set(call.gates)

    def gate(self, gate: media.Gate, name: str, *, shut: bool) -> media.GateChanged:
        return media.GateChanged(self.call, gate, shut, f"{self.call} {name}")


@pytest.fixture
async def shell(migrated_database_url: str) -> AsyncIterator[Shell]:
    database, call = Database(migrated_database_url), new_id()
    seed = Seed("2026-11-21", "00ff")
    floors = Floors(database, SystemClock(), Nothing(), lambda _: Team(TeamRules(), None), lambda: seed)
    await floors.writer(FLOOR)
    asked = e.CallRequested("r", call, "v", "CTKV1", 1, 0, frozenset(), CallRules(), "node-1.a")
    await floors.post(FLOOR, asked)
    yield Shell(database, floors, Shelf(), call)
    await floors.close()
    await database.close()


async def test_gates_are_shut_and_opened_as_the_worker_tells(shell: Shell) -> None:
    tell = shell.events()
    await tell(shell.gate("frozen", "1", shut=True))
    await tell(shell.gate("recording", "2", shut=True))
    assert shell.gates == {GATE_FROZEN, GATE_RECORDING}
    await tell(shell.gate("frozen", "3", shut=False))
    await tell(shell.gate("recording", "4", shut=False))
    assert shell.gates == set()


async def test_a_change_that_is_told_again_later_does_nothing(shell: Shell) -> None:
    tell = shell.events()
    shut, opened = shell.gate("frozen", "1", shut=True), shell.gate("frozen", "2", shut=False)
    for change in (shut, opened, shut, shut):
        await tell(change)
    assert shell.gates == set()
    async with shell.database.read() as session:
        written = select(func.count()).where(JournalRow.type.in_(["GateShut", "GateOpened"]))
        assert await session.scalar(written) == 2


async def test_pieces_of_recordings_are_kept_as_they_come(shell: Shell) -> None:
    piece = media.RecordedPiece(shell.call, "customer", 2, 40, b"bytes", 7, 900_000, True)
    await shell.events()(piece)
    assert shell.shelf.pieces == [piece]


async def test_the_seconds_of_a_leg_are_kept_by_what_was_measured(shell: Shell) -> None:
    await shell.events()(media.LegFacts(shell.call, "agent", 1, 7_000_000, (SECOND, SECOND)))
    ((call, leg, number, first_at, seconds),) = shell.shelf.facts
    assert (call, leg, number, first_at) == (shell.call, "agent", 1, 7_000_000)
    assert (seconds["video_bits"], seconds["round_trip"], seconds["frozen"]) == ([400_000] * 2, [None] * 2, [False] * 2)


async def test_what_is_told_of_an_unknown_call_is_dropped(shell: Shell) -> None:
    await shell.events()(media.GateChanged("nobody", "frozen", True, "1"))
    await shell.events()(media.LegHeard("nobody", "agent", 1, 1))
