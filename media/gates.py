"""What Confirm has to wait for, as far as the media plane knows it. Pure."""

from collections import deque
from dataclasses import dataclass, field

from media.events import Gate, GateChanged, Leg, RecordedPiece

BEHIND = 3_000_000
"""A piece that is not on disk after this long means that the recording cannot be relied on: microseconds."""


@dataclass
class _OnDisk:
    """How far one connection's recording is known to be on disk."""

    media: int
    kept: bool = False
    waiting: deque[tuple[int, int]] = field(default_factory=deque)
    """End in octets and time of each piece that is not."""


class RecordingProgress:
    """Which of a call's pieces are on disk; times are microseconds on the worker's clock."""

    def __init__(self) -> None:
        self._legs: dict[Leg, _OnDisk] = {}

    def told(self, piece: RecordedPiece, now: int) -> None:
        """A piece was given to be stored."""
        state = self._legs.get(piece.leg)
        if state is None or state.media != piece.media:
            state = self._legs[piece.leg] = _OnDisk(piece.media)
        state.waiting.append((piece.offset + len(piece.data), now))

    def kept(self, piece: RecordedPiece) -> None:
        """A piece is on disk."""
        state = self._legs.get(piece.leg)
        if state is None or state.media != piece.media:
            return
        state.kept = True
        while state.waiting and state.waiting[0][0] <= piece.offset + len(piece.data):
            state.waiting.popleft()

    def is_safe(self, present: dict[Leg, int], now: int) -> bool:
        """Whether both legs, given by their media numbers now, are on disk but for the last moments."""
        return len(present) == 2 and all(self._is_kept(leg, media, now) for leg, media in present.items())

    def _is_kept(self, leg: Leg, media: int, now: int) -> bool:
        state = self._legs.get(leg)
        if state is None or state.media != media or not state.kept:
            return False
        return not state.waiting or now - state.waiting[0][1] < BEHIND


class Gates:
    """The gates of one call as they were told last; as on the floor `recording` begins shut and `frozen` open."""

    def __init__(self, call: str, name: str) -> None:
        """`name` is of this call in this worker and no other: it makes the changes' ids."""
        self._call, self._name = call, name
        self._shut: dict[Gate, bool] = {"recording": True, "frozen": False}
        self._changes = 0

    def change(self, gate: Gate, *, shut: bool) -> list[GateChanged]:
        """What is to be told when the gate stands like this now."""
        if self._shut[gate] == shut:
            return []
        self._shut[gate] = shut
        self._changes += 1
        return [GateChanged(self._call, gate, shut, f"{self._name}.{self._changes}")]
