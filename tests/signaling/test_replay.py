"""What the journal comes to when it is stepped again is what is stored; where it is not, that is found."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select, text

from routing.state import TeamRules
from signaling import codec
from signaling.models import FloorSnapshotRow, JournalRow
from signaling.replay import Nothing, TooLongError, floor_difference, replay
from signaling.replaying import replay_call, replay_floor
from signaling.snapshot_rows import at_version, last_event, oldest
from tests.signaling.shift import TEAM, Shift, shift
from vouch.problems import Problem

CALL = "call 1"


@pytest.fixture
async def hour(migrated_database_url: str) -> AsyncIterator[Shift]:
    """A busy hour of a team, with a snapshot every few versions."""
    async with shift(migrated_database_url, rules=TeamRules(pair_cap=3)) as made:
        await made.joins(*made.agents)
        await made.busy(60)
        yield made


@pytest.fixture
async def team(migrated_sqlite_url: str) -> AsyncIterator[Shift]:
    """One call, declined by one agent, taken by another, and ended by the caller."""
    async with shift(migrated_sqlite_url) as made:
        await made.joins("an", "binh")
        await made.caller()
        await made.declines(CALL)
        await made.accepts(CALL)
        await made.ends(CALL)
        await made.snapshots.written()
        yield made


async def tamper(team: Shift, sql: str, **values: object) -> None:
    """Somebody changes rows by hand."""
    async with team.database.write() as session:
        await session.execute(text(sql), values)


async def falsify(team: Shift, table: str, old: str, new: str) -> None:
    """Somebody changes what is in rows by hand."""
    await tamper(team, f"UPDATE {table} SET data = replace(data, :old, :new)", old=old, new=new)  # noqa: S608


async def test_what_is_stored_is_what_the_journal_comes_to_from_every_snapshot(hour: Shift) -> None:
    """One run on each database, because it takes seconds."""
    report = await replay_floor(hour.database, TEAM, None)
    assert report.wrong is None
    assert report.lines[-1].endswith("the same as what is stored.")
    async with hour.database.read() as session:
        last = await last_event(session, hour.floor)
        versions = (await session.scalars(select(FloorSnapshotRow.version).order_by(FloorSnapshotRow.version))).all()
    assert versions[0] == 0
    assert len(versions) > 10
    for version in versions:
        start = await at_version(hour.database, TEAM, version)
        assert start is not None
        assert start.floor.version == version
        run = await replay(hour.database, start, Nothing(), last=last)
        assert run.difference is None
        assert floor_difference(hour.floor, run.floor) is None
        assert run.floor == hour.floor
    for call in hour.calls:
        of_call = await replay_call(hour.database, call)
        assert of_call.wrong is None, of_call
    await no_two_transactions_share_their_instants(hour)


async def no_two_transactions_share_their_instants(hour: Shift) -> None:
    """The hour would not be a test if each event had an instant and a version of its own."""
    async with hour.database.read() as session:
        rows = (await session.execute(select(JournalRow.at, JournalRow.version))).all()
    assert len({row.at for row in rows}) < len(rows)
    assert len({row.version for row in rows}) < len(rows)


async def test_a_call_is_told_step_by_step(team: Shift) -> None:
    report = await replay_call(team.database, CALL)
    trail = "\n".join(report.lines)
    assert f"Call {CALL} of verification verification 1, 2026-11-20:" in trail
    assert "call requested (company CTKV4, attempt 1, priority 0, node n1)  [none > waiting]" in trail
    assert "caller connected (node n1)  [waiting > ringing]" in trail
    assert "offer declined (agent " in trail
    assert "-> ring (agent " in trail
    assert "caller hung up (socket 1)  [connecting > ended: cancelled, forgotten]" in trail
    assert "id of" not in trail, "people are called by their user names"
    assert report.lines[-1].endswith("the same as what is stored.")


async def test_an_event_that_somebody_changed_is_found(team: Shift) -> None:
    await falsify(team, "journal", '"offer":2', '"offer":9')
    wrong = (await replay_floor(team.database, TEAM, None)).wrong
    assert wrong is not None
    assert "(OfferAccepted): the floor's version is " in wrong
    assert (await replay_call(team.database, CALL)).wrong == wrong


@pytest.mark.parametrize("data", ["{}", "nonsense"])
async def test_an_event_that_cannot_be_stepped_is_found(team: Shift, data: str) -> None:
    await tamper(team, "UPDATE journal SET data = :data WHERE type = 'OfferDeclined'", data=data)
    assert "(OfferDeclined): cannot be stepped: Validation" in str(
        (await replay_floor(team.database, TEAM, None)).wrong
    )


async def test_an_event_that_somebody_took_out_is_found(team: Shift) -> None:
    await tamper(team, "DELETE FROM journal WHERE id = (SELECT min(id) FROM journal WHERE type = 'AgentReady')")
    assert (await replay_floor(team.database, TEAM, None)).wrong is not None


async def test_a_call_that_somebody_changed_is_found(team: Shift) -> None:
    await falsify(team, "floor_call", '"offers":2', '"offers":7')
    assert (await replay_call(team.database, CALL)).wrong == "call call 1: offers is stored as 7, replayed as 2."


async def test_an_agent_whom_somebody_changed_is_found(team: Shift) -> None:
    await falsify(team, "floor_agent", '"employer":""', '"employer":"x"')
    wrong = (await replay_floor(team.database, TEAM, None)).wrong
    assert wrong == "agent id of an: employer is stored as 'x', replayed as ''."


async def test_an_agent_whom_somebody_took_out_is_found(team: Shift) -> None:
    await tamper(team, "DELETE FROM floor_agent WHERE agent = 'id of an'")
    assert (await replay_floor(team.database, TEAM, None)).wrong == "agent id of an: only in the replay."


async def test_a_seed_that_somebody_changed_is_found_and_not_told(team: Shift) -> None:
    seed = team.floor.seed.value
    async with team.database.read() as session:
        stored = (await session.execute(text("SELECT data FROM floor"))).scalar_one()
    await falsify(team, "floor", codec.load(codec.FloorData, stored).seed.value, "00" * 32)
    wrong = str((await replay_floor(team.database, TEAM, team.floor.version)).wrong)
    assert "seed is stored as another one" in wrong
    assert seed not in wrong


async def test_what_is_not_there_cannot_be_replayed(team: Shift) -> None:
    with pytest.raises(Problem, match="no call nothing"):
        await replay_call(team.database, "nothing")
    with pytest.raises(Problem, match="no floor CTKV9"):
        await replay_floor(team.database, "CTKV9", None)
    await tamper(team, "DELETE FROM floor_snapshot")
    with pytest.raises(Problem, match="no snapshot"):
        await replay_floor(team.database, TEAM, None)
    with pytest.raises(Problem, match="no snapshot"):
        await replay_call(team.database, CALL)


async def test_a_node_that_serves_steps_only_so_much(team: Shift) -> None:
    start = await oldest(team.database, TEAM)
    assert start is not None
    assert (await replay(team.database, start, Nothing(), most=100)).events > 10
    with pytest.raises(TooLongError):
        await replay(team.database, start, Nothing(), most=10)


async def test_other_code_is_named_where_there_is_a_difference(team: Shift) -> None:
    await tamper(team, "UPDATE floor_snapshot SET made_by = '0.0.7'")
    assert (await replay_call(team.database, CALL)).wrong is None
    await falsify(team, "floor_call", '"offers":2', '"offers":7')
    assert "made by Vouch 0.0.7" in str((await replay_call(team.database, CALL)).wrong)
