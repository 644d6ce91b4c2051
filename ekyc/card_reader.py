"""Finds a citizen card's QR code in a picture with zxing-cpp; what the code says is `ekyc/card.py`'s to tell.

A sharp picture of a card 900 pixels wide is read at the first look within milliseconds. Only where that fails are
enlarged and sharpened forms tried, until the time is up: a code of few pixels is found more often when enlarged.
"""

import io
import time
from collections.abc import Callable, Iterator
from itertools import chain

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from ekyc.card import parse

_LONGEST_SIDE = 3000
_OVERLAP = 0.6
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])


def read_code(pictures: list[bytes], budget_s: float, monotonic: Callable[[], float] = time.monotonic) -> str | None:
    """The text of the first citizen card's code found in `pictures` (JPEG), looked through in their order.

    Blocks for about `budget_s` seconds at most (checked between tries): run it in a thread. None: none was found.
    """
    give_up = monotonic() + budget_s
    greys = [_grey(picture) for picture in pictures]
    # The plain look at every picture comes before any costly look at one: new cards have the code on the back.
    for candidate in chain(greys, chain.from_iterable(map(_forms, greys))):
        if (code := _look(candidate)) is not None:
            return code
        if monotonic() >= give_up:
            return None
    return None


def _grey(picture: bytes) -> Image.Image:
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as image:
        grey = image.convert("L")
    grey.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    return grey


def _forms(grey: Image.Image) -> Iterator[Image.Image]:
    """Forms in which a weak code may be readable, the likelier and cheaper first; made one at a time."""
    yield ImageOps.autocontrast(grey, cutoff=1)
    for corner in _corners(grey):
        enlarged = corner.resize((corner.width * 2, corner.height * 2), Image.Resampling.BICUBIC)
        yield enlarged
        yield enlarged.filter(ImageFilter.UnsharpMask(radius=4, percent=200, threshold=0))
    yield grey.rotate(45, expand=True, fillcolor=255)


def _corners(grey: Image.Image) -> Iterator[Image.Image]:
    """The four overlapping corners; the code of a card held upright is at the top right."""
    width, height = int(grey.width * _OVERLAP), int(grey.height * _OVERLAP)
    right, bottom = grey.width - width, grey.height - height
    for left, top in ((right, 0), (0, 0), (right, bottom), (0, bottom)):
        yield grey.crop((left, top, left + width, top + height))


def _look(image: Image.Image) -> str | None:
    for found in zxingcpp.read_barcodes(image, formats=_QR):
        if parse(found.text) is not None:
            return str(found.text)
    return None
