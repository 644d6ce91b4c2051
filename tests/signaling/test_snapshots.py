"""Snapshots are kept every so many versions; one that is missing does no harm."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from routing import events as e
from routing.index import build
from routing.state import Agent, Floor, Met, Seed, Span, TeamRules
from signaling import snapshot_rows, snapshots
from signaling.models import FloorSnapshotRow
from signaling.replaying import replay_floor
from signaling.snapshot_rows import pack, unpack
from signaling.snapshots import Snapshots
from signaling.writer import Changes
from tests.signaling.shift import TEAM, Shift, shift


@pytest.fixture
async def team(migrated_database_url: str) -> AsyncIterator[Shift]:
    """A team that has begun to work; every seventh version is kept."""
    async with shift(migrated_database_url) as made:
        await made.joins("an", "binh", "chi", "dung")
        await made.snapshots.written()
        yield made


async def kept(team: Shift) -> list[int]:
    """The versions of which there is a snapshot."""
    versions = select(FloorSnapshotRow.version).order_by(FloorSnapshotRow.version)
    async with team.database.read() as session:
        return list((await session.scalars(versions)).all())


async def steps(team: Shift, times: int) -> None:
    """The floor changes so many times."""
    for _ in range(times):
        await team.feed(e.OffersHeld(f"reason {team.floor.version}"))
    await team.snapshots.written()


async def test_a_floor_begins_with_a_snapshot_and_is_kept_every_so_many_versions(team: Shift) -> None:
    await steps(team, 21 - team.floor.version)
    assert await kept(team) == [0, 7, 14, 21]
    await steps(team, 6)
    assert await kept(team) == [0, 7, 14, 21]


async def test_a_node_that_is_killed_before_a_snapshot_is_written_does_no_harm(
    team: Shift, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = await kept(team)

    async def killed(*_: object) -> None:
        raise OperationalError("", {}, Exception())

    monkeypatch.setattr(snapshots, "keep", killed)
    await steps(team, 15)
    assert await kept(team) == versions
    assert (await replay_floor(team.database, TEAM, versions[-1])).wrong is None
    monkeypatch.undo()

    team.snapshots = Snapshots(team.database, every=7)
    team.writer._after = team.snapshots.committed
    await steps(team, 1)
    assert await kept(team) == [*versions, team.floor.version], "the next start makes up for it"
    assert (await replay_floor(team.database, TEAM, None)).wrong is None
    assert (await replay_floor(team.database, TEAM, team.floor.version)).wrong is None


async def test_other_code_begins_with_a_snapshot_of_its_own(team: Shift) -> None:
    versions = await kept(team)
    async with team.database.write() as session:
        await session.execute(text("UPDATE floor_snapshot SET made_by = '0.0.7'"))
    for _ in range(2):
        fresh = Snapshots(team.database)
        fresh.committed(Changes(team.floor, team.floor, (), frozenset(), ()))
        await fresh.written()
    assert await kept(team) == [*versions, team.floor.version]


async def test_what_another_node_committed_is_kept_by_that_node(team: Shift) -> None:
    versions = await kept(team)
    far = replace(team.floor, version=team.floor.version + 100)
    team.snapshots.committed(Changes(team.floor, far, (), frozenset(), (), own=False))
    await team.snapshots.written()
    assert await kept(team) == versions


async def test_two_nodes_that_keep_the_same_version_keep_it_once(team: Shift, monkeypatch: pytest.MonkeyPatch) -> None:
    await steps(team, 1)
    versions = await kept(team)
    keep = snapshot_rows.keep

    async def slower(*args: object) -> None:
        await keep(*args)
        raise IntegrityError("", {}, Exception())

    monkeypatch.setattr(snapshots, "keep", slower)
    await steps(team, 14)
    assert await kept(team) == versions


def test_a_floor_comes_back_from_a_snapshot_as_it_was() -> None:
    met = (Met("dealer", 2),)
    agents = [Agent("a", frozenset({"vi", "en"}), "a partner", ready=True, met=met), Agent("b", valid_from=7)]
    held, hours, handled = frozenset({"disk_full"}), (Span(1, 2),), (5, 6)
    rules, seed = TeamRules(pair_cap=2), Seed("2026-11-21", "00ff")
    floor: Floor = build(TEAM, rules, seed, agents, version=9, now=8, held=held, hours=hours, handled=handled)
    assert unpack(pack(floor)) == floor
