"""An agent's own calls: the dossier of the one on his desk, and today's list."""

from aiohttp import web

from agent_console.access import AGENTS, Access
from agent_console.ports import Cases, Desk, Subject
from vouch.audit import Tag
from vouch.clock import Clock, start_of_day
from vouch.http import answer
from vouch.problems import Problem, not_found


class CallsApi:
    """Routes under /api/console/calls."""

    def __init__(self, clock: Clock, cases: Cases, desk: Desk, access: Access) -> None:
        self._clock = clock
        self._cases = cases
        self._desk = desk
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.get("/api/console/calls", self._today),
            web.get("/api/console/calls/{call}", self._dossier),
        ]

    async def _today(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, AGENTS)
        if request.query.get("day", "today") != "today":
            raise Problem(422, "invalid_query", "An agent's list is that of today: leave `day` out or say `today`.")
        since = start_of_day(self._clock.now())
        calls = await self._cases.calls_of(member.account.id, since, request.query.get("cursor") or None)
        await self._access.note_list(Tag.CALLS_LISTED, member.account)
        return answer(calls)

    async def _dossier(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, AGENTS)
        call = request.match_info["call"]
        dossier = await self._cases.dossier(call) if await self._desk.may_read(member.account.id, call) else None
        if dossier is None:
            raise not_found("call")
        subject = Subject.model_validate(dossier, from_attributes=True)
        await self._access.note(
            Tag.VERIFICATION_SEEN, member.account, company=subject.company, subject=subject.verification, call=call
        )
        return answer(dossier)
