"""HTTP of the call page /call, and of the call within /ekyc (docs/http.md): its cookie, its ticket, its papers."""

from collections.abc import Callable

from aiohttp import web
from pydantic import BaseModel
from sqlalchemy import bindparam, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from ekyc import join
from ekyc.coverage import team_of
from ekyc.messages import Message
from ekyc.models import PAPERS, CallRecord, Channel, Picture, PictureKind, State, VerdictRecord, Verification
from ekyc.opening import OpeningBody, opening_of
from ekyc.pictures import Darkroom
from ekyc.screen import ConsentBody, consent_body
from ekyc.verifications import VERIFICATION, can_call, latest_papers, state_of, verification_in
from vouch import http
from vouch.accounts.models import SessionKind, WebSession
from vouch.accounts.sessions import Sessions, Visitor
from vouch.blobs import Blobs
from vouch.clock import Clock, vietnamese_day
from vouch.companies.service import CHANGES, Changes, Rulebook
from vouch.database import Database
from vouch.fields import Token
from vouch.ids import digest
from vouch.problems import Problem, not_found
from vouch.rates import Rates
from vouch.settings import Settings
from vouch.statements import table_of

_THUMBNAIL_SIDE = 640
_RECORD, _PICTURE, _VERDICT = table_of(CallRecord), table_of(Picture), table_of(VerdictRecord)
_LAST_OUTCOME = (
    select(_RECORD.c.outcome)
    .where(_RECORD.c.verification == VERIFICATION.c.id)
    .order_by(_RECORD.c.attempt.desc())
    .limit(1)
    .scalar_subquery()
)
_RESULT = (
    select(_RECORD.c.outcome, _RECORD.c.number, _RECORD.c.ended_at)
    .add_columns(_VERDICT.c.verdict, _VERDICT.c.reason, _VERDICT.c.decided_at)
    .outerjoin(_VERDICT, _VERDICT.c.call == _RECORD.c.id)
    .where(_RECORD.c.verification == bindparam("this"), _RECORD.c.ended_at.is_not(None))
    .order_by(_RECORD.c.attempt.desc())
    .limit(1)
)
_HAS_PICTURE = exists().where(_PICTURE.c.verification == VERIFICATION.c.id)
_PAGE = select(
    VERIFICATION,
    *(_HAS_PICTURE.where(_PICTURE.c.kind == kind).label(kind) for kind in PAPERS),
    _LAST_OUTCOME.label("last_outcome"),
    team_of(VERIFICATION.c.channel, VERIFICATION.c.company, bindparam("day")).label("team"),
    *CHANGES,
).where(VERIFICATION.c.id == bindparam("this"))


class JoinForm(Message):
    """The token out of the page's address."""

    join_token: Token


class CustomerBody(BaseModel):
    """Of the customer only what the page shows."""

    full_name: str
    msisdn: str


class ResultBody(BaseModel):
    """How the last call ended: what stays on the page when everything else has gone."""

    outcome: str
    reason: str | None
    reference: str
    """The call's number."""
    at: int


class CallPageBody(BaseModel):
    """What the call page shows before and after the call; the live call comes over the socket.

    Once there is a result, and once no call can be made any more, it says nothing of the customer: a page may stay
    open on a shop's tablet. A page that a later link opens shows it again, until there is the next result.
    """

    csrf: str
    verification: str
    state: State
    decision: str
    channel: Channel
    customer: CustomerBody | None
    pictures: list[PictureKind]
    consent: ConsentBody
    consented: bool
    can_call: bool
    last_outcome: str | None
    result: ResultBody | None
    opening: OpeningBody


class TicketBody(BaseModel):
    """What the socket's handshake carries."""

    ticket: str


class CallPages:
    """Handlers of /api/call."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        blobs: Blobs,
        sessions: Sessions,
        darkroom: Darkroom,
        rulebook: Rulebook,
        rates: Rates,
        signed_out: Callable[[str], None],
    ) -> None:
        """`signed_out` is told of the session (its digest) of a page that has gone, whose socket has to go too."""
        self._settings = settings
        self._database = database
        self._clock = clock
        self._blobs = blobs
        self._sessions = sessions
        self._darkroom = darkroom
        self._rulebook = rulebook
        self._rates = rates
        self._signed_out = signed_out

    def add_routes(self, app: web.Application) -> None:
        """Add the page's routes to `app`."""
        app.router.add_post("/api/call/session", self.join)
        app.router.add_get("/api/call/session", self.show)
        app.router.add_delete("/api/call/session", self.sign_out)
        app.router.add_post("/api/call/ticket", self.ticket)
        app.router.add_get("/api/call/pictures/{kind}", self.picture)

    async def join(self, request: web.Request) -> web.Response:
        """Exchange a join token for the call's cookie."""
        # Of anybody: by network before a body is read, and by link before the database is asked.
        await self._rates.count("network", http.network_of(http.address_of(request, self._settings)))
        form = await http.read(request, JoinForm)
        await self._rates.count("join", digest(form.join_token))
        if (visitor := await self._already_in(request, form.join_token)) is not None:
            return http.answer(await self._read_page(visitor))
        cookies, lifetime = web.Response(), self._settings.call_session_s
        async with self._database.write() as session:
            verification = await join.redeem(session, form.join_token, self._clock.now())
            opened = await self._sessions.open(
                cookies, SessionKind.CALLER, lifetime, verification=verification, within=session
            )
            page = await self._page(session, opened)
        response = http.answer(page)
        response.cookies.update(cookies.cookies)
        return response

    async def show(self, request: web.Request) -> web.Response:
        """The page of the verification whose cookie this browser has."""
        visitor = await self._sessions.require(request, SessionKind.CALLER)
        return http.answer(await self._read_page(visitor))

    async def sign_out(self, request: web.Request) -> web.Response:
        """The page is done with: its cookie and its socket go; a call that lives is lost, as if the page had closed."""
        visitor = await self._sessions.require(request, SessionKind.CALLER)
        response = web.Response(status=204)
        await self._sessions.end(response, visitor)
        self._signed_out(visitor.session.digest)
        return response

    async def ticket(self, request: web.Request) -> web.Response:
        """A ticket for the socket."""
        visitor = await self._sessions.require(request, SessionKind.CALLER)
        return http.answer(TicketBody(ticket=self._sessions.ticket(visitor)))

    async def picture(self, request: web.Request) -> web.Response:
        """A paper's thumbnail."""
        visitor = await self._sessions.require(request, SessionKind.CALLER)
        async with self._database.read() as session:
            found = await session.get_one(Verification, _verification(visitor))
            is_shown = _shows_customer(found, visitor.session, self._clock.now())
            papers = await _papers(session, found.id) if is_shown else {}
        key = papers.get(request.match_info["kind"])
        if key is None:
            raise not_found("picture")
        thumbnail = await self._darkroom.thumbnail(
            await self._blobs.get(key), _THUMBNAIL_SIDE, f"verification:{_verification(visitor)}"
        )
        return http.jpeg(thumbnail, request.match_info["kind"])

    async def _already_in(self, request: web.Request, token: str) -> Visitor | None:
        """A page that sends the token it came with once more (a reload, a double press) is already in."""
        visitor = await self._sessions.find(request, SessionKind.CALLER)
        if visitor is None:
            return None
        async with self._database.read() as session:
            verification = await join.verification_of(session, token)
        return visitor if verification is not None and verification == visitor.session.verification else None

    async def _read_page(self, visitor: Visitor) -> CallPageBody:
        async with self._database.read() as session:
            return await self._page(session, visitor.session)

    async def _page(self, session: AsyncSession, page: WebSession) -> CallPageBody:
        now = self._clock.now()
        asked = {"this": page.verification, "day": vietnamese_day(now).isoformat()}
        row = (await session.execute(_PAGE, asked)).one()
        found = verification_in(row)
        rules = await self._rulebook.read(session, row.team, now, Changes.of(row)) if row.team else None
        is_shown = _shows_customer(found, page, now)
        customer = CustomerBody(full_name=found.customer["full_name"], msisdn=found.subscriber["msisdn"])
        return CallPageBody(
            csrf=page.csrf,
            verification=found.id,
            state=state_of(found, now),
            decision=found.decision,
            channel=Channel(found.channel),
            customer=customer if is_shown else None,
            pictures=[kind for kind in PAPERS if row._mapping[kind]] if is_shown else [],
            consent=consent_body(),
            consented=found.consent_version == consent_body().version,
            can_call=can_call(found, now),
            last_outcome=row.last_outcome,
            result=await _result(session, found.id) if row.last_outcome else None,
            opening=opening_of(rules, now),
        )


def _shows_customer(found: Verification, page: WebSession, now: int) -> bool:
    """Whether name and papers may be shown: no result has come since the page was opened, and a call can be made."""
    if found.decided_at is not None and found.decided_at >= page.created_at:
        return False
    return found.state == State.IN_CALL or can_call(found, now)


async def _result(session: AsyncSession, verification: str) -> ResultBody | None:
    row = (await session.execute(_RESULT, {"this": verification})).one_or_none()
    if row is None:
        return None
    return ResultBody(
        outcome=row.verdict or row.outcome, reason=row.reason, reference=row.number, at=row.decided_at or row.ended_at
    )


async def _papers(session: AsyncSession, verification: str) -> dict[str, str]:
    """The blobs of the papers by kind; the caller sees no frame of the call."""
    pictures = await latest_papers(session, verification)
    return {kind: pictures[kind].clean_key for kind in PAPERS if kind in pictures}


def _verification(visitor: Visitor) -> str:
    if visitor.session.verification is None:
        raise Problem(401, "not_signed_in", "Open the call page by its link.")
    return visitor.session.verification
