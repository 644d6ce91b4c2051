"""The draws' seeds as rows have them: sealed, so that whoever reads the database foresees no draw.

They stand in three places, each of which is written and read by these two functions: a floor's own data, the journal's
`SeedSet`, and snapshots. In memory, where draws are made, they are open. A row from before seeds were sealed is read as
it stands; its day was over when the next seed came.
"""

from dataclasses import replace
from typing import TypeVar

from routing.events import SeedSet
from signaling.codec import FloorData
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.sealing import Box, is_sealed

Data = TypeVar("Data")
BOX = "seeds"
"""Under which name a database's sessions know the box (`Database`, `info`)."""


def box(keys: Keys) -> Box:
    """What seals the seeds of this installation."""
    return Box(keys, "seeds of draws")


def closed(data: Data, box: Box | None) -> Data:
    """`data` as it may be written; only a floor's own data and the event that brings a seed hold one."""
    if isinstance(data, FloorData):
        return replace(data, seed=replace(data.seed, value=_seal(data.seed.value, data.seed.day, box)))
    if isinstance(data, SeedSet):
        return replace(data, seed=_seal(data.seed, data.day, box))
    return data


def opened(data: Data, box: Box | None) -> Data:
    """What `closed` took; Problem `sealed_otherwise`, or `seed_sealed` where there is no key at all."""
    if isinstance(data, FloorData):
        return replace(data, seed=replace(data.seed, value=_open(data.seed.value, data.seed.day, box)))
    if isinstance(data, SeedSet):
        return replace(data, seed=_open(data.seed, data.day, box))
    return data


def _seal(value: str, day: str, box: Box | None) -> str:
    return value if box is None else box.seal(value, day)


def _open(value: str, day: str, box: Box | None) -> str:
    if not is_sealed(value):
        return value
    if box is None:
        raise Problem(500, "seed_sealed", "The seeds of the draws are sealed: run this where secret.key lies.")
    return box.open(value, day)
