"""How much of its core a worker uses, and whether it may take one more call. Pure.

A call is admitted on what the running ones were measured to cost, never on a number of calls alone: what is recorded,
lost and asked for again differs from network to network. Running calls are never touched.
"""

from collections import deque

WINDOW = 3_000_000
"""Over what the use is taken: microseconds."""
FULL = 0.75
"""Share of the core above which no node should give it a call; what is left bears pictures and a worse network."""
OVERFULL = 0.85
"""Share above which a new call is refused: nodes hear of a full worker a moment late, and then it may still come."""
SLOW = 400_000
"""A loop that takes this long from tick to tick, on average, is behind, whatever the processor says: microseconds."""
LEAST_COST, MOST_COST = 0.01, 0.04
"""Shares of a core between which a call is reckoned; among few calls what is measured is mostly their set-up."""


class Load:
    """Fed at every tick; times are microseconds."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, int]] = deque()
        """Time and processor time used until then."""
        self._expected: deque[int] = deque()
        """When calls were admitted whose cost does not show yet."""

    def measure(self, now: int, used: int) -> None:
        """The process has used so much processor time, all threads together."""
        self._samples.append((now, used))
        # The one before a stretch longer than the window stays: a process that hung was at work all that time.
        while len(self._samples) > 2 and now - self._samples[0][0] > WINDOW:
            self._samples.popleft()
        while self._expected and now - self._expected[0] > WINDOW:
            self._expected.popleft()

    def expect(self, now: int) -> None:
        """A call was admitted."""
        self._expected.append(now)

    def use(self) -> float:
        """Share of one core used lately; 0 before anything was measured."""
        if len(self._samples) < 2:
            return 0.0
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        # A stretch that has only begun says little: a start is all work.
        return (after - before) / max(WINDOW, ended - began)

    def is_full(self, calls: int, measure: float = FULL) -> bool:
        """Whether one more call, beside `calls` open ones, would bring the worker over this share of its core."""
        if not calls:
            return False
        shown = max(1, calls - len(self._expected))
        cost = min(max(LEAST_COST, self.use() / shown), MOST_COST)
        return self._is_behind() or self.use() + cost * (len(self._expected) + 1) > measure

    def _is_behind(self) -> bool:
        if len(self._samples) < 2:
            return False
        return self._samples[-1][0] - self._samples[0][0] > SLOW * (len(self._samples) - 1)
