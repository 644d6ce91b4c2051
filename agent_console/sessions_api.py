"""Signing in and out, the ticket for the sockets, and what the console offers to choose from."""

from aiohttp import web
from pydantic import BaseModel

from agent_console.access import Access
from agent_console.account.gate import Gate, shown
from agent_console.account.messages import SignIn
from agent_console.codes import codes_on
from vouch.accounts.models import Pending, SessionKind
from vouch.accounts.sessions import Sessions
from vouch.clock import Clock, vietnamese_day
from vouch.companies.service import Rulebook
from vouch.database import Database
from vouch.http import answer, read

_PATH = "/api/console/session"


class Ticket(BaseModel):
    """For a socket's handshake, good for a minute."""

    ticket: str


class SessionsApi:
    """Routes under /api/console that need no call."""

    def __init__(
        self, database: Database, clock: Clock, sessions: Sessions, access: Access, rulebook: Rulebook, gate: Gate
    ) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._access = access
        self._rulebook = rulebook
        self._gate = gate

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
        response = web.Response(content_type="application/json", headers={"Cache-Control": "no-store"})
        who = await self._gate.enter(request, response, SessionKind.STAFF, typed.username, typed.password)
        response.text = shown(*who).model_dump_json()
        return response

    async def _me(self, request: web.Request) -> web.StreamResponse:
        owner = await self._gate.owner(request, *Pending, kind=SessionKind.STAFF)
        return answer(shown(owner.account, owner.session))

    async def _sign_out(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=204)
        await self._gate.leave(await self._gate.owner(request, *Pending, kind=SessionKind.STAFF), response)
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
