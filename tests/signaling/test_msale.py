"""The simulated mSale Core: tokens by company, signed results, pictures checked by hash, a page in two languages."""

import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from standardwebhooks import Webhook

from agent_console import codes
from signaling.demo import msale_page
from signaling.demo.msale import MsaleConfig, MsaleCore
from signaling.demo.msale_results import PAGE
from signaling.messages import CallerCall
from tests.clock import ManualClock

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KINDS = ("id_front", "id_back", "portrait", "snapshot")


class Vouch:
    """What mSale sees of Vouch: pictures by company token."""

    def __init__(self) -> None:
        self.pictures = {kind: f"picture {kind}".encode() for kind in KINDS}
        self.away: set[str] = set()
        self.fetched: list[str] = []
        self.origin = ""

    async def picture(self, request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if request.headers.get("Authorization") != "Bearer token-4":
            return web.Response(status=404)
        if kind in self.away:
            return web.Response(status=503)
        self.fetched.append(kind)
        return web.Response(body=self.pictures[kind], content_type="image/jpeg")

    def links(self) -> list[dict[str, str]]:
        return [
            {"kind": kind, "sha256": hashlib.sha256(data).hexdigest(), "url": f"{self.origin}/pictures/{kind}"}
            for kind, data in self.pictures.items()
        ]


class Client:
    """A running mSale with short ways to it."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        tokens = {"CTKV1": "token-1", "CTKV4": "token-4"}
        self.core = MsaleCore(MsaleConfig(folder, "msale-secret", tokens, SECRET, port=0), clock)
        self.clock = clock
        self.http = aiohttp.ClientSession()
        self.url = ""

    async def start(self) -> "Client":
        self.url = f"http://127.0.0.1:{await self.core.start()}"
        return self

    async def close(self) -> None:
        await self.http.close()
        await self.core.close()

    async def deliver(self, key: str, body: dict[str, Any], **headers: str) -> int:
        text = json.dumps(body)
        now = datetime.now(UTC)
        signed = {
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(SECRET).sign(key, now, text),
        }
        self.clock.advance(1_000_000)
        async with self.http.post(self.url + "/results", data=text.encode(), headers=signed | headers) as response:
            return response.status

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(self.url + path) as response:
            return response.status, await response.text()

    async def results(self) -> list[dict[str, Any]]:
        return list(json.loads((await self.get("/results.json"))[1])["results"])


@pytest.fixture
async def vouch() -> AsyncIterator[Vouch]:
    made = Vouch()
    app = web.Application()
    app.router.add_get("/pictures/{kind}", made.picture)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def msale(tmp_path: Path) -> AsyncIterator[Client]:
    client = await Client(tmp_path / "msale", ManualClock()).start()
    yield client
    await client.close()


def decided(vouch: Vouch, **fields: Any) -> dict[str, Any]:
    data = {
        "id": "verification-1",
        "external_ref": "order-1",
        "outcome": "rejected",
        "reason": "face_differs",
        "decided_at": "2026-11-20T02:42:03.456Z",
        "attempt": 2,
        "agent": "agent1",
        "pictures": vouch.links(),
    }
    return {"type": "verification.decided", "timestamp": "2026-11-20T02:42:03.456Z", "data": data | fields}


def call_ended(number: int = 1) -> dict[str, Any]:
    data = {"id": f"v{number}", "external_ref": f"order-{number}", "outcome": "no_agent", "attempt": 1}
    return {"type": "verification.call_ended", "timestamp": "2026-11-20T02:42:03.456Z", "data": data}


async def test_a_company_token_is_given_to_whoever_shows_the_secret(msale: Client) -> None:
    question = {"dealer": "dealer4", "shop_code": "S4", "company": "CTKV4"}
    headers = {"Authorization": "Bearer msale-secret"}
    async with msale.http.post(msale.url + "/tokens", json=question, headers=headers) as response:
        assert (response.status, await response.json()) == (200, {"token": "token-4"})
    async with msale.http.post(msale.url + "/tokens", json=question | {"company": "X"}, headers=headers) as response:
        assert response.status == 404
    for wrong in ({}, {"Authorization": "Bearer other"}):
        async with msale.http.post(msale.url + "/tokens", json=question, headers=wrong) as response:
            assert (response.status, (await response.json())["code"]) == (401, "bad_secret")


async def test_a_question_without_a_shop_is_answered_and_a_broken_one_refused(msale: Client) -> None:
    headers = {"Authorization": "Bearer msale-secret"}
    question = {"dealer": "dealer4", "shop_code": None, "company": "CTKV4"}
    async with msale.http.post(msale.url + "/tokens", json=question, headers=headers) as response:
        assert response.status == 200
    async with msale.http.post(msale.url + "/tokens", json={"dealer": "x"}, headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (422, "invalid_body")


async def test_a_result_is_kept_with_its_pictures_checked(msale: Client, vouch: Vouch, tmp_path: Path) -> None:
    assert await msale.deliver("m1", decided(vouch)) == 204
    (result,) = await msale.results()
    assert (result["id"], result["message"]["data"]["outcome"]) == ("m1", "rejected")
    assert [(picture["kind"], picture["checked"]) for picture in result["pictures"]] == [(kind, True) for kind in KINDS]
    for picture in result["pictures"]:
        stored = (tmp_path / "msale" / "pictures" / picture["file"]).read_bytes()
        assert stored == vouch.pictures[picture["kind"]]
        async with msale.http.get(f"{msale.url}/pictures/{picture['file']}") as response:
            assert await response.read() == stored


async def test_a_result_without_a_verdict_has_no_pictures(msale: Client) -> None:
    assert await msale.deliver("m1", call_ended()) == 204
    (result,) = await msale.results()
    assert (result["message"]["type"], result["pictures"]) == ("verification.call_ended", [])


async def test_a_picture_whose_hash_differs_is_kept_and_said_to_differ(msale: Client, vouch: Vouch) -> None:
    body = decided(vouch)
    vouch.pictures["portrait"] = b"another picture"
    assert await msale.deliver("m1", body) == 204
    (result,) = await msale.results()
    assert {picture["kind"] for picture in result["pictures"] if not picture["checked"]} == {"portrait"}
    assert 'data-hash="altered"' in (await msale.get("/"))[1]


async def test_repeats_are_dropped(msale: Client, vouch: Vouch) -> None:
    for _ in range(3):
        assert await msale.deliver("m1", decided(vouch)) == 204
    assert len(await msale.results()) == 1
    assert sorted(vouch.fetched) == sorted(KINDS)


async def test_a_picture_that_is_away_is_asked_for_again_with_the_repeated_result(msale: Client, vouch: Vouch) -> None:
    vouch.away = {"portrait"}
    assert await msale.deliver("m1", decided(vouch)) == 503
    (result,) = await msale.results()
    assert len(result["pictures"]) == 3
    assert "Chưa tải được" in (await msale.get("/"))[1]
    vouch.away = set()
    assert await msale.deliver("m1", decided(vouch)) == 204
    (result,) = await msale.results()
    assert sorted(picture["kind"] for picture in result["pictures"]) == sorted(KINDS)
    assert vouch.fetched.count("snapshot") == 1


async def test_pictures_at_a_dead_address_or_of_another_client_are_missing(msale: Client, vouch: Vouch) -> None:
    links = vouch.links()
    links[0]["url"] = "http://127.0.0.1:1/"
    links[1]["url"] = "nonsense"
    links[2]["url"] = vouch.origin + "/elsewhere"
    assert await msale.deliver("m1", decided(vouch, pictures=links)) == 503
    assert len((await msale.results())[0]["pictures"]) == 1


async def test_what_is_not_signed_as_agreed_is_refused(msale: Client, vouch: Vouch) -> None:
    body = decided(vouch)
    for wrong in (
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v1,%"},
        {"webhook-signature": "nonsense"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"webhook-id": "other"},
    ):
        assert await msale.deliver("m1", body, **wrong) == 401, wrong
    async with msale.http.post(msale.url + "/results", data=b"\xff\xfe") as response:
        assert response.status == 401
    assert await msale.results() == []


async def test_what_is_signed_but_no_result_is_refused(msale: Client) -> None:
    assert await msale.deliver("m1", {"type": "other"}) == 422
    assert await msale.deliver("../m1", call_ended()) == 422
    assert await msale.results() == []


async def test_everything_is_there_after_a_restart(msale: Client, vouch: Vouch, tmp_path: Path) -> None:
    vouch.away = {"snapshot"}
    await msale.deliver("m1", decided(vouch))
    await msale.deliver("m2", call_ended())
    before = await msale.results()
    await msale.close()
    again = await Client(tmp_path / "msale", msale.clock).start()
    assert await again.results() == before
    vouch.away = set()
    assert await again.deliver("m1", decided(vouch)) == 204
    assert [len(result["pictures"]) for result in await again.results()] == [0, 4]
    await again.close()


async def test_no_file_but_a_results_picture_is_given(msale: Client, vouch: Vouch) -> None:
    await msale.deliver("m1", decided(vouch))
    for path in ("/pictures/other.jpg", "/pictures/..%2Fresults%2Fm1.json", "/pictures/m1.json"):
        assert (await msale.get(path))[0] == 404


async def test_the_empty_page_says_what_will_come_and_how_in_both_languages(msale: Client) -> None:
    status, html = await msale.get("/")
    assert status == 200
    assert '<html lang="vi">' in html
    assert "Chưa có kết quả nào" in html
    assert "bấm [Gọi]" in html
    english = (await msale.get("/?lang=en"))[1]
    assert '<html lang="en">' in english
    assert "press [Call]" in english
    assert '<html lang="vi">' in (await msale.get("/?lang=xx"))[1]


async def test_the_page_shows_results_newest_first(msale: Client, vouch: Vouch) -> None:
    await msale.deliver("m1", call_ended())
    await msale.deliver("m2", decided(vouch))
    html = (await msale.get("/"))[1]
    assert html.index("Bị từ chối") < html.index("Không có NVHT rảnh")
    for said in ("order-1", "agent1", "Khuôn mặt không khớp", "09:42:03 20/11/2026", "Đúng mã băm"):
        assert said in html
    assert html.count('data-hash="checked"') == 4
    english = (await msale.get("/?lang=en"))[1]
    for said in ("Rejected", "No agent was free", "The face differs", "Hash matches"):
        assert said in english


async def test_what_others_wrote_is_never_markup(msale: Client, vouch: Vouch) -> None:
    evil = "<script>alert(1)</script>"
    await msale.deliver("m1", decided(vouch, external_ref=evil, outcome=evil, reason=evil, agent=evil, decided_at=evil))
    html = (await msale.get("/"))[1]
    assert evil not in html
    assert "&lt;script&gt;alert(1)" in html


async def test_older_results_are_on_the_next_page(msale: Client) -> None:
    for number in range(PAGE + 3):
        await msale.deliver(f"m{number}", call_ended(number))
    html = (await msale.get("/"))[1]
    assert html.count("<article") == PAGE
    link = html.split("before=")[1].split('"')[0]
    older = (await msale.get(f"/?lang=vi&before={link}"))[1]
    assert older.count("<article") == 3
    assert "Về mới nhất" in older
    assert 'data-version=""' in older
    assert "Không còn kết quả cũ hơn" in (await msale.get("/?before=0"))[1]


async def test_style_and_script_come_from_here_alone(msale: Client) -> None:
    assert "prefers-color-scheme: dark" in (await msale.get("/msale.css"))[1]
    assert "refresh" in (await msale.get("/msale.js"))[1]
    async with msale.http.get(msale.url) as response:
        assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_both_languages_say_the_same_things_and_every_outcome_and_reason_has_words() -> None:
    vietnamese, english = msale_page.TEXTS["vi"], msale_page.TEXTS["en"]
    assert vietnamese.keys() == english.keys()
    schema = CallerCall.model_json_schema()["properties"]["outcome"]
    outcomes = {word for choice in schema["anyOf"] for word in choice.get("enum", ())}
    assert outcomes
    assert outcomes <= vietnamese.keys()
    assert {f"reason.{code}" for code in (*codes.REJECT, *codes.UNABLE)} <= vietnamese.keys()
