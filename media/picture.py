"""Encoded groups made into pictures: VP8 in, JPEG out. Takes tens of milliseconds: never run it on the event loop."""

import io
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from PIL import Image

from media import vp8
from media.groups import EncodedPicture

MOST_PIXELS = 4_000_000
"""Of a picture that is decoded; cameras give half of it, and a stranger's key frame may claim 270 million."""
QUALITY = 95
"""Of the JPEG; with full colour resolution, so that small print on a card loses nothing more."""


@dataclass(frozen=True)
class Jpeg:
    """A finished picture."""

    data: bytes
    """The file."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""


def to_jpeg(picture: EncodedPicture) -> Jpeg | None:
    """Decode the picture's last frame at its own resolution.

    None if the peer's data cannot be decoded to its end, or claims more than `MOST_PIXELS`.
    """
    if any(width * height > MOST_PIXELS for width, height in filter(None, map(vp8.picture_size, picture.frames))):
        return None
    frame = _decode(picture.frames)
    if frame is None:
        return None
    written = io.BytesIO()
    Image.fromarray(frame.to_ndarray(format="rgb24")).save(written, "JPEG", quality=QUALITY, subsampling=0)
    return Jpeg(written.getvalue(), frame.width, frame.height)


def warm_up() -> None:
    """Load what decoding needs, so that the first picture takes no longer than the others."""
    context = av.CodecContext.create("libvpx", "w")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("the VP8 encoder is no video encoder")
    context.width, context.height, context.pix_fmt, context.framerate = 16, 16, "yuv420p", Fraction(1)
    grey = VideoFrame(16, 16, "yuv420p")
    encoded = [bytes(packet) for packet in [*context.encode(grey), *context.encode()]]
    to_jpeg(EncodedPicture(0, 0, 0, tuple(encoded)))


def _decode(frames: tuple[bytes, ...]) -> VideoFrame | None:
    context = av.CodecContext.create("vp8", "r")
    if not isinstance(context, VideoCodecContext):
        raise TypeError("the VP8 decoder is no video decoder")
    # With more threads the decoder holds frames back, and the last is the one that is wanted.
    context.thread_count = 1
    decoded: list[VideoFrame] = []
    try:
        for frame in frames:
            decoded = context.decode(av.Packet(frame))
    except av.FFmpegError:
        return None
    return decoded[-1] if decoded else None
