"""The dealer's screen, as its page meets it: drafts, pictures, comparison, [Call]."""

import asyncio
import hashlib
import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from ekyc.consent import CONSENT
from ekyc.drafts import LIFETIME
from ekyc.models import Channel, CompanyRule, DraftPicture, Picture, Verification
from tests.ekyc import flows, papers
from tests.ekyc.conftest import Site
from vouch.clock import SECOND
from vouch.ids import digest, new_id
from vouch.settings import Settings

CALLER_COOKIE = "__Host-vouch-caller"


async def config(site: Site) -> dict[str, Any]:
    return dict(await (await site.client.get("/api/ekyc/config")).json())


async def only_verification(site: Site) -> Verification:
    async with site.database.read() as session:
        return (await session.scalars(select(Verification))).one()


async def scan(site: Site, draft: str, kind: str, data: bytes, source: str = "camera") -> Any:
    headers = await flows.csrf(site)
    path = f"/api/ekyc/drafts/{draft}/pictures/{kind}?source={source}"
    return await site.client.put(path, data=io.BytesIO(data), headers=headers)


class TestConfig:
    @flows.ON_SQLITE
    async def test_the_form_is_offered_what_the_tables_hold(self, site: Site) -> None:
        offered = await config(site)
        sub_types = offered.pop("sub_types")
        assert {"code": "MC", "name": "MOBICARD"} in sub_types
        assert [row["code"] for row in sub_types] == sorted(row["code"] for row in sub_types)
        assert len(sub_types) == 27
        assert offered == {
            "files": True,
            "consent": {"version": CONSENT.version, "text": {"vi": CONSENT.vi, "en": CONSENT.en}},
            "id_types": [
                "chip_card",
                "card_without_chip",
                "e_identity",
                "foreign_passport",
                "undetermined_nationality",
            ],
            "customer_types": ["individual", "enterprise_vi2", "enterprise"],
            "payments": ["prepaid", "postpaid"],
            "dealer": None,
        }


class TestDrafts:
    async def test_a_paper_is_taken_in(self, site: Site) -> None:
        draft = await flows.draft(site, {})
        response = await scan(site, draft, "id_front", papers.encoded(papers.card(width=800)), "file")
        answer = await response.json()
        async with site.database.read() as session:
            row = (await session.scalars(select(DraftPicture))).one()
        assert answer == {
            "kind": "id_front",
            "width": 800,
            "height": 505,
            "sha256": row.sha256,
            "warnings": ["low_resolution"],
        }
        assert (row.draft, row.source, row.code) == (digest(draft), "file", papers.CARD_CODE)

    async def test_scanning_again_replaces(self, site: Site) -> None:
        draft = await flows.draft(site, {})
        for width in (1000, 1100):
            await scan(site, draft, "id_front", papers.encoded(papers.card(width=width)))
        async with site.database.read() as session:
            assert (await session.scalars(select(DraftPicture.width))).all() == [1100]
        assert site.stored_blobs() == 1

    async def test_scanning_the_same_paper_twice_at_once_keeps_one(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {})
        answers = await asyncio.gather(*(scan(site, draft, "portrait", files["portrait"]) for _ in range(3)))
        assert {answer.status for answer in answers} == {200}
        async with site.database.read() as session:
            assert (await session.execute(select(func.count()).select_from(DraftPicture))).scalar_one() == 1
        assert site.stored_blobs() == 1

    @flows.ON_SQLITE
    @pytest.mark.parametrize(
        ("data", "status", "code"),
        [
            (b"", 422, "picture_missing"),
            (b"no picture", 422, "picture_broken"),
            (papers.encoded(Image.new("RGB", (199, 300))), 422, "picture_too_small"),
            (b"\0" * ((8 << 20) + 1), 413, "picture_too_large"),
        ],
        ids=["missing", "broken", "small", "large"],
    )
    async def test_a_picture_that_cannot_be_taken(self, site: Site, data: bytes, status: int, code: str) -> None:
        response = await scan(site, await flows.draft(site, {}), "portrait", data)
        assert (response.status, await flows.code_of(response)) == (status, code)
        assert site.stored_blobs() == 0

    @flows.ON_SQLITE
    async def test_other_kinds_and_sources_are_refused(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {})
        assert (await scan(site, draft, "snapshot", files["portrait"])).status == 404
        response = await scan(site, draft, "portrait", files["portrait"], "dream")
        assert await flows.code_of(response) == "invalid_source"

    @flows.ON_SQLITE
    async def test_an_unknown_draft_is_refused_before_its_picture_is_read(self, site: Site) -> None:
        for path, method in (("pictures/portrait", "PUT"), ("check", "POST"), ("call", "POST")):
            body = (
                flows.dealer_form()
                if path == "call"
                else dict.fromkeys(("full_name", "id_number", "date_of_birth"), "")
            )
            headers = await flows.csrf(site)
            response = await site.client.request(method, f"/api/ekyc/drafts/unknown/{path}", json=body, headers=headers)
            assert (response.status, await flows.code_of(response)) == (404, "not_found")

    @flows.ON_SQLITE
    async def test_a_draft_lives_an_hour(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {})
        site.clock.advance(LIFETIME - 1)
        assert (await scan(site, draft, "portrait", files["portrait"])).status == 200
        site.clock.advance(1)
        assert (await scan(site, draft, "portrait", files["portrait"])).status == 404


class TestFilesNotAllowed:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"ekyc_files": False})

    @flows.ON_SQLITE
    async def test_where_files_are_off_the_camera_alone_counts(self, site: Site, files: dict[str, bytes]) -> None:
        assert not (await config(site))["files"]
        draft = await flows.draft(site, {})
        response = await scan(site, draft, "portrait", files["portrait"], "file")
        assert (response.status, await flows.code_of(response)) == (403, "file_not_allowed")
        assert (await scan(site, draft, "portrait", files["portrait"])).status == 200


@flows.ON_SQLITE
class TestCheck:
    async def check(self, site: Site, draft: str, **changes: str) -> dict[str, tuple[str | None, str]]:
        typed = {"full_name": "nguyễn thị hoà", "id_number": "001099012345", "date_of_birth": "1999-03-05", **changes}
        headers = await flows.csrf(site)
        response = await site.client.post(f"/api/ekyc/drafts/{draft}/check", json=typed, headers=headers)
        assert response.status == 200
        fields = (await response.json())["fields"]
        assert all(field["typed"] == typed[field["field"]] for field in fields)
        return {field["field"]: (field["read"], field["result"]) for field in fields}

    async def test_what_was_typed_is_compared_with_the_cards_code(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        assert await self.check(site, draft, id_number="001099012346", date_of_birth="") == {
            "full_name": ("Nguyễn Thị Hòa", "match"),
            "id_number": ("001099012345", "differs"),
            "date_of_birth": ("1999-03-05", "differs"),
        }

    async def test_a_code_on_the_back_serves_too(self, site: Site) -> None:
        sides = {"id_front": papers.encoded(papers.card(code=None)), "id_back": papers.encoded(papers.card())}
        draft = await flows.draft(site, sides)
        assert (await self.check(site, draft))["id_number"] == ("001099012345", "match")

    async def test_what_cannot_be_read_is_not_assessed(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {"id_front": files["portrait"]})
        assert set((await self.check(site, draft)).values()) == {(None, "not_assessed")}


class TestCall:
    async def test_a_dealer_opens_a_verification(self, site: Site, files: dict[str, bytes], settings: Settings) -> None:
        draft = await flows.draft(site, files)
        response = await flows.call(site, draft)
        answer = await response.json()
        assert response.status == 201
        assert set(response.cookies) == {CALLER_COOKIE}
        row = await only_verification(site)
        assert answer == {"verification": row.id, "decision": "required", "rule": "operator.table_y"}
        assert (row.client, row.company, row.channel) == (site.seed.clients["mSale"], "CTKV1", Channel.DEALER)
        assert (row.customer, row.subscriber) == (_customer(), _subscriber())
        assert row.dealer == {
            "username": "dealer1",
            "name": "Họ Tên dealer1",
            "kind": "point_of_sale",
            "shop_code": "S-CTKV1",
            "shop_name": "Cửa hàng CTKV1",
            "shop_address": "1 Lê Lợi",
        }
        assert row.shop_code == "S-CTKV1"
        assert (row.consent_version, row.consent_at) == (CONSENT.version, site.clock.now())
        assert row.expires_at == site.clock.now() + settings.verification_s * SECOND
        assert [field["result"] for field in row.comparison] == ["match"] * 3
        assert site.msale.asked == [("dealer1", "S-CTKV1", "CTKV1")]

    async def test_its_pictures_are_those_of_the_draft(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        await flows.call(site, draft)
        async with site.database.read() as session:
            rows = (await session.scalars(select(Picture))).all()
        assert {(row.kind, row.source) for row in rows} == {(kind, "camera") for kind in files}
        assert site.stored_blobs() == 3
        for row in rows:
            shown = await (await site.client.get(f"/api/call/pictures/{row.kind}")).read()
            assert shown[:2] == b"\xff\xd8"
            path = f"/api/v1/verifications/{row.verification}/pictures/{row.kind}"
            body = await (await site.client.get(path, headers=site.bearer())).read()
            assert hashlib.sha256(body).hexdigest() == row.clean_sha256

    @flows.ON_SQLITE
    async def test_the_call_page_is_open_at_once_and_consented(self, site: Site, files: dict[str, bytes]) -> None:
        response = await flows.call(site, await flows.draft(site, files))
        page = await (await site.client.get("/api/call/session")).json()
        assert page["verification"] == (await response.json())["verification"]
        assert page["consented"]
        assert page["can_call"]

    async def test_the_token_decides_the_company_even_when_the_dealer_says_otherwise(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        site.msale.tokens["CTKV1"] = site.seed.tokens["mSale", "CTKV4"]
        await flows.call(site, await flows.draft(site, files))
        assert (await only_verification(site)).company == "CTKV4"

    @flows.ON_SQLITE
    async def test_dealer4_asks_for_the_token_of_company_4(self, site: Site, files: dict[str, bytes]) -> None:
        await flows.call(site, await flows.draft(site, files, "dealer4"))
        assert site.msale.asked == [("dealer4", "S-CTKV4", "CTKV4")]
        assert (await only_verification(site)).company == "CTKV4"

    async def test_pressing_again_gives_the_same_verification(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        first = await (await flows.call(site, draft)).json()
        again = await flows.call(site, draft, full_name="Someone Else", consent_version=None)
        assert again.status == 201
        assert await again.json() == first
        assert CALLER_COOKIE in again.cookies
        assert (await only_verification(site)).customer == _customer()
        assert len(site.msale.asked) == 1

    async def test_several_presses_at_once_open_one(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        answers = await asyncio.gather(*(flows.call(site, draft) for _ in range(3)))
        verification = (await only_verification(site)).id
        assert [(await answer.json())["verification"] for answer in answers] == [verification] * 3

    @flows.ON_SQLITE
    async def test_pictures_of_a_sent_form_stay_as_they_are(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        await flows.call(site, draft)
        response = await scan(site, draft, "portrait", papers.encoded(papers.portrait(500, 500)))
        assert (response.status, await flows.code_of(response)) == (409, "draft_used")
        assert site.stored_blobs() == 3

    @flows.ON_SQLITE
    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"consent_version": None}, 422, "consent_needed"),
            ({"consent_version": "2020-01-01"}, 422, "consent_needed"),
            ({"sub_type": "NONE"}, 422, "unknown_sub_type"),
            ({"id_number": "?"}, 422, "invalid_body"),
            ({"full_name": ""}, 422, "invalid_body"),
        ],
    )
    async def test_a_form_that_cannot_be_taken(
        self, site: Site, files: dict[str, bytes], changes: dict[str, Any], status: int, code: str
    ) -> None:
        response = await flows.call(site, await flows.draft(site, files), **changes)
        assert (response.status, await flows.code_of(response)) == (status, code)
        assert CALLER_COOKIE not in response.cookies

    @flows.ON_SQLITE
    async def test_all_papers_are_needed(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {"id_front": files["id_front"]})
        response = await flows.call(site, draft)
        assert (response.status, await flows.code_of(response)) == (422, "picture_missing")
        assert (await response.json())["kinds"] == ["id_back", "portrait"]
        assert site.msale.asked == []

    @flows.ON_SQLITE
    async def test_a_company_whose_verification_is_off(self, site: Site, files: dict[str, bytes]) -> None:
        async with site.database.write() as session:
            session.add(
                CompanyRule(id=new_id(), company="CTKV1", channel="dealer", enabled=False, starts_on="2026-11-20")
            )
        response = await flows.call(site, await flows.draft(site, files))
        assert await flows.code_of(response) == "verification_not_enabled"

    @flows.ON_SQLITE
    async def test_mention_of_another_sites_origin_is_refused(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, files)
        response = await flows.call(site, draft, headers={"Origin": "https://evil.example"})
        assert (response.status, await flows.code_of(response)) == (403, "foreign_origin")


@flows.ON_SQLITE
@pytest.mark.parametrize("path", ["/ekyc", "/call"])
async def test_the_pages_are_served_or_say_that_they_are_not_built(site: Site, path: str) -> None:
    response = await site.client.get(path)
    if response.status != 200:
        assert (response.status, await flows.code_of(response)) == (503, "pages_not_built")
    else:
        assert response.content_type == "text/html"


def _customer() -> dict[str, Any]:
    names = ("full_name", "id_number", "date_of_birth", "id_type", "address")
    return {name: flows.dealer_form()[name] for name in names}


def _subscriber() -> dict[str, Any]:
    return {name: flows.dealer_form()[name] for name in ("msisdn", "sub_type", "customer_type", "payment")}
