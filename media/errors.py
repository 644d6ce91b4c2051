"""Why the media plane refuses; each error carries a stable code that pages and logs can rely on.

```
MediaRefused
 +-- FrameTooOld    frame_too_old   the frame left the worker more than 2 s ago, or its sender is silent now
 +-- FrameUnknown   frame_unknown   no frame of that name was sent, or it is no longer kept
 +-- WorkerGone     worker_gone     the worker does not live or did not answer in time
 +-- Overloaded     overloaded      the worker has as many calls, or as many pictures to decode, as it can bear
 +-- BadOffer       bad_offer       the peer's description cannot be read or used
```
"""

from typing import ClassVar


class MediaRefused(Exception):  # noqa: N818 - a refusal is an answer, not a fault of ours
    """The request was understood and is refused; `code` says why and never changes its spelling."""

    code: ClassVar[str] = "media_refused"


class FrameTooOld(MediaRefused):
    """The frame left the worker more than 2 s ago, or the leg that it came from is silent now."""

    code = "frame_too_old"


class FrameUnknown(MediaRefused):
    """No frame of that name was sent to the agent under this media number, or it is no longer kept."""

    code = "frame_unknown"


class WorkerGone(MediaRefused):
    """The worker has ended, restarted, or did not answer before the deadline."""

    code = "worker_gone"


class Overloaded(MediaRefused):
    """The worker bears no more calls, or no more pictures at once; another worker may."""

    code = "overloaded"


class BadOffer(MediaRefused):
    """The peer's session description (RFC 8866) cannot be read, or offers neither VP8 nor Opus."""

    code = "bad_offer"


REFUSALS: dict[str, type[MediaRefused]] = {
    refusal.code: refusal for refusal in (FrameTooOld, FrameUnknown, WorkerGone, Overloaded, BadOffer)
}
"""Each refusal by its code, for the side that reads the code off the wire."""
