"""The dealer behind the screen: his account, his company's token, his shift."""

import io
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientResponse
from sqlalchemy import select

from ekyc.models import State
from tests.ekyc import flows
from tests.ekyc.conftest import PASSWORD, Site
from vouch.accounts.models import Role
from vouch.accounts.service import Accounts, NewAccount
from vouch.audit import AuditEntry, Tag
from vouch.clock import SECOND
from vouch.problems import Problem
from vouch.settings import Settings

DEALER_COOKIE, CALLER_COOKIE = "__Host-vouch-dealer", "__Host-vouch-caller"
DEVICE_COOKIE = "__Host-vouch-device"
DRAWN = "kxmq-7wtr-9hvd-2pzn"


async def config(site: Site) -> dict[str, Any]:
    return dict(await (await site.client.get("/api/ekyc/config")).json())


@flows.ON_SQLITE
class TestMsale:
    async def test_where_msale_is_down_the_dealer_is_signed_in_all_the_same(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        draft = await flows.draft(site, files)
        site.msale.reachable = False
        response = await flows.call(site, draft)
        assert (response.status, await flows.code_of(response)) == (503, "msale_unreachable")
        assert (await config(site))["dealer"] is not None
        site.msale.reachable = True
        assert (await flows.call(site, draft)).status == 201

    async def test_a_token_that_is_none_of_ours(self, site: Site, files: dict[str, bytes]) -> None:
        site.msale.tokens["CTKV1"] = "nobody's"
        response = await flows.call(site, await flows.draft(site, files))
        assert await flows.code_of(response) == "bad_token"

    async def test_a_token_never_reaches_the_browser(self, site: Site, files: dict[str, bytes]) -> None:
        response = await flows.call(site, await flows.draft(site, files))
        page = await site.client.get("/api/call/session")
        for seen in (response, page):
            everything = await seen.text() + str(seen.headers) + str(seen.cookies)
            assert not any(secret in everything for secret in site.seed.tokens.values())


@flows.ON_SQLITE
class TestDealer:
    async def signed_in(self, site: Site, files: dict[str, bytes]) -> dict[str, str]:
        """Headers of a dealer whose first call is made."""
        assert (await flows.call(site, await flows.draft(site, files))).status == 201
        return {"X-Vouch-CSRF": (await config(site))["dealer"]["csrf"]}

    async def test_he_is_remembered_for_the_shift(
        self, site: Site, files: dict[str, bytes], settings: Settings
    ) -> None:
        headers = await self.signed_in(site, files)
        dealer = (await config(site))["dealer"]
        assert dealer == {
            "username": "dealer1",
            "full_name": "Họ Tên dealer1",
            "shop": "S-CTKV1",
            "company": "CTKV1",
            "csrf": headers["X-Vouch-CSRF"],
        }
        for _ in range(2):
            response = await flows.call(site, await flows.draft(site, files))
            assert response.status == 201
            assert set(response.cookies) == {CALLER_COOKIE}
        site.clock.advance(settings.shift_s * SECOND)
        assert (await config(site))["dealer"] is None

    async def test_another_dealer_at_the_same_browser_needs_their_own_password_and_form(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        await self.signed_in(site, files)
        draft = await flows.draft(site, files)
        assert (await flows.sign_in(site, "dealer4", "wrong")).status == 401
        assert (await config(site))["dealer"]["username"] == "dealer1"
        response = await flows.sign_in(site, "dealer4")
        assert set(response.cookies) == {DEALER_COOKIE, DEVICE_COOKIE}
        assert (await response.json()) == (await config(site))["dealer"]
        assert (await config(site))["dealer"]["username"] == "dealer4"
        refused = await flows.call(site, draft), await self.check(site, draft), await self.scan(site, draft, files)
        for asked in refused:
            assert (asked.status, await flows.code_of(asked)) == (404, "not_found")
        assert (await flows.call(site, await flows.draft(site, files))).status == 201
        assert site.msale.asked[-1] == ("dealer4", "S-CTKV4", "CTKV4")

    async def test_nobody_signed_in_uploads_nothing(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {})
        site.client.session.cookie_jar.clear()
        for asked in await self.everything(site, draft, files, {}):
            assert (asked.status, await flows.code_of(asked)) == (401, "dealer_needed")
        assert site.stored_blobs() == 0

    async def test_what_changes_anything_needs_the_sessions_token(self, site: Site, files: dict[str, bytes]) -> None:
        await self.signed_in(site, files)
        draft = await flows.draft(site, {})
        for asked in await self.everything(site, draft, files, {"X-Vouch-CSRF": "guess"}):
            assert (asked.status, await flows.code_of(asked)) == (403, "bad_csrf_token")

    async def everything(
        self, site: Site, draft: str, files: dict[str, bytes], headers: dict[str, str]
    ) -> list[ClientResponse]:
        """Whatever a draft can be asked for, and a new one."""
        one, client = f"/api/ekyc/drafts/{draft}", site.client
        typed = dict.fromkeys(("full_name", "id_number", "date_of_birth"), "")
        return [
            await client.post("/api/ekyc/drafts", headers=headers),
            await client.put(f"{one}/pictures/portrait", data=io.BytesIO(files["portrait"]), headers=headers),
            await client.post(f"{one}/check", json=typed, headers=headers),
            await client.post(f"{one}/call", json=flows.dealer_form(), headers=headers),
        ]

    async def check(self, site: Site, draft: str) -> ClientResponse:
        typed = dict.fromkeys(("full_name", "id_number", "date_of_birth"), "")
        return await site.client.post(f"/api/ekyc/drafts/{draft}/check", json=typed, headers=await flows.csrf(site))

    async def scan(self, site: Site, draft: str, files: dict[str, bytes]) -> ClientResponse:
        path, headers = f"/api/ekyc/drafts/{draft}/pictures/portrait", await flows.csrf(site)
        return await site.client.put(path, data=io.BytesIO(files["portrait"]), headers=headers)

    @pytest.mark.parametrize(("name", "password"), [("dealer1", "wrong"), ("nobody", PASSWORD), ("agent1", PASSWORD)])
    async def test_only_a_dealer_with_the_right_password_signs_in(self, site: Site, name: str, password: str) -> None:
        response = await flows.sign_in(site, name, password)
        assert (response.status, await flows.code_of(response)) == (401, "wrong_password")
        assert not response.cookies

    async def test_a_password_that_a_command_drew_is_changed_first_on_the_page_that_is_named(self, site: Site) -> None:
        accounts = Accounts(site.database, site.clock)
        await accounts.set_password("dealer1", DRAWN, drawn=True)
        response = await flows.sign_in(site, "dealer1", DRAWN)
        told = await response.json()
        assert (response.status, told["code"], told["page"]) == (403, "password_must_change", "/account")
        assert not response.cookies
        assert (await config(site))["dealer"] is None

    async def test_their_browser_is_known_while_strangers_guess(self, site: Site) -> None:
        assert DEVICE_COOKIE in (await flows.sign_in(site)).cookies
        accounts, dealers = Accounts(site.database, site.clock), frozenset({Role.DEALER})
        for _ in range(11):  # a stranger in the same network, behind the same address
            with suppress(Problem):
                await accounts.sign_in("dealer1", "wrong", "127.0.0.1", dealers)
        with pytest.raises(Problem, match="Too many wrong tries"):
            await accounts.sign_in("dealer1", PASSWORD, "127.0.0.1", dealers)
        assert (await flows.sign_in(site)).status == 200

    async def test_a_dealer_without_a_company(self, site: Site, files: dict[str, bytes]) -> None:
        accounts = Accounts(site.database, site.clock)
        await accounts.add(NewAccount("free", "Free", Role.DEALER, PASSWORD))
        response = await flows.call(site, await flows.draft(site, files, "free"))
        assert (response.status, await flows.code_of(response)) == (403, "dealer_without_company")

    async def test_he_signs_out(self, site: Site, files: dict[str, bytes]) -> None:
        headers = await self.signed_in(site, files)
        assert (await site.client.delete("/api/ekyc/dealer")).status == 403
        assert (await site.client.delete("/api/ekyc/dealer", headers=headers)).status == 204
        assert (await config(site))["dealer"] is None
        assert (await site.client.delete("/api/ekyc/dealer", headers=headers)).status == 401

    async def test_that_they_came_and_went_and_were_refused_is_in_the_audit_log(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        headers = await self.signed_in(site, files)
        await site.client.delete("/api/ekyc/dealer", headers=headers)
        for _ in range(3):
            await flows.sign_in(site, "dealer1", "not theirs")
        async with site.database.read() as session:
            of_sessions = select(AuditEntry).where(AuditEntry.tag.contains(":session:")).order_by(AuditEntry.id)
            rows = (await session.scalars(of_sessions)).all()
        found = await Accounts(site.database, site.clock).find("dealer1")
        assert found is not None
        assert [(row.tag, row.account or row.subject, row.company) for row in rows] == [
            (Tag.DEALER_SIGNED_IN, found.id, "CTKV1"),
            (Tag.DEALER_SIGNED_OUT, found.id, "CTKV1"),
            (Tag.DEALER_SIGN_IN_FAILED, found.id, "CTKV1"),
        ]

    async def test_with_their_shift_the_last_customers_page_ends(self, site: Site, files: dict[str, bytes]) -> None:
        for state, status in ((State.IN_CALL, 200), (State.CREATED, 401)):
            headers = await self.signed_in(site, files)
            verification = (await (await site.client.get("/api/call/session")).json())["verification"]
            await flows.set_verification(site.database, verification, state=state)
            assert (await site.client.delete("/api/ekyc/dealer", headers=headers)).status == 204
            assert (await site.client.get("/api/call/session")).status == status
