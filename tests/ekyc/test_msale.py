"""Asking mSale Core for a company token, against a real server on the loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ekyc.msale import MsaleCore, NoMsale, company_tokens
from tests.ports import free_port
from vouch.problems import Problem
from vouch.settings import Settings

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Core:
    """mSale Core, as far as it matters here."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, Any]] = []
        self.answer: Answer = self._token

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers.get("Authorization"), await request.json()))
        return await self.answer(request)

    async def _token(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "company-token", "issued": "today"})


@pytest.fixture
async def core() -> AsyncIterator[tuple[Core, str]]:
    core = Core()
    app = web.Application()
    app.router.add_post("/core/tokens", core.handle)
    async with TestServer(app) as server:
        yield core, str(server.make_url("/core"))


async def refused(url: str) -> Problem:
    with pytest.raises(Problem) as caught:
        await MsaleCore(url, "s").token("dealer1", None, "CTKV1")
    return caught.value


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_dealers_company_token_is_asked_for_by_the_server(core: tuple[Core, str], slash: str) -> None:
    msale, url = core
    assert await MsaleCore(url + slash, "the-secret").token("dealer4", "S-CTKV4", "CTKV4") == "company-token"
    assert msale.asked == [("Bearer the-secret", {"dealer": "dealer4", "shop_code": "S-CTKV4", "company": "CTKV4"})]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"no json"),
        (200, b"{}"),
        (200, b'{"token": ""}'),
        (200, b'{"token": null}'),
        (401, b'{"token": "company-token"}'),
        (500, b""),
    ],
)
async def test_an_answer_without_a_token_counts_as_none(core: tuple[Core, str], status: int, body: bytes) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body)

    core[0].answer = answer
    problem = await refused(core[1])
    assert (problem.status, problem.code) == (503, "msale_unreachable")


async def test_a_redirect_is_not_followed_with_the_secret(core: tuple[Core, str]) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPTemporaryRedirect("/core/tokens")

    core[0].answer = answer
    assert (await refused(core[1])).code == "msale_unreachable"
    assert len(core[0].asked) == 1


async def test_nobody_listening_is_unreachable() -> None:
    assert (await refused(f"http://127.0.0.1:{free_port()}")).code == "msale_unreachable"


async def test_an_answer_that_does_not_come_in_time_is_none(core: tuple[Core, str]) -> None:
    never = asyncio.Event()

    async def answer(_request: web.Request) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    core[0].answer = answer
    with pytest.raises(Problem) as caught:
        await MsaleCore(core[1], "s", time_out_s=0.05).token("dealer1", None, "CTKV1")
    never.set()
    assert caught.value.code == "msale_unreachable"


async def test_without_an_address_there_is_no_msale() -> None:
    tokens = company_tokens(Settings(_env_file=None))
    assert isinstance(tokens, NoMsale)
    with pytest.raises(Problem) as caught:
        await tokens.token("dealer1", None, "CTKV1")
    assert caught.value.code == "msale_unreachable"
    assert isinstance(company_tokens(Settings(_env_file=None, msale_url="http://127.0.0.1:1")), MsaleCore)


async def test_an_answer_without_end_is_not_read_to_its_end(core: tuple[Core, str]) -> None:
    msale, url = core
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < 64 << 20:
            await response.write(b'{"token":' + b" " * (256 << 10))
            sent += 256 << 10
        return response

    msale.answer = endless
    assert (await refused(url)).code == "msale_unreachable"
    assert sent < 32 << 20
