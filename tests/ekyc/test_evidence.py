"""Frames are kept once, whole, with their stamped copy and the agent's own frame; what is read is what was stored."""

import asyncio
import errno
import hashlib
import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy.exc import IntegrityError

from ekyc.evidence import LAST_FRAME
from ekyc.models import PictureKind
from ekyc.stamp import Stamp, stamp
from tests.ekyc.evidence_fixtures import AGENT, NAMES, Stage, jpeg, populated_url, stage_fixture  # noqa: F401 - fixtures
from vouch.clock import SECOND


async def called(stage: Stage) -> tuple[str, str]:
    verification = await stage.verification()
    return verification, await stage.talk(verification)


async def test_a_frame_is_kept_clean_and_stamped_both_hashed(stage: Stage) -> None:
    verification, call = await called(stage)
    frame = stage.frame(call, verification)
    picture = await stage.evidence.keep(frame)
    clean = await stage.evidence.read(picture, clean=True)
    stamped = await stage.evidence.read(picture, clean=False)
    assert clean == frame.jpeg
    assert stamped == stamp(frame.jpeg, Stamp(frame.arrived_at, frame.number, frame.agent_name))
    assert picture.clean_sha256 == hashlib.sha256(clean).hexdigest()
    assert picture.stamped_sha256 == hashlib.sha256(stamped).hexdigest()
    assert (picture.verification, picture.call, picture.kind, picture.decision) == (verification, call, "snapshot", 1)
    assert (picture.at, picture.width, picture.height, picture.exact) == (frame.arrived_at, 320, 240, True)
    assert await stage.evidence.read(picture.id, clean=True) == clean


async def test_the_agents_own_frame_is_kept_as_it_is(stage: Stage) -> None:
    verification, call = await called(stage)
    await stage.evidence.keep(stage.frame(call, verification))
    own, at = jpeg(160, 120), stage.clock.now() - SECOND
    beside = {"kind": PictureKind.AGENT, "jpeg": own, "width": 160, "height": 120, "arrived_at": at, "exact": False}
    await stage.evidence.keep(stage.frame(call, verification, **beside))
    agent, snapshot = await stage.evidence.kept(call)
    assert (snapshot.kind, agent.kind) == ("snapshot", "agent")
    assert (agent.at, agent.width, agent.height, agent.exact, agent.stamped_key) == (at, 160, 120, False, None)
    assert await stage.evidence.read(agent, clean=False) == own


async def test_kinds_and_numbers_are_kept_side_by_side(stage: Stage) -> None:
    verification, call = await called(stage)
    frames = [
        (PictureKind.EXTRA, 1),
        (PictureKind.EXTRA, 2),
        (PictureKind.SNAPSHOT, 1),
        (PictureKind.SNAPSHOT, 2),
        (PictureKind.AGENT, 1),
        (PictureKind.LAST_FRAME, LAST_FRAME),
        (PictureKind.AGENT, LAST_FRAME),
    ]
    for kind, number in frames:
        await stage.evidence.keep(stage.frame(call, verification, kind=kind, decision=number))
    assert {(picture.kind, picture.decision) for picture in await stage.evidence.kept(call)} == set(frames)


async def test_keeping_again_returns_the_first_and_leaves_no_blob(stage: Stage) -> None:
    verification, call = await called(stage)
    first = await stage.evidence.keep(stage.frame(call, verification))
    files = stage.files()
    again = await stage.evidence.keep(stage.frame(call, verification, jpeg=jpeg(colour=(1, 2, 3))))
    assert (again.id, again.clean_sha256) == (first.id, first.clean_sha256)
    assert stage.files() == files


async def test_of_two_at_once_one_is_kept_and_both_return_it(stage: Stage) -> None:
    verification, call = await called(stage)
    before = len(stage.files())
    frames = [stage.frame(call, verification, jpeg=jpeg(colour=(shade, 0, 0))) for shade in (10, 20, 30)]
    pictures = await asyncio.gather(*(stage.evidence.keep(frame) for frame in frames))
    assert len({picture.id for picture in pictures}) == 1
    assert len(await stage.evidence.kept(call)) == 1
    assert len(stage.files()) == before + 2


async def test_a_full_disk_leaves_neither_row_nor_blob(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    real, taken = os.fsync, iter([True])

    def full(descriptor: int) -> None:
        if not next(taken, False):  # takes one blob and no more
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    verification, call = await called(stage)
    files = stage.files()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await stage.evidence.keep(stage.frame(call, verification))
    assert stage.files() == files
    assert await stage.evidence.kept(call) == []


async def test_a_frame_of_no_verification_is_our_fault(stage: Stage) -> None:
    _, call = await called(stage)
    files = stage.files()
    with pytest.raises(IntegrityError):
        await stage.evidence.keep(stage.frame(call, "unknown"))
    assert stage.files() == files


async def test_what_is_no_picture_is_refused(stage: Stage) -> None:
    verification, call = await called(stage)
    with pytest.raises(OSError, match="cannot identify"):
        await stage.evidence.keep(stage.frame(call, verification, jpeg=b"not a picture"))
    assert await stage.evidence.kept(call) == []


async def test_a_nameless_frame_is_stamped_with_the_name_of_whoever_has_the_call(stage: Stage) -> None:
    verification, call = await called(stage)
    frame = stage.frame(call, verification, kind=PictureKind.LAST_FRAME, decision=LAST_FRAME, agent_name="")
    picture = await stage.evidence.keep(frame)
    expected = stamp(frame.jpeg, Stamp(frame.arrived_at, frame.number, NAMES[AGENT][1]))
    assert await stage.evidence.read(picture, clean=False) == expected
    with Image.open(BytesIO(expected)) as shown:
        assert shown.height > 240


async def test_altered_bytes_are_never_given_out_as_evidence(stage: Stage) -> None:
    verification, call = await called(stage)
    picture = await stage.evidence.keep(stage.frame(call, verification))
    (file,) = [path for path in stage.files() if path.name == picture.clean_key]
    Path(file).write_bytes(jpeg(colour=(0, 0, 0)))
    with pytest.raises(RuntimeError, match="not those that were stored"):
        await stage.evidence.read(picture, clean=True)
    await stage.evidence.read(picture, clean=False)


async def test_an_unknown_picture_cannot_be_read(stage: Stage) -> None:
    with pytest.raises(LookupError):
        await stage.evidence.read("unknown", clean=True)


async def test_the_snapshot_that_counts_is_the_latest_verdicts(stage: Stage) -> None:
    verification = await stage.verification()
    assert await stage.evidence.find(verification, PictureKind.SNAPSHOT) is None
    first = await stage.lost_call(verification)
    await stage.decide(first, "rejected", late=True)
    found = await stage.evidence.find(verification, PictureKind.SNAPSHOT)
    assert found is not None
    assert (found.call, found.kind) == (first, "last_frame")
    second = await stage.decided_call(verification, "confirmed")
    # A picture for which no verdict came to be (it was stored too late) does not count.
    third = await stage.talk(verification)
    await stage.evidence.keep(stage.frame(third, verification))
    found = await stage.evidence.find(verification, PictureKind.SNAPSHOT)
    assert found is not None
    assert (found.call, found.kind) == (second, "snapshot")


async def test_of_papers_the_newest_counts(stage: Stage) -> None:
    verification = await stage.verification()
    portrait = await stage.evidence.find(verification, PictureKind.PORTRAIT)
    assert portrait is not None
    assert await stage.evidence.read(portrait, clean=False) == jpeg()
