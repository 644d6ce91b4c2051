"""An event that no transaction can take: it alone is refused, at once, and the others of its batch go through."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from routing import events as e
from routing import index
from routing.commands import Answered
from signaling import store
from signaling.models import JournalRow
from signaling.writer import Changes, EventRefusedError, FloorWriter
from tests.signaling.test_writer import Forgetful, Writers, journal, known, said, writers
from vouch.database import Database

__all__ = ["writers"]

LARGEST_BATCH = 64
POISON: dict[str, tuple[str, e.Event]] = {
    # The driver quotes the value, and a lost connection is told by that word too.
    "a lone surrogate in the key": ("connection \ud800", e.AgentReady("a", "connection \ud800")),
    "a lone surrogate in the data": ("a:p", e.AgentPaused("a", "a:p", "\ud800")),
    "an event of no kind": ("a:p", cast(e.Event, object())),
    "a number without end": ("a:p", e.AgentPaused("a", "a:p", cast(str, float("inf")))),
    "U+0000 in the key": ("a:\0", e.AgentReady("a", "a:\0")),
}


@pytest.fixture(autouse=True)
def lines() -> Iterator[list[Any]]:
    """What is logged; writing tracebacks for a terminal would take longer than all that is tested."""
    with structlog.testing.capture_logs() as captured:
        yield captured


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sleeps before trying again sleeps longer than any test lasts."""
    monkeypatch.setattr("signaling.writer._RETRY_S", 3600.0)


class Counting(Forgetful):
    """A database that counts its transactions."""

    transactions = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        self.transactions += 1
        async with super().write() as session:
            yield session


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.signaling.test_writer.Forgetful", Counting)


async def submitted(writer: FloorWriter, batch: list[tuple[str, e.Event]]) -> list[BaseException | None]:
    """What became of each of these events, which wait for the writer together."""
    waiting = (writer.submit(event, request=request) for request, event in batch)
    async with asyncio.timeout(30):
        return await asyncio.gather(*waiting, return_exceptions=True)


def presses(count: int) -> list[tuple[str, e.Event]]:
    """Each of them changes the floor."""
    keys = [f"a:{number:03}" for number in range(count)]
    return [
        (key, e.AgentReady("a", key) if number % 2 else e.AgentPaused("a", key, f"break {number}"))
        for number, key in enumerate(keys)
    ]


def answers(told: list[Changes]) -> list[str]:
    return [answer.request for answer in said(told, Answered)]


async def ids(database: Database) -> list[str]:
    """The presses in the journal, in the order of their steps."""
    kinds = [e.AgentReady.__name__, e.AgentPaused.__name__]
    rows = select(JournalRow.event_id).where(JournalRow.type.in_(kinds)).order_by(JournalRow.version)
    async with database.read() as session:
        return list(await session.scalars(rows))


@pytest.mark.usefixtures("counted")
@pytest.mark.parametrize("place", [0, 37, LARGEST_BATCH - 1])
@pytest.mark.parametrize("poison", POISON)
async def test_one_event_among_many_is_refused_at_once_and_alone(
    writers: Writers, lines: list[Any], poison: str, place: int
) -> None:
    writer, told, database = await writers.add()
    assert isinstance(database, Counting)
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    batch = presses(LARGEST_BATCH - 1)
    batch.insert(place, POISON[poison])
    before, database.transactions = known(writer).version, 0
    told.clear()
    became = await submitted(writer, batch)

    if poison.startswith("U+0000") and database.is_sqlite:
        assert became == [None] * LARGEST_BATCH  # SQLite takes it
        return
    good = [request for request, _ in batch if request != POISON[poison][0]]
    assert [type(each) for each in became if each is not None] == [EventRefusedError]
    assert isinstance(became[place], EventRefusedError)
    assert await ids(database) == good, "each once, in their order"
    assert known(writer).version == before + len(good)
    assert answers(told) == good
    assert database.transactions <= 2 * 6 + 1, "the guilty one is found by halving"
    assert [line["event"] for line in lines if line["log_level"] in {"warning", "error"}] == [
        "floor transaction failed by our fault"
    ]
    index.check(known(writer))


async def test_many_that_are_guilty_keep_nobody_else(writers: Writers) -> None:
    writer, _, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    batch = presses(32)
    bad = [(f"bad:{number}", e.AgentPaused("a", f"bad:{number}", "\ud800")) for number in range(32)]
    mixed = [each for pair in zip(batch, bad, strict=True) for each in pair]
    became = await submitted(writer, mixed)
    assert [each is None for each in became] == [True, False] * 32
    assert await ids(database) == [request for request, _ in batch]


async def test_a_press_that_comes_twice_beside_a_guilty_one_is_stepped_once(writers: Writers) -> None:
    writer, told, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    twice = presses(1)[0]
    became = await submitted(writer, [twice, POISON["a lone surrogate in the data"], twice])
    assert [each is None for each in became] == [True, False, True]
    assert await journal(database, e.AgentPaused) == 1
    assert answers(told) == ["a:000", "a:000"], "the second one gets the first one's answer"


async def test_what_was_committed_before_a_fault_is_acted_on_once(
    writers: Writers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a commit is lost, then something of ours fails before the journal could be asked."""
    monkeypatch.setattr("signaling.writer._RETRY_S", 0.0)
    writer, told, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    told.clear()
    repeated, faults = store.repeated, iter([ConnectionResetError(), ValueError()])

    async def fails_twice(*asked: Any) -> Any:
        for fault in faults:
            raise fault
        return await repeated(*asked)

    monkeypatch.setattr(store, "repeated", fails_twice)
    database.breaks = "after"
    assert await submitted(writer, presses(3)) == [None] * 3
    assert await ids(database) == ["a:000", "a:001", "a:002"]
    assert answers(told) == ["a:000", "a:001", "a:002"]
    assert known(writer).agents["a"].pause_reason == "break 2"
