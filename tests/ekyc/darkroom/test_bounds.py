"""What costs too much is refused by its markers, before a pixel of it is decoded."""

import contextlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ekyc.darkroom import bounds
from ekyc.darkroom.bounds import LARGEST_PIXELS, MOST_SCANS, Refused
from ekyc.darkroom.develop import develop
from ekyc.metadata import MOST_PARTS, strip
from tests.ekyc import papers
from tests.ekyc.darkroom import hostile
from tests.ekyc.darkroom.hostile import frame, jpeg, segment


def refusal(data: bytes) -> str | None:
    try:
        bounds.check(strip(data).data)
    except Refused as refused:
        return refused.code
    return None


@pytest.mark.parametrize("scans", [MOST_SCANS, 3_000, 30_000])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_jpeg_of_many_scans_is_refused(scans: int, mode: str) -> None:
    assert refusal(hostile.progressive(scans, (220, 260), mode)) == "picture_too_complex"


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_a_progressive_jpeg_as_encoders_write_it_is_taken(mode: str) -> None:
    sent = papers.encoded(papers.portrait().convert(mode), progressive=True)
    assert sent.count(b"\xff\xda") >= 6
    assert develop(sent).width == 480


def test_scans_behind_the_end_are_neither_counted_nor_decoded() -> None:
    first, second = papers.encoded(papers.portrait()), hostile.progressive(3_000, (220, 260))
    assert strip(first + second).data == strip(first).data
    assert develop(first + second) == develop(first)


@pytest.mark.parametrize("size", [hostile.MEGAPIXELS_24, (65_500, 300)])
def test_all_of_the_bound_is_taken(size: tuple[int, int]) -> None:
    assert refusal(hostile.png(size, 1, 0)) is None


@pytest.mark.parametrize(
    ("size", "code"),
    [
        ((6001, 4000), "picture_too_large"),
        ((65_501, 300), "picture_too_large"),
        ((65_535, 1), "picture_too_large"),
        ((65_500, 1), "picture_too_small"),
        ((300, 65_501), "picture_too_large"),
        ((0, 400), "picture_broken"),
        ((400, 0), "picture_broken"),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_sizes_that_are_refused(form: str, size: tuple[int, int], code: str) -> None:
    made = jpeg(frame(width=size[0], height=size[1])) if form == "JPEG" else hostile.png(size, 1, 0)
    assert refusal(made) == code


@pytest.mark.parametrize(
    "made",
    [
        *(jpeg(frame(marker)) for marker in (0xC3, 0xC5, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCF)),
        jpeg(frame(precision=12)),
        jpeg(frame(components=2)),
        jpeg(frame(components=255)),
        jpeg(frame(), frame()),
        jpeg(frame(), segment(0xDC, b"\xff\xff")),
        jpeg(segment(0xDE, b"\0" * 15)),
        jpeg(),
        b"\xff\xd8" + frame(),
    ],
)
def test_forms_of_jpeg_that_no_camera_writes_are_refused(made: bytes) -> None:
    with pytest.raises((Refused, ValueError)) as refused:
        bounds.check(strip(made).data)
    assert getattr(refused.value, "code", "picture_broken") == "picture_broken"


@pytest.mark.parametrize(("depth", "colours"), [(3, 0), (16, 3), (4, 2), (1, 6), (8, 5), (255, 0)])
def test_forms_of_png_that_do_not_exist_are_refused(depth: int, colours: int) -> None:
    made = bytearray(hostile.png((300, 300)))
    made[24], made[25] = depth, colours
    assert refusal(bytes(made)) == "picture_broken"


@pytest.mark.parametrize(
    "made",
    [
        jpeg(*[segment(0xE2, b"ICC_PROFILE\0")] * MOST_PARTS, frame()),
        jpeg(*[segment(0xFE, b"")] * 100_000, frame()),
        hostile.png((300, 300)).replace(hostile.chunk(b"IEND"), hostile.chunk(b"fdAT") * MOST_PARTS),
    ],
    ids=["profiles", "comments", "frames"],
)
def test_a_file_in_very_many_parts_is_refused(made: bytes) -> None:
    assert refusal(made) == "picture_too_complex"


@pytest.mark.parametrize("name", [b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT"])
def test_packed_and_moving_parts_of_a_png_never_reach_a_decoder(name: bytes) -> None:
    plain = hostile.png((300, 300))
    sent = plain.replace(hostile.chunk(b"IEND"), hostile.chunk(name, b"\0" * 1_000) + hostile.chunk(b"IEND"))
    assert strip(sent).data == plain


def test_a_jpeg_that_is_several_pictures_is_the_first_one() -> None:
    buffer = io.BytesIO()
    papers.portrait(300, 400).save(buffer, "MPO", save_all=True, append_images=[papers.portrait(900, 900)])
    assert develop(buffer.getvalue()).width == 300


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_what_passes_is_no_larger_than_it_says(form: str, data: st.DataObject) -> None:
    """Pillow, which decodes, and these bounds read the same size out of a damaged file, or it is not taken."""
    damaged = bytearray(strip(papers.encoded(papers.portrait(220, 260), form)).data)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(2, 200))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Refused, ValueError):
        bare = strip(bytes(damaged)).data
        bounds.check(bare)
        with contextlib.suppress(OSError, SyntaxError), Image.open(io.BytesIO(bare), formats=("JPEG", "PNG")) as image:
            assert image.width * image.height <= LARGEST_PIXELS
