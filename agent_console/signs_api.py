"""Signs of collusion, for supervisors: those of their own team."""

from aiohttp import web

from agent_console.access import REVIEWERS, Access
from agent_console.ports import Signs
from agent_console.queries import text
from vouch.audit import Tag
from vouch.http import answer


class SignsApi:
    """`GET /api/console/signs`."""

    def __init__(self, signs: Signs, access: Access) -> None:
        self._signs = signs
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [web.get("/api/console/signs", self._page)]

    async def _page(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        found = await self._signs.page(member.companies, text(request, "cursor"))
        await self._access.note_list(Tag.SIGNS_LISTED, member.account)
        return answer(found)
