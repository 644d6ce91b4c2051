"""Parts of something long, as browsers' players ask for them (RFC 9110, 14)."""

from collections.abc import AsyncIterator
from typing import Protocol

from aiohttp import web


class Source(Protocol):
    """What is asked for."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    def chunks(self, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes [start, stop)."""
        ...


def part_of(request: web.Request, source: Source, headers: dict[str, str]) -> web.Response:
    """The part that `Range` asks for (206), or the whole (200); 416 where there is no such part.

    Several parts at once are not given: then it is the whole, as the RFC allows.
    """
    headers = {**headers, "Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None, None)
    if asked.start is None and asked.stop is None:
        return _answer(source, 0, source.size, 200, headers)
    # What reaches beyond the end is cut (14.1.2); of an empty thing there is no part.
    start, stop, _ = asked.indices(source.size)
    if start >= stop:
        return web.Response(status=416, headers={**headers, "Content-Range": f"bytes */{source.size}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{source.size}"
    return _answer(source, start, stop, 206, headers)


def _answer(source: Source, start: int, stop: int, status: int, headers: dict[str, str]) -> web.Response:
    headers["Content-Length"] = str(stop - start)
    return web.Response(status=status, body=source.chunks(start, stop), headers=headers)
