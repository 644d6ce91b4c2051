import itertools
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from media.synthetic import MODULUS, draw_counter, encode, encode_tone, moving_picture, read_counter, write_y4m


@given(n=st.integers(0, MODULUS - 1))
def test_a_number_that_is_drawn_is_read(n: int) -> None:
    image = np.full((480, 640, 3), 127, np.uint8)
    draw_counter(image, n)
    assert read_counter(image) == n


def test_numbers_wrap() -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    draw_counter(image, MODULUS + 5)
    assert read_counter(image) == 5


@pytest.mark.parametrize("level", [0, 127, 255])
def test_a_plain_picture_holds_no_number(level: int) -> None:
    assert read_counter(np.full((480, 640, 3), level, np.uint8)) is None


def test_a_damaged_number_is_not_read() -> None:
    image = next(moving_picture(first=7))
    image[:40, :40] = 235 - image[:40, :40]
    assert read_counter(image) is None


@pytest.mark.parametrize("size", [(320, 240), (1280, 720), (333, 200)])
def test_a_number_survives_another_resolution(size: tuple[int, int]) -> None:
    image = next(moving_picture(first=123_456))
    assert read_counter(np.asarray(Image.fromarray(image).resize(size))) == 123_456


def test_numbers_survive_vp8_at_500_kbit_per_second() -> None:
    encoded = encode(moving_picture(first=40), count=20, bit_rate=500_000)
    assert len(encoded) == 20
    context = av.CodecContext.create("vp8", "r")
    assert isinstance(context, av.VideoCodecContext)
    decoded = [frame for data in encoded for frame in context.decode(av.Packet(data))]
    assert [read_counter(frame.to_ndarray(format="rgb24")) for frame in decoded] == list(range(40, 60))


def test_the_picture_moves() -> None:
    first, second = itertools.islice(moving_picture(), 2)
    assert np.mean(first[100:] != second[100:]) > 0.3


def test_a_cameras_file_holds_every_picture(tmp_path: Path) -> None:
    file = tmp_path / "camera.y4m"
    write_y4m(file, moving_picture(first=3), count=3, fps=15)
    with av.open(str(file)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
        assert container.streams.video[0].average_rate == 15
    assert [read_counter(frame) for frame in frames] == [3, 4, 5]


def test_a_tone_is_opus_in_pieces_of_20_ms() -> None:
    pieces = encode_tone(count=50)
    assert len(pieces) == 50
    context = av.CodecContext.create("libopus", "r")
    assert isinstance(context, av.AudioCodecContext)
    decoded = [frame for data in pieces for frame in context.decode(av.Packet(data))]
    assert {frame.samples for frame in decoded[1:]} == {960}
    assert np.abs(decoded[25].to_ndarray().astype(np.float64)).mean() > 0
