"""A draw that anybody can repeat once the day's seed is published, and nobody can foresee before.

HMAC-SHA-256 (RFC 2104) with the seed as its key over day, call and offer number; the seed's hash is committed before
the day begins (`commitment`).
"""

import hashlib
import hmac
from dataclasses import dataclass

from routing.state import Seed


def commitment(seed: Seed) -> str:
    """What is published of a seed before its day: SHA-256 over day and seed, in hexadecimal digits."""
    return hashlib.sha256(f"{seed.day}|{seed.value}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Draw:
    """What one offer is drawn with."""

    seed: Seed
    call: str
    offer: int
    """The number that the offer will have."""

    def below(self, count: int) -> int:
        """A number from 0 to count - 1. The bias of the remainder is below count / 2^256."""
        message = f"{self.seed.day}|{self.call}|{self.offer}".encode()
        digest = hmac.digest(bytes.fromhex(self.seed.value), message, hashlib.sha256)
        return int.from_bytes(digest, "big") % count
