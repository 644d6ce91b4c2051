"""Reads a request to open a verification: the part `data` and the three pictures, each up to its own limit."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ekyc.models import PAPERS, PictureKind
from ekyc.pictures import LARGEST_BYTES, too_large
from vouch.problems import Problem

_LARGEST_DATA = 64 << 10
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

    Problem `multipart_needed`, `invalid_multipart`, `invalid_body` (no `data`, or too much), `picture_too_large`.
    """
    # What every client sends is known at a look; the rest is asked of a parser that costs as much as a query.
    if not (_USUAL.match(request.headers.get("Content-Type", "")) or request.content_type.startswith("multipart/")):
        raise Problem(415, "multipart_needed", "Send multipart/form-data with the part `data` and the pictures.")
    try:
        parts = {name: content async for name, content in _parts(request)}
    except (ValueError, AssertionError, HttpProcessingError):
        raise Problem(400, "invalid_multipart", "The multipart body is damaged.") from None
    if "data" not in parts:
        raise Problem(422, "invalid_body", "The part `data` is missing.")
    return Form(parts["data"], {kind: parts[name] for name, kind in _KINDS.items() if name in parts})


async def read_limited(request: web.Request, limit: int) -> bytes:
    """A request's whole body; Problem `picture_too_large` as soon as it exceeds `limit` bytes."""
    body = bytearray()
    async for chunk in request.content.iter_any():
        body.extend(chunk)
        if len(body) > limit:
            raise too_large()
    return bytes(body)


async def _parts(request: web.Request) -> AsyncIterator[tuple[str, bytes]]:
    seen: set[str] = set()
    async for part in await request.multipart():
        name = part.name if isinstance(part, BodyPartReader) else None
        if not isinstance(part, BodyPartReader) or name not in _NAMES - seen:
            raise Problem(422, "invalid_body", "Send the parts data, id_front, id_back and portrait, each once.")
        seen.add(name)
        yield name, await _content(part, name)


async def _content(part: BodyPartReader, name: str) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content.extend(chunk)
        if name == "data" and len(content) > _LARGEST_DATA:
            raise Problem(422, "invalid_body", "The part `data` may have at most 64 KiB.")
        if len(content) > LARGEST_BYTES:
            raise too_large()
    return bytes(content)
