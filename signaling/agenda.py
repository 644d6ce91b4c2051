"""Which socket's view is looked at next. No clock and no I/O: `now` is the caller's, in seconds of any clock.

The order: consoles at which it rings; whoever was touched; supervisors' walls, each at most twice a second; and, at a
steady pace, what touches many at once: the callers in a queue that moved, and the consoles whose summary of the queue
is old. However busy a floor is, these cost no more than their pace.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

from signaling.present import Body
from signaling.sockets import Socket, Sockets

Key = TypeVar("Key", bound=Hashable)

_AT_MOST_EVERY_S = 0.5
_BURST = 10
_BURST_EVERY_S = 0.05
"""200 a second in small lots: a timer for each would cost as much as what it is for."""
_ROUND_EVERY_S = 0.1
"""100 a second: each is a write to a socket, and 200 of them took a tenth of a busy node's time."""


class Agenda:
    """What is to be looked at. `summary` gives a floor's present QueueSummary, `queue` its calls in their order."""

    def __init__(
        self, sockets: Sockets, summary: Callable[[str], Body | None], queue: Callable[[str], Iterable[str]]
    ) -> None:
        self._sockets = sockets
        self._queue = queue
        self._ringing: dict[Socket, None] = {}
        self._touched: dict[Socket, None] = {}
        self._walls: dict[Socket, None] = {}
        self._queued: dict[Socket, None] = {}
        self._walls_due: Throttle[Socket] = Throttle(_AT_MOST_EVERY_S)
        self._queues_due: Throttle[str] = Throttle(_AT_MOST_EVERY_S)
        self._rounds = Rounds(sockets, summary)
        self._queued_pace = Pace(_BURST, _BURST_EVERY_S)
        self._rounds_pace = Pace(_BURST, _ROUND_EVERY_S)

    def ring(self, sockets: Iterable[Socket]) -> None:
        """These go first."""
        self._ringing.update(dict.fromkeys(sockets))

    def touch(self, sockets: Iterable[Socket]) -> None:
        """These go next."""
        self._touched.update(dict.fromkeys(sockets))

    def wall(self, sockets: Iterable[Socket]) -> None:
        """Something of these walls has changed."""
        for socket in sockets:
            self._walls_due.mark(socket)

    def queue_moved(self, floor: str) -> None:
        """The callers in a floor's queue have other places or waits."""
        self._queues_due.mark(floor)

    def floor_changed(self, floor: str) -> None:
        """A floor's summary of its queue may have changed."""
        self._rounds.mark(floor)

    def forget(self, socket: Socket) -> None:
        """This socket is gone."""
        for each in (self._ringing, self._touched, self._walls, self._queued):
            each.pop(socket, None)
        self._walls_due.forget(socket)

    def next(self, now: float) -> Socket | None:
        """The most urgent socket; None: nothing is due, ask again after `wait`."""
        for each in (self._ringing, self._touched):
            if each:
                return _first(each)
        self._walls.update(dict.fromkeys(self._walls_due.take(now)))
        if self._walls:
            return _first(self._walls)
        for floor in self._queues_due.take(now):
            self._queued.update((each, None) for call in self._queue(floor) for each in self._sockets.callers(call))
        if self._queued and self._queued_pace.wait(now) == 0:
            self._queued_pace.spend(now)
            return _first(self._queued)
        if self._rounds.marked and self._rounds_pace.wait(now) == 0:
            socket = self._rounds.next()
            if socket is not None:
                self._rounds_pace.spend(now)
            return socket
        return None

    def wait(self, now: float) -> float | None:
        """After how many seconds something that is put off becomes due; None: nothing is put off."""
        waits = [self._walls_due.wait(now), self._queues_due.wait(now)]
        if self._queued:
            waits.append(self._queued_pace.wait(now))
        if self._rounds.marked:
            waits.append(self._rounds_pace.wait(now))
        return min((wait for wait in waits if wait is not None), default=None)


class Throttle(Generic[Key]):
    """Lets each key through at most once in `every` seconds: the first at once, what came too early when it is time."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._marked: dict[Key, None] = {}
        self._not_before: dict[Key, float] = {}

    def mark(self, key: Key) -> None:
        """This key wants through."""
        self._marked[key] = None

    def forget(self, key: Key) -> None:
        """It does not any more."""
        self._marked.pop(key, None)
        self._not_before.pop(key, None)

    def take(self, now: float) -> list[Key]:
        """The keys that are let through now."""
        if not self._marked:
            return []
        due = [key for key in self._marked if self._not_before.get(key, now) <= now]
        for key in due:
            del self._marked[key]
            self._not_before[key] = now + self._every
        return due

    def wait(self, now: float) -> float | None:
        """Seconds until one more is let through; None: nobody wants through."""
        return min((max(0.0, self._not_before.get(key, now) - now) for key in self._marked), default=None)


class Pace:
    """At most `burst` in `every` seconds."""

    def __init__(self, burst: int, every: float) -> None:
        self._burst = burst
        self._every = every
        self._since = float("-inf")
        self._spent = 0

    def wait(self, now: float) -> float:
        """Seconds until there is room."""
        return 0.0 if self._spent < self._burst else max(0.0, self._since + self._every - now)

    def spend(self, now: float) -> None:
        """One more; call only when there is room."""
        if now >= self._since + self._every:
            self._since, self._spent = now, 0
        self._spent += 1


class Rounds:
    """Goes round each floor's consoles, as often as its summary changes, and finds those that show another one."""

    def __init__(self, sockets: Sockets, summary: Callable[[str], Body | None]) -> None:
        self._sockets = sockets
        self._summary = summary
        self._current: dict[str, Body | None] = {}
        self._left: dict[str, int] = {}
        self.marked: dict[str, None] = {}
        """Floors that may have something, the one that was served last at the end."""

    def mark(self, floor: str) -> None:
        """The floor's summary may have changed."""
        self.marked[floor] = None

    def next(self) -> Socket | None:
        """A console that shows an old summary; None: none does."""
        while self.marked:
            floor = _first(self.marked)
            socket = self._next_of(floor)
            if socket is not None:
                self.marked[floor] = None
                return socket
        return None

    def _next_of(self, floor: str) -> Socket | None:
        summary, team = self._summary(floor), self._sockets.team(floor)
        if summary != self._current.get(floor):
            self._current[floor], self._left[floor] = summary, len(team)
        while self._left.get(floor, 0) > 0 and team:
            self._left[floor] -= 1
            socket = team[0]
            team.rotate(-1)
            if socket.shown is not None and socket.shown["queue"] != summary:
                return socket
        return None


def _first(waiting: dict[Key, None]) -> Key:
    """Take the one that has waited longest."""
    key = next(iter(waiting))
    del waiting[key]
    return key
