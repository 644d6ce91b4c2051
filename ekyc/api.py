"""The integration API, by which other systems open verifications and fetch results; `ekyc/openapi.py` describes it."""

import functools
import re

from aiohttp import web
from aiohttp.typedefs import Handler
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import join, verifications
from ekyc.evidence import read_blob
from ekyc.messages import CallRuling, FreshJoin, NewVerification, OpenedVerification
from ekyc.models import PictureKind, Verification
from ekyc.multipart import LARGEST_FORM, read_form
from ekyc.openapi import document
from ekyc.pictures import too_large
from ekyc.policy import Decision
from ekyc.reception import Delivered, Opened, Reception
from ekyc.tokens import BAD_TOKEN, Holder, bearer, holder_of
from ekyc.verifications import FOR_CLIENTS, check_callable, owned, state_of
from vouch import audit, http
from vouch.audit import Tag
from vouch.blobs import Blobs
from vouch.clock import Clock, iso
from vouch.database import Database
from vouch.ids import digest
from vouch.problems import Problem, not_found
from vouch.rates import Rates
from vouch.settings import Settings

_RIGHT_TOKENS = 10_000
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class IntegrationApi:
    """Handlers of /api/v1 and /api/openapi.json."""

    def __init__(
        self, settings: Settings, database: Database, clock: Clock, blobs: Blobs, reception: Reception, rates: Rates
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._reception = reception
        self._rates = rates
        self._right: dict[str, None] = {}
        self._document = to_json(document(settings.url))

    def add_routes(self, app: web.Application) -> None:
        """Add the API's routes to `app`."""
        # What cannot be an id never reaches the database.
        one = "/api/v1/verifications/{id:[0-9a-f]{32}}"
        app.router.add_get("/api/openapi.json", self.describe)
        app.router.add_post("/api/v1/verifications", self._counted(self.open))
        app.router.add_get(one, self._counted(self.show))
        app.router.add_get(one + "/pictures/{kind}", self._counted(self.picture))
        app.router.add_post(one + "/join", self._counted(self.rejoin))

    async def describe(self, _request: web.Request) -> web.Response:
        """The API's description."""
        return web.Response(body=self._document, content_type="application/json")

    @http.takes(LARGEST_FORM, too_large)
    async def open(self, request: web.Request) -> web.Response:
        """Open a verification."""
        # The token first: nothing of a stranger's body is read.
        async with self._database.read() as session:
            holder = await self._holder(session, request)
        key = _idempotency_key(request)
        with self._reception.hold(holder, request.content_length):
            form = await read_form(request)
            data = http.parse(NewVerification, form.data)
            holder = holder.within(data.company)
            opened = await self._reception.receive(Delivered.of(holder, key, data, form.files, self._clock.now()))
        return http.answer(self._opened(opened), status=201)

    async def show(self, request: web.Request) -> web.Response:
        """One verification."""
        now = self._clock.now()
        async with self._database.read() as session:
            found = await self._owned(session, request)
            view = await verifications.view(session, found, self._settings.url, now)
        return http.answer(view)

    async def picture(self, request: web.Request) -> web.Response:
        """One picture; every look of a client is in the audit log."""
        kind = _kind(request)
        async with self._database.write() as session:
            holder = await self._holder(session, request)
            found = await owned(session, request.match_info["id"], holder)
            picture = (await verifications.latest_pictures(session, found.id)).get(kind)
            if picture is None:
                raise not_found("picture")
            audit.record(
                session,
                Tag.PICTURE_FETCHED,
                self._clock.now(),
                company=found.company,
                subject=found.id,
                client=holder.client,
                picture=picture.id,
                kind=kind,
            )
        body = await read_blob(self._blobs, picture, clean=request.query.get("clean") == "1")
        return http.jpeg(body, kind)

    async def rejoin(self, request: web.Request) -> web.Response:
        """A fresh join token."""
        now = self._clock.now()
        async with self._database.write() as session:
            found = await self._owned(session, request)
            check_callable(found, now)
            fresh = await join.reissue(session, found.id, now, self._settings.join_token_s)
        return http.answer(
            FreshJoin(
                id=found.id,
                join_url=fresh.url(self._settings.url),
                join_token=fresh.token,
                join_expires_at=iso(fresh.expires_at),
            ),
            status=201,
        )

    def _counted(self, handler: Handler) -> Handler:
        """Count requests by token, before the database is asked; and by network where a token is not known.

        A token that was right lately is let through whatever others of its network try.
        """

        @functools.wraps(handler)
        async def counted(request: web.Request) -> web.StreamResponse:
            token = digest(bearer(request.headers.get("Authorization")))
            network = http.network_of(http.address_of(request, self._settings))
            if token not in self._right:
                await self._rates.check("network", network)
            await self._rates.count("token", token)
            try:
                response = await handler(request)
            except Problem as problem:
                if problem.code == BAD_TOKEN:
                    self._right.pop(token, None)
                    await self._rates.count("network", network)
                else:
                    self._remember(token)
                raise
            self._remember(token)
            return response

        return counted

    def _remember(self, token: str) -> None:
        self._right[token] = None
        if len(self._right) > _RIGHT_TOKENS:
            self._right.pop(next(iter(self._right)))

    async def _holder(self, session: AsyncSession, request: web.Request) -> Holder:
        return await holder_of(session, bearer(request.headers.get("Authorization")), self._clock.now())

    async def _owned(self, session: AsyncSession, request: web.Request) -> Verification:
        return await owned(session, request.match_info["id"], await self._holder(session, request))

    def _opened(self, opened: Opened) -> OpenedVerification:
        verification = opened.verification
        return OpenedVerification(
            id=verification.id,
            state=state_of(verification, self._clock.now()),
            call=CallRuling(decision=Decision(verification.decision), rule=verification.rule),
            join_url=opened.join.url(self._settings.url),
            join_token=opened.join.token,
            join_expires_at=iso(opened.join.expires_at),
            expires_at=iso(verification.expires_at),
        )


def _idempotency_key(request: web.Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise Problem(400, "idempotency_key_missing", "Send an Idempotency-Key of 1 to 255 printable characters.")
    return key


def _kind(request: web.Request) -> PictureKind:
    kind = next((kind for kind in FOR_CLIENTS if kind == request.match_info["kind"]), None)
    if kind is None:
        raise not_found("picture")
    return kind
