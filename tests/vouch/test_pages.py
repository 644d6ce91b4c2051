from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from vouch.http import middlewares
from vouch.pages import add_pages
from vouch.settings import Settings

Client = TestClient[web.Request, web.Application]
PAGES = {"/agent": "index.html", "/supervisor": "supervisor.html"}


@asynccontextmanager
async def serving(dist: Path) -> AsyncIterator[Client]:
    app = web.Application(middlewares=middlewares(Settings()))
    add_pages(app, dist, "console", PAGES)
    async with TestClient(TestServer(app)) as client:
        yield client


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """What the pages' build leaves, as far as serving it goes."""
    built = tmp_path / "dist"
    (built / "assets" / "folder").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Agent</title>")
    (built / "assets" / "app-4f2a.js").write_text("export {}")
    (tmp_path / "secret.key").write_text("secret")
    return built


async def test_a_page_is_asked_for_anew_each_time(dist: Path) -> None:
    async with serving(dist) as client:
        page = await client.get("/agent")
        assert (page.status, page.content_type) == (200, "text/html")
        assert "Agent" in await page.text()
        assert page.headers["Cache-Control"] == "no-cache"
        again = await client.get("/agent", headers={"If-None-Match": page.headers["ETag"]})
        assert again.status == 304


async def test_an_asset_is_kept_for_ever_because_its_name_changes_with_it(dist: Path) -> None:
    async with serving(dist) as client:
        asset = await client.get("/console/assets/app-4f2a.js")
        assert asset.status == 200
        assert asset.content_type in {"text/javascript", "application/javascript"}  # as this machine's table says
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"


async def test_texts_say_their_encoding(dist: Path) -> None:
    (dist / "assets" / "app-4f2a.css").write_text("body {}")
    (dist / "assets" / "font-4f2a.woff2").write_bytes(b"wOF2")
    async with serving(dist) as client:
        for path in ("/agent", "/console/assets/app-4f2a.js", "/console/assets/app-4f2a.css"):
            assert (await client.get(path)).charset == "utf-8"
        font = await client.get("/console/assets/font-4f2a.woff2")
        assert font.headers["Content-Type"] in {"font/woff2", "application/octet-stream"}


async def test_pages_and_assets_carry_the_security_headers(dist: Path) -> None:
    async with serving(dist) as client:
        for path in ("/agent", "/console/assets/app-4f2a.js"):
            response = await client.get(path)
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def problem(response: ClientResponse) -> tuple[int, str, str]:
    return response.status, (await response.json(content_type=None))["code"], response.headers["Cache-Control"]


@pytest.mark.parametrize("name", ["nothing.js", "folder", "..%2f..%2fsecret.key", "%2e%2e", "..%5csecret.key"])
async def test_only_assets_are_served(name: str, dist: Path) -> None:
    async with serving(dist) as client:
        response = await client.get(URL(f"/console/assets/{name}", encoded=True))
        assert await problem(response) == (404, "not_found", "no-store")


async def test_a_page_that_is_not_built_says_so(dist: Path) -> None:
    async with serving(dist) as client:
        assert await problem(await client.get("/supervisor")) == (503, "pages_not_built", "no-store")
        assert (await client.get("/agent")).status == 200


async def test_with_nothing_built_every_page_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path / "nothing") as client:
        for path in PAGES:
            assert await problem(await client.get(path)) == (503, "pages_not_built", "no-store")
        assert await problem(await client.get("/console/assets/app.js")) == (404, "not_found", "no-store")
