"""HTTP of the dealer's screen /ekyc (docs/http.md)."""

from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from ekyc import rules
from ekyc.card import Typed, compare
from ekyc.consent import CONSENT
from ekyc.dealer_call import DealerCalls, DealerForm
from ekyc.drafts import Drafts
from ekyc.messages import Message
from ekyc.models import PAPERS, PictureKind
from ekyc.multipart import read_limited
from ekyc.pictures import LARGEST_BYTES, too_large
from ekyc.policy import CustomerType, IdType, Payment
from vouch import audit, http
from vouch.accounts.models import Account, Role, SessionKind
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.audit import Tag
from vouch.clock import Clock, vietnamese_day
from vouch.database import Database
from vouch.fields import Line
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
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._sessions = sessions
        self._drafts = drafts
        self._calls = calls

    def add_routes(self, app: web.Application) -> None:
        """Add the screen's routes to `app`."""
        one = "/api/ekyc/drafts/{draft}"
        app.router.add_get("/api/ekyc/config", self.config)
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

    async def sign_out(self, request: web.Request) -> web.Response:
        """The dealer's shift ends."""
        visitor = await self._sessions.require(request, SessionKind.DEALER)
        response = web.Response(status=204)
        await self._sessions.end(response, visitor)
        if visitor.account is not None:
            await self._note(Tag.DEALER_SIGNED_OUT, visitor.account)
        return response

    async def start(self, request: web.Request) -> web.Response:
        """Begin a draft."""
        draft = await self._drafts.start(http.address_of(request, self._settings))
        return http.answer(DraftBody(draft=draft), status=201)

    @http.takes(LARGEST_BYTES, too_large)
    async def scan(self, request: web.Request) -> web.Response:
        """Take in one paper's picture."""
        draft, kind, source = request.match_info["draft"], _paper_kind(request), self._source(request)
        # Before the body is read: a stranger without a draft cannot make us read megabytes.
        await self._drafts.check(draft)
        scanned = await self._drafts.scan(draft, kind, source, await read_limited(request, LARGEST_BYTES))
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
        form = await http.read(request, CheckForm)
        card = await self._drafts.card(request.match_info["draft"])
        fields = compare(Typed(form.full_name, form.id_number, form.date_of_birth), card)
        return http.answer(CheckBody(fields=[FieldBody.model_validate(field.as_json()) for field in fields]))

    async def call(self, request: web.Request) -> web.Response:
        """[Call]: the dealer is known by cookie or by what he typed; the answer carries the call's cookie."""
        form = await http.read(request, DealerForm)
        dealer, is_new = await self._dealer(request, form)
        response = await self._open(request.match_info["draft"], form, dealer)
        if is_new:
            # Whatever became of the call, he need not type his password twice.
            await self._sessions.open(response, SessionKind.DEALER, self._settings.shift_s, account=dealer.id)
            await self._note(Tag.DEALER_SIGNED_IN, dealer)
        return response

    async def _open(self, draft: str, form: DealerForm, dealer: Account) -> web.Response:
        try:
            verification = await self._calls.open(draft, form, dealer)
        except Problem as problem:
            return problem.response()
        called = CalledBody(verification=verification.id, decision=verification.decision, rule=verification.rule)
        response = http.answer(called, status=201)
        lifetime = self._settings.call_session_s
        await self._sessions.open(response, SessionKind.CALLER, lifetime, verification=verification.id)
        return response

    async def _dealer(self, request: web.Request, form: DealerForm) -> tuple[Account, bool]:
        """Who calls, and whether he has just signed in; Problem `wrong_password`, `dealer_needed`."""
        if form.dealer and form.dealer_password:
            address = http.address_of(request, self._settings)
            roles = frozenset({Role.DEALER})
            sign_in = self._accounts.sign_in(form.dealer, form.dealer_password, address, roles)
            return await self._sessions.audit.watched(sign_in, SessionKind.DEALER, form.dealer, address), True
        if await self._sessions.find(request, SessionKind.DEALER) is None:
            raise Problem(401, "dealer_needed", "Enter the dealer's account and its password.")
        visitor = await self._sessions.require(request, SessionKind.DEALER)
        if visitor.account is None or (form.dealer and form.dealer != visitor.account.username):
            raise Problem(401, "dealer_needed", "Another dealer is signed in here; enter this one's password.")
        return visitor.account, False

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
