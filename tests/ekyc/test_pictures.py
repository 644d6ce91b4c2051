"""Whatever is sent, what is kept is upright, bare, bounded and ours."""

import asyncio
import hashlib
import io
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ekyc import pictures
from ekyc.darkroom.bounds import Refused
from ekyc.darkroom.develop import develop
from ekyc.pictures import LARGEST_BYTES, Darkroom, Prepared, check_size
from tests.ekyc import papers
from vouch.problems import Problem

_ORIENTATION = 0x0112


def prepare(data: bytes) -> Prepared:
    """What the darkroom does with a picture, in this very process: hundreds are tried."""
    check_size(data)
    try:
        made = develop(data)
    except Refused as refused:
        raise pictures.refusal(refused.code) from None
    return Prepared(made.jpeg, made.width, made.height, hashlib.sha256(data).hexdigest())


def opened(prepared: Prepared) -> Image.Image:
    picture = Image.open(io.BytesIO(prepared.jpeg))
    assert picture.format == "JPEG"
    assert picture.size == (prepared.width, prepared.height)
    return picture


def refusal(data: bytes) -> str:
    with pytest.raises(Problem) as refused:
        prepare(data)
    return refused.value.code


def verdict(data: bytes) -> str:
    try:
        prepare(data)
    except Problem as problem:
        return problem.code
    return "taken"


def png_claiming(width: int, height: int) -> bytes:
    """A small PNG whose header promises `width` x `height` pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_jpeg_and_png_are_kept_as_jpeg_at_their_own_size(form: str) -> None:
    picture = opened(prepare(papers.encoded(papers.portrait(480, 640), form)))
    assert picture.size == (480, 640)
    assert picture.mode == "RGB"


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "LA", "RGBA"])
def test_every_colour_form_becomes_rgb(mode: str) -> None:
    form = "JPEG" if mode == "CMYK" else "PNG"
    assert opened(prepare(papers.encoded(papers.portrait().convert(mode), form))).mode == "RGB"


def test_what_is_transparent_becomes_white() -> None:
    clear = Image.new("RGBA", (300, 300), (255, 0, 0, 0))
    assert opened(prepare(papers.encoded(clear, "PNG"))).getpixel((150, 150)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_exif_says(orientation: int) -> None:
    upright = Image.new("RGB", (400, 300), "white")
    upright.paste((255, 0, 0), (0, 0, 100, 100))
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    picture = opened(prepare(papers.encoded(stored, exif=exif)))
    assert picture.size == (400, 300)
    red, green, _ = picture.getpixel((50, 50))  # type: ignore[misc]
    assert red > 200
    assert green < 60


def test_nothing_but_pixels_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010F] = "SECRET-MAKER"
    exif.get_ifd(0x8825)[1] = "SECRET-PLACE"
    sent = papers.encoded(papers.portrait(), exif=exif, comment=b"SECRET-COMMENT", icc_profile=b"SECRET-PROFILE")
    assert sent.count(b"SECRET") >= 3
    kept = prepare(sent)
    assert b"SECRET" not in kept.jpeg
    assert not opened(kept).getexif()


def test_the_hash_tells_what_was_sent() -> None:
    one, other = papers.encoded(papers.portrait()), papers.encoded(papers.portrait(), quality=50)
    assert prepare(one).sent_sha256 == prepare(one).sent_sha256 != prepare(other).sent_sha256


def test_an_empty_file_is_a_missing_picture() -> None:
    assert refusal(b"") == "picture_missing"


@pytest.mark.parametrize("side", [(199, 400), (400, 199)])
def test_a_tiny_picture_shows_nothing(side: tuple[int, int]) -> None:
    assert refusal(papers.encoded(Image.new("RGB", side))) == "picture_too_small"


def test_more_than_eight_mebibytes_are_refused_unread() -> None:
    assert refusal(b"\xff" * (LARGEST_BYTES + 1)) == "picture_too_large"
    assert refusal(b"\xff" * LARGEST_BYTES) == "picture_broken"


@pytest.mark.parametrize("side", [(6000, 4001), (30_000, 30_000), (65_000, 65_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(side: tuple[int, int]) -> None:
    assert refusal(png_claiming(*side)) == "picture_too_large"


def test_twenty_four_megapixels_are_taken() -> None:
    assert prepare(papers.encoded(Image.new("L", (6000, 4000)), "PNG")).width == 6000


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF", "WEBP", "PDF"])
def test_other_forms_are_refused(form: str) -> None:
    assert refusal(papers.encoded(papers.portrait(), form)) == "picture_broken"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_half_a_file_is_broken(form: str, share: float) -> None:
    whole = papers.encoded(papers.portrait(), form)
    assert refusal(whole[: int(len(whole) * share)]) == "picture_broken"


_SMALL = {
    "JPEG": papers.encoded(papers.portrait(220, 260)),
    "CMYK": papers.encoded(papers.portrait(220, 260).convert("CMYK"), progressive=True),
    "PNG": papers.encoded(papers.portrait(220, 260), "PNG"),
    "palette": papers.encoded(papers.portrait(220, 260).convert("P"), "PNG"),
}


def test_a_palette_picture_without_its_palette_is_broken() -> None:
    assert refusal(_SMALL["palette"].replace(b"PLTE", b"QLTE")) == "picture_broken"


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(sorted(_SMALL)), st.data())
def test_damaged_bytes_never_do_more_than_be_refused(form: str, data: st.DataObject) -> None:
    damaged = bytearray(_SMALL[form])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    assert verdict(bytes(damaged)) in {"taken", "picture_broken", "picture_too_large", "picture_too_small"}


def test_a_narrow_picture_is_taken_with_a_warning() -> None:
    assert prepare(papers.encoded(papers.card(width=800))).warnings == ["low_resolution"]
    assert prepare(papers.encoded(papers.card(width=900))).warnings == []


async def test_the_darkroom_prepares_reads_and_makes_small() -> None:
    darkroom = Darkroom()
    sent = [papers.encoded(papers.card()), papers.encoded(papers.portrait())]
    front, portrait = await asyncio.gather(*(darkroom.prepare(each, "account:1") for each in sent))
    assert await darkroom.read_code([portrait.jpeg, front.jpeg], "account:1") == papers.CARD_CODE
    small = Image.open(io.BytesIO(await darkroom.thumbnail(front.jpeg, 640, "account:1")))
    assert max(small.size) == 640
    darkroom.close()
