"""The security headers of every answer (ASVS 5.0, V3.4), and who may show which kind of page in a frame."""

import re

from aiohttp import web

from vouch.http.origins import is_https, scheme_of
from vouch.settings import Settings

_PERMISSIONS = "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; connect-src {connect}; "
    "style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors {ancestors}"
)


class SecurityHeaders:
    """Puts them on answers."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._ancestors = {
            "/ekyc": settings.ancestors_of("ekyc"),
            "/call": settings.ancestors_of("call"),
            "/agent": settings.ancestors_of("console"),
            "/supervisor": settings.ancestors_of("console"),
        }
        self._others = () if settings.frame_ancestors == ("none",) else settings.frame_ancestors
        self._always = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Permissions-Policy": _PERMISSIONS,
            # Nobody holds a handle on our windows, and no page of ours holds one on theirs.
            "Cross-Origin-Opener-Policy": "same-origin",
        }
        if is_https(settings) and settings.hsts_s:
            self._always["Strict-Transport-Security"] = _hsts(settings)

    def protect(self, request: web.Request, response: web.StreamResponse | web.HTTPException) -> None:
        """Add what a handler has not set; it may be stricter."""
        page = self._ancestors.get(request.path, ())
        ancestors = self._ancestors.get(request.path, self._others)
        policy = _POLICY.format(connect=self._connect(request), ancestors=" ".join(ancestors) or "'none'")
        response.headers.setdefault("Content-Security-Policy", policy)
        # A page that others embed may stand in one that isolates itself, which asks for this word.
        response.headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if page else "same-origin")
        for name, value in self._always.items():
            response.headers.setdefault(name, value)

    def _connect(self, request: web.Request) -> str:
        """Ourselves by HTTP and by WebSocket: not every browser counts wss: of the same host as 'self'."""
        secure = is_https(self._settings) or scheme_of(request, self._settings) == "https"
        hosts = [request.host] if _HOST.fullmatch(request.host) else []
        if self._settings.public_url:
            hosts.append(self._settings.url.partition("://")[2])
        return " ".join(["'self'", *(f"{'wss' if secure else 'ws'}://{host}" for host in dict.fromkeys(hosts))])


def _hsts(settings: Settings) -> str:
    return f"max-age={settings.hsts_s}" + ("; includeSubDomains" if settings.hsts_subdomains else "")
