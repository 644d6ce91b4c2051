"""A recording as a worker leaves it becomes one in which a player can seek, with the same packets."""

from io import BytesIO

import av
import pytest

from media import playable
from tests.webm import FPS, numbers, recorded


def seekable(source: bytes) -> bytes:
    made = BytesIO()
    playable.make_seekable(BytesIO(source), made)
    return made.getvalue()


def payloads(webm: bytes) -> list[tuple[int, bytes]]:
    with av.open(BytesIO(webm)) as container:
        return [(packet.stream_index, bytes(packet)) for packet in container.demux() if packet.size]


def test_a_recording_is_as_long_as_what_is_in_it() -> None:
    assert playable.length(BytesIO(recorded(2))) == pytest.approx(2_000_000, abs=80_000)


def test_of_a_recording_that_breaks_off_what_is_there_counts() -> None:
    whole = recorded(2)
    half = playable.length(BytesIO(whole[: len(whole) // 2]))
    assert 500_000 < half < 1_500_000
    assert [playable.length(BytesIO(whole[:end])) for end in (0, 3, 100)] == [0, 0, 0]


def test_the_copy_has_length_and_index_and_the_same_packets() -> None:
    live = recorded(3)
    made = seekable(live)
    assert sorted(payloads(made)) == sorted(payloads(live))
    assert numbers(made) == list(range(3 * FPS))
    with av.open(BytesIO(live)) as before, av.open(BytesIO(made)) as after:
        assert before.duration is None
        assert after.duration == pytest.approx(3_000_000, abs=80_000)
        after.seek(2_000_000)
        assert next(after.decode(video=0)).time == pytest.approx(2.0, abs=0.05)


def test_every_node_makes_the_same_copy() -> None:
    assert seekable(recorded(1)) == seekable(recorded(1))


def test_a_recording_that_breaks_off_in_the_middle_of_a_packet_can_be_played() -> None:
    live = recorded(3)
    made = seekable(live[: len(live) // 2])
    assert numbers(made) == list(range(len(numbers(made))))
    assert len(numbers(made)) > FPS // 2


@pytest.mark.parametrize("data", [b"", b"no recording", recorded(1)[:60]])
def test_what_is_no_recording_cannot_be_made_one(data: bytes) -> None:
    with pytest.raises(ValueError, match="no part"):
        seekable(data)
