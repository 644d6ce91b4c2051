"""The start of `vouch serve`: what it takes before it tells anybody that it is there."""

import asyncio
import io
import json

import aiohttp
import pytest

from signaling.serve import NotReadyError, serving
from tests.installation import Installation
from tests.ports import free_port
from vouch.settings import Settings


async def test_a_second_node_on_a_taken_port_ends_nobody(sqlite_installation: Installation) -> None:
    settings = Settings(
        _env_file=None,
        data_dir=sqlite_installation.folder,
        port=free_port(),
        recording=False,
        minimum_free_bytes=0,
    )
    async with serving(settings) as first:
        identity = first.nodes.identity
        with pytest.raises(NotReadyError, match="Cannot listen"):
            async with serving(settings):
                raise AssertionError
        await first.nodes.beat()
        assert not first.replaced.is_set()
        assert first.nodes.identity == identity
        async with aiohttp.ClientSession(settings.url) as http, http.get("/healthz") as answer:
            assert answer.status in {200, 503}
    # And it gives the port back.
    probe = await asyncio.start_server(lambda _reader, writer: writer.close(), settings.host, settings.port)
    probe.close()
    await probe.wait_closed()


async def test_what_a_stranger_floods_a_node_with_is_answered_shortly(sqlite_installation: Installation) -> None:
    settings = Settings(_env_file=None, data_dir=sqlite_installation.folder, port=free_port(), minimum_free_bytes=0)
    unknown = json.dumps({f"key{number}": number for number in range(200_000)}).encode()
    async with serving(settings), aiohttp.ClientSession(settings.url) as http:
        for path in ("/api/call/session", "/api/console/session", "/api/ekyc/drafts", "/socket.io/", "/nothing"):
            async with http.post(path, data=io.BytesIO(unknown), headers={"Connection": "close"}) as answer:
                assert answer.status == 413
                assert len(await answer.read()) < 500
