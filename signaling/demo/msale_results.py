"""What the simulated mSale Core has received: a JSON file per result, a JPEG per picture, nothing in memory alone."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PAGE = 30


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PictureLink(_Model):
    """Where a picture of a result is, and its hash."""

    kind: Literal["id_front", "id_back", "portrait", "snapshot"]
    sha256: str
    url: str


class Data(_Model):
    """The body of `verification.decided` and `verification.call_ended`; the latter has only the first four."""

    id: str
    external_ref: str
    outcome: str
    attempt: int
    reason: str | None = None
    decided_at: str | None = None
    agent: str | None = None
    pictures: tuple[PictureLink, ...] = ()


class Message(_Model):
    """A result as it was sent."""

    type: Literal["verification.decided", "verification.call_ended"]
    timestamp: str
    data: Data


class KeptPicture(_Model):
    """A picture that was fetched."""

    kind: str
    file: str
    """Its name under `/pictures/`."""
    sha256: str
    """Of the bytes that came."""
    checked: bool
    """They are the ones whose hash stood in the result."""


class Result(_Model):
    """A result that was received."""

    id: str
    """The webhook's id."""
    received_at: int
    """Microseconds UTC."""
    message: Message
    pictures: tuple[KeptPicture, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every picture was fetched."""
        return not self.missing

    @property
    def missing(self) -> tuple[PictureLink, ...]:
        """The pictures that were not fetched yet."""
        kept = {picture.kind for picture in self.pictures}
        return tuple(link for link in self.message.data.pictures if link.kind not in kept)

    @property
    def position(self) -> str:
        """What sorts by the time of arrival, and is the page's cursor."""
        return f"{self.received_at:020}-{self.id}"


class Shown(_Model):
    """All results, the newest first, as `/results.json` gives them."""

    results: tuple[Result, ...] = Field(default=())


class Results:
    """The received results of one data folder."""

    def __init__(self, folder: Path) -> None:
        self._results = folder / "results"
        self._pictures = folder / "pictures"
        for needed in (self._results, self._pictures):
            needed.mkdir(parents=True, exist_ok=True)
        self._known = {result.id: result for result in self._load()}

    def get(self, key: str) -> Result | None:
        """The result of this webhook id."""
        return self._known.get(key)

    def keep(self, result: Result) -> None:
        """Store a result, in place of what was known of it."""
        _write(self._results / f"{result.id}.json", result.model_dump_json(indent=1).encode())
        self._known[result.id] = result

    def picture(self, key: str, link: PictureLink, jpeg: bytes) -> KeptPicture:
        """Store a picture of a result and say whether it is the one that the result speaks of."""
        file = f"{key}-{link.kind}.jpg"
        _write(self._pictures / file, jpeg)
        sha256 = hashlib.sha256(jpeg).hexdigest()
        return KeptPicture(kind=link.kind, file=file, sha256=sha256, checked=sha256 == link.sha256)

    def file(self, name: str) -> Path | None:
        """Where a picture's file is, if it belongs to a result."""
        belongs = any(picture.file == name for result in self._known.values() for picture in result.pictures)
        return self._pictures / name if belongs else None

    def newest_first(self) -> list[Result]:
        """All results."""
        return sorted(self._known.values(), key=lambda result: result.position, reverse=True)

    def page(self, before: str | None) -> tuple[list[Result], str | None]:
        """Results older than the cursor `before`, and the cursor of those after them."""
        older = [result for result in self.newest_first() if before is None or result.position < before]
        return older[:PAGE], older[PAGE - 1].position if len(older) > PAGE else None

    def _load(self) -> Iterator[Result]:
        for file in sorted(self._results.glob("*.json")):
            yield Result.model_validate_json(file.read_bytes())


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, also where the power fails."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
