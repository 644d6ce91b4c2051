"""Why a call reached whom it reached, and why an agent got the calls that he got: for supervisors."""

from aiohttp import web

from agent_console.access import REVIEWERS, Access
from agent_console.ports import Explanations, Subject, Team
from vouch.audit import Tag
from vouch.http import answer
from vouch.problems import not_found


class ExplanationsApi:
    """Explanations under /api/console/calls and /api/console/agents."""

    def __init__(self, explanations: Explanations, access: Access) -> None:
        self._explanations = explanations
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.get("/api/console/calls/{call}/explanation", self._call),
            web.get("/api/console/agents/{agent}/explanation", self._agent),
        ]

    async def _call(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        call = request.match_info["call"]
        told = await self._explanations.of_call(call, member.companies)
        if told is None:
            raise not_found("call")
        subject = Subject.model_validate(told, from_attributes=True)
        await self._access.note(
            Tag.EXPLANATION_SEEN, member.account, company=subject.company, subject=subject.verification, call=call
        )
        return answer(told)

    async def _agent(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        agent, day = request.match_info["agent"], request.query.get("day") or None
        told = await self._explanations.of_agent(agent, day, member.companies)
        if told is None:
            raise not_found("agent")
        team = Team.model_validate(told, from_attributes=True).team
        await self._access.note(Tag.EXPLANATION_SEEN, member.account, company=team, subject=agent, day=day or "today")
        return answer(told)
