"""The stamp: every Vietnamese letter, no pixel covered, readable at every size."""

import unicodedata
from io import BytesIO

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from ekyc.stamp import SMALLEST_TEXT, Stamp, font, font_data, layout, stamp
from tests.ekyc.evidence_fixtures import jpeg
from vouch.clock import SECOND

# 2026-11-20T02:42:03.456789Z: 09:42:03 in Vietnam.
AT = 1_795_142_523_456_789
TEXT = Stamp(AT, "7K2M-9QXD", "Nguyễn Thị Ánh Tuyết")
SIZES = [(320, 240), (240, 320), (480, 640), (640, 480), (1280, 720), (720, 1280), (1920, 1080)]

_VOWELS = "aăâeêioôơuưy"
_TONES = ["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"]
_LOWER = {unicodedata.normalize("NFC", vowel + tone) for vowel in _VOWELS for tone in _TONES} | {"đ"}
VIETNAMESE = sorted(_LOWER | {letter.upper() for letter in _LOWER})
ASCII = [chr(code) for code in range(0x21, 0x7F)]


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def drawn(text: str, size: int = 48) -> bytes:
    return bytes(font(size).getmask(text, mode="L"))


def test_the_alphabet_is_whole() -> None:
    assert len(VIETNAMESE) == 146
    assert all(len(letter) == 1 for letter in VIETNAMESE)


@pytest.mark.parametrize("letter", [*VIETNAMESE, *ASCII, "·"])
def test_the_font_has_the_letter(letter: str) -> None:
    face = TTFont(BytesIO(font_data()))
    assert face.getBestCmap().get(ord(letter), ".notdef") != ".notdef"
    assert drawn(letter) not in (drawn("\ue000"), drawn(" "))


def test_no_two_letters_look_the_same_at_the_smallest_size() -> None:
    pictures = {drawn(letter, SMALLEST_TEXT) for letter in VIETNAMESE}
    assert len(pictures) == len(VIETNAMESE)


@pytest.mark.parametrize("size", SIZES)
def test_the_picture_above_the_band_stays_as_it_was(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8)
    stream = BytesIO()
    Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC).save(stream, "JPEG", quality=95)
    before, after = decoded(stream.getvalue()), decoded(stamp(stream.getvalue(), TEXT))
    assert after.shape[1] == before.shape[1]
    assert after.shape[0] > before.shape[0]
    # The last rows share their JPEG blocks with the band.
    kept = before.shape[0] - 8
    assert np.abs(after[:kept].astype(int) - before[:kept]).mean() < 1.5


@pytest.mark.parametrize("size", SIZES)
def test_the_band_holds_light_text_on_dark_ground_and_stays_small(size: tuple[int, int]) -> None:
    band = decoded(stamp(jpeg(*size), TEXT))[size[1] :]
    assert band.shape[0] <= max(size[1] // 5, 60)
    assert band.max() > 240
    assert np.median(band) < 30
    # Nothing is cut off: the outermost pixels are ground.
    edges = (band[3:5], band[-2:], band[:, :2], band[:, -2:])
    assert all(edge[2:].max(initial=0) < 90 for edge in edges)


@pytest.mark.parametrize("size", [*SIZES, (160, 120)])
def test_the_lines_say_everything_and_fit(size: tuple[int, int]) -> None:
    face = font(max(SMALLEST_TEXT, min(size[0], size[1] * 4 // 3) // 40))
    width = size[0] - int(face.size)
    lines = layout(TEXT, face, width)
    assert all(face.getlength(line) <= width for line in lines)
    text = " ".join(lines)
    assert "20/11/2026 09:42:03" in text
    assert "7K2M-9QXD" in text
    assert "Nguyễn Thị Ánh Tuyết" in text.replace("   ·   ", " ")
    assert ("09:42:03.456 GMT+7" in text) == (size[0] >= 240)


def test_a_wide_picture_has_one_line_and_a_narrow_one_more() -> None:
    assert len(layout(TEXT, font(16), 620)) == 1
    assert len(layout(TEXT, font(13), 307)) == 2


def test_names_in_decomposed_letters_are_drawn_as_composed_ones() -> None:
    decomposed = Stamp(AT, TEXT.number, unicodedata.normalize("NFD", TEXT.agent))
    assert stamp(jpeg(), decomposed) == stamp(jpeg(), TEXT)


def test_without_a_name_the_rest_is_written() -> None:
    assert layout(Stamp(AT, "7K2M-9QXD", ""), font(16), 620) == ["20/11/2026 09:42:03.456 GMT+7   ·   7K2M-9QXD"]


def test_the_time_is_cut_to_the_millisecond_not_rounded_into_the_next_second() -> None:
    late = Stamp(AT - AT % SECOND + 999_999, "7K2M-9QXD", "")
    assert layout(late, font(16), 620)[0].startswith("20/11/2026 09:42:03.999")


def test_the_same_picture_gets_the_same_stamp() -> None:
    assert stamp(jpeg(), TEXT) == stamp(jpeg(), TEXT)
    assert stamp(jpeg(), TEXT) != stamp(jpeg(), Stamp(AT + 1_000, TEXT.number, TEXT.agent))


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        stamp(b"not a picture", TEXT)


@given(st.text(max_size=200), st.integers(120, 2_000))
@settings(max_examples=60, deadline=None)
def test_whatever_the_name_nothing_is_left_out(name: str, width: int) -> None:
    lines = layout(Stamp(AT, "7K2M-9QXD", name), font(13), width)
    said = " ".join(lines).replace("   ·   ", " ").split()
    assert (
        said[-len(unicodedata.normalize("NFC", name).split()) or len(said) :]
        == unicodedata.normalize("NFC", name).split()
    )


@pytest.mark.parametrize(("form", "size"), [("PNG", (640, 480)), ("GIF", (640, 480)), ("JPEG", (6000, 4001))])
def test_what_is_no_frame_of_a_call_is_not_stamped(form: str, size: tuple[int, int]) -> None:
    buffer = BytesIO()
    Image.new("L", size).save(buffer, form)
    with pytest.raises(OSError, match=r"cannot identify|more pixels"):
        stamp(buffer.getvalue(), TEXT)
