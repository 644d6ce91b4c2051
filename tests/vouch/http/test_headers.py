"""Who may embed which kind of page, where pages may connect to, and whose address counts."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request
from multidict import CIMultiDict

from tests.vouch.conftest import LogLines
from vouch.addresses import address_of, network_of
from vouch.http import allowed_origin, middlewares
from vouch.settings import Settings

A, B = "https://a.example", "https://b.example"


def settings(**changes: object) -> Settings:
    return Settings.model_validate({"public_url": "https://vouch.example", **changes})


async def headers(settings: Settings, path: str = "/", **sent: str) -> dict[str, str]:
    async with TestClient(TestServer(web.Application(middlewares=middlewares(settings)))) as client:
        return dict((await client.get(path, headers=sent)).headers)


def directive(headers: dict[str, str], name: str) -> str:
    parts = (part.strip().partition(" ") for part in headers["Content-Security-Policy"].split(";"))
    return next(value for key, _, value in parts if key == name)


@pytest.mark.parametrize(
    ("changes", "ekyc", "call", "console"),
    [
        ({}, "'none'", "'none'", "'none'"),
        ({"frame_ancestors": A}, A, A, A),
        ({"frame_ancestors": A, "call_frame_ancestors": f"{A},{B}"}, A, f"{A} {B}", A),
        ({"frame_ancestors": A, "console_frame_ancestors": "none"}, A, A, "'none'"),
        ({"ekyc_frame_ancestors": A}, A, "'none'", "'none'"),
        ({"console_frame_ancestors": B}, "'none'", "'none'", B),
    ],
)
async def test_each_kind_of_page_is_embedded_by_those_of_its_own_list(
    changes: dict[str, str], ekyc: str, call: str, console: str
) -> None:
    expected = {"/ekyc": ekyc, "/call": call, "/agent": console, "/supervisor": console}
    for path, ancestors in expected.items():
        found = await headers(settings(**changes), path)
        assert directive(found, "frame-ancestors") == ancestors
        assert (found["Cross-Origin-Resource-Policy"] == "same-origin") == (ancestors == "'none'")
    assert (await headers(settings(**changes), "/api/x"))["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize(
    "value", ["a.example", "https://a.example/x", "*", "https://a.example;", "none,https://b.c", "'self'"]
)
def test_what_is_no_origin_is_no_ancestor(value: str) -> None:
    with pytest.raises(ValueError, match="origin"):
        settings(call_frame_ancestors=value)


async def test_browsers_ask_by_https_alone_where_the_public_address_is_https() -> None:
    assert (await headers(settings()))["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    alone = await headers(settings(hsts_subdomains=False))
    assert alone["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in await headers(settings(hsts_s=0))
    assert "Strict-Transport-Security" not in await headers(settings(public_url=""))
    assert (await headers(settings()))["Cross-Origin-Opener-Policy"] == "same-origin"


async def test_pages_connect_to_their_own_host_alone() -> None:
    assert directive(await headers(settings(), Host="vouch.example"), "connect-src") == "'self' wss://vouch.example"
    inside = await headers(settings(), Host="10.0.0.1:8080")
    assert directive(inside, "connect-src") == "'self' wss://10.0.0.1:8080 wss://vouch.example"
    plain = await headers(settings(public_url=""), Host="[::1]:8080")
    assert directive(plain, "connect-src") == "'self' ws://[::1]:8080"
    proxied = settings(public_url="", trusted_proxies=1)
    found = await headers(proxied, Host="x.example", **{"X-Forwarded-Proto": "http, https"})
    assert directive(found, "connect-src") == "'self' wss://x.example"


@pytest.mark.parametrize("host", ["x; script-src *", "x y", "*", "x'", "x/y", "a" * 300])
async def test_a_host_that_is_none_gets_nothing_into_the_policy(host: str) -> None:
    assert directive(await headers(settings(public_url=""), Host=host), "connect-src") == "'self'"


@pytest.mark.parametrize(
    ("origin", "host", "scheme", "allowed"),
    [
        ("https://vouch.example", "10.0.0.1:8080", "http", True),
        ("https://10.0.0.1:8080", "10.0.0.1:8080", "http", True),
        ("http://vouch.example", "vouch.example", "http", False),
        ("http://vouch.example", "vouch.example", "https", False),
        ("ws://vouch.example", "vouch.example", "https", False),
        ("https://evil.example", "vouch.example", "https", False),
        ("https://vouch.example@evil.example", "vouch.example", "https", False),
        ("https://vouch.example:444", "vouch.example", "https", False),
        ("null", "vouch.example", "https", False),
        ("", "", "https", False),
        ("https://", "", "https", False),
    ],
)
def test_an_origin_is_ours_by_scheme_and_host(origin: str, host: str, scheme: str, allowed: bool) -> None:
    assert allowed_origin(origin, host, settings(), scheme) == allowed


@pytest.mark.parametrize(("scheme", "allowed"), [("http", False), ("https", True)])
def test_without_a_public_address_the_scheme_is_the_connections(scheme: str, allowed: bool) -> None:
    assert allowed_origin("https://x.example", "x.example", settings(public_url=""), scheme) == allowed


# Whose address counts


def seen(value: str, proxies: int = 1) -> str:
    given = make_mocked_request("GET", "/", headers=CIMultiDict({"X-Forwarded-For": value}))
    return address_of(given.clone(remote="192.0.2.1"), settings(trusted_proxies=proxies))


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("x, 198.51.100.7", "198.51.100.7"),
    ],
)
def test_addresses_are_read_in_all_their_spellings(value: str, address: str) -> None:
    assert seen(value) == address


@pytest.mark.parametrize(
    "value",
    [
        "unknown",
        "ÿþ",
        "1.2.3",
        "1.2.3.4.5",
        "999.1.1.1",
        "a" * 8_000,
        "[",
        "::1::",
        "1.2.3.4\0",
        "１.2.3.4",
        "0x7f.1",
    ],
)
def test_what_is_no_address_counts_as_the_connections(value: str) -> None:
    assert seen(value) == "192.0.2.1"
    assert seen(f"198.51.100.7, {value}") == "192.0.2.1"


def test_thousands_of_addresses_are_no_matter() -> None:
    assert seen(", ".join(f"10.0.{n // 256}.{n % 256}" for n in range(2_000)) + ", 198.51.100.7") == "198.51.100.7"


def test_networks_are_ipv6_by_64_bits_and_anything_else_as_it_is() -> None:
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("unknown") == "unknown"


async def test_a_proxy_that_is_not_trusted_is_told_of_once(log_lines: LogLines) -> None:
    app = web.Application(middlewares=middlewares(settings()))
    async with TestClient(TestServer(app)) as client:
        for _ in range(3):
            await client.get("/", headers={"X-Forwarded-For": "198.51.100.7"})
    told = [line for line in log_lines() if line["event"].startswith("X-Forwarded-For")]
    assert [(line["level"], line["from_this_machine"]) for line in told] == [("warning", True)]
    assert "198.51.100.7" not in str(log_lines())
