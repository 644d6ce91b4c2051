"""Whether a browser's request comes from a page of ours (RFC 6454; ASVS 5.0, 3.5 and 4.4.2)."""

from urllib.parse import urlsplit

from aiohttp import web

from vouch.settings import Settings


def allowed_origin(origin: str | None, host: str, settings: Settings, scheme: str = "http") -> bool:
    """Whether a browser's request with this Origin comes from one of our own pages: scheme and host are the same.

    `host` is the Host header, `scheme` what `scheme_of` gives. A request without Origin is not a browser's
    cross-origin request (Fetch, 3.1).
    """
    if origin is None or origin.rstrip("/") == settings.url:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    # Where the public address is https a page that came in clear may be anybody's on the way.
    expected = "https" if is_https(settings) else scheme
    return bool(host) and (parts.scheme, parts.netloc) == (expected, host)


def is_https(settings: Settings) -> bool:
    """Whether browsers reach us by https alone."""
    return settings.url.startswith("https://")


def scheme_of(request: web.Request, settings: Settings) -> str:
    """Give the scheme by which the browser asked: the connection's, or what our own proxy says of its own."""
    if settings.trusted_proxies:
        said = request.headers.getall("X-Forwarded-Proto", [])
        last = said[-1].rpartition(",")[2].strip().lower() if said else ""
        if last in {"http", "https"}:
            return last
    return request.scheme
