"""What robots ask over HTTP, of any node that answers: opening verifications, sessions, tickets."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from signaling.demo.robots import Papers
from vouch.accounts.sessions import CSRF_HEADER
from vouch.ids import new_id

_REQUEST_S = 10.0
_PAUSE_S = 0.3
_LONGEST_PAUSE_S = 2.0


class NotServedError(Exception):
    """No node has served a request in time; or one refused it, and says why."""


@dataclass(frozen=True)
class Visit:
    """A session: what a browser keeps of it."""

    cookie: str
    """The header's value."""
    told: dict[str, Any]
    """What the request for it was answered."""

    @property
    def headers(self) -> dict[str, str]:
        """Of a request within the session that changes something."""
        return {"Cookie": self.cookie, CSRF_HEADER: self.told["csrf"]}


class Api:
    """Requests to one of several nodes; one that does not serve is passed over for the next."""

    def __init__(self, http: aiohttp.ClientSession, origins: Sequence[str], chance: random.Random) -> None:
        self.http = http
        self.origins = tuple(origins)
        self._chance = chance

    def any_origin(self) -> str:
        """A node, drawn."""
        return self._chance.choice(self.origins)

    async def open_verification(self, token: str, papers: Papers, seconds: float = 60) -> dict[str, Any]:
        """By the integration API, under one idempotency key however often it is tried."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id()}

        def form() -> aiohttp.FormData:
            made = aiohttp.FormData()
            made.add_field("data", aiohttp.JsonPayload(papers.data))
            for kind, jpeg in papers.pictures.items():
                made.add_field(kind, jpeg, filename=f"{kind}.jpg", content_type="image/jpeg")
            return made

        return (await self._served("/api/v1/verifications", headers, seconds, form=form)).told

    async def join_again(self, token: str, verification: str, seconds: float = 60) -> dict[str, Any]:
        """A fresh link, as an operator's system asks for it when the first was lost."""
        headers = {"Authorization": f"Bearer {token}"}
        return (await self._served(f"/api/v1/verifications/{verification}/join", headers, seconds)).told

    async def join(self, token: str, opened: dict[str, Any]) -> Visit:
        """The call page of a verification that was opened with `token`."""
        # A node that dies between using the link up and its answer leaves nobody with a session.
        while True:
            try:
                body = {"join_token": opened["join_token"]}
                return await self._served("/api/call/session", {}, 60, body=body)
            except NotServedError as refused:
                if "join_token_invalid" not in str(refused):
                    raise
            opened = await self.join_again(token, opened["id"])

    async def sign_in(self, username: str, password: str) -> Visit:
        """An agent's session."""
        return await self._served("/api/console/session", {}, 60, body={"username": username, "password": password})

    async def ticket(self, origin: str, path: str, visit: Visit) -> str:
        """A ticket for a handshake with this very node; NotServedError."""
        return str((await self._once(origin + path, visit.headers, None, None)).told["ticket"])

    async def _served(
        self, path: str, headers: dict[str, str], seconds: float, *, body: Any = None, form: Any = None
    ) -> Visit:
        give_up = asyncio.get_running_loop().time() + seconds
        for tries in itertools.count():
            try:
                return await self._once(self.any_origin() + path, headers, body, form)
            except _UnservedError as error:
                if asyncio.get_running_loop().time() > give_up:
                    raise NotServedError(f"{path}: {error}") from error
            # As people and proxies do: sooner at first, and not all at the same time.
            await asyncio.sleep(min(_LONGEST_PAUSE_S, _PAUSE_S * 2**tries) * self._chance.uniform(0.75, 1.25))
        raise NotServedError(path)

    async def _once(self, url: str, headers: dict[str, str], body: Any, form: Any) -> Visit:
        data = form() if form else None
        try:
            async with (
                asyncio.timeout(_REQUEST_S),
                self.http.post(url, headers=headers, json=body, data=data) as answer,
            ):
                told = await answer.json()
                cookie = "; ".join(f"{each.key}={each.value}" for each in answer.cookies.values())
                status = answer.status
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise _UnservedError(type(error).__name__) from error
        if status >= 500:
            raise _UnservedError(f"{status} {told.get('code')}")
        if status >= 300:
            raise NotServedError(f"{status} {told.get('code')}")
        return Visit(cookie, told)


class _UnservedError(NotServedError):
    """This node does not serve just now; another one may."""


def robot_http() -> aiohttp.ClientSession:
    """One HTTP client for all robots of a process: their cookies are kept by themselves."""
    connector = aiohttp.TCPConnector(limit=0)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
