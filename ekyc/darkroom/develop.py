"""The work on a picture's pixels: checked, turned upright, stripped of everything else, encoded anew. Pure, blocking.

What a stranger sent is never kept and never shown: only what was encoded here from its pixels. Of the picture there
are never more than two copies at once, for one of 24 megapixels takes 96 MB while it is open.
"""

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import Image

from ekyc.darkroom import bounds
from ekyc.darkroom.bounds import Refused
from ekyc.metadata import strip

_QUALITY = 90
_BAND = 512
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
class Developed:
    """A picture as it will be kept."""

    jpeg: bytes
    width: int
    height: int


def develop(data: bytes) -> Developed:
    """The picture in `data` (JPEG or PNG), upright, without metadata, as JPEG; Refused as `bounds.check` says."""
    try:
        image = _decode(data)
        return Developed(_encode(image), image.width, image.height)
    except _BROKEN:
        raise Refused("picture_broken") from None


def thumbnail(jpeg: bytes, side: int) -> bytes:
    """A picture that `develop` made, as large as fits a square of `side` pixels."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        image.draft("RGB", (side, side))
        image.thumbnail((side, side))
        return _encode(image.convert("RGB"))


def _decode(data: bytes) -> Image.Image:
    bare = strip(data)
    bounds.check(bare.data)
    with Image.open(io.BytesIO(bare.data), formats=("JPEG", "PNG")) as opened:
        opened.load()
        image = _on_white(opened)
    turn = _TURNS.get(bare.orientation)
    return image if turn is None else image.transpose(turn)


def _on_white(image: Image.Image) -> Image.Image:
    """The pixels in RGB; what is transparent becomes white."""
    if not image.has_transparency_data:
        # Not of an image that is RGB already: `convert` would give a copy.
        return image if image.mode == "RGB" else image.convert("RGB")
    layer = image if image.mode == "RGBA" else image.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    # In bands: pasting makes a copy of what it pastes.
    for top in range(0, layer.height, _BAND):
        band = layer.crop((0, top, layer.width, min(top + _BAND, layer.height)))
        ground.paste(band, (0, top), band)
    return ground


def _encode(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
