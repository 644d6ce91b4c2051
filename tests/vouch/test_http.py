import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDict
from pydantic import BaseModel, Field
from yarl import URL

from tests.vouch.conftest import LogLines
from vouch.http import address_of, allowed_origin, answer, middlewares, parse, read
from vouch.problems import Problem
from vouch.settings import Settings

Client = TestClient[web.Request, web.Application]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Person(BaseModel):
    full_name: str = Field(max_length=20)
    age: int = 0


async def echo(request: web.Request) -> web.StreamResponse:
    return answer(await read(request, Person), 201)


async def refuse(_request: web.Request) -> web.StreamResponse:
    raise Problem(409, "taken", "Choose another.")


async def fail(_request: web.Request) -> web.StreamResponse:
    raise LookupError("what nobody outside should read")


async def redirect(_request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("/people/7")


async def own_policy(_request: web.Request) -> web.StreamResponse:
    return web.Response(headers={"Content-Security-Policy": "sandbox"})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"streamed")
    return response


async def person(request: web.Request) -> web.StreamResponse:
    return web.Response(text=request.match_info["id"])


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A server with every kind of answer, wrapped as Vouch's own are."""
    app = web.Application(middlewares=middlewares(Settings()), client_max_size=1_000)
    app.add_routes(
        [
            web.post("/people", echo),
            web.get("/people/{id}", person),
            web.post("/refuse", refuse),
            web.get("/fail", fail),
            web.get("/redirect", redirect),
            web.get("/own-policy", own_policy),
            web.get("/stream", stream),
        ]
    )
    async with TestClient(TestServer(app)) as running:
        yield running


async def problem(response: ClientResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    body = await response.json(content_type=None)
    assert body["status"] == response.status
    return response.status, body["code"]


def invalid(data: str | bytes) -> list[dict[str, str]]:
    with pytest.raises(Problem) as raised:
        parse(Person, data)
    assert (raised.value.status, raised.value.code) == (422, "invalid_body")
    fields: list[dict[str, str]] = raised.value.more["fields"]
    return fields


# Bodies


async def test_a_typed_message_goes_in_and_out_and_nobody_caches_it(client: Client) -> None:
    response = await client.post("/people", json={"full_name": "Nguyễn Văn A", "age": 3})
    assert (response.status, response.content_type) == (201, "application/json")
    assert response.charset == "utf-8"
    assert await response.json() == {"full_name": "Nguyễn Văn A", "age": 3}
    assert response.headers["Cache-Control"] == "no-store"


def test_every_wrong_field_is_named_and_no_value_is_repeated() -> None:
    fields = invalid('{"full_name": "a name that is much too long", "age": "secret"}')
    assert [field["field"] for field in fields] == ["full_name", "age"]
    assert "much too long" not in json.dumps(fields)
    assert "secret" not in json.dumps(fields)


@pytest.mark.parametrize("data", ["", "{", "[]", "null", b"\xff", "7"])
def test_what_is_no_message_is_an_invalid_body(data: str | bytes) -> None:
    assert invalid(data)


@pytest.mark.parametrize("data", ['{"full_name": "a\\u0000b"}', b'{"full_name": "a\\u0000b"}'])
def test_no_text_holds_a_nul_which_postgresql_would_not_store(data: str | bytes) -> None:
    assert invalid(data) == []


async def test_a_body_that_is_too_large_is_a_problem(client: Client) -> None:
    response = await client.post("/people", data=b"x" * 2_000)
    assert await problem(response) == (413, "body_too_large")


# Problems


async def test_a_problem_that_is_raised_is_answered(client: Client) -> None:
    assert await problem(await client.post("/refuse")) == (409, "taken")


async def test_what_is_not_there_is_a_problem(client: Client) -> None:
    assert await problem(await client.get("/nothing")) == (404, "not_found")


async def test_a_wrong_method_is_a_problem_that_names_the_right_ones(client: Client) -> None:
    response = await client.delete("/people")
    assert await problem(response) == (405, "method_not_allowed")
    assert response.headers["Allow"] == "POST"


async def test_our_own_fault_is_logged_and_shows_nothing_of_itself(client: Client, log_lines: LogLines) -> None:
    response = await client.get("/fail")
    assert await problem(response) == (500, "our_fault")
    assert "nobody outside" not in await response.text()
    (failure, access) = log_lines()
    assert (failure["event"], failure["level"]) == ("request failed by our fault", "error")
    assert failure["exception"][0]["exc_type"] == "LookupError"
    assert access["status"] == 500


async def test_a_redirection_stays_one(client: Client) -> None:
    response = await client.get("/redirect", allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (302, "/people/7")


@pytest.mark.parametrize("path", ["/people/a%00b", "/people/7?q=%00"])
async def test_no_address_holds_a_nul(path: str, client: Client) -> None:
    assert await problem(await client.get(URL(path, encoded=True))) == (400, "bad_address")


# Origin


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1.evil.example", "http://127.0.0.1", ""]
)
async def test_a_page_of_another_site_changes_nothing(origin: str, client: Client) -> None:
    response = await client.post("/people", json={"full_name": "A"}, headers={"Origin": origin})
    assert await problem(response) == (403, "foreign_origin")


async def test_our_own_page_and_a_program_may_change_things(client: Client) -> None:
    own = str(client.make_url("/")).rstrip("/")
    for headers in ({"Origin": own}, {"Origin": "http://127.0.0.1:8080"}, {}):
        response = await client.post("/people", json={"full_name": "A"}, headers=headers)
        assert response.status == 201


async def test_a_page_of_another_site_may_link_to_ours(client: Client) -> None:
    assert (await client.get("/people/7", headers={"Origin": "https://evil.example"})).status == 200


def test_the_public_address_is_our_own_whatever_host_a_proxy_sends() -> None:
    settings = Settings(public_url="https://vouch.example/")
    assert allowed_origin("https://vouch.example", "10.0.0.1:8080", settings)
    assert not allowed_origin("https://vouch.example.evil.example", "10.0.0.1:8080", settings)
    assert not allowed_origin("http://vouch.example", "10.0.0.1:8080", settings)


# The peer's address


def seen_from(settings: Settings, *lines: str) -> str:
    headers = CIMultiDict([("X-Forwarded-For", line) for line in lines])
    return address_of(make_mocked_request("GET", "/", headers=headers).clone(remote="192.0.2.1"), settings)


def test_without_proxies_the_header_is_a_strangers_and_is_not_read() -> None:
    assert seen_from(Settings(), "198.51.100.7") == "192.0.2.1"


@pytest.mark.parametrize(
    "lines",
    [
        ("198.51.100.7",),
        ("203.0.113.9, 198.51.100.7",),
        ("203.0.113.9", "198.51.100.7"),
        ("203.0.113.9,,", " 198.51.100.7 ,"),
    ],
)
def test_behind_one_proxy_it_is_what_that_proxy_appended(lines: tuple[str, ...]) -> None:
    assert seen_from(Settings(trusted_proxies=1), *lines) == "198.51.100.7"


def test_behind_two_proxies_it_is_what_the_outer_one_appended() -> None:
    settings = Settings(trusted_proxies=2)
    assert seen_from(settings, "203.0.113.9, 198.51.100.7, 10.0.0.2") == "198.51.100.7"
    assert seen_from(settings, "10.0.0.2") == "192.0.2.1"


# Headers of every answer


@pytest.mark.parametrize("path", ["/people/7", "/nothing", "/fail", "/redirect"])
async def test_every_answer_carries_the_security_headers(path: str, client: Client) -> None:
    headers = (await client.get(path, allow_redirects=False)).headers
    policy = headers["Content-Security-Policy"]
    assert {"default-src 'self'", "object-src 'none'", "base-uri 'none'"} <= set(policy.split("; "))
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy  # so that default-src holds: no inline script
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "camera=(self)" in headers["Permissions-Policy"]


async def test_a_handler_may_be_stricter(client: Client) -> None:
    assert (await client.get("/own-policy")).headers["Content-Security-Policy"] == "sandbox"


async def test_an_answer_that_has_begun_is_left_alone(client: Client) -> None:
    response = await client.get("/stream")
    assert (response.status, await response.text()) == (200, "streamed")


async def test_only_the_origins_of_the_setting_may_embed_the_pages() -> None:
    settings = Settings(frame_ancestors=("https://msale.example", "https://msale2.example"))
    async with TestClient(TestServer(web.Application(middlewares=middlewares(settings)))) as client:
        policy = (await client.get("/")).headers["Content-Security-Policy"]
    assert policy.endswith("frame-ancestors https://msale.example https://msale2.example")


# The access log


async def access(client: Client, log_lines: LogLines, path: str, **options: Any) -> dict[str, Any]:
    await client.get(path, allow_redirects=False, **options)
    (line,) = [line for line in log_lines() if line["event"] == "request"]
    return line


async def test_the_access_log_has_the_routes_pattern_and_no_personal_data(client: Client, log_lines: LogLines) -> None:
    line = await access(client, log_lines, "/people/079123456789?q=Nguyen", headers={"Cookie": "token=t0ken"})
    assert line["milliseconds"] >= 0
    assert {name: line[name] for name in ("method", "route", "status", "level")} == {
        "method": "GET",
        "route": "/people/{id}",
        "status": 200,
        "level": "info",
    }
    assert line.keys() == {"event", "level", "logger", "timestamp", "method", "route", "status", "milliseconds"}


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [("/079123456789", "unmatched", 404), ("/fail", "/fail", 500), ("/redirect", "/redirect", 302)],
)
async def test_every_request_is_in_the_access_log(
    path: str, route: str, status: int, client: Client, log_lines: LogLines
) -> None:
    line = await access(client, log_lines, path)
    assert (line["route"], line["status"]) == (route, status)
