"""What a page saw of the other side: frames a second, freezes, and how long it took to come back."""

import itertools
from dataclasses import asdict, dataclass

FREEZE_S = 0.2
"""From one frame to the next, at least, to be called a freeze: seconds."""
_MOVING, _MOVING_S = 8, 1.0
"""So many frames within this time are a moving picture: it is back."""


@dataclass(frozen=True)
class Frame:
    """A frame as a page presented it."""

    at: float
    """Seconds of Unix time."""
    count: int
    """Frames that its video element had presented with it."""


@dataclass(frozen=True)
class Figures:
    """Of one stretch of time."""

    fps: float
    freezes: int
    longest_s: float
    """The longest time without a new frame."""
    back_s: float | None = None
    """From the network's return to a moving picture."""

    def told(self) -> dict[str, float]:
        """By name, without what is not there."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def figures(frames: list[Frame], since: float, until: float, back_s: float | None = None) -> Figures:
    """What was presented from `since` to `until`, seconds of Unix time."""
    within = [frame for frame in frames if since <= frame.at <= until]
    presented = sum(max(1, later.count - frame.count) for frame, later in itertools.pairwise(within))
    instants = [since, *(frame.at for frame in within), until]
    gaps = [later - earlier for earlier, later in itertools.pairwise(instants)]
    return Figures(
        fps=round(presented / (until - since), 1),
        freezes=sum(gap > FREEZE_S for gap in gaps),
        longest_s=round(max(gaps), 2),
        back_s=None if back_s is None else round(back_s, 2),
    )


def moving_at(frames: list[Frame], since: float) -> float | None:
    """When the first frame came from `since` on that others follow as in a moving picture; None: not there yet."""
    after = [frame.at for frame in frames if frame.at >= since]
    for first, last in zip(after, after[_MOVING:], strict=False):
        if last - first <= _MOVING_S:
            return first
    return None
