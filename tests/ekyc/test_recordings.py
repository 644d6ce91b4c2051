"""Recordings grow piece by piece, are durable before they are named, and are closed with length and hash."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ekyc.models import LegFactsRow, Recording
from ekyc.recordings import Recordings
from media import playable
from tests.ekyc.evidence_fixtures import Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from tests.webm import recorded
from vouch.blobs import Blobs, DirectoryBlobs, GapError
from vouch.clock import MINUTE, SECOND

BEGAN = 1_000 * SECOND


@dataclass(frozen=True)
class Piece:
    call: str
    leg: str = "customer"
    media: int = 1
    offset: int = 0
    data: bytes = b""
    began_at: int = BEGAN
    length: int = 0
    last: bool = False


def pieces(call: str, webm: bytes, size: int = 20_000, **fields: Any) -> Iterator[Piece]:
    """A recording as a worker tells it; the last piece only says that nothing follows."""
    for offset in range(0, len(webm), size):
        data = webm[offset : offset + size]
        yield Piece(call, offset=offset, data=data, length=3 * SECOND * offset // len(webm), **fields)
    yield Piece(call, offset=len(webm), length=3 * SECOND, last=True, **fields)


def node(stage: Stage, blobs: Blobs | None = None) -> Recordings:
    return Recordings(stage.database, stage.clock, blobs or stage.blobs, playable)


async def rows(stage: Stage) -> list[Recording]:
    async with stage.database.read() as session:
        return list((await session.scalars(select(Recording).order_by(Recording.leg, Recording.media))).all())


def recording_files(stage: Stage) -> list[Path]:
    return list(stage.folder.rglob("*.webm"))


@pytest.fixture
async def call(stage: Stage) -> str:
    return await stage.talk(await stage.verification())


async def test_a_recording_is_its_pieces_and_has_length_and_hash_once_it_is_closed(stage: Stage, call: str) -> None:
    webm, recordings = recorded(3), node(stage)
    *growing, last = pieces(call, webm)
    for piece in growing:
        await recordings.take(piece)
    (row,) = await rows(stage)
    record = await stage.record(call)
    assert (row.call, row.leg, row.media, row.verification) == (call, "customer", 1, record.verification)
    assert (row.began_at, row.length, row.size, row.sha256, row.closed_at) == (BEGAN, None, None, None, None)

    await recordings.take(last)

    (row,) = await rows(stage)
    assert await stage.blobs.get(row.key) == webm
    assert (row.size, row.sha256) == (len(webm), hashlib.sha256(webm).hexdigest())
    assert (row.length, row.closed_at) == (3 * SECOND, stage.clock.now())


async def test_pieces_that_come_twice_and_to_several_nodes_at_once_make_one_recording(stage: Stage, call: str) -> None:
    webm, nodes = recorded(3), [node(stage) for _ in range(3)]
    for piece in pieces(call, webm):
        await asyncio.gather(*(each.take(piece) for each in nodes for _ in range(2)))
    (row,) = await rows(stage)
    assert await stage.blobs.get(row.key) == webm
    assert row.sha256 == hashlib.sha256(webm).hexdigest()
    assert len(recording_files(stage)) == 1


async def test_a_node_that_did_not_see_the_beginning_goes_on_with_it(stage: Stage, call: str) -> None:
    webm = recorded(3)
    for piece in pieces(call, webm):
        await node(stage).take(piece)
    (row,) = await rows(stage)
    assert await stage.blobs.get(row.key) == webm


async def test_a_piece_before_which_another_is_missing_has_to_come_again(stage: Stage, call: str) -> None:
    recordings = node(stage)
    first, second, third, *_ = pieces(call, recorded(3))
    with pytest.raises(GapError):
        await recordings.take(second)
    assert await rows(stage) == []
    await recordings.take(first)
    with pytest.raises(GapError):
        await recordings.take(third)


async def test_each_peer_connection_of_each_leg_has_a_recording_of_its_own(stage: Stage, call: str) -> None:
    recordings = node(stage)
    for leg, media in (("agent", 1), ("customer", 1), ("customer", 2)):
        for piece in pieces(call, recorded(1, first=media), leg=leg, media=media):
            await recordings.take(piece)
    made = await rows(stage)
    assert [(row.leg, row.media) for row in made] == [("agent", 1), ("customer", 1), ("customer", 2)]
    assert len({row.key for row in made}) == 3


class Broken(DirectoryBlobs):
    """A disk that takes nothing for a while."""

    full = True

    async def append(self, key: str, offset: int, data: bytes) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        await super().append(key, offset, data)


async def test_bytes_are_durable_before_a_row_names_them(stage: Stage, call: str) -> None:
    disk = Broken(stage.folder)
    recordings = node(stage, disk)
    first, *_ = pieces(call, recorded(3))
    with pytest.raises(OSError, match="No space"):
        await recordings.take(first)
    assert await rows(stage) == []
    disk.full = False
    await recordings.take(first)
    (row,) = await rows(stage)
    assert await stage.blobs.get(row.key) == first.data


async def test_of_a_call_that_nobody_knows_nothing_is_kept(stage: Stage) -> None:
    await node(stage).take(Piece("0" * 32, data=b"bytes"))
    assert (await rows(stage), recording_files(stage)) == ([], [])


async def test_what_a_dead_worker_left_is_closed_a_minute_after_the_calls_end(stage: Stage, call: str) -> None:
    recordings, webm = node(stage), recorded(3)
    *growing, _last = pieces(call, webm)
    for piece in growing[:-1]:
        await recordings.take(piece)
    await stage.end(call)
    stage.clock.advance(MINUTE - 1)
    await recordings.close_left()
    assert [row.closed_at for row in await rows(stage)] == [None]

    stage.clock.advance(1)
    await recordings.close_left()

    (row,) = await rows(stage)
    kept = b"".join(piece.data for piece in growing[:-1])
    assert (row.size, row.sha256, row.closed_at) == (len(kept), hashlib.sha256(kept).hexdigest(), stage.clock.now())
    assert row.length == pytest.approx(3 * SECOND * len(kept) / len(webm), rel=0.25)


async def test_a_call_that_lasts_keeps_its_recordings_open(stage: Stage, call: str) -> None:
    recordings = node(stage)
    await recordings.take(Piece(call, data=recorded(1)))
    stage.clock.advance(100 * MINUTE)
    await recordings.close_left()
    assert [row.closed_at for row in await rows(stage)] == [None]


async def test_what_a_worker_tells_after_all_is_added_to_what_was_closed_without_it(stage: Stage, call: str) -> None:
    recordings, webm = node(stage), recorded(3)
    first, *late = pieces(call, webm)
    await recordings.take(first)
    await stage.end(call)
    stage.clock.advance(2 * MINUTE)
    await recordings.close_left()
    for piece in late:
        await recordings.take(piece)
    (row,) = await rows(stage)
    assert (row.size, row.sha256) == (len(webm), hashlib.sha256(webm).hexdigest())


async def test_a_closed_recording_that_is_told_again_stays_as_it_was(stage: Stage, call: str) -> None:
    recordings = node(stage)
    told = list(pieces(call, recorded(3)))
    for piece in told:
        await recordings.take(piece)
    (before,) = await rows(stage)
    stage.clock.advance(SECOND)
    for piece in (told[0], replace(told[-1], length=1)):
        await recordings.take(piece)
    (after,) = await rows(stage)
    assert (after.length, after.sha256, after.closed_at) == (before.length, before.sha256, before.closed_at)


async def test_a_recording_that_cannot_be_read_does_not_keep_others_open(stage: Stage, call: str) -> None:
    recordings = node(stage)
    for leg in ("agent", "customer"):
        await recordings.take(Piece(call, leg=leg, data=recorded(1)))
    await stage.end(call)
    stage.clock.advance(2 * MINUTE)
    missing = (await rows(stage))[0]
    await stage.blobs.delete(missing.key)
    await recordings.close_left()
    assert [row.closed_at is None for row in await rows(stage)] == [True, False]


async def test_seconds_of_a_leg_are_kept_once(stage: Stage, call: str) -> None:
    recordings = node(stage)
    told = {"frames": [30, 29], "round_trip": [None, 40_000], "frozen": [False, True]}
    await recordings.take_facts(call, "agent", 1, BEGAN, told)
    await recordings.take_facts(call, "agent", 1, BEGAN, {"frames": [1]})
    await recordings.take_facts(call, "agent", 1, BEGAN + 2 * SECOND, {"frames": [28]})
    async with stage.database.read() as session:
        found = (await session.scalars(select(LegFactsRow).order_by(LegFactsRow.first_at))).all()
    assert [(row.first_at, row.seconds) for row in found] == [(BEGAN, told), (BEGAN + 2 * SECOND, {"frames": [28]})]
