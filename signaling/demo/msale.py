"""A simulated mSale Core for the demo: hands our eKYC screen its company tokens, receives results and shows them.

Everything it knows lies in its data folder as JSON and JPEG, so that it goes on from there. The page's HTML is
`msale_page.py`; the other side of the wire is `ekyc/msale.py` (tokens) and `ekyc/webhooks.py` (results).
"""

import asyncio
import hmac
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic import BaseModel, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError

from signaling.demo import msale_page
from signaling.demo.msale_results import Message, Result, Results, Shown
from vouch.clock import Clock, SystemClock
from vouch.fields import Code, Line
from vouch.http import answer, answer_problems, read
from vouch.logs import logger
from vouch.problems import Problem, not_found

log = logger(__name__)

# Less than the sender waits for our answer, so that it hears from us that pictures are missing.
_PICTURES_S = 10
_WEBHOOK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NO_SUCH_PICTURE = frozenset({401, 403, 404})


@dataclass(frozen=True, slots=True)
class MsaleConfig:
    """What a simulated mSale Core is given."""

    data_dir: Path
    """Its own folder."""
    secret: str
    """What eKYC must show to be given a token."""
    tokens: Mapping[str, str]
    """The company tokens that Vouch issued to mSale, by company."""
    webhook_secret: str
    """What results are signed with (`whsec_...`)."""
    host: str = "127.0.0.1"
    port: int = 8081
    """0: any free one."""
    certificate: Path | None = None
    """A certificate of Vouch's own making to be trusted when pictures are fetched (PEM)."""


class Question(BaseModel):
    """Who asks for a token."""

    dealer: Line
    shop_code: Line | None
    company: Code


class Token(BaseModel):
    """The company's token."""

    token: str


class MsaleCore:
    """The simulated system, between `start` and `close`."""

    def __init__(self, config: MsaleConfig, clock: Clock | None = None) -> None:
        self._config = config
        self._clock = clock or SystemClock()
        self._results = Results(config.data_dir)
        self._webhook = Webhook(config.webhook_secret)
        self._receiving = asyncio.Lock()
        self._http: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None

    async def start(self) -> int:
        """Listen; gives the port."""
        tls = ssl.create_default_context(cafile=self._config.certificate) if self._config.certificate else True
        time_out = aiohttp.ClientTimeout(total=_PICTURES_S)
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls), timeout=time_out)
        self._runner = web.AppRunner(self._application(), access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._config.host, self._config.port).start()
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Stop listening; safe to call twice."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._http is not None:
            await self._http.close()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[answer_problems])
        app.router.add_get("/", self._page)
        app.router.add_post("/tokens", self._token)
        app.router.add_post("/results", self._receive)
        app.router.add_get("/results.json", self._list)
        app.router.add_get("/pictures/{file}", self._picture)
        app.router.add_get("/msale.css", _text(msale_page.CSS, "text/css"))
        app.router.add_get("/msale.js", _text(msale_page.JS, "text/javascript"))
        return app

    async def _token(self, request: web.Request) -> web.Response:
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), self._config.secret.encode()):
            raise Problem(401, "bad_secret", "Show mSale's secret: `Authorization: Bearer SECRET`.")
        question = await read(request, Question)
        token = self._config.tokens.get(question.company)
        if token is None:
            raise not_found("company")
        return answer(Token(token=token))

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._verify(request, body)
        try:
            message = Message.model_validate_json(body)
        except ValidationError:
            raise Problem(422, "unknown_message", "This is no result that mSale knows.") from None
        # One at a time: the same result may come twice at once.
        async with self._receiving:
            result = await self._take(request.headers["webhook-id"], message)
        if not result.complete:
            raise Problem(503, "pictures_missing", "Some pictures could not be fetched; send the result again later.")
        return web.Response(status=204)

    def _verify(self, request: web.Request, body: bytes) -> None:
        try:
            self._webhook.verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError):
            # The library lets broken base 64 and broken UTF-8 through as ValueError.
            raise Problem(401, "bad_signature", "The result is not signed as agreed.") from None
        if not _WEBHOOK_ID.fullmatch(request.headers["webhook-id"]):
            raise Problem(422, "bad_id", "A webhook's id is up to 64 letters, digits, `_` and `-`.")

    async def _take(self, key: str, message: Message) -> Result:
        """Keep a result and fetch its pictures; of a repeated one only what was still missing."""
        known = self._results.get(key)
        result = known or Result(id=key, received_at=self._clock.now(), message=message)
        if known is None:
            self._results.keep(result)
        if result.complete:
            return result
        fetched = await asyncio.gather(*(self._fetch(link.url) for link in result.missing))
        here = [
            self._results.picture(key, link, jpeg)
            for link, jpeg in zip(result.missing, fetched, strict=True)
            if jpeg is not None
        ]
        result = result.model_copy(update={"pictures": (*result.pictures, *here)})
        self._results.keep(result)
        log.info("result received", webhook=key, kind=message.type, complete=result.complete)
        return result

    async def _fetch(self, url: str) -> bytes | None:
        """A picture, by whichever company's token opens it: the result does not say whose it is."""
        assert self._http is not None  # noqa: S101 - requests come only between start and close
        for token in self._config.tokens.values():
            try:
                async with self._http.get(url, headers={"Authorization": f"Bearer {token}"}) as response:
                    if response.status == 200:
                        return await response.read()
                    if response.status not in _NO_SUCH_PICTURE:
                        return None
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                log.warning("picture was not fetched", error=type(error).__name__)
                return None
        return None

    async def _list(self, _request: web.Request) -> web.Response:
        return answer(Shown(results=tuple(self._results.newest_first())))

    async def _page(self, request: web.Request) -> web.Response:
        language = "en" if request.query.get("lang") == "en" else "vi"
        results, older = self._results.page(request.query.get("before"))
        html = msale_page.render(language, results, older, first="before" not in request.query)
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        return web.Response(text=html, content_type="text/html", headers=headers)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        path = self._results.file(request.match_info["file"])
        if path is None:
            raise not_found("picture")
        return web.FileResponse(path, headers={"Cache-Control": "private, max-age=86400"})


def _text(text: str, kind: str) -> Handler:
    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=text, content_type=kind, headers={"Cache-Control": "no-cache"})

    return handler
