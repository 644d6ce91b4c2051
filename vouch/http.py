"""What every HTTP answer of Vouch has in common: problems, origin check, security headers, the access log."""

import re
import time
from typing import TypeVar
from urllib.parse import urlsplit

from aiohttp import ClientConnectionResetError, web
from aiohttp.typedefs import Handler, Middleware
from pydantic import BaseModel, ValidationError

from vouch.database import is_gone
from vouch.logs import logger
from vouch.problems import Problem
from vouch.settings import Settings

log = logger(__name__)
Model = TypeVar("Model", bound=BaseModel)

# PostgreSQL takes no NUL in text, and nobody types one: it is the peer's fault, so it is stopped at the edge.
_NUL = re.compile(rb"\\u0000")
_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"


def parse(model: type[Model], data: str | bytes) -> Model:
    """JSON into a typed message; Problem `invalid_body` that names each wrong field."""
    if _NUL.search(data if isinstance(data, bytes) else data.encode(errors="surrogatepass")):
        raise Problem(422, "invalid_body", "No text may hold the character U+0000.", fields=[])
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        # Without the inputs: they may be personal data and would be echoed into the client's logs.
        wrong = error.errors(include_url=False, include_context=False, include_input=False)
        fields = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in wrong]
        raise Problem(422, "invalid_body", "Some fields are missing or wrong; see `fields`.", fields=fields) from None


async def read(request: web.Request, model: type[Model]) -> Model:
    """The request's JSON body as a typed message."""
    return parse(model, await request.read())


def answer(model: BaseModel, status: int = 200) -> web.Response:
    """A typed message as a JSON answer that nobody may cache."""
    return web.Response(
        text=model.model_dump_json(),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


def address_of(request: web.Request, settings: Settings) -> str:
    """The peer's address: the one that our outermost own proxy saw, never what a stranger wrote in a header."""
    # All lines of the header: some proxies append a line of their own below the one that a stranger sent.
    lines = ",".join(request.headers.getall("X-Forwarded-For", []))
    forwarded = [part.strip() for part in lines.split(",") if part.strip()]
    if settings.trusted_proxies and len(forwarded) >= settings.trusted_proxies:
        return forwarded[-settings.trusted_proxies]
    return request.remote or "unknown"


def allowed_origin(origin: str | None, host: str, settings: Settings) -> bool:
    """Whether a browser's request with this Origin comes from one of our own pages.

    `host` is the Host header. A request without Origin is not a browser's cross-origin request (Fetch, 3.1).
    """
    return origin is None or _authority(origin) == host or origin.rstrip("/") == settings.url


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def middlewares(settings: Settings) -> list[Middleware]:
    """What wraps every handler, outermost first."""
    return [_access_log, _security_headers(settings), answer_problems, _own_origin(settings), _storable_address]


@web.middleware
async def _access_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    began = time.perf_counter()
    try:
        response = await handler(request)
    except web.HTTPException as redirect:
        _log_request(request, redirect.status, began)
        raise
    _log_request(request, response.status, began)
    return response


def _log_request(request: web.Request, status: int, began: float) -> None:
    resource = request.match_info.route.resource
    # The route's pattern: a path may hold identifiers and a query may hold what people searched for.
    route = resource.canonical if resource is not None else "unmatched"
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    log.info("request", method=request.method, route=route, status=status, milliseconds=milliseconds)


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever a handler raises, as application/problem+json; what is our fault is logged."""
    try:
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return _as_problem(error)
    except ClientConnectionResetError:
        raise  # nobody is there to be answered
    except Exception as error:
        if is_gone(error):
            log.warning("request without a database", error=type(error).__name__)
            return Problem(503, "database_gone", "The database is away for a moment. Try again.").response()
        log.exception("request failed by our fault")
        return Problem(500, "our_fault", "Something went wrong on our side; it is logged. Try again.").response()


# Not the phrases of http.HTTPStatus: they change with Python's version.
_CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "unsupported_media_type",
    417: "expectation_failed",
}


def _as_problem(error: web.HTTPException) -> web.Response:
    code = _CODES.get(error.status, f"http_{error.status}")
    response = Problem(error.status, code, error.text or "").response()
    if "Allow" in error.headers:  # RFC 9110, 15.5.6: a 405 must say what is allowed
        response.headers["Allow"] = error.headers["Allow"]
    return response


def _own_origin(settings: Settings) -> Middleware:
    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        changes = request.method not in {"GET", "HEAD", "OPTIONS"}
        if changes and not allowed_origin(request.headers.get("Origin"), request.host, settings):
            raise Problem(403, "foreign_origin", "Requests from pages of other sites are not taken.")
        return await handler(request)

    return check


@web.middleware
async def _storable_address(request: web.Request, handler: Handler) -> web.StreamResponse:
    if "\0" in request.path or "\0" in request.query_string:
        raise Problem(400, "bad_address", "No address may hold the character U+0000.")
    return await handler(request)


def _security_headers(settings: Settings) -> Middleware:
    ancestors = " ".join(settings.frame_ancestors) or "'none'"
    policy = (
        "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' ws: wss:; "
        "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        f"frame-ancestors {ancestors}"
    )

    @web.middleware
    async def add(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as redirect:
            protect(redirect)
            raise
        if not response.prepared:
            protect(response)
        return response

    def protect(response: web.StreamResponse | web.HTTPException) -> None:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "no-referrer")
        response.headers.setdefault("Permissions-Policy", _PERMISSIONS)

    return add
