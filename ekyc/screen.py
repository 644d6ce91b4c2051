"""HTTP of the dealer's screen /ekyc (docs/http.md)."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from ekyc import rules
from ekyc.card import Typed, compare
from ekyc.consent import CONSENT
from ekyc.dealer_call import DealerCalls, DealerForm
from ekyc.drafts import Drafts, source_of
from ekyc.messages import Message, OptionalText
from ekyc.models import PAPERS, PictureKind, State, Verification
from ekyc.multipart import read_limited
from ekyc.pictures import LARGEST_BYTES, Darkroom, too_large
from ekyc.policy import CustomerType, IdType, Payment
from vouch import audit, http
from vouch.accounts.models import Account, Role, SessionKind
from vouch.accounts.origin import origin_of
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.audit import Tag
from vouch.clock import Clock, vietnamese_day
from vouch.database import Database
from vouch.fields import Line, Password
from vouch.problems import Problem, not_found
from vouch.settings import Settings


class ConsentBody(BaseModel):
    """The consent text in force."""

    version: str
    text: dict[str, str]


class SubTypeBody(BaseModel):
    """A prepaid subscriber type of the operator's table."""

    code: str
    name: str


class DealerBody(BaseModel):
    """The dealer who is signed in on this browser."""

    username: str
    full_name: str
    shop: str | None
    company: str | None
    csrf: str


class ConfigBody(BaseModel):
    """All that the form needs."""

    files: bool
    consent: ConsentBody
    id_types: list[IdType]
    customer_types: list[CustomerType]
    payments: list[Payment]
    sub_types: list[SubTypeBody]
    dealer: DealerBody | None


class SignInForm(Message):
    """What a dealer signs in with."""

    username: OptionalText
    password: Password


class DraftBody(BaseModel):
    """A draft that was begun."""

    draft: str


class ScannedBody(BaseModel):
    """A paper that was taken in."""

    kind: PictureKind
    width: int
    height: int
    sha256: str
    warnings: list[str]


class CheckForm(Message):
    """What was typed so far; empty and half-typed values are compared as they are."""

    full_name: Line
    id_number: Line
    date_of_birth: Line


class FieldBody(BaseModel):
    """One field, typed against read."""

    field: str
    typed: str
    read: str | None
    result: Literal["match", "differs", "not_assessed"]


class CheckBody(BaseModel):
    """The comparison."""

    fields: list[FieldBody]


class CalledBody(BaseModel):
    """The verification that [Call] opened."""

    verification: str
    decision: str
    rule: str


def consent_body() -> ConsentBody:
    """The consent text as pages get it."""
    return ConsentBody(version=CONSENT.version, text={"vi": CONSENT.vi, "en": CONSENT.en})


class DealerScreen:
    """Handlers of /api/ekyc."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        sessions: Sessions,
        drafts: Drafts,
        calls: DealerCalls,
        darkroom: Darkroom,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._sessions = sessions
        self._drafts = drafts
        self._calls = calls
        self._darkroom = darkroom

    def add_routes(self, app: web.Application) -> None:
        """Add the screen's routes to `app`."""
        one = "/api/ekyc/drafts/{draft}"
        app.router.add_get("/api/ekyc/config", self.config)
        app.router.add_post("/api/ekyc/dealer", self.sign_in)
        app.router.add_delete("/api/ekyc/dealer", self.sign_out)
        app.router.add_post("/api/ekyc/drafts", self.start)
        app.router.add_put(one + "/pictures/{kind}", self.scan)
        app.router.add_post(one + "/check", self.check)
        app.router.add_post(one + "/call", self.call)

    async def config(self, request: web.Request) -> web.Response:
        """What the form offers, and who is signed in."""
        async with self._database.read() as session:
            table = await rules.table_on(session, vietnamese_day(self._clock.now()))
        visitor = await self._sessions.find(request, SessionKind.DEALER)
        dealer = _dealer_body(visitor.account, visitor.session.csrf) if visitor and visitor.account else None
        return http.answer(
            ConfigBody(
                files=self._settings.ekyc_files,
                consent=consent_body(),
                id_types=list(IdType),
                customer_types=list(CustomerType),
                payments=list(Payment),
                sub_types=[SubTypeBody(code=code, name=table[code].name) for code in sorted(table)],
                dealer=dealer,
            )
        )

    async def sign_in(self, request: web.Request) -> web.Response:
        """The dealer's shift begins: nothing is uploaded before."""
        form = await http.read(request, SignInForm)
        origin = origin_of(request, self._settings)
        dealers = frozenset({Role.DEALER})
        checked = self._accounts.sign_in(form.username, form.password, origin.address, dealers, origin.device)
        dealer = await self._sessions.audit.watched(checked, SessionKind.DEALER, form.username, origin.address)
        cookies, shift_s = web.Response(), self._settings.shift_s
        opened = await self._sessions.open(cookies, SessionKind.DEALER, shift_s, account=dealer.id, origin=origin)
        await self._note(Tag.DEALER_SIGNED_IN, dealer)
        response = http.answer(_dealer_body(dealer, opened.csrf))
        response.cookies.update(cookies.cookies)
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        """The dealer's shift ends."""
        visitor = await self._sessions.require(request, SessionKind.DEALER)
        response = web.Response(status=204)
        await self._sessions.end(response, visitor)
        if visitor.account is not None:
            await self._note(Tag.DEALER_SIGNED_OUT, visitor.account)
        await self._end_page(request, response)
        return response

    async def _end_page(self, request: web.Request, response: web.Response) -> None:
        """The last customer's page goes with the dealer who opened it here, but not out of a call that lives."""
        page = await self._sessions.find(request, SessionKind.CALLER)
        if page is None:
            return
        async with self._database.read() as session:
            found = await session.get(Verification, page.session.verification)
        if found is None or found.state != State.IN_CALL:
            await self._sessions.end(response, page)

    async def start(self, request: web.Request) -> web.Response:
        """Begin a draft."""
        dealer = await self._dealer(request)
        return http.answer(DraftBody(draft=await self._drafts.start(dealer.id)), status=201)

    @http.takes(LARGEST_BYTES, too_large)
    async def scan(self, request: web.Request) -> web.Response:
        """Take in one paper's picture."""
        dealer = await self._dealer(request)
        draft, kind, source = request.match_info["draft"], _paper_kind(request), self._source(request)
        # Before the body is read: whoever has no draft cannot make us read megabytes.
        await self._drafts.check(draft, dealer.id)
        length = request.content_length
        octets = LARGEST_BYTES if length is None else min(length, LARGEST_BYTES)
        with self._darkroom.hold(source_of(dealer.id), octets):
            data = await read_limited(request, LARGEST_BYTES)
            scanned = await self._drafts.scan(draft, dealer.id, kind, source, data)
        return http.answer(
            ScannedBody(
                kind=scanned.kind,
                width=scanned.width,
                height=scanned.height,
                sha256=scanned.sha256,
                warnings=scanned.warnings,
            )
        )

    async def check(self, request: web.Request) -> web.Response:
        """What was typed against what the card's code says."""
        dealer = await self._dealer(request)
        form = await http.read(request, CheckForm)
        card = await self._drafts.card(request.match_info["draft"], dealer.id)
        fields = compare(Typed(form.full_name, form.id_number, form.date_of_birth), card)
        return http.answer(CheckBody(fields=[FieldBody.model_validate(field.as_json()) for field in fields]))

    async def call(self, request: web.Request) -> web.Response:
        """[Call]: the answer carries the call's cookie."""
        dealer = await self._dealer(request)
        form = await http.read(request, DealerForm)
        verification = await self._calls.open(request.match_info["draft"], form, dealer)
        called = CalledBody(verification=verification.id, decision=verification.decision, rule=verification.rule)
        response = http.answer(called, status=201)
        lifetime = self._settings.call_session_s
        await self._sessions.open(response, SessionKind.CALLER, lifetime, verification=verification.id)
        return response

    async def _dealer(self, request: web.Request) -> Account:
        """Who is signed in on this browser; Problem `dealer_needed` or `bad_csrf_token`."""
        if await self._sessions.find(request, SessionKind.DEALER) is None:
            raise Problem(401, "dealer_needed", "Sign in with the dealer's account first.")
        visitor = await self._sessions.require(request, SessionKind.DEALER)
        if visitor.account is None:
            raise Problem(401, "dealer_needed", "Sign in with the dealer's account first.")
        return visitor.account

    async def _note(self, tag: Tag, dealer: Account) -> None:
        async with self._database.write() as session:
            audit.record(session, tag, self._clock.now(), company=dealer.company, account=dealer.id)

    def _source(self, request: web.Request) -> str:
        source = request.query.get("source", "camera")
        if source not in {"camera", "file"}:
            raise Problem(422, "invalid_source", "`source` is camera or file.")
        if source == "file" and not self._settings.ekyc_files:
            raise Problem(403, "file_not_allowed", "Pictures are taken by camera here; files are not allowed.")
        return source


def _paper_kind(request: web.Request) -> PictureKind:
    kind = next((kind for kind in PAPERS if kind == request.match_info["kind"]), None)
    if kind is None:
        raise not_found("picture")
    return kind


def _dealer_body(account: Account, csrf: str) -> DealerBody:
    return DealerBody(
        username=account.username, full_name=account.full_name, shop=account.shop, company=account.company, csrf=csrf
    )
