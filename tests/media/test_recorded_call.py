"""A recorded call with everything real: a worker's process, peer connections over loopback, the files that come out."""

from itertools import pairwise

import pytest

from media.events import Leg, LegSummary
from media.plane import GateChanged, LegFacts, RecordedPiece
from tests.media.encoded import SOUND, length, packets, shown
from tests.media.peers import Peers

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECOND = 1_000_000
NAMES: list[tuple[Leg, int]] = [("customer", 1), ("customer", 2), ("agent", 1)]


def pieces(peers: Peers, leg: Leg, media: int) -> list[RecordedPiece]:
    told = [event for event in peers.events() if isinstance(event, RecordedPiece)]
    return [piece for piece in told if (piece.leg, piece.media) == (leg, media)]


async def recorded(peers: Peers, leg: Leg, media: int, *, microseconds: int = 0, last: bool = False) -> None:
    """Wait until so much is on disk, or all."""
    await peers.event(
        lambda event: (
            isinstance(event, RecordedPiece)
            and (event.leg, event.media) == (leg, media)
            and event.length >= microseconds
            and event.last >= last
        )
    )


async def gate(peers: Peers, *shut: bool) -> None:
    """Wait until the recording's gate has been told to stand like this, one after the other."""

    def told() -> list[bool]:
        return [each.shut for each in peers.events() if isinstance(each, GateChanged) and each.gate == "recording"]

    await peers.event(lambda _: told()[: len(shut)] == list(shut))


async def test_both_legs_become_files_a_reconnect_makes_another_and_all_agree_with_the_summary(peers: Peers) -> None:
    await peers.join("customer", 1, first=1_000)
    await peers.join("agent", 1, first=9_000)
    await gate(peers, False)
    await recorded(peers, "customer", 1, microseconds=2 * SECOND)
    await peers.join("customer", 2, first=5_000)
    await gate(peers, False, True, False)
    await recorded(peers, "customer", 2, microseconds=2 * SECOND)
    summary = await peers.plane.close_call(peers.worker, peers.call)
    for leg, media in NAMES:
        await recorded(peers, leg, media, last=True)

    assert sorted((each.leg, each.media) for each in summary.legs) == sorted(NAMES)
    for each in summary.legs:
        check_file(pieces(peers, each.leg, each.media), each)
        check_facts([e for e in peers.events() if isinstance(e, LegFacts) and e.leg == each.leg], each)
    numbers = {leg: [picture.number for picture in shown(file(pieces(peers, *leg)))] for leg in NAMES}
    for leg, first in zip(NAMES, (1_000, 5_000, 9_000), strict=True):
        read = [number for number in numbers[leg] if number is not None]
        assert len(read) > 15
        assert read == sorted(read)
        assert set(read) <= set(range(first, first + 900))


def file(told: list[RecordedPiece]) -> bytes:
    return b"".join(piece.data for piece in told)


def check_file(told: list[RecordedPiece], leg: LegSummary) -> None:
    """Its pieces came once and in order; it is as long as what the leg sent, and ends with what came last.

    A robot on a busy machine sends later than it should and under the right timestamps, which are what counts.
    """
    assert told[0].offset == 0
    assert all(later.offset == earlier.offset + len(earlier.data) for earlier, later in pairwise(told))
    assert [piece.last for piece in told] == [False] * (len(told) - 1) + [True]
    assert leg.first_packet_at is not None
    assert leg.last_packet_at is not None
    (began_at,) = {piece.began_at for piece in told}
    assert began_at < leg.first_packet_at + 200_000
    assert length(file(told)) == pytest.approx(told[-1].length, abs=70_000)
    assert told[-1].length > leg.audio_packets * SOUND - 200_000
    assert began_at + told[-1].length < leg.last_packet_at + 200_000
    assert {packet.kind for packet in packets(file(told))} == {"video", "audio"}


def check_facts(told: list[LegFacts], leg: LegSummary) -> None:
    seconds = [second for each in told if each.media == leg.media for second in each.seconds]
    assert len(seconds) >= 1
    assert any(second.audio_bits for second in seconds)
    assert any(second.video_bits for second in seconds)
    assert seconds[-1].width == 640
    assert sum(second.frames for second in seconds) <= leg.video_packets
