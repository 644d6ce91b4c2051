"""What wraps every handler: the access log, security headers, problems, and the checks before a handler is asked."""

import time

from aiohttp import ClientConnectionResetError, hdrs, web
from aiohttp.typedefs import Handler, Middleware

from vouch.addresses import FORWARDED_FOR, address_of, network_of
from vouch.database import is_gone
from vouch.door.guard import underway
from vouch.http.bodies import PACE, SHARE, GoneError, Pace, bound_of
from vouch.http.crowd import Underway
from vouch.http.headers import SecurityHeaders
from vouch.http.origins import allowed_origin, scheme_of
from vouch.http.uploads import Share, Uploads
from vouch.logs import Thinned, logger
from vouch.problems import Problem
from vouch.settings import Settings
from vouch.thinning import Allowance

log = logger(__name__)
strangers = Thinned(log)
_LONGEST_METHOD = 16
_GONE = 499
"""Client closed request: no status of RFC 9110, but what operators know from other servers' logs."""
HEALTH = "/healthz"
"""Answered even where all connections are taken."""


def middlewares(settings: Settings) -> list[Middleware]:
    """What wraps every handler, outermost first."""
    return [
        _access_log(),
        _security_headers(settings),
        _seated,
        answer_problems,
        _readable,
        _own_origin(settings),
        _counted(settings),
        _bounded(settings),
    ]


def _access_log() -> Middleware:
    """A line for each request; of more than strangers can be let write, their number."""
    allowance = Allowance(lines=200, per_s=10.0, in_all=1_000)

    @web.middleware
    async def write(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        try:
            response = await handler(request)
        except web.HTTPException as redirect:
            _log_request(allowance, request, redirect.status, began)
            raise
        _log_request(allowance, request, response.status, began)
        return response

    return write


def _log_request(allowance: Allowance, request: web.Request, status: int, began: float) -> None:
    resource = request.match_info.route.resource
    # The route's pattern: a path may hold identifiers and a query may hold what people searched for.
    route = resource.canonical if resource is not None else "unmatched"
    left_out = allowance.take((route, status))
    if left_out is None:
        return
    told = {"left_out": left_out} if left_out else {}
    milliseconds = round((time.perf_counter() - began) * 1000, 1)
    method = request.method[:_LONGEST_METHOD]
    log.info("request", method=method, route=route, status=status, milliseconds=milliseconds, **told)


@web.middleware
async def _seated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Tell the connection's guard; where all seats are taken answer for this node's state alone."""
    with underway(request) as guard:
        if guard is None:
            return await handler(request)
        if not await guard.turn():
            return _last("too_many_requests", 429, "Wait for an answer before you ask again.")
        if not guard.seat.reserved:
            return await handler(request)
        if request.path != HEALTH:
            return _last("too_many_connections", 503, "Too many connections. Try again.")
        response = await handler(request)
        response.force_close()
        return response


def _last(code: str, status: int, detail: str) -> web.Response:
    """Make the last answer of a connection."""
    response = Problem(status, code, detail, retry_after_s=1).response()
    response.force_close()
    return response


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
    except GoneError:
        return web.Response(status=_GONE)  # for the log alone
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
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            origin, scheme = request.headers.get(hdrs.ORIGIN), scheme_of(request, settings)
            if not allowed_origin(origin, request.host, settings, scheme):
                raise Problem(403, "foreign_origin", "Requests from pages of other sites are not taken.")
        return await handler(request)

    return check


@web.middleware
async def _readable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Stop what no database stores and no text is: U+0000, and octets that are no UTF-8."""
    address = request.path + request.query_string
    if "\0" in address:
        raise Problem(400, "bad_address", "No address may hold the character U+0000.")
    if not _is_text(address):
        raise Problem(400, "bad_address", "The address is no UTF-8.")
    return await handler(request)


def _is_text(value: str) -> bool:
    # aiohttp puts lone surrogates in the place of octets that are no UTF-8.
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _counted(settings: Settings) -> Middleware:
    """Behind proxies: requests under way by the address that they name. Without: say once that one is there."""
    underway = Underway(settings.connections_per_address)
    told: list[bool] = []

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        if settings.trusted_proxies:
            with underway.counted(network_of(address_of(request, settings))):
                return await handler(request)
        if not told and FORWARDED_FOR in request.headers:
            told.append(True)
            log.warning(
                "X-Forwarded-For is not read: it may be a stranger's, or VOUCH_TRUSTED_PROXIES is missing",
                from_this_machine=request.remote in {"127.0.0.1", "::1"},
            )
        return await handler(request)

    return count


def _bounded(settings: Settings) -> Middleware:
    """Refuse by its header a body that the route does not take; see to it that the others are read within bounds."""
    uploads = Uploads(settings.upload_memory_bytes)
    pace = Pace(settings.body_grace_s, settings.body_bytes_per_s, settings.longest_body_s)

    @web.middleware
    async def bound(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get(hdrs.CONTENT_ENCODING, "identity").lower() != "identity":
            raise Problem(415, "unsupported_media_type", "Send the body as it is, without Content-Encoding.")
        allowed = bound_of(request)
        if (request.content_length or 0) > allowed.octets:
            raise allowed.refusal()
        request[PACE] = pace
        request[SHARE] = share = Share(uploads, network_of(address_of(request, settings)))
        try:
            return await handler(request)
        finally:
            share.close()

    return bound


def _security_headers(settings: Settings) -> Middleware:
    headers = SecurityHeaders(settings)

    @web.middleware
    async def add(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await handler(request)
        except web.HTTPException as redirect:
            headers.protect(request, redirect)
            raise
        if not response.prepared:
            headers.protect(request, response)
        return response

    return add
