"""What was recorded of a call, for supervisors: the list, the recordings for a player, and as they were stored."""

from aiohttp import web

from agent_console.access import REVIEWERS, Access
from agent_console.ports import Recordings, Subject
from agent_console.ranges import part_of
from vouch.accounts.models import Account
from vouch.audit import Tag
from vouch.clock import MINUTE, Clock
from vouch.http import answer
from vouch.problems import not_found

_ROOT = "/api/console/calls/{call}/recordings"
_ONE_PLAY = 10 * MINUTE
"""A player asks for a recording in many parts: within this time they are one line of the audit log."""
_MOST_NOTED = 10_000


class RecordingsApi:
    """Routes under /api/console/calls/{call}/recordings."""

    def __init__(self, recordings: Recordings, access: Access, clock: Clock) -> None:
        self._recordings = recordings
        self._access = access
        self._clock = clock
        self._noted: dict[tuple[str, ...], int] = {}
        """Who plays what, and when that was written down."""

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.get(_ROOT, self._list),
            web.get(_ROOT + r"/{leg:customer|agent}/{media:\d{1,9}}", self._play),
        ]

    async def _list(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        call = request.match_info["call"]
        found = await self._recordings.of_call(call, member.companies)
        if found is None:
            raise not_found("call")
        subject = Subject.model_validate(found, from_attributes=True)
        await self._access.note(
            Tag.VERIFICATION_SEEN, member.account, company=subject.company, subject=subject.verification, call=call
        )
        return answer(found)

    async def _play(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        call, leg, media = (request.match_info[name] for name in ("call", "leg", "media"))
        original = request.query.get("original") == "1"
        found = await self._recordings.playable(call, leg, int(media), member.companies, original)
        if found is None:
            raise not_found("recording")
        subject = Subject(verification=found.verification, company=found.company)
        copy = "original" if original else "seekable"
        await self._note(member.account, subject, call=call, leg=leg, media=media, copy=copy)
        headers = {"Content-Type": "video/webm"}
        if original:
            headers["Content-Disposition"] = f'attachment; filename="{found.name}"'
        return part_of(request, found, headers)

    async def _note(self, account: Account, subject: Subject, **played: str) -> None:
        now, name = self._clock.now(), (account.id, *played.values())
        if now - self._noted.get(name, now - _ONE_PLAY) < _ONE_PLAY:
            return
        await self._access.note(
            Tag.RECORDING_PLAYED, account, company=subject.company, subject=subject.verification, **played
        )
        if len(self._noted) >= _MOST_NOTED:
            self._noted.clear()
        self._noted[name] = now
