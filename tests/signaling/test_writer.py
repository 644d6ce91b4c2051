"""One floor, written by this node and by others: commits whose answer is lost, and floors brought forward."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from routing import events as e
from routing import index
from routing.commands import Answered, SocketAssigned
from routing.state import CallRules, Floor, Seed, TeamRules
from signaling import store
from signaling.models import JournalRow
from signaling.rules import Team
from signaling.writer import Changes, FloorWriter
from vouch.database import Database, is_gone
from vouch.tasks import TaskSet

FLOOR = "CTKV1"


class Forgetful(Database):
    """A database whose connection breaks when it is told to: before a commit, or before the commit's answer."""

    breaks = ""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with super().write() as session:
            yield session
            if self.breaks == "before":
                self.breaks = ""
                raise ConnectionResetError
        if self.breaks == "after":
            self.breaks = ""
            raise ConnectionResetError


class Nothing:
    """Call records of nobody."""

    async def write(self, session: AsyncSession, changes: Changes) -> None:
        return


class Writers:
    """Nodes' writers of one floor."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.tasks = TaskSet("writers")
        self.databases: list[Forgetful] = []

    async def add(self) -> tuple[FloorWriter, list[Changes], Forgetful]:
        database, told = Forgetful(self.url), list[Changes]()
        self.databases.append(database)
        async with database.write() as session:
            await store.ensure(session, FLOOR, Team(TeamRules(), None), Seed("2026-11-21", "00ff"), 0)
        writer = FloorWriter(FLOOR, database, Nothing(), told.append)
        self.tasks.spawn("run", writer.run())
        await writer.submit(e.Tick())
        return writer, told, database

    async def close(self) -> None:
        await self.tasks.close()
        for database in self.databases:
            await database.close()


@pytest.fixture
async def writers(migrated_database_url: str) -> AsyncIterator[Writers]:
    nodes = Writers(migrated_database_url)
    yield nodes
    await nodes.close()


def said(told: list[Changes], kind: type[Any]) -> list[Any]:
    return [command for changes in told for command in changes.commands if isinstance(command, kind)]


def known(writer: FloorWriter) -> Floor:
    assert writer.floor is not None
    return writer.floor


async def journal(database: Database, event: type[Any]) -> int:
    async with database.read() as session:
        rows = select(func.count()).where(JournalRow.type == event.__name__)
        return int((await session.execute(rows)).scalar_one())


@pytest.mark.parametrize("breaks", ["before", "after"])
async def test_a_commit_whose_answer_is_lost_is_acted_on_once(writers: Writers, breaks: str) -> None:
    writer, told, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    database.breaks = breaks
    await writer.submit(e.AgentConnected("a", "node.boot", "sid"))
    assert [command.number for command in said(told, SocketAssigned)] == [1]
    assert await journal(database, e.AgentConnected) == 1
    assert known(writer).agents["a"].socket_up
    index.check(known(writer))


async def test_a_press_whose_commits_answer_is_lost_is_answered_once_and_again_when_repeated(writers: Writers) -> None:
    writer, told, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    database.breaks = "after"
    for _ in range(2):
        await writer.submit(e.AgentReady("a", "a:1"), request="a:1")
    assert said(told, Answered) == [Answered("a:1", "ok")] * 2
    assert await journal(database, e.AgentReady) == 1


async def test_a_writer_is_told_what_another_wrote_and_only_once(writers: Writers) -> None:
    one, _, _ = await writers.add()
    two, told, _ = await writers.add()
    await one.submit(e.AgentJoined("a", frozenset(), ""))
    await one.submit(e.AgentConnected("a", "node.boot", "sid"))
    before = known(two).version
    told.clear()

    two.look(known(one).version)
    two.look(known(one).version)
    await two.submit(e.AgentReady("a", "a:1"), request="a:1")

    others = [changes for changes in told if not changes.own]
    assert [(each.before.version, each.after.version, each.agents) for each in others] == [
        (before, known(one).version, frozenset("a"))
    ]
    assert others[0].commands == ()
    one.look(known(two).version)
    while known(one).version < known(two).version:
        await asyncio.sleep(0.01)
    assert known(one).agents == known(two).agents
    index.check(known(one))


async def test_calls_that_changed_hands_meanwhile_are_taken_over_in_any_order(writers: Writers) -> None:
    one, _, _ = await writers.add()
    two, told, _ = await writers.add()
    for agent in ("a", "b"):
        await one.submit(e.AgentJoined(agent, frozenset(), ""))
        await one.submit(e.AgentConnected(agent, "node.boot", agent))
        await one.submit(e.AgentReady(agent, f"{agent}:ready"), request=f"{agent}:ready")
    for call in ("1", "2"):
        await one.submit(requested(call), request=f"{call}:call")
        await one.submit(e.CallerConnected(call, "node.boot", call))
    two.look(known(one).version)
    await two.submit(e.Tick())
    serving = dict(known(two).index.serving)
    assert sorted(serving) == ["a", "b"]
    # Both are refused by the one and taken by the other.
    for agent, call in sorted(serving.items()):
        declined = e.OfferDeclined(agent, call, 1, "technical", f"{agent}:no")
        await one.submit(declined, request=f"{agent}:no")
    await two.submit(e.CallerHungUp("1", 1, "1:end"), request="1:end")
    assert known(two).index.serving != serving
    index.check(known(two))
    gone = [call.id for changes in told for call in changes.forgotten]
    assert set(gone).isdisjoint(known(two).calls)


async def test_an_event_that_is_withdrawn_before_its_turn_is_not_stepped(writers: Writers) -> None:
    writer, _, database = await writers.add()
    await writer.submit(e.AgentJoined("a", frozenset(), ""))
    database.breaks = "before"
    first = writers.tasks.spawn("first", writer.submit(e.AgentPaused("a", "a:1", "lunch"), request="a:1"))
    while database.breaks:
        await asyncio.sleep(0)
    withdrawn = writers.tasks.spawn("withdrawn", writer.submit(e.AgentReady("a", "a:2"), request="a:2"))
    await asyncio.sleep(0)
    withdrawn.cancel()
    await first
    await writer.submit(e.Tick())
    assert not known(writer).agents["a"].ready
    assert await journal(database, e.AgentReady) == 0


async def test_a_deadline_is_stepped_by_whoever_is_there(writers: Writers) -> None:
    one, _, _ = await writers.add()
    two, _, _ = await writers.add()
    await one.submit(requested("1", longest_wait=300_000), request="1:call")
    await one.submit(e.CallerConnected("1", "node.boot", "sid"))
    version = known(one).version
    async with asyncio.timeout(5):
        while known(one).calls:
            await asyncio.sleep(0.01)
    two.look(known(one).version)
    while known(two).version < known(one).version:
        await asyncio.sleep(0.01)
    assert known(two).version == version + 1
    assert not known(two).calls


def requested(call: str, **rules: int) -> e.CallRequested:
    return e.CallRequested(
        request=f"{call}:call",
        call=call,
        verification=f"v{call}",
        company=FLOOR,
        attempt=1,
        priority=0,
        skills=frozenset(),
        rules=CallRules(**rules),
        node="node.boot",
    )


async def test_what_a_database_that_is_away_says_is_told_from_faults_of_ours(postgresql_url: str) -> None:
    database = Database(postgresql_url)
    async with database.write() as session:
        own = (await session.execute(select(func.pg_backend_pid()))).scalar_one()
        other = Database(postgresql_url)
        async with other.write() as killing:
            await killing.execute(select(func.pg_terminate_backend(own)))
        await other.close()
        with pytest.raises(SQLAlchemyError) as ended:
            await session.execute(select(1))
        await session.rollback()
    assert is_gone(ended.value)
    with pytest.raises(SQLAlchemyError) as ours:
        async with database.read() as session:
            await session.execute(select(func.no_such_function()))
    assert not is_gone(ours.value)
    await database.close()
    nowhere = Database("postgresql+asyncpg://nobody@127.0.0.1:1/none")
    with pytest.raises(OSError, match="Connect") as refused:
        async with nowhere.read() as session:
            await session.execute(select(1))
    assert is_gone(refused.value)
    assert is_gone(TimeoutError())
    assert not is_gone(FileNotFoundError(2, "no evidence"))
    assert not is_gone(ValueError())
    await nowhere.close()


async def test_the_clock_is_read_once_the_lock_is_held(migrated_postgresql_url: str) -> None:
    database, waiting = Database(migrated_postgresql_url), TaskSet("waiting")
    async with database.write() as session:
        await store.ensure(session, FLOOR, Team(TeamRules(), None), Seed("2026-11-21", "00ff"), 0)

    async def locked() -> int:
        async with database.write() as session:
            return (await store.lock(session, FLOOR, None))[1]

    blocked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with database.write() as session:
        await store.lock(session, FLOOR, None)
        other = waiting.spawn("other", locked())
        async with database.read() as watching:
            while (await watching.execute(blocked)).scalar_one() == 0:
                await asyncio.sleep(0)
        released = await database.now(session)
    assert await other >= released
    await waiting.close()
    await database.close()
