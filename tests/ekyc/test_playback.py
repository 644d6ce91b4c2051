"""Recordings are given out to those who may see the verification, and only while they are what was stored."""

from collections.abc import AsyncIterator

import pytest

from ekyc.models import CallRecord
from ekyc.playback import Playable, Playback
from ekyc.recordings import Recordings
from media import playable
from tests.ekyc.evidence_fixtures import Stage, populated_url, stage_fixture  # noqa: F401 - fixtures
from tests.ekyc.test_recordings import BEGAN, Piece, pieces, rows
from tests.webm import FPS, numbers, recorded
from vouch.clock import SECOND
from vouch.problems import Problem

OWN, TEAMS, OTHERS = frozenset({"CTKV4"}), frozenset({"CTKV1"}), frozenset({"CTKV2"})


@pytest.fixture
async def recordings(stage: Stage) -> Recordings:
    return Recordings(stage.database, stage.clock, stage.blobs, playable)


@pytest.fixture
async def playback(stage: Stage) -> AsyncIterator[Playback]:
    made = Playback(stage.database, stage.blobs, playable, stage.folder)
    yield made
    await made.close()


@pytest.fixture
async def call(stage: Stage, recordings: Recordings) -> CallRecord:
    """A call of a verification of CTKV4 that the team CTKV1 took; the customer's side is recorded."""
    call = await stage.talk(await stage.verification())
    for piece in pieces(call, recorded(3)):
        await recordings.take(piece)
    return await stage.record(call)


async def whole(found: Playable | None) -> bytes:
    assert found is not None
    return b"".join([data async for data in found.chunks(0, found.size)])


async def test_what_there_is_of_a_call(
    stage: Stage, recordings: Recordings, playback: Playback, call: CallRecord
) -> None:
    await recordings.take(Piece(call.id, leg="agent", data=recorded(1)))
    await recordings.take_facts(call.id, "customer", 1, BEGAN + SECOND, {"frames": [29]})
    await recordings.take_facts(call.id, "customer", 1, BEGAN, {"frames": [30]})

    found = await playback.of_call(call.id, OWN)

    assert found is not None
    assert (found.call, found.verification, found.company) == (call.id, call.verification, "CTKV4")
    told = [(each.leg, each.media, each.began_at, each.length, each.size) for each in found.recordings]
    assert told == [("agent", 1, BEGAN, None, None), ("customer", 1, BEGAN, 3 * SECOND, len(recorded(3)))]
    assert [(each.first_at, each.seconds) for each in found.facts] == [
        (BEGAN, {"frames": [30]}),
        (BEGAN + SECOND, {"frames": [29]}),
    ]


async def test_its_company_the_team_that_took_the_call_and_the_operator_may_see_it(
    playback: Playback, call: CallRecord
) -> None:
    for companies in (OWN, TEAMS, None):
        assert await playback.of_call(call.id, companies) is not None
        assert await playback.playable(call.id, "customer", 1, companies, False) is not None
    assert await playback.of_call(call.id, OTHERS) is None
    assert await playback.playable(call.id, "customer", 1, OTHERS, False) is None


async def test_a_player_gets_the_same_pictures_in_a_file_that_it_can_seek_in(
    playback: Playback, call: CallRecord
) -> None:
    found = await playback.playable(call.id, "customer", 1, OWN, False)
    assert found is not None
    assert found.name == f"{call.number}-customer-1.webm"
    assert numbers(await whole(found)) == list(range(3 * FPS))


async def test_the_original_is_what_was_stored_byte_for_byte(playback: Playback, call: CallRecord) -> None:
    assert await whole(await playback.playable(call.id, "customer", 1, OWN, True)) == recorded(3)


@pytest.mark.parametrize("original", [True, False])
async def test_bytes_that_are_not_those_of_the_hash_are_never_given_out(
    stage: Stage, playback: Playback, call: CallRecord, original: bool
) -> None:
    (row,) = await rows(stage)
    (file,) = stage.folder.rglob(row.key)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(RuntimeError, match="not those that were stored"):
        await playback.playable(call.id, "customer", 1, OWN, original)


async def test_what_was_told_after_it_was_closed_is_no_part_of_it(
    stage: Stage, playback: Playback, call: CallRecord
) -> None:
    (row,) = await rows(stage)
    await stage.blobs.append(row.key, len(recorded(3)), b"later")
    assert await whole(await playback.playable(call.id, "customer", 1, OWN, True)) == recorded(3)


async def test_one_that_grows_is_not_played(playback: Playback, recordings: Recordings, call: CallRecord) -> None:
    await recordings.take(Piece(call.id, leg="agent", data=recorded(1)))
    with pytest.raises(Problem) as refused:
        await playback.playable(call.id, "agent", 1, OWN, False)
    assert refused.value.code == "not_closed"


async def test_one_without_anything_in_it_can_be_kept_but_not_played(
    playback: Playback, recordings: Recordings, call: CallRecord
) -> None:
    await recordings.take(Piece(call.id, leg="agent", last=True))
    with pytest.raises(Problem) as refused:
        await playback.playable(call.id, "agent", 1, OWN, False)
    assert refused.value.code == "not_playable"
    assert await whole(await playback.playable(call.id, "agent", 1, OWN, True)) == b""


async def test_of_a_call_or_leg_that_is_not_there_nothing_is_told(playback: Playback, call: CallRecord) -> None:
    assert await playback.of_call("0" * 32, None) is None
    assert await playback.playable("0" * 32, "customer", 1, None, False) is None
    assert await playback.playable(call.id, "customer", 2, None, False) is None
