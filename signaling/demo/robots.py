"""Robot callers and agents: whole pages without a browser, from sign-in to the end of the call."""

import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from media.synthetic import Image, moving_picture
from signaling.demo.robot_page import RobotPage
from vouch.ids import new_id

Video = Callable[[], Iterator[Image | bytes]]


def browser(origin: str, trust: ssl.SSLContext | None = None, also: Iterable[str] = ()) -> aiohttp.ClientSession:
    """An HTTP client with cookies of its own; plain http on loopback counts as secure, as it does in browsers.

    `trust`: whose certificates are believed; the system's where it is None. `also`: origins of other nodes.
    """
    jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[URL(each) for each in (origin, *also)])
    return aiohttp.ClientSession(cookie_jar=jar, connector=aiohttp.TCPConnector(ssl=trust or True))


@dataclass(frozen=True)
class Papers:
    """What a verification is opened with."""

    data: dict[str, Any]
    """The part `data` of the integration API."""
    pictures: dict[str, bytes]
    """JPEGs of id_front, id_back and portrait."""


async def open_verification(
    origin: str, token: str, papers: Papers, trust: ssl.SSLContext | None = None
) -> dict[str, Any]:
    """Open a verification by the integration API, as another system does; gives its answer."""
    form = aiohttp.FormData()
    form.add_field("data", aiohttp.JsonPayload(papers.data))
    for kind, jpeg in papers.pictures.items():
        form.add_field(kind, jpeg, filename=f"{kind}.jpg", content_type="image/jpeg")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": new_id()}
    return await _created(f"{origin}/api/v1/verifications", headers, trust, form)


async def join_again(origin: str, token: str, verification: str, trust: ssl.SSLContext | None = None) -> dict[str, Any]:
    """A fresh join token for a verification that is called for again."""
    headers = {"Authorization": f"Bearer {token}"}
    return await _created(f"{origin}/api/v1/verifications/{verification}/join", headers, trust)


async def _created(
    url: str, headers: dict[str, str], trust: ssl.SSLContext | None, form: aiohttp.FormData | None = None
) -> dict[str, Any]:
    connector = aiohttp.TCPConnector(ssl=trust or True)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        http.post(url, data=form, headers=headers) as answer,
    ):
        body: dict[str, Any] = await answer.json()
        if answer.status != 201:
            raise RuntimeError(f"refused: {body}")
        return body


async def call_session(origin: str, http: aiohttp.ClientSession, join_token: str) -> dict[str, Any]:
    """The session of a join token: what its page is told."""
    return await _session(origin, http, "call", {"join_token": join_token})


async def console_session(origin: str, http: aiohttp.ClientSession, username: str, password: str) -> dict[str, Any]:
    """The session of a member of staff: what his console is told."""
    return await _session(origin, http, "console", {"username": username, "password": password})


async def _session(origin: str, http: aiohttp.ClientSession, kind: str, body: dict[str, str]) -> dict[str, Any]:
    async with http.post(f"{origin}/api/{kind}/session", json=body) as answer:
        answer.raise_for_status()
        told: dict[str, Any] = await answer.json()
        return told


async def caller_page(
    origin: str, http: aiohttp.ClientSession, join_token: str, video: Video = moving_picture
) -> RobotPage:
    """The call page of a join token; not yet connected."""
    told = await call_session(origin, http, join_token)
    return RobotPage(origin, http, "/caller", "/api/call/ticket", told, video)


async def returning_page(origin: str, http: aiohttp.ClientSession, video: Video = moving_picture) -> RobotPage:
    """The call page again, by its cookie, as after a reload."""
    async with http.get(f"{origin}/api/call/session") as answer:
        answer.raise_for_status()
        told = await answer.json()
    return RobotPage(origin, http, "/caller", "/api/call/ticket", told, video)


async def agent_page(
    origin: str, http: aiohttp.ClientSession, username: str, password: str, video: Video = moving_picture
) -> RobotPage:
    """An agent's console, signed in; not yet connected."""
    told = await console_session(origin, http, username, password)
    return RobotPage(origin, http, "/console", "/api/console/ticket", told, video)
