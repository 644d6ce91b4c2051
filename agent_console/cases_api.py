"""Verifications as supervisors see them, and pictures, which the agent of the call sees too."""

import re

from aiohttp import web
from pydantic import BaseModel

from agent_console.access import REVIEWERS, Access, Member
from agent_console.ports import Cases, Desk, Mark, Subject
from agent_console.queries import instant
from vouch.audit import Tag
from vouch.fields import Note
from vouch.http import answer, jpeg, read
from vouch.problems import Problem, not_found

_ROOT = "/api/console/verifications"
_FILTERS = ("state", "company", "from", "to", "cursor")
_NUMBER = re.compile(r"\+?[0-9 ]+")
_CALL_NUMBER = re.compile(r"[0-9A-Za-z]{4}-[0-9A-Za-z]{4}")


class Listed(BaseModel):
    """How many a page of a search has found."""

    verifications: tuple[object, ...]


class ReviewForm(BaseModel):
    """A supervisor's opinion of a decision."""

    mark: Mark
    note: Note = ""


class CasesApi:
    """Routes under /api/console/verifications."""

    def __init__(self, cases: Cases, desk: Desk, access: Access) -> None:
        self._cases = cases
        self._desk = desk
        self._access = access

    def routes(self) -> list[web.RouteDef]:
        """To be added to the application."""
        return [
            web.get(_ROOT, self._search),
            web.get(_ROOT + "/{verification}", self._case),
            web.get(_ROOT + "/{verification}/pictures/{key}", self._picture),
            web.post(_ROOT + "/{verification}/review", self._review),
        ]

    async def _search(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        query = request.query
        term = query.get("q", "").strip()
        page = await self._cases.search(
            companies=member.companies,
            query=term,
            state=query.get("state") or None,
            company=query.get("company") or None,
            since=instant(request, "from"),
            until=instant(request, "to"),
            cursor=query.get("cursor") or None,
        )
        await self._access.note(
            Tag.SEARCHED,
            member.account,
            company=member.account.company,
            term=_kind(term),
            filters=[name for name in _FILTERS if query.get(name)],
            hits=len(Listed.model_validate(page, from_attributes=True).verifications),
        )
        return answer(page)

    async def _case(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        verification = request.match_info["verification"]
        case = await self._cases.case(verification, member.companies)
        if case is None:
            raise not_found("verification")
        await self._note(Tag.VERIFICATION_SEEN, member, verification)
        return answer(case)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request)
        verification, key = request.match_info["verification"], request.match_info["key"]
        if not (member.reviews or await self._on_desk(member, verification)):
            raise not_found("picture")
        clean = request.query.get("clean") == "1"
        # The agent of a call sees its papers whatever company the verification belongs to: teams work for several.
        companies = member.companies if member.reviews else None
        found = await self._cases.picture(verification, key, clean, companies)
        if found is None:
            raise not_found("picture")
        await self._note(Tag.PICTURE_SEEN, member, verification, key=key, copy="clean" if clean else "stamped")
        return jpeg(found, key)

    async def _review(self, request: web.Request) -> web.StreamResponse:
        member = await self._access.member(request, REVIEWERS)
        form = await read(request, ReviewForm)
        note = form.note.strip()
        if form.mark == "disagree" and not note:
            raise Problem(422, "note_needed", "Say what you would have decided and why.")
        verification = request.match_info["verification"]
        kept = await self._cases.review(verification, member.account.id, form.mark, note, member.companies)
        return answer(kept, 201)

    async def _on_desk(self, member: Member, verification: str) -> bool:
        call = await self._desk.call_of(member.account.id)
        dossier = await self._cases.dossier(call) if call is not None else None
        return (
            dossier is not None and Subject.model_validate(dossier, from_attributes=True).verification == verification
        )

    async def _note(self, tag: Tag, member: Member, verification: str, **more: str) -> None:
        company = await self._cases.owner(verification)
        await self._access.note(tag, member.account, company=company, subject=verification, **more)


def _kind(term: str) -> str:
    """What sort of thing was searched for. The term itself is not kept, nor a hash of it: names, telephone and identity
    numbers are so few that whoever has the log could try them all, and it would be a second register of people.
    """
    if not term:
        return "none"
    if _CALL_NUMBER.fullmatch(term):
        return "call_number"
    return "number" if _NUMBER.fullmatch(term) else "text"
