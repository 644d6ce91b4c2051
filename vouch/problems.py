"""What a peer did wrong, as data: a stable code and a sentence that says what to do (RFC 9457 on HTTP)."""

from http import HTTPStatus
from typing import Any

from aiohttp import web


class Problem(Exception):  # noqa: N818 - it is the peer's, not an error of ours
    """An answer to a request that cannot be granted. Pages translate `code`; `detail` is for the API's users.

    `retry_after_s`: in how many seconds trying again makes sense, told as Retry-After (RFC 9110, 10.2.3).
    """

    def __init__(self, status: int, code: str, detail: str, *, retry_after_s: int | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.retry_after_s = retry_after_s
        self.more = more

    def response(self) -> web.Response:
        """The problem as application/problem+json."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,  # what RFC 9457, 4.2.1 asks of about:blank
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            **self.more,
        }
        # RFC 9110, 15.1: a cache may keep a 404 or a 410 that does not forbid it.
        headers = {"Cache-Control": "no-store"}
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(max(1, self.retry_after_s))
        return web.json_response(body, status=self.status, content_type="application/problem+json", headers=headers)


def not_found(what: str) -> Problem:
    """The answer for a thing that is not there or not this caller's to see; the two are not told apart."""
    return Problem(404, "not_found", f"There is no such {what}, or it is not yours to see.")
