"""Serves the built web pages of a package: hashed assets for ever, the HTML never from a cache."""

import mimetypes
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from vouch.problems import Problem


def add_pages(app: web.Application, dist: Path, prefix: str, pages: dict[str, str]) -> None:
    """Serve `dist/assets` under `/{prefix}/assets/` and each path of `pages` as its HTML file in `dist`.

    `dist` is what Vite built with `base: "/{prefix}/"`; where a page is missing it answers `pages_not_built`.
    """
    assets = dist / "assets"
    if assets.is_dir():
        app.router.add_get(f"/{prefix}/assets/{{name}}", _asset(assets))
    for path, name in pages.items():
        file = dist / name
        app.router.add_get(path, _page(file) if file.is_file() else _not_built)


async def _not_built(_request: web.Request) -> web.StreamResponse:
    raise Problem(503, "pages_not_built", "The web pages are not built; run `./dev pages` and start again.")


def _page(file: Path) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.FileResponse(file, headers={"Content-Type": _type_of(file), "Cache-Control": "no-cache"})

    return handler


def _asset(folder: Path) -> Handler:
    names = frozenset(path.name for path in folder.iterdir() if path.is_file())

    async def handler(request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in names:
            raise web.HTTPNotFound
        kept = "public, max-age=31536000, immutable"
        return web.FileResponse(folder / name, headers={"Content-Type": _type_of(folder / name), "Cache-Control": kept})

    return handler


def _type_of(file: Path) -> str:
    """The media type, and for texts their encoding, so that no browser has to guess it (ASVS 5.0, 4.1.1)."""
    found = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") or found.endswith("javascript") else found
