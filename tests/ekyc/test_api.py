"""The integration API, as another system meets it: over HTTP, with real pictures."""

import asyncio
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select

from ekyc.models import Client, CompanyRule, Picture, Verification
from tests.ekyc import flows, papers
from tests.ekyc.conftest import Site, new_verification
from vouch.clock import MINUTE, SECOND, iso
from vouch.ids import new_id
from vouch.settings import Settings

ONLINE = {"channel": "online", "shop_code": "S-CTKV1", "referral": "web"}
ONE = "/api/v1/verifications/" + 32 * "0"
FOUR = ["id_number", "full_name", "date_of_birth", "face"]
PASSED = {"passed": True, "matched_fields": FOUR, "reference": "r-1", "differences": []}


async def count(site: Site, table: Any) -> int:
    async with site.database.read() as session:
        return (await session.execute(select(func.count()).select_from(table))).scalar_one()


async def test_a_verification_is_opened(site: Site, files: dict[str, bytes], settings: Settings) -> None:
    answer = await flows.opened(site, files)
    assert set(answer) == {
        "id",
        "state",
        "call",
        "join_url",
        "join_token",
        "join_expires_at",
        "expires_at",
    }
    assert answer["state"] == "created"
    assert answer["call"] == {"decision": "required", "rule": "operator.table_y"}
    assert answer["join_url"] == f"https://vouch.example/call#{answer['join_token']}"
    assert answer["join_expires_at"] == iso(site.clock.now() + settings.join_token_s * SECOND)
    assert answer["expires_at"] == iso(site.clock.now() + settings.verification_s * SECOND)


async def test_what_was_sent_is_kept_and_compared_with_the_card(site: Site, files: dict[str, bytes]) -> None:
    dealer = {"username": "d-1", "name": "Đại lý", "kind": "agency", "shop_code": "S-1", "unknown": "left out"}
    data = new_verification(dealer=dealer, ekyc=PASSED, referral="web")
    answer = await flows.opened(site, files, data=data)
    async with site.database.read() as session:
        row = await session.get_one(Verification, answer["id"])
    assert (row.client, row.company) == (site.seed.clients["mSale"], "CTKV1")
    assert (row.channel, row.external_ref, row.referral) == ("dealer", "order-1", "web")
    assert row.customer == data["customer"]
    assert row.subscriber == data["subscriber"]
    assert row.dealer is not None
    assert row.dealer["kind"] == "agency"
    assert "unknown" not in row.dealer
    assert row.ekyc == PASSED
    assert row.full_name_folded == "nguyen thi hoa"
    assert {field["field"]: field["result"] for field in row.comparison} == {
        "full_name": "match",
        "id_number": "match",
        "date_of_birth": "match",
    }


async def test_the_token_decides_the_company_on_both_channels(site: Site, files: dict[str, bytes]) -> None:
    for key, channel in (("a", {}), ("b", {**ONLINE, "ekyc": PASSED})):
        data = new_verification(dealer={"shop_code": "S-CTKV1"}, **channel)
        answer = await flows.opened(site, files, data=data, key=key, headers=site.bearer("CTKV4"))
        shown = await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer("CTKV4"))
        assert (await shown.json())["company"] == "CTKV4"


@flows.ON_SQLITE
@pytest.mark.parametrize(
    ("data", "decision", "rule"),
    [
        ({"subscriber": {"sub_type": "ASI"}}, "optional", "operator.table_n"),
        ({"subscriber": {"payment": "postpaid", "sub_type": "M2"}}, "optional", "operator.postpaid"),
        ({"customer": {"id_type": "card_without_chip"}}, "required", "law.card_without_chip"),
        ({"customer": {"id_type": "foreign_passport"}}, "required", "law.foreigner"),
        (
            {**ONLINE, "ekyc": {"passed": True}, "customer": {"id_type": "foreign_passport"}},
            "not_possible",
            "law.foreigner.in_person",
        ),
        (
            {"customer": {"id_type": "card_without_chip"}, "subscriber": {"sub_type": "ASI"}, "ekyc": PASSED},
            "optional",
            "operator.table_n",
        ),
        (
            {
                "customer": {"id_type": "card_without_chip"},
                "subscriber": {"sub_type": "ASI"},
                "ekyc": {"passed": True, "matched_fields": FOUR[:3]},
            },
            "required",
            "law.card_without_chip",
        ),
        (
            {
                "customer": {"id_type": "card_without_chip"},
                "subscriber": {"sub_type": "ASI"},
                "ekyc": {"passed": False, "matched_fields": FOUR},
            },
            "required",
            "law.card_without_chip",
        ),
    ],
)
async def test_the_answer_says_whether_a_call_is_needed_and_by_which_rule(
    site: Site, files: dict[str, bytes], data: dict[str, Any], decision: str, rule: str
) -> None:
    answer = await flows.opened(site, files, data=new_verification(**data))
    assert answer["call"] == {"decision": decision, "rule": rule}


@flows.ON_SQLITE
@pytest.mark.parametrize("id_type", ["foreign_passport", "undetermined_nationality", "e_identity"])
async def test_papers_without_a_second_side_need_none(site: Site, files: dict[str, bytes], id_type: str) -> None:
    one_sided = {kind: files[kind] for kind in ("id_front", "portrait")}
    data = new_verification(customer={"id_type": id_type})
    answer = await flows.opened(site, one_sided, data=data)
    shown = await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer())
    assert [picture["kind"] for picture in (await shown.json())["pictures"]] == ["id_front", "portrait"]


@flows.ON_SQLITE
@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (ONLINE, 422, "ekyc_not_passed"),
        ({**ONLINE, "ekyc": {"passed": False}}, 422, "ekyc_not_passed"),
        ({"subscriber": {"sub_type": "NONE"}}, 422, "unknown_sub_type"),
        ({"customer": {"date_of_birth": "1999-02-30"}}, 422, "invalid_body"),
        ({"customer": {"date_of_birth": 920000000}}, 422, "invalid_body"),
        ({"customer": {"full_name": "A\u0000B"}}, 422, "invalid_body"),
        ({"customer": {"full_name": "   "}}, 422, "invalid_body"),
        ({"customer": {"full_name": "Lê\u202eVăn"}}, 422, "invalid_body"),
        ({"customer": {"id_type": "library_card"}}, 422, "invalid_body"),
        ({"channel": "fax"}, 422, "invalid_body"),
        ({"company": "CTKV2"}, 422, "invalid_body"),
    ],
)
async def test_data_that_cannot_be_taken(
    site: Site, files: dict[str, bytes], data: dict[str, Any], status: int, code: str
) -> None:
    response = await flows.post(site, files, new_verification(**data))
    assert (response.status, await flows.code_of(response)) == (status, code)
    assert await count(site, Verification) == 0
    assert site.stored_blobs() == 0


@flows.ON_SQLITE
async def test_a_wrong_field_is_named_and_its_value_is_not_echoed(site: Site, files: dict[str, bytes]) -> None:
    response = await flows.post(site, files, new_verification(customer={"id_number": "SECRET/1"}))
    assert [field["field"] for field in (await response.json())["fields"]] == ["customer.id_number"]
    assert "SECRET" not in await response.text()


@flows.ON_SQLITE
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"portrait": None}, 422, "picture_missing"),
        ({"id_back": None}, 422, "picture_missing"),
        ({"id_front": b""}, 422, "picture_missing"),
        ({"id_front": b"no picture"}, 422, "picture_broken"),
        ({"portrait": papers.encoded(Image.new("RGB", (100, 100)))}, 422, "picture_too_small"),
        ({"portrait": b"\xff\xd8" + b"\0" * (8 << 20)}, 413, "picture_too_large"),
        ({"selfie": b"x"}, 422, "invalid_body"),
        # Of several the first one's: they are developed side by side, in whatever order they come out.
        ({"id_front": papers.encoded(Image.new("RGB", (100, 100))), "id_back": b"?"}, 422, "picture_too_small"),
    ],
)
async def test_pictures_that_cannot_be_taken(
    site: Site, files: dict[str, bytes], change: dict[str, bytes | None], status: int, code: str
) -> None:
    sent = {kind: content for kind, content in {**files, **change}.items() if content is not None}
    response = await flows.post(site, sent)
    assert (response.status, await flows.code_of(response)) == (status, code)
    assert await count(site, Verification) == 0
    assert site.stored_blobs() == 0


@flows.ON_SQLITE
async def test_missing_pictures_are_named(site: Site, files: dict[str, bytes]) -> None:
    response = await flows.post(site, {"id_front": files["id_front"]})
    assert (await response.json())["kinds"] == ["id_back", "portrait"]


@flows.ON_SQLITE
async def test_large_pictures_pass_whatever_the_servers_limit_for_json(site: Site, files: dict[str, bytes]) -> None:
    noise = papers.encoded(Image.effect_noise((2000, 1500), 90).convert("RGB"), "PNG")
    assert len(noise) > 2 << 20
    await flows.opened(site, {**files, "portrait": noise})


@flows.ON_SQLITE
@pytest.mark.parametrize(
    "header",
    [{}, {"Authorization": "Bearer nobody's"}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer \udcff"}],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/verifications"),
        ("GET", ONE),
        ("GET", ONE + "/pictures/portrait"),
        ("POST", ONE + "/join"),
    ],
)
async def test_nothing_is_answered_without_a_token(site: Site, method: str, path: str, header: dict[str, str]) -> None:
    response = await site.client.request(method, path, headers=header)
    assert (response.status, await flows.code_of(response)) == (401, "bad_token")


async def test_a_company_whose_verification_is_off(site: Site, files: dict[str, bytes]) -> None:
    async with site.database.write() as session:
        session.add(CompanyRule(id=new_id(), company="CTKV2", channel="dealer", enabled=False, starts_on="2026-11-20"))
    response = await flows.post(site, files, headers=site.bearer("CTKV2"))
    assert (response.status, await flows.code_of(response)) == (403, "verification_not_enabled")
    online = new_verification(**ONLINE, ekyc=PASSED)
    await flows.opened(site, files, data=online, headers=site.bearer("CTKV2"))


class TestIdempotency:
    @flows.ON_SQLITE
    async def test_a_key_is_needed(self, site: Site, files: dict[str, bytes]) -> None:
        for key in ("", "a b", "k" * 256):
            response = await flows.post(site, files, key=key)
            assert (response.status, await flows.code_of(response)) == (400, "idempotency_key_missing")

    async def test_the_same_request_gives_the_same_verification_and_a_fresh_token(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        first = await flows.opened(site, files)
        site.clock.advance(MINUTE)
        second = await flows.opened(site, dict(reversed(files.items())))
        assert second["id"] == first["id"]
        assert second["expires_at"] == first["expires_at"]
        assert second["join_token"] != first["join_token"]
        assert await count(site, Verification) == 1
        assert site.stored_blobs() == 3

    async def test_the_key_with_another_companys_token_is_another_key(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        first = await flows.opened(site, files)
        second = await flows.opened(site, files, headers=site.bearer("CTKV4"))
        assert second["id"] != first["id"]
        assert (await flows.opened(site, files, headers=site.bearer("CTKV4")))["id"] == second["id"]

    @pytest.mark.parametrize("what", ["data", "picture", "kind"])
    async def test_the_key_with_another_body_is_refused(self, site: Site, files: dict[str, bytes], what: str) -> None:
        await flows.opened(site, files)
        data, sent = new_verification(), dict(files)
        if what == "data":
            data = new_verification(customer={"address": "elsewhere"})
        elif what == "picture":
            sent["portrait"] = papers.encoded(papers.portrait(500, 640))
        else:
            sent["id_front"], sent["id_back"] = sent["id_back"], sent["id_front"]
        response = await flows.post(site, sent, data)
        assert (response.status, await flows.code_of(response)) == (422, "idempotency_key_reused")

    async def test_keys_of_two_clients_have_nothing_to_do_with_each_other(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        mine = await flows.opened(site, files)
        theirs = await flows.opened(site, files, headers=site.bearer(client="shop"))
        assert mine["id"] != theirs["id"]

    async def test_the_same_request_several_times_at_once_opens_one(self, site: Site, files: dict[str, bytes]) -> None:
        answers = await asyncio.gather(*(flows.opened(site, files) for _ in range(4)))
        assert len({answer["id"] for answer in answers}) == 1
        assert len({answer["join_token"] for answer in answers}) == 4
        assert await count(site, Verification) == 1
        assert await count(site, Picture) == 3
        assert site.stored_blobs() == 3


@flows.ON_SQLITE
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{}", "application/json", 415, "multipart_needed"),
        (b"{}", "(" * 8_000, 415, "multipart_needed"),
        (b"{}", "multipart/" + "(x)" * 2_600, 415, "multipart_needed"),
        (b"{}", "multipart/form-data; boundary=b" + ";" * 7_900, 415, "multipart_needed"),
        (b"", "multipart/form-data", 400, "invalid_multipart"),
        (b"no parts at all", "multipart/form-data; boundary=b", 400, "invalid_multipart"),
        (b"--b\r\nContent-Disposition: form-data; name=data\r\n\r\n{}", "multipart/form-data; boundary=b", 400, None),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422, "invalid_body"),
        (b"--b--\r\n", "Multipart/Form-Data;charset=utf-8;boundary=b", 422, "invalid_body"),
        (
            b"--b\r\nContent-Disposition: form-data; name=data\r\n\r\n" + b"1" * 70_000 + b"\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            422,
            "invalid_body",
        ),
        (
            b"--b\r\nContent-Disposition: form-data; name=data\r\n\r\n{}\r\n" * 2 + b"--b--\r\n",
            "multipart/form-data; boundary=b",
            422,
            "invalid_body",
        ),
        (
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            422,
            "invalid_body",
        ),
    ],
)
async def test_a_body_that_is_no_such_form(
    site: Site, body: bytes, content_type: str, status: int, code: str | None
) -> None:
    headers = {**site.bearer(), "Idempotency-Key": "k", "Content-Type": content_type}
    response = await site.client.post("/api/v1/verifications", data=body, headers=headers)
    assert response.status == status
    assert code in {None, await flows.code_of(response)}


async def test_a_client_may_ask_for_as_much_priority_as_the_operator_lets_it(
    site: Site, files: dict[str, bytes]
) -> None:
    urgent = new_verification(priority=5, language="en")
    response = await flows.post(site, files, urgent)
    assert (response.status, await flows.code_of(response)) == (403, "priority_not_allowed")
    assert site.stored_blobs() == 0
    async with site.database.write() as session:
        (await session.get_one(Client, site.seed.clients["mSale"])).highest_priority = 5
    opened = await flows.opened(site, files, data=urgent)
    async with site.database.read() as session:
        row = await session.get_one(Verification, opened["id"])
    assert (row.priority, row.language) == (5, "en")
    assert (await flows.post(site, files, new_verification(priority=6), key="2")).status == 403
    assert (await flows.post(site, files, new_verification(priority=10), key="3")).status == 422
    assert (await flows.post(site, files, new_verification(language="English"), key="4")).status == 422
