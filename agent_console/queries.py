"""Reads what stands in an address's query."""

from aiohttp import web

from vouch.problems import Problem


def instant(request: web.Request, name: str) -> int | None:
    """An instant in microseconds UTC, or None where it is left out; Problem `invalid_query`."""
    text = request.query.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem(422, "invalid_query", f"`{name}` is an instant in microseconds UTC.")
    return int(text)


def text(request: web.Request, name: str) -> str | None:
    """A word, or None where it is left out."""
    return request.query.get(name) or None
