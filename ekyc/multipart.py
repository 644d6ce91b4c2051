"""Reads a request to open a verification: the part `data` and the three pictures, each up to its own limit."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import cast

from aiohttp import BodyPartReader, MultipartReader, StreamReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ekyc.models import PAPERS, PictureKind
from ekyc.pictures import LARGEST_BYTES, too_large
from vouch.http.bodies import Bound, Meter, read_all
from vouch.problems import Problem

_LARGEST_DATA = 64 << 10
LARGEST_FORM = len(PAPERS) * LARGEST_BYTES + 2 * _LARGEST_DATA
"""Octets of the whole body: what its parts may have, with room for the parts' headers."""
_MOST_HEADERS, _LONGEST_HEADER = 8, 1024
"""Of a part; a file's name is within one."""
_MOST_LINES = 100
"""Boundaries, headers and whatever stands before the first part: a body of line ends would be read for seconds."""
_LONGEST_TYPE = 200
"""Characters of the Content-Type; a boundary has 70 at most. Its parser takes seconds for eight thousand brackets."""
_CHUNK = 64 << 10
_USUAL = re.compile(r"multipart/form-data; *boundary=")
_KINDS = {str(kind): kind for kind in PAPERS}
_NAMES = frozenset({"data", *_KINDS})


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, untouched."""

    data: bytes
    files: dict[PictureKind, bytes]


async def read_form(request: web.Request) -> Form:
    """The request's parts, in whatever order they came.

    Problem `multipart_needed`, `invalid_multipart`, `invalid_body` (no `data`, or too much), `picture_too_large`,
    `too_slow`, `too_many_uploads`.
    """
    # What every client sends is known at a look; the rest is asked of a parser that costs as much as a query.
    sent = request.headers.get("Content-Type", "")
    if len(sent) > _LONGEST_TYPE or not (_USUAL.match(sent) or request.content_type.startswith("multipart/")):
        raise Problem(415, "multipart_needed", "Send multipart/form-data with the part `data` and the pictures.")
    try:
        parts = {name: content async for name, content in _parts(request)}
    except (ValueError, AssertionError, RuntimeError, HttpProcessingError):
        raise Problem(400, "invalid_multipart", "The multipart body is damaged.") from None
    if "data" not in parts:
        raise Problem(422, "invalid_body", "The part `data` is missing.")
    return Form(parts["data"], {kind: parts[name] for name, kind in _KINDS.items() if name in parts})


async def read_limited(request: web.Request, limit: int) -> bytes:
    """A request's whole body; Problem `picture_too_large` as soon as it exceeds `limit` bytes."""
    return await read_all(request, Bound(limit, too_large))


class _Metered:
    """What aiohttp's reader of parts asks of a body, within our bounds of size and time."""

    def __init__(self, request: web.Request) -> None:
        self._content = request.content
        self._meter = Meter(request, Bound(LARGEST_FORM, too_large))
        self._lines = 0

    async def read(self, octets: int = -1) -> bytes:
        async with self._meter.waiting():
            chunk = await self._content.read(octets)
        self._meter.count(len(chunk))
        return chunk

    async def readline(self, *, max_line_length: int = _LONGEST_HEADER) -> bytes:
        async with self._meter.waiting():
            line = await self._content.readline(max_line_length=max_line_length)
        self._meter.count(len(line))
        self._lines += 1
        if self._lines > _MOST_LINES:
            raise ValueError("too many lines outside of the parts")
        return line

    def unread_data(self, data: bytes) -> None:
        self._meter.count(-len(data))
        self._content.unread_data(data)

    def at_eof(self) -> bool:
        return self._content.at_eof()


async def _parts(request: web.Request) -> AsyncIterator[tuple[str, bytes]]:
    seen: set[str] = set()
    body = cast(StreamReader, _Metered(request))
    reader = MultipartReader(request.headers, body, max_field_size=_LONGEST_HEADER, max_headers=_MOST_HEADERS)
    async for part in reader:
        name = part.name if isinstance(part, BodyPartReader) else None
        if not isinstance(part, BodyPartReader) or name not in _NAMES - seen:
            raise Problem(422, "invalid_body", "Send the parts data, id_front, id_back and portrait, each once.")
        seen.add(name)
        yield name, await _content(part, name)


async def _content(part: BodyPartReader, name: str) -> bytes:
    chunks, octets = [], 0
    while chunk := await part.read_chunk(_CHUNK):
        chunks.append(chunk)
        octets += len(chunk)
        if name == "data" and octets > _LARGEST_DATA:
            raise Problem(422, "invalid_body", "The part `data` may have at most 64 KiB.")
        if octets > LARGEST_BYTES:
            raise too_large()
    return b"".join(chunks)
