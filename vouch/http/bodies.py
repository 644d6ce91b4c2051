"""Bodies: read within bounds of size and time, JSON as typed messages, and answers.

A route takes 64 KiB unless its handler says more by `takes`. Nothing that a stranger sends is parsed before it is
bounded, and nothing of it is told back.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import ClientConnectionResetError, web
from pydantic import BaseModel, ValidationError

from vouch.http.uploads import Share
from vouch.problems import Problem

Model = TypeVar("Model", bound=BaseModel)
Handler = TypeVar("Handler", bound=Callable[..., Any])

SMALL = 64 << 10
"""Octets that a route takes which says nothing else."""
# PostgreSQL takes no NUL in text, and nobody types one: it is the peer's fault, so it is stopped at the edge.
_NUL = re.compile(rb"\\u0000")
_TOLD = 20
"""Wrong fields that are named in an answer."""
_COUNTED = 200
"""Of more wrong fields than these none is named: to look at each would take longer than to read them all."""
_MOST_COLONS = 1_000
"""Keys that a body may have, those within texts too: thousands of unknown ones take a parser tens of milliseconds."""
_LONGEST_NAME, _LONGEST_PROBLEM = 100, 200
_BOUND = "_vouch_takes"


class GoneError(ClientConnectionResetError):
    """Whoever sent a body has left in the middle of it: nobody is there to be answered."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How much a route takes."""

    octets: int = SMALL
    too_large: Callable[[], Problem] | None = None

    def refusal(self) -> Problem:
        """What is answered to more."""
        if self.too_large is not None:
            return self.too_large()
        return Problem(413, "body_too_large", f"This route takes at most {self.octets} octets.")


def takes(octets: int, too_large: Callable[[], Problem] | None = None) -> Callable[[Handler], Handler]:
    """Mark a handler that takes bodies up to `octets`; it must read them by `chunks`, never by aiohttp's own readers.

    `too_large` makes the problem that answers more, else `body_too_large`.
    """

    def mark(handler: Handler) -> Handler:
        setattr(handler, _BOUND, Bound(octets, too_large))
        return handler

    return mark


def bound_of(request: web.Request) -> Bound:
    """Give what the request's route takes."""
    bound: Bound | None = getattr(request.match_info.handler, _BOUND, None)
    return bound or Bound(min(SMALL, request.client_max_size or SMALL))


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a body may take: `grace_s` and a second for each `octets_a_second`, and never beyond `longest_s`."""

    grace_s: float = 10.0
    octets_a_second: int = 4096
    longest_s: float = 180.0

    def allowed(self, octets: int) -> float:
        """Seconds since its beginning in which a body must have brought more than `octets`."""
        return min(self.grace_s + octets / self.octets_a_second, self.longest_s)


PACE = web.RequestKey("pace", Pace)
SHARE = web.RequestKey("share", Share)
"""This request's share of what all large bodies may hold; the middlewares put it there."""


class Meter:
    """Counts and times what is read of one body; whoever reads it waits within `waiting`."""

    def __init__(self, request: web.Request, bound: Bound) -> None:
        self._bound = bound
        self._pace = request.get(PACE) or Pace()
        self._share = request.get(SHARE)
        self._began = asyncio.get_running_loop().time()
        self._octets = 0

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Wait for more of the body; Problem `too_slow`, `invalid_body`; whoever is gone is answered by nobody."""
        try:
            async with asyncio.timeout_at(self._began + self._pace.allowed(self._octets)):
                yield
        except TimeoutError:
            raise Problem(408, "too_slow", "The body came too slowly. Send it again.") from None
        except ConnectionError:
            raise GoneError("gone while its body was read") from None
        except web.RequestPayloadError:
            raise Problem(400, "bad_request", "The body is not framed as its header says.") from None

    def count(self, octets: int) -> None:
        """Count what came, or was put back; Problem `body_too_large` or the route's own, `too_many_uploads`."""
        self._octets += octets
        if self._octets > self._bound.octets:
            raise self._bound.refusal()
        if self._share is not None and self._octets > SMALL:
            self._share.grow_to(self._octets)


async def chunks(request: web.Request, bound: Bound | None = None) -> AsyncIterator[bytes]:
    """Give a request's body as it comes, up to what its route takes. Problems as `Meter.waiting` and `Meter.count`."""
    meter = Meter(request, bound or bound_of(request))
    while True:
        async with meter.waiting():
            chunk = await request.content.readany()
        if not chunk:
            return
        meter.count(len(chunk))
        yield chunk


async def read_all(request: web.Request, bound: Bound | None = None) -> bytes:
    """Give a request's whole body; Problems as `chunks`."""
    return b"".join([chunk async for chunk in chunks(request, bound)])


def parse(model: type[Model], data: str | bytes) -> Model:
    """JSON into a typed message; Problem `invalid_body` that names up to twenty wrong fields."""
    octets = data if isinstance(data, bytes) else data.encode(errors="surrogatepass")
    if _NUL.search(octets):
        raise Problem(422, "invalid_body", "No text may hold the character U+0000.", fields=[])
    if octets.count(b":") > _MOST_COLONS:
        raise Problem(422, "invalid_body", f"A body has at most {_MOST_COLONS} fields.", fields=[])
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        problem = _invalid(error)
    # Outside of the handler: a problem that carried the error would carry what was sent, too.
    raise problem


def _invalid(error: ValidationError) -> Problem:
    count = error.error_count()
    if count > _COUNTED:
        return Problem(422, "invalid_body", f"{count} fields are wrong; see /api/openapi.json.", fields=[])
    # Without the inputs: they may be personal data and would be echoed into the client's logs.
    wrong = error.errors(include_url=False, include_context=False, include_input=False)[:_TOLD]
    fields = [{"field": _name(e["loc"]), "problem": e["msg"][:_LONGEST_PROBLEM]} for e in wrong]
    return Problem(422, "invalid_body", "Some fields are missing or wrong; see `fields`.", fields=fields)


def _name(location: tuple[int | str, ...]) -> str:
    return ".".join(map(str, location))[:_LONGEST_NAME]


async def read(request: web.Request, model: type[Model]) -> Model:
    """Give the request's JSON body as a typed message; Problems as `chunks` and `parse`."""
    return parse(model, await read_all(request))


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A typed message as a JSON answer that nobody may cache."""
    return web.Response(
        text=model.model_dump_json(),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def jpeg(picture: bytes, name: str) -> web.Response:
    """A picture that nobody may cache, under a name of ours for whoever keeps it as a file."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'inline; filename="{name}.jpg"'}
    return web.Response(body=picture, content_type="image/jpeg", headers=headers)
