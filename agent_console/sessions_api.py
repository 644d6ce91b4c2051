"""Signing in and out, the ticket for the sockets, and what the console offers to choose from."""

from aiohttp import web
from pydantic import BaseModel

from agent_console.access import STAFF, Access
from agent_console.codes import codes_on
from vouch.accounts.models import Account, SessionKind, WebSession
from vouch.accounts.service import Accounts
from vouch.accounts.sessions import Sessions
from vouch.audit import Tag
from vouch.clock import Clock, vietnamese_day
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.fields import Line, Password
from vouch.http import address_of, answer, read
from vouch.settings import Settings

_PATH = "/api/console/session"


class SignIn(BaseModel):
    """What a member of staff types."""

    username: Line
    password: Password


class Me(BaseModel):
    """Who is signed in, and what the page needs to act for him."""

    id: str
    username: str
    full_name: str
    role: str
    company: str | None
    csrf: str


class Ticket(BaseModel):
    """For a socket's handshake, good for a minute."""

    ticket: str


class SessionsApi:
    """Routes under /api/console that need no call."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        accounts: Accounts,
        sessions: Sessions,
        access: Access,
        rulebook: Rulebook,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._accounts = accounts
        self._sessions = sessions
        self._access = access
        self._rulebook = rulebook

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.post(_PATH, self._sign_in),
            web.get(_PATH, self._me),
            web.delete(_PATH, self._sign_out),
            web.post("/api/console/ticket", self._ticket),
            web.get("/api/console/codes", self._codes),
        ]

    async def _sign_in(self, request: web.Request) -> web.StreamResponse:
        typed = await read(request, SignIn)
        address = address_of(request, self._settings)
        sign_in = self._accounts.sign_in(typed.username, typed.password, address, STAFF)
        account = await self._sessions.audit.watched(sign_in, SessionKind.STAFF, typed.username, address)
        response = web.Response(content_type="application/json", headers={"Cache-Control": "no-store"})
        session = await self._sessions.open(response, SessionKind.STAFF, self._settings.shift_s, account=account.id)
        await self._access.note(Tag.SIGNED_IN, account, company=account.company)
        response.text = self._shown(account, session).model_dump_json()
        return response

    async def _me(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request)
        return answer(self._shown(member.account, member.visitor.session))

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request)
        response = web.Response(status=204)
        await self._sessions.end(response, member.visitor)
        await self._access.note(Tag.SIGNED_OUT, member.account, company=member.account.company)
        return response

    async def _ticket(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request)
        return answer(Ticket(ticket=self._sessions.ticket(member.visitor)))

    async def _codes(self, request: web.Request) -> web.StreamResponse:
        company = (await self._access.member(request)).account.company
        async with self._database.read() as session:
            now = await self._database.now(session)
            await self._rulebook.refresh(session)
        seen = [company] if company else self._rulebook.companies
        rules = [self._rulebook.on(each, now) for each in seen]
        return answer(codes_on(vietnamese_day(self._clock.now()), rules[0] if company else None, rules))

    def _shown(self, account: Account, session: WebSession) -> Me:
        return Me(
            id=account.id,
            username=account.username,
            full_name=account.full_name,
            role=account.role,
            company=account.company,
            csrf=session.csrf,
        )
