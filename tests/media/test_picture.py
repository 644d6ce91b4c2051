import io

import numpy as np
from PIL import Image

from media.groups import EncodedPicture
from media.picture import to_jpeg
from media.synthetic import encode, moving_picture, read_counter


def picture(frames: list[bytes]) -> EncodedPicture:
    return EncodedPicture(1, 0, 0, tuple(frames))


def test_the_last_frame_is_decoded_at_its_own_resolution() -> None:
    jpeg = to_jpeg(picture(encode(moving_picture(1280, 720, first=10), count=6)))
    assert jpeg is not None
    assert (jpeg.width, jpeg.height) == (1280, 720)
    image = Image.open(io.BytesIO(jpeg.data))
    assert (image.format, image.size) == ("JPEG", (1280, 720))
    assert read_counter(np.asarray(image)) == 15


def test_the_picture_is_like_the_one_that_was_filmed() -> None:
    (original,) = (next(moving_picture(first=n)) for n in (3,))
    jpeg = to_jpeg(picture(encode(iter([original]), count=1, bit_rate=8_000_000)))
    assert jpeg is not None
    kept = np.asarray(Image.open(io.BytesIO(jpeg.data))).astype(int)
    assert np.abs(kept - original).mean() < 4


def test_what_is_no_vp8_gives_no_picture() -> None:
    assert to_jpeg(picture([b"nonsense"])) is None
    assert to_jpeg(picture([])) is None
    (key,) = encode(moving_picture(), count=1)
    assert to_jpeg(picture([key, b"\x10\x02"])) is None


def test_a_key_frame_that_claims_to_be_huge_is_not_decoded() -> None:
    key = bytearray(encode(moving_picture(), count=1)[0])
    key[6:10] = (8_000).to_bytes(2, "little") * 2
    # As many octets as its size asks for at least: the decoder would take half a gigabyte and seconds.
    assert to_jpeg(picture([bytes(key) + bytes(500_000)])) is None
