"""What browsers, and those who stand before us, must not be able to make of a request."""

import pytest

from tests.vouch.door.conftest import house
from vouch.settings import Settings

PUBLIC = Settings(_env_file=None, public_url="https://vouch.example")


@pytest.mark.parametrize("method", [b"TRACE", b"TRACK", b"PROPFIND"])
async def test_no_method_gives_a_request_back(method: bytes) -> None:
    async with house() as running:
        peer = await running.peer()
        await peer.send(method + b" /healthz HTTP/1.1\r\nHost: x\r\nX-Told: what-was-sent\r\n\r\n")
        status, headers, body = await peer.answer()
        assert status in {400, 405}
        assert b"what-was-sent" not in body
        assert "what-was-sent" not in str(headers)


@pytest.mark.parametrize("origin", [b"https://elsewhere.example", b"null", b"https://vouch.example"])
async def test_no_other_site_is_told_that_it_may_read(origin: bytes) -> None:
    asked = b"Host: vouch.example\r\nOrigin: " + origin + b"\r\nAccess-Control-Request-Method: POST\r\n\r\n"
    async with house(settings=PUBLIC) as running:
        for begins in (b"GET /healthz", b"OPTIONS /notes", b"GET /nothing"):
            peer = await running.peer()
            await peer.send(begins + b" HTTP/1.1\r\n" + asked)
            _, headers, _ = await peer.answer()
            assert [name for name in headers if name.startswith("access-control-")] == []


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        b"Content-Length: 5\r\nContent-Length: 4\r\n",
        b"Content-Length: +5\r\n",
        b"Transfer-Encoding: chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
    ],
)
async def test_no_body_ends_in_two_places(framing: bytes) -> None:
    """Smuggling: what one of two readers takes for the body's rest is a request for the other."""
    async with house() as running:
        peer = await running.peer()
        rest = b"0\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
        await peer.send(b"POST /notes HTTP/1.1\r\nHost: x\r\n" + framing + b"\r\n" + rest)
        status, _, _ = await peer.answer()
        assert status == 400
        assert await peer.is_ended()
        assert running.arrived == []
