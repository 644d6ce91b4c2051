"""Pictures from outside: checked, turned upright, stripped of everything but the pixels, encoded anew.

What a stranger sent is never kept and never shown: only what we encoded from its pixels. Decoding runs in a thread,
few at a time, for a picture of 24 megapixels takes 72 MB while it is open.
"""

import asyncio
import hashlib
import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

from ekyc.card_reader import read_code
from ekyc.metadata import strip
from vouch.problems import Problem

LARGEST_BYTES = 8 << 20
LARGEST_PIXELS = 24_000_000
SHORTEST_SIDE = 200
"""Below it no face and no print can be made out."""
READABLE_SIDE = 900
"""A card that is narrower than this seldom has a readable code; the picture is taken, with a warning."""
_QUALITY = 90
_AT_A_TIME = 2
_READING_S = 1.5
# What brings a picture upright, by EXIF's Orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# What Pillow raises on bytes that are no picture, or half of one.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    EOFError,
    AssertionError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture as it will be kept."""

    jpeg: bytes
    width: int
    height: int
    sent_sha256: str
    """Hash of the bytes as they were sent, to tell repeated requests; the kept bytes have a hash of their own."""

    @property
    def warnings(self) -> list[str]:
        """Codes of what may make it less useful."""
        return ["low_resolution"] if max(self.width, self.height) < READABLE_SIDE else []


class Darkroom:
    """Prepares pictures and reads the cards' codes in threads, so many at a time."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_A_TIME)

    async def prepare(self, data: bytes) -> Prepared:
        """`data` (JPEG or PNG) as it will be kept; Problem as `prepare` says."""
        async with self._places:
            return await asyncio.to_thread(prepare, data)

    async def read_code(self, pictures: list[bytes]) -> str | None:
        """The text of a citizen card's code in pictures that were prepared; None where none can be read."""
        async with self._places:
            return await asyncio.to_thread(read_code, pictures, _READING_S)

    async def thumbnail(self, jpeg: bytes, side: int) -> bytes:
        """A prepared picture made to fit a square of `side` pixels."""
        async with self._places:
            return await asyncio.to_thread(_thumbnail, jpeg, side)


def prepare(data: bytes) -> Prepared:
    """The picture in `data`, upright, without metadata, as JPEG.

    Problem `picture_missing` (empty), `picture_too_large` (8 MiB, 24 megapixels), `picture_too_small`,
    `picture_broken`.
    """
    if not data:
        raise Problem(422, "picture_missing", "The picture is empty.")
    if len(data) > LARGEST_BYTES:
        raise too_large()
    try:
        image = _decode(data)
    except _BROKEN:
        raise Problem(422, "picture_broken", "This is no JPEG or PNG picture, or it is damaged.") from None
    jpeg = _encode(image)
    return Prepared(jpeg, image.width, image.height, hashlib.sha256(data).hexdigest())


def too_large() -> Problem:
    """The answer to a picture that exceeds a limit."""
    return Problem(413, "picture_too_large", "A picture may have at most 8 MiB and 24 megapixels.")


def _decode(data: bytes) -> Image.Image:
    bare = strip(data)
    try:
        opened = Image.open(io.BytesIO(bare.data), formats=("JPEG", "PNG"))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise too_large() from None
    with opened as image:
        # The header's promise is checked before a pixel is decoded.
        if image.width * image.height > LARGEST_PIXELS:
            raise too_large()
        if min(image.width, image.height) < SHORTEST_SIDE:
            raise Problem(422, "picture_too_small", f"A picture needs at least {SHORTEST_SIDE} pixels on each side.")
        image.load()
        turn = _TURNS.get(bare.orientation)
        return _on_white(image if turn is None else image.transpose(turn))


def _on_white(image: Image.Image) -> Image.Image:
    """The pixels in RGB; what is transparent becomes white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()


def _thumbnail(jpeg: bytes, side: int) -> bytes:
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side))
        return _encode(image.convert("RGB"))
