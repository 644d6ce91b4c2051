"""What the routes of the package take: how much, how often, and in what shape."""

import asyncio
import io
import json
from typing import Any

import pytest
from aiohttp import ClientResponse

from ekyc.openapi import document
from tests.ekyc import flows
from tests.ekyc.conftest import Site
from vouch.settings import Settings

MIB = 1 << 20
BOUNDARY = b"b" * 20


async def told(response: ClientResponse) -> tuple[int, str]:
    body = await response.json(content_type=None)
    return response.status, body.get("code", "")


def part(name: str, content: bytes, *headers: bytes) -> bytes:
    disposition = b'Content-Disposition: form-data; name="%s"' % name.encode()
    return b"\r\n".join([b"--" + BOUNDARY, disposition, *headers, b"", content, b""])


async def sent(site: Site, body: bytes, **headers: str) -> tuple[int, str]:
    given = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}", "Idempotency-Key": "k"}
    return await told(
        await site.client.post("/api/v1/verifications", data=io.BytesIO(body), headers=given | site.bearer() | headers)
    )


END = b"--" + BOUNDARY + b"--\r\n"


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n" * MIB + part("data", b"{}") + END,
        b"x\n" * MIB,
        b"x" * MIB,
        b"--" + BOUNDARY + b"\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
        b"--" + BOUNDARY + b"\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        part("data", b"{}", b"Content-Type: multipart/mixed; boundary=" + BOUNDARY) + END,
        part("data", b"{}", b"Content-Type: multipart/mixed; boundary=c") + b"--c\r\n" * 100_000,
        b'--%s\r\nContent-Disposition: form-data; name="id_front"; filename="%s"\r\n\r\n' % (BOUNDARY, b"f" * 2_000),
        part("data", b"{}") + part("data", b"{}") + END,
        b"".join(part(f"p{number}", b"") for number in range(10_000)) + END,
        part("_charset_", b"x" * 100) + END,
        END,
        b"",
    ],
)
async def test_forms_that_are_hard_to_read_are_refused_at_once(body: bytes, site: Site) -> None:
    async with asyncio.timeout(5):
        assert await sent(site, body) in {(400, "invalid_multipart"), (422, "invalid_body")}
    assert site.stored_blobs() == 0


async def test_each_part_and_the_whole_have_bounds(site: Site) -> None:
    large = b"x" * (8 * MIB + 1)
    assert await sent(site, part("data", b" " * (64 * 1024 + 1)) + END) == (422, "invalid_body")
    assert await sent(site, part("data", b"{}") + part("id_front", large) + END) == (413, "picture_too_large")
    assert await sent(site, b"x" * (25 * MIB)) == (413, "picture_too_large")


@pytest.mark.parametrize("path", ["/api/call/session", "/api/ekyc/drafts/x/check", "/api/ekyc/drafts/x/call"])
async def test_forms_of_our_pages_are_small(path: str, site: Site) -> None:
    unknown = json.dumps({f"key{number}": number for number in range(10_000)}).encode()
    assert await told(await site.client.post(path, data=unknown)) == (413, "body_too_large")
    response = await site.client.post(path, data=unknown[:60_000] + b"}")
    # Forms of a draft are not read before their dealer is known.
    assert response.status == (422 if path == "/api/call/session" else 401)
    assert len(await response.read()) < 4_000


class TestRates:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"token_rate": "3/hour", "join_rate": "3/hour", "network_rate": "5/hour"})

    async def test_a_token_that_asks_too_often_is_told_when_to_come_again_and_others_are_not(self, site: Site) -> None:
        async def ask(company: str = "CTKV1") -> ClientResponse:
            return await site.client.get(f"/api/v1/verifications/{'0' * 32}", headers=site.bearer(company))

        assert [(await ask()).status for _ in range(3)] == [404] * 3
        response = await ask()
        assert await told(response) == (429, "too_many_requests")
        assert 1 <= int(response.headers["Retry-After"]) <= 3_600
        assert (await ask("CTKV4")).status == 404

    async def test_tokens_that_are_not_known_are_counted_by_address_and_known_ones_go_through(self, site: Site) -> None:
        path = f"/api/v1/verifications/{'0' * 32}"
        files = {"id_front": b"", "portrait": b""}
        assert (await flows.post(site, files, {})).status in {400, 422}
        assert (await site.client.get(path, headers=site.bearer())).status == 404
        guesses = [
            await site.client.get(path, headers={"Authorization": f"Bearer vouch_{number}"}) for number in range(8)
        ]
        assert [guess.status for guess in guesses] == [401] * 5 + [429] * 3
        assert (await site.client.get(path, headers=site.bearer())).status == 404

    async def test_a_link_is_tried_a_few_times_and_so_is_an_address(self, site: Site) -> None:
        async def join(token: str) -> tuple[int, str]:
            return await told(await site.client.post("/api/call/session", json={"join_token": token}))

        statuses = [(await join("a"))[0] for _ in range(4)]
        assert statuses == [statuses[0]] * 3 + [429]
        assert (await join("b"))[0] == statuses[0]
        assert await join("c") == (429, "too_many_requests")


def test_the_description_says_when_to_come_again() -> None:
    paths: dict[str, Any] = document("https://vouch.example")["paths"]
    for operations in paths.values():
        for operation in operations.values():
            for status in ("429", "503"):
                assert "Retry-After" in operation["responses"][status]["headers"]
