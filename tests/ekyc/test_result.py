"""A page that has its result shows nothing of the customer any more, and older links open nothing."""

import asyncio
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar
from sqlalchemy import select

from ekyc.models import PAPERS, Picture, State, VerdictRecord
from tests.ekyc import flows
from tests.ekyc.conftest import Client, Site
from vouch.accounts.models import SessionKind
from vouch.accounts.sessions import Sessions
from vouch.clock import MINUTE, SECOND
from vouch.ids import new_id
from vouch.keys import Keys

COOKIE = "__Host-vouch-caller"


async def exchange(client: Client | ClientSession, token: str) -> ClientResponse:
    return await client.post("/api/call/session", json={"join_token": token})


async def joined(site: Site, files: dict[str, bytes], **options: Any) -> dict[str, Any]:
    """A call page that is open."""
    opened = await flows.opened(site, files, **options)
    response = await exchange(site.client, opened["join_token"])
    assert response.status == 200
    return dict(await response.json())


async def page_of(client: Client) -> dict[str, Any]:
    return dict(await (await client.get("/api/call/session")).json())


async def picture_statuses(client: Client) -> set[int]:
    return {(await client.get(f"/api/call/pictures/{kind}")).status for kind in PAPERS}


async def decide(site: Site, verification: str, verdict: str, *, late: bool = False) -> int:
    """The call CALL-1 that ended with a verdict, as the shell leaves it; gives when it was decided."""
    at = site.clock.advance(MINUTE)
    outcome = "connection_lost" if late else verdict
    call = await flows.add_call(site.database, verification, 1, at, outcome=outcome, ended_at=at)
    async with site.database.write() as session:
        session.add(
            VerdictRecord(
                id=new_id(),
                verification=verification,
                call=call,
                verdict=verdict,
                reason=None if verdict == "confirmed" else "face_differs",
                note="secret note",
                fraud=True,
                late=late,
                agent="agent",
                pressed_at=at,
                decided_at=at + SECOND,
                picture=(await session.scalars(select(Picture.id).limit(1))).one(),
                checks={},
            )
        )
    await flows.set_verification(site.database, verification, state=verdict, decided_at=at + SECOND)
    site.clock.advance(2 * SECOND)
    return at + SECOND


def other_browser(site: Site) -> ClientSession:
    """A browser of its own at the same site."""
    origin = site.client.server.make_url("/")
    return ClientSession(origin, cookie_jar=CookieJar(unsafe=True, treat_as_secure_origin=origin))


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("verdict", "reason"), [("confirmed", None), ("rejected", "face_differs"), ("unable_to_verify", "face_differs")]
)
async def test_with_the_result_outcome_reason_reference_and_time_stay_and_all_else_goes(
    site: Site,
    files: dict[str, bytes],
    verdict: str,
    reason: str | None,
    late: bool,
) -> None:
    before = await joined(site, files)
    assert await picture_statuses(site.client) == {200}
    at = await decide(site, before["verification"], verdict, late=late)
    response = await site.client.get("/api/call/session")
    page, text = await response.json(), await response.text()
    assert page["result"] == {"outcome": verdict, "reason": reason, "reference": "CALL-1", "at": at}
    assert (page["customer"], page["pictures"]) == (None, [])
    assert await picture_statuses(site.client) == {404}
    for secret in (*before["customer"].values(), "001099012345", "secret note", "fraud"):
        assert secret not in text


@flows.ON_SQLITE
async def test_a_call_from_that_page_does_not_bring_them_back_and_a_fresh_link_does(
    site: Site, files: dict[str, bytes]
) -> None:
    before = await joined(site, files)
    verification = before["verification"]
    await decide(site, verification, "rejected")
    await flows.set_verification(site.database, verification, state=State.IN_CALL)
    assert (await page_of(site.client))["customer"] is None
    assert await picture_statuses(site.client) == {404}
    await flows.set_verification(site.database, verification, state="rejected")
    fresh = await site.client.post(f"/api/v1/verifications/{verification}/join", headers=site.bearer())
    page = await (await exchange(site.client, (await fresh.json())["join_token"])).json()
    assert (page["customer"], page["pictures"]) == (before["customer"], before["pictures"])
    assert page["result"]["outcome"] == "rejected"
    assert await picture_statuses(site.client) == {200}


@flows.ON_SQLITE
async def test_a_call_without_a_verdict_takes_nothing_away_until_no_call_can_be_made(
    site: Site, files: dict[str, bytes]
) -> None:
    before = await joined(site, files)
    at = site.clock.advance(MINUTE)
    await flows.add_call(site.database, before["verification"], 1, at, outcome="no_agent", ended_at=at)
    page = await page_of(site.client)
    assert page["customer"] == before["customer"]
    assert page["result"] == {"outcome": "no_agent", "reason": None, "reference": "CALL-1", "at": at}
    await flows.set_verification(site.database, before["verification"], expires_at=site.clock.now())
    page = await page_of(site.client)
    assert (page["state"], page["customer"], page["pictures"]) == ("expired", None, [])
    assert await picture_statuses(site.client) == {404}


class TestLinks:
    async def rejoin(self, site: Site, verification: str) -> str:
        response = await site.client.post(f"/api/v1/verifications/{verification}/join", headers=site.bearer())
        assert response.status == 201
        return str((await response.json())["join_token"])

    async def test_a_fresh_link_ends_the_earlier_ones_and_their_pages(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        opened = await flows.opened(site, files)
        other = await flows.opened(site, files, key="other")
        second = await self.rejoin(site, opened["id"])
        refused = await exchange(site.client, opened["join_token"])
        assert (refused.status, await flows.code_of(refused)) == (401, "join_token_invalid")
        assert (await exchange(site.client, second)).status == 200
        async with other_browser(site) as bystander:
            assert (await exchange(bystander, other["join_token"])).status == 200
            third = await self.rejoin(site, opened["id"])
            gone = await site.client.get("/api/call/session")
            assert (gone.status, await flows.code_of(gone)) == (401, "not_signed_in")
            assert await picture_statuses(site.client) == {401}
            assert (await bystander.get("/api/call/session")).status == 200
        assert (await exchange(site.client, third)).status == 200

    async def test_the_same_request_sent_again_is_a_fresh_link_too(self, site: Site, files: dict[str, bytes]) -> None:
        first = await flows.opened(site, files)
        again = await flows.opened(site, files)
        assert again["id"] == first["id"]
        assert (await exchange(site.client, first["join_token"])).status == 401
        assert (await exchange(site.client, again["join_token"])).status == 200

    @flows.ON_SQLITE
    async def test_a_page_whose_call_lives_stays(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        await flows.set_verification(site.database, page["verification"], state=State.IN_CALL)
        await self.rejoin(site, page["verification"])
        assert (await page_of(site.client))["customer"] == page["customer"]

    async def test_of_several_asked_for_at_once_none_outlives_the_next(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        opened = await flows.opened(site, files)
        links = await asyncio.gather(*(self.rejoin(site, opened["id"]) for _ in range(4)))
        last = await self.rejoin(site, opened["id"])
        assert [(await exchange(site.client, link)).status for link in links] == [401] * 4
        assert (await exchange(site.client, last)).status == 200


@flows.ON_SQLITE
class TestSignOut:
    async def test_cookie_session_and_ticket_go(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        headers = {"X-Vouch-CSRF": page["csrf"]}
        ticket = (await (await site.client.post("/api/call/ticket", headers=headers)).json())["ticket"]
        refused = await site.client.delete("/api/call/session")
        assert (refused.status, await flows.code_of(refused)) == (403, "bad_csrf_token")
        response = await site.client.delete("/api/call/session", headers=headers)
        assert response.status == 204
        assert int(response.cookies[COOKIE]["max-age"]) == 0
        assert (await site.client.get("/api/call/session")).status == 401
        sessions = Sessions(site.database, site.clock, Keys(b"k" * 32), embedded=False)
        assert await sessions.redeem(ticket, SessionKind.CALLER) is None

    async def test_its_sockets_are_named_to_be_closed(self, site: Site, files: dict[str, bytes]) -> None:
        page = await joined(site, files)
        assert site.signed_out == []
        await site.client.delete("/api/call/session", headers={"X-Vouch-CSRF": page["csrf"]})
        assert len(site.signed_out) == 1
