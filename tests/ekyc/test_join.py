"""Join tokens are good once, and the call page they open belongs to one verification."""

import asyncio
import io
from typing import Any

import pytest
from aiohttp import ClientResponse
from PIL import Image
from sqlalchemy import select

from ekyc import join
from ekyc.consent import CONSENT
from ekyc.models import JoinToken
from tests.ekyc import flows
from tests.ekyc.conftest import Site, new_verification
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import Sessions
from vouch.clock import MINUTE, SECOND
from vouch.database import Database
from vouch.ids import digest
from vouch.keys import Keys
from vouch.problems import Problem
from vouch.settings import Settings

COOKIE = "__Host-vouch-caller"


async def exchange(site: Site, token: str) -> ClientResponse:
    return await site.client.post("/api/call/session", json={"join_token": token})


async def joined(site: Site, files: dict[str, bytes], **options: Any) -> dict[str, Any]:
    """A call page that is open."""
    opened = await flows.opened(site, files, **options)
    response = await exchange(site, opened["join_token"])
    assert response.status == 200
    return dict(await response.json())


class TestTokens:
    async def redeem(self, database: Database, token: str, now: int) -> str:
        async with database.write() as session:
            try:
                return await join.redeem(session, token, now)
            except Problem as problem:
                return problem.code

    async def test_good_once(self, site: Site, files: dict[str, bytes]) -> None:
        opened, now = await flows.opened(site, files), site.clock.now()
        assert await self.redeem(site.database, opened["join_token"], now) == opened["id"]
        assert await self.redeem(site.database, opened["join_token"], now) == "join_token_invalid"

    async def test_of_several_at_once_one_gets_in(self, site: Site, files: dict[str, bytes]) -> None:
        opened, now = await flows.opened(site, files), site.clock.now()
        tries = [self.redeem(site.database, opened["join_token"], now) for _ in range(5)]
        assert sorted(await asyncio.gather(*tries)) == sorted([opened["id"], *["join_token_invalid"] * 4])

    @flows.ON_SQLITE
    async def test_good_until_its_time(self, site: Site, files: dict[str, bytes], settings: Settings) -> None:
        opened = await flows.opened(site, files)
        expires_at = site.clock.now() + settings.join_token_s * SECOND
        assert await self.redeem(site.database, opened["join_token"], expires_at) == "join_token_invalid"
        assert await self.redeem(site.database, opened["join_token"], expires_at - 1) == opened["id"]

    @flows.ON_SQLITE
    async def test_only_its_digest_is_kept(self, site: Site, files: dict[str, bytes]) -> None:
        opened = await flows.opened(site, files)
        async with site.database.read() as session:
            rows = (await session.scalars(select(JoinToken))).all()
        assert [(row.digest, row.used_at) for row in rows] == [(digest(opened["join_token"]), None)]

    @flows.ON_SQLITE
    async def test_an_unknown_one_opens_nothing(self, site: Site) -> None:
        for token in ("", "nobody's"):
            response = await exchange(site, token)
            assert (response.status, await flows.code_of(response)) == (401, "join_token_invalid")
            assert COOKIE not in response.cookies


class TestPage:
    async def test_the_token_buys_a_cookie_and_the_page(self, site: Site, files: dict[str, bytes]) -> None:
        opened = await flows.opened(site, files)
        response = await exchange(site, opened["join_token"])
        page = await response.json()
        cookie = response.cookies[COOKIE]
        assert cookie["secure"]
        assert cookie["httponly"]
        assert int(cookie["max-age"]) == 4 * 3600
        assert response.headers["Cache-Control"] == "no-store"
        csrf = page.pop("csrf")
        assert len(csrf) >= 32
        assert page == {
            "verification": opened["id"],
            "state": "created",
            "decision": "required",
            "channel": "dealer",
            "customer": {"full_name": "Nguyễn Thị Hoà", "msisdn": "84901234567"},
            "pictures": ["id_front", "id_back", "portrait"],
            "consent": {"version": CONSENT.version, "text": {"vi": CONSENT.vi, "en": CONSENT.en}},
            "consented": False,
            "can_call": True,
            "last_outcome": None,
            "result": None,
            "opening": {
                "hours": [
                    {"weekday": day, "since": since, "until": until}
                    for day in range(1, 7)
                    for since, until in (("08:00", "12:00"), ("13:00", "17:00"))
                ],
                "opens_at": None,
            },
        }

    @flows.ON_SQLITE
    async def test_a_reload_resumes(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        assert await (await site.client.get("/api/call/session")).json() == page

    @flows.ON_SQLITE
    async def test_the_page_that_sends_its_token_twice_is_in_already(self, site: Site, files: dict[str, bytes]) -> None:
        opened = await flows.opened(site, files)
        first = await (await exchange(site, opened["join_token"])).json()
        assert await (await exchange(site, opened["join_token"])).json() == first
        site.client.session.cookie_jar.clear()
        assert (await exchange(site, opened["join_token"])).status == 401

    @flows.ON_SQLITE
    async def test_a_used_token_of_another_verification_changes_nothing(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        other = await flows.opened(site, files, key="other")
        await exchange(site, other["join_token"])
        page = await joined(site, files)
        assert (await exchange(site, other["join_token"])).status == 401
        assert (await (await site.client.get("/api/call/session")).json())["verification"] == page["verification"]

    @flows.ON_SQLITE
    async def test_it_ends_with_its_cookies_time(self, site: Site, files: dict[str, bytes], settings: Settings) -> None:
        await joined(site, files)
        site.clock.advance(settings.call_session_s * SECOND)
        response = await site.client.get("/api/call/session")
        assert (response.status, await flows.code_of(response)) == (401, "not_signed_in")

    @flows.ON_SQLITE
    @pytest.mark.parametrize(
        ("change", "state", "can_call"),
        [
            ({"state": "in_call"}, "in_call", True),
            ({"state": "rejected"}, "rejected", True),
            ({"state": "unable_to_verify"}, "unable_to_verify", True),
            ({"state": "confirmed"}, "confirmed", False),
            ({"expires_at": 1}, "expired", False),
            ({"state": "in_call", "expires_at": 1}, "in_call", False),
            ({"decision": "not_possible"}, "created", False),
        ],
    )
    async def test_it_says_whether_a_call_can_be_made(
        self, site: Site, files: dict[str, bytes], change: dict[str, Any], state: str, can_call: bool
    ) -> None:
        page = await joined(site, files)
        await flows.set_verification(site.database, page["verification"], **change)
        now = await (await site.client.get("/api/call/session")).json()
        assert (now["state"], now["can_call"]) == (state, can_call)

    async def test_it_says_how_the_last_call_ended_and_nothing_of_fraud(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        page = await joined(site, files)
        for attempt, outcome in ((1, "no_agent"), (2, "rejected")):
            at = site.clock.advance(MINUTE)
            await flows.add_call(site.database, page["verification"], attempt, at, outcome=outcome)
        await flows.set_verification(
            site.database, page["verification"], state="rejected", fraud=True, consent_version=CONSENT.version
        )
        now = await (await site.client.get("/api/call/session")).json()
        assert now["last_outcome"] == "rejected"
        assert now["consented"]
        assert "fraud" not in now

    @flows.ON_SQLITE
    async def test_an_older_consent_is_asked_for_again(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        await flows.set_verification(site.database, page["verification"], consent_version="2020-01-01")
        assert not (await (await site.client.get("/api/call/session")).json())["consented"]

    @flows.ON_SQLITE
    async def test_the_papers_are_shown_small(self, site: Site, files: dict[str, bytes]) -> None:
        await joined(site, files)
        for kind in files:
            response = await site.client.get(f"/api/call/pictures/{kind}")
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Content-Disposition"] == f'inline; filename="{kind}.jpg"'
            assert max(Image.open(io.BytesIO(await response.read())).size) <= 640
        for kind in ("snapshot", "agent", "nonsense"):
            assert (await site.client.get(f"/api/call/pictures/{kind}")).status == 404

    @flows.ON_SQLITE
    async def test_only_what_there_is_is_shown(self, site: Site, files: dict[str, bytes]) -> None:
        passport = new_verification(customer={"id_type": "foreign_passport"})
        page = await joined(site, {kind: files[kind] for kind in ("id_front", "portrait")}, data=passport)
        assert page["pictures"] == ["id_front", "portrait"]
        assert (await site.client.get("/api/call/pictures/id_back")).status == 404

    @flows.ON_SQLITE
    async def test_nothing_is_shown_without_the_cookie(self, site: Site) -> None:
        for method, path in (
            ("GET", "/api/call/session"),
            ("DELETE", "/api/call/session"),
            ("POST", "/api/call/ticket"),
            ("GET", "/api/call/pictures/portrait"),
        ):
            response = await site.client.request(method, path)
            assert (response.status, await flows.code_of(response)) == (401, "not_signed_in")


@flows.ON_SQLITE
class TestTicket:
    async def test_a_ticket_opens_the_socket_of_this_verification(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        response = await site.client.post("/api/call/ticket", headers={"X-Vouch-CSRF": page["csrf"]})
        ticket = (await response.json())["ticket"]
        sessions = Sessions(site.database, site.clock, Keys(b"k" * 32), embedded=False)
        visitor = await sessions.redeem(ticket, SessionKind.CALLER)
        assert visitor is not None
        assert visitor.session.verification == page["verification"]
        assert await sessions.redeem(ticket, SessionKind.STAFF) is None

    @pytest.mark.parametrize("csrf", [{}, {"X-Vouch-CSRF": "guess"}])
    async def test_none_without_the_sessions_token(
        self, site: Site, files: dict[str, bytes], csrf: dict[str, str]
    ) -> None:
        await joined(site, files)
        response = await site.client.post("/api/call/ticket", headers=csrf)
        assert (response.status, await flows.code_of(response)) == (403, "bad_csrf_token")
