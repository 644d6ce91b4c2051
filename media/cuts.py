"""Up to which media number each leg of a call was cut, so that an offer which is overtaken by the cut stays refused.

Several nodes speak to a worker, and one of them may bring an offer after another has said that its page has left.
"""

from collections import OrderedDict
from collections.abc import Container, Mapping

from media.events import Leg

EVERY = 1 << 62
"""Above every media number."""


class Cuts:
    """Kept for as long as a call is open, and of the last `most` others."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers: OrderedDict[str, dict[Leg, int]] = OrderedDict()

    def add(self, call: str, numbers: Mapping[Leg, int], opened: Container[str]) -> None:
        """Cut legs up to these numbers; `opened` are the calls that must not be forgotten."""
        known = self._numbers.setdefault(call, {})
        for leg, number in numbers.items():
            known[leg] = max(number, known.get(leg, 0))
        self._numbers.move_to_end(call)
        if len(self._numbers) > self._most:
            self._forget(opened)

    def allow(self, call: str, leg: Leg, media: int) -> bool:
        """Whether an offer of this number may be answered."""
        return media > self._numbers.get(call, {}).get(leg, -1)

    def _forget(self, opened: Container[str]) -> None:
        """Let the oldest go that is not open."""
        surplus = next((call for call in self._numbers if call not in opened), None)
        if surplus is not None:
            del self._numbers[surplus]
