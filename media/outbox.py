"""A worker's events, each kept until a node has acknowledged it. Pure but for the messages that it makes."""

from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace

from media import protocol
from media.call import CallEvent
from media.events import GateChanged, LegSilent, RecordedPiece

REPEAT = 1_000_000
"""An event that is not acknowledged is sent again after this time: microseconds."""


@dataclass(slots=True)
class _Waiting:
    """An event that no node has acknowledged yet."""

    event: CallEvent
    happened_at: int
    line: Hashable
    sent_at: int | None = None
    """None: to nobody who is still there."""
    tries: int = 0


class Outbox:
    """Events by their sequence number; times are microseconds on the worker's clock.

    Pieces of one recording, and changes of one gate, stand in a line: of each line only the first is sent, because
    nodes deal with what they are told side by side.
    """

    def __init__(self, worker: str, boot: str) -> None:
        self._worker, self._boot = worker, boot
        self._waiting: dict[int, _Waiting] = {}
        self._lines: dict[Hashable, deque[int]] = {}
        self._fresh: deque[int] = deque()
        """Those that may be sent and never were."""
        self._sequence = 0
        self.octets = 0
        """Of recordings, that wait."""

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: CallEvent, happened_at: int) -> int:
        """Keep an event and give its sequence number; it is due at once, or when those before it are acknowledged."""
        self._sequence += 1
        line = _line(event)
        self._waiting[self._sequence] = _Waiting(event, happened_at, line)
        if isinstance(event, RecordedPiece):
            self.octets += len(event.data)
        if line is None:
            self._fresh.append(self._sequence)
            return self._sequence
        standing = self._lines.setdefault(line, deque())
        standing.append(self._sequence)
        if len(standing) == 1:
            self._fresh.append(self._sequence)
        return self._sequence

    def acknowledge(self, sequence: int) -> CallEvent | None:
        """Forget this event, and give it; None where it was acknowledged before."""
        waiting = self._waiting.pop(sequence, None)
        if waiting is None:
            return None
        if isinstance(waiting.event, RecordedPiece):
            self.octets -= len(waiting.event.data)
        if waiting.line is not None:
            standing = self._lines[waiting.line]
            standing.remove(sequence)
            if standing and self._waiting[standing[0]].tries == 0:
                self._fresh.append(standing[0])
            if not standing:
                del self._lines[waiting.line]
        return waiting.event

    def lost(self, sequences: Iterable[int]) -> None:
        """Whoever these were sent to is gone: what still waits of them is due at once."""
        for sequence in sequences:
            if sequence in self._waiting:
                self._waiting[sequence].sent_at = None

    def fresh(self, now: int) -> list[tuple[int, protocol.AnyEvent]]:
        """The events that were never sent and may be now, each with 0; from then on they count as sent."""
        fresh, self._fresh = self._fresh, deque()
        return [self._send(sequence, now) for sequence in fresh if sequence in self._waiting]

    def due(self, now: int) -> list[tuple[int, protocol.AnyEvent]]:
        """All events to be sent now, oldest first, each with the number of times that it was sent before."""
        self._fresh.clear()
        return [
            self._send(sequence, now)
            for sequence, waiting in self._waiting.items()
            if self._is_first(sequence, waiting) and (waiting.sent_at is None or now - waiting.sent_at >= REPEAT)
        ]

    def _is_first(self, sequence: int, waiting: _Waiting) -> bool:
        return waiting.line is None or self._lines[waiting.line][0] == sequence

    def _send(self, sequence: int, now: int) -> tuple[int, protocol.AnyEvent]:
        waiting = self._waiting[sequence]
        waiting.sent_at = now
        waiting.tries += 1
        return waiting.tries - 1, self._message(sequence, waiting, now)

    def _message(self, sequence: int, waiting: _Waiting, now: int) -> protocol.AnyEvent:
        event = waiting.event
        if isinstance(event, LegSilent):
            event = replace(event, age=event.age + now - waiting.happened_at)
        return protocol.told(self._worker, self._boot, sequence, event)


def _line(event: CallEvent) -> Hashable:
    """What must be told one after the other; None for what may be told in any order."""
    match event:
        case RecordedPiece():
            return event.call, event.leg, event.media
        case GateChanged():
            return event.call, event.gate
    return None
