"""Nothing but pixels is left of a file, and it is known which way up they are."""

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from ekyc.metadata import strip
from tests.ekyc import papers

PORTRAIT = papers.portrait(220, 260)


def exif(orientation: int) -> Image.Exif:
    made = Image.Exif()
    made[0x010F] = "SECRET-MAKER"
    made[0x0112] = orientation
    return made


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_is_read_and_the_rest_dropped(form: str, orientation: int) -> None:
    sent = papers.encoded(PORTRAIT, form, exif=exif(orientation))
    bare = strip(sent)
    assert bare.orientation == orientation
    assert b"SECRET" in sent
    assert b"SECRET" not in bare.data
    assert b"Exif" not in bare.data


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_understood(order: str) -> None:
    made = exif(6)
    made.endian = order
    assert strip(papers.encoded(PORTRAIT, exif=made.tobytes())).orientation == 6


def test_text_in_a_png_is_dropped() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET", zip=False)
    assert b"SECRET" not in strip(papers.encoded(PORTRAIT, "PNG", pnginfo=text)).data


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_does_not_exist_is_none(orientation: int) -> None:
    assert strip(papers.encoded(PORTRAIT, exif=exif(orientation))).orientation == 1


@pytest.mark.parametrize("damage", [b"XX*\0\x08\0\0\0", b"II*\0\xff\xff\xff\x7f", b"II*\0\x08\0\0\0\x05\0", b""])
def test_damaged_exif_does_not_spoil_the_picture(damage: bytes) -> None:
    bare = strip(papers.encoded(PORTRAIT, exif=b"Exif\0\0" + damage))
    assert bare.orientation == 1
    assert bare.data.startswith(b"\xff\xd8")


def test_fill_bytes_may_stand_before_a_marker() -> None:
    sent = papers.encoded(PORTRAIT)
    assert strip(sent[:2] + b"\xff\xff\xff" + sent[2:]).data == strip(sent).data


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\x00", b"\xff\xd8ab"])
def test_what_is_no_picture_raises(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"neither|early|segment"):
        strip(data)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from([b"\xff\xd8", b"\x89PNG\r\n\x1a\n"]), st.binary(max_size=200))
@example(b"\xff\xd8", b"\xff\xe1\x00\x00" * 3)
def test_any_bytes_end_in_an_answer(start: bytes, rest: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert len(strip(start + rest).data) <= len(start + rest)
