"""The face of the demo's callers: NASA's public-domain picture of the astronaut Eileen Collins where scikit-image,
which ships it, is installed, else a drawn one. One picture serves the card, the portrait and the moving video.
"""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

import cv2
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from media.synthetic import Image, draw_counter

WIDTH, HEIGHT = 640, 480
"""Of the video."""
_SIDE = 512
_FACE = (95, 0, 350, 340)
"""Left, top, right, bottom of head and shoulders in the picture."""


@cache
def photograph() -> Image:
    """512 x 512 x 3 octets, RGB; a head in the upper middle."""
    if find_spec("skimage") is None:
        return _drawn()
    from skimage import data  # noqa: PLC0415 - not among what a running Vouch needs

    return np.asarray(data.astronaut(), dtype=np.uint8)  # type: ignore[no-untyped-call]


def portrait() -> Pillow.Image:
    """Head and shoulders, 3:4."""
    return Pillow.fromarray(photograph()).crop(_FACE)


def moving_face(first: int = 0) -> Iterator[Image]:
    """Endless video of 480 x 640 x 3 octets: the person sways and leans, and the counter runs from `first` on."""
    source = photograph()
    n = first
    while True:
        turn = n / 15
        scale = 1.25 + 0.05 * np.sin(turn / 3)
        change = cv2.getRotationMatrix2D((222, 150), 3 * np.sin(turn / 2), scale)
        change[:, 2] += (WIDTH / 2 - 222 + 18 * np.sin(turn / 1.7), HEIGHT * 0.58 - 150 + 8 * np.cos(turn))
        image = cv2.warpAffine(source, change, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
        draw_counter(image, n)
        yield image
        n += 1


def _drawn() -> Image:
    picture = Pillow.new("RGB", (_SIDE, _SIDE), (196, 208, 214))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((92, 290, 352, 640), fill=(54, 92, 110))
    draw.ellipse((142, 20, 302, 200), fill=(44, 34, 30))
    draw.ellipse((157, 60, 287, 250), fill=(226, 184, 154))
    for x in (192, 252):
        draw.ellipse((x - 9, 132, x + 9, 144), fill=(40, 30, 28))
    draw.line((222, 150, 218, 178, 228, 180), fill=(180, 130, 110), width=4)
    draw.arc((192, 180, 252, 218), 20, 160, fill=(170, 70, 70), width=6)
    return np.asarray(picture, dtype=np.uint8)
