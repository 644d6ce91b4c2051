"""What another system reads of its verifications, and calling again."""

import hashlib
import io
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from ekyc.models import Picture, PictureKind, VerdictRecord
from tests.ekyc import flows
from tests.ekyc.conftest import Site
from vouch.audit import AuditEntry, Tag
from vouch.blobs import DirectoryBlobs
from vouch.clock import MINUTE, SECOND, iso
from vouch.ids import new_id
from vouch.settings import Settings

FOUR = ["id_number", "full_name", "date_of_birth", "face"]


class TestReading:
    async def test_a_fresh_verification(self, site: Site, files: dict[str, bytes]) -> None:
        answer = await flows.opened(site, files)
        response = await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer())
        assert response.headers["Cache-Control"] == "no-store"
        view = await response.json()
        pictures = view.pop("pictures")
        assert view == {
            "id": answer["id"],
            "external_ref": "order-1",
            "company": "CTKV1",
            "channel": "dealer",
            "state": "created",
            "call": answer["call"],
            "outcome": None,
            "reason": None,
            "decided_at": None,
            "attempt": 0,
            "attempts": [],
            "created_at": "2026-11-20T03:00:00.000Z",
            "expires_at": "2026-11-27T03:00:00.000Z",
        }
        assert [picture["kind"] for picture in pictures] == ["id_front", "id_back", "portrait"]

    async def test_pictures_are_given_as_they_are_hashed_and_each_look_is_noted(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        answer = await flows.opened(site, files)
        view = await (await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer())).json()
        for picture in view["pictures"]:
            path = picture["url"].removeprefix("https://vouch.example")
            response = await site.client.get(path, headers=site.bearer())
            body = await response.read()
            assert (response.content_type, response.headers["Cache-Control"]) == ("image/jpeg", "no-store")
            assert response.headers["Content-Disposition"] == f'inline; filename="{picture["kind"]}.jpg"'
            assert hashlib.sha256(body).hexdigest() == picture["sha256"]
            assert Image.open(io.BytesIO(body)).format == "JPEG"
        async with site.database.read() as session:
            entries = (await session.scalars(select(AuditEntry).where(AuditEntry.tag == Tag.PICTURE_FETCHED))).all()
        assert {(entry.company, entry.subject, entry.details["kind"]) for entry in entries} == {
            ("CTKV1", answer["id"], kind) for kind in files
        }

    async def test_the_snapshot_is_the_one_that_the_latest_verdict_stands_on(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        answer = await flows.opened(site, files)
        path = f"/api/v1/verifications/{answer['id']}/pictures/snapshot"
        at = site.clock.now()
        stray = await self._keep_frame(site, answer["id"], PictureKind.SNAPSHOT, at)
        assert stray.id
        assert (await site.client.get(path, headers=site.bearer())).status == 404, "no verdict names it"
        first = await self._keep_frame(site, answer["id"], PictureKind.SNAPSHOT, at + 1)
        await self._decide(site, answer["id"], 1, first)
        late = await self._keep_frame(site, answer["id"], PictureKind.LAST_FRAME, at + 2)
        await self._decide(site, answer["id"], 2, late)
        stamped = await (await site.client.get(path, headers=site.bearer())).read()
        clean = await (await site.client.get(path + "?clean=1", headers=site.bearer())).read()
        assert hashlib.sha256(stamped).hexdigest() == late.stamped_sha256
        assert hashlib.sha256(clean).hexdigest() == late.clean_sha256
        view = await (await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer())).json()
        assert [p["sha256"] for p in view["pictures"] if p["kind"] == "snapshot"] == [late.stamped_sha256]

    async def _keep_frame(self, site: Site, verification: str, kind: PictureKind, at: int) -> Picture:
        blobs = DirectoryBlobs(site.blobs_folder)
        clean, stamped = await blobs.put(f"clean {at}".encode(), ".jpg"), await blobs.put(f"{at}".encode(), ".jpg")
        picture = Picture(
            id=new_id(),
            verification=verification,
            kind=kind,
            source="call",
            at=at,
            width=640,
            height=480,
            clean_key=clean.key,
            clean_sha256=clean.sha256,
            stamped_key=stamped.key,
            stamped_sha256=stamped.sha256,
            exact=True,
        )
        async with site.database.write() as session:
            session.add(picture)
        return picture

    async def _decide(self, site: Site, verification: str, attempt: int, picture: Picture) -> None:
        at = site.clock.now()
        call = await flows.add_call(site.database, verification, attempt, at, outcome="rejected", ended_at=at)
        await self._add_verdict(site, verification, call, picture.id)

    async def _add_verdict(self, site: Site, verification: str, call: str, picture: str) -> None:
        at = site.clock.now()
        async with site.database.write() as session:
            session.add(
                VerdictRecord(
                    id=new_id(),
                    verification=verification,
                    call=call,
                    verdict="rejected",
                    reason="face_differs",
                    fraud=False,
                    late=False,
                    agent="agent1",
                    pressed_at=at,
                    decided_at=at + MINUTE,
                    picture=picture,
                    checks={},
                )
            )

    async def test_calls_and_their_verdicts(self, site: Site, files: dict[str, bytes]) -> None:
        answer = await flows.opened(site, files)
        at = site.clock.now()
        first = await flows.add_call(
            site.database, answer["id"], 1, at, outcome="rejected", started_at=at + 5 * SECOND, ended_at=at + MINUTE
        )
        await flows.add_call(site.database, answer["id"], 2, at + MINUTE, outcome="no_agent", ended_at=at + 2 * MINUTE)
        async with site.database.read() as session:
            some_picture = (await session.scalars(select(Picture.id).limit(1))).one()
        await self._add_verdict(site, answer["id"], first, some_picture)
        await flows.set_verification(site.database, answer["id"], state="rejected", decided_at=at + MINUTE)
        view = await (await site.client.get(f"/api/v1/verifications/{answer['id']}", headers=site.bearer())).json()
        assert (view["state"], view["attempt"], view["outcome"], view["reason"]) == ("rejected", 2, "no_agent", None)
        assert view["decided_at"] == iso(at + MINUTE)
        assert view["attempts"] == [
            {
                "attempt": 1,
                "number": "CALL-1",
                "outcome": "rejected",
                "verdict": "rejected",
                "reason": "face_differs",
                "queued_at": iso(at),
                "started_at": iso(at + 5 * SECOND),
                "ended_at": iso(at + MINUTE),
            },
            {
                "attempt": 2,
                "number": "CALL-2",
                "outcome": "no_agent",
                "verdict": None,
                "reason": None,
                "queued_at": iso(at + MINUTE),
                "started_at": None,
                "ended_at": iso(at + 2 * MINUTE),
            },
        ]

    async def test_another_client_sees_nothing_and_another_company_of_the_same_client_neither(
        self, site: Site, files: dict[str, bytes]
    ) -> None:
        answer = await flows.opened(site, files)
        one = f"/api/v1/verifications/{answer['id']}"
        for method, path in (("GET", one), ("GET", one + "/pictures/portrait"), ("POST", one + "/join")):
            for stranger in (site.bearer(client="shop"), site.bearer("CTKV2")):
                theirs = await site.client.request(method, path, headers=stranger)
                assert (theirs.status, await flows.code_of(theirs)) == (404, "not_found")
            mine = await site.client.request(method, path, headers=site.bearer("CTKV1"))
            assert mine.ok

    @flows.ON_SQLITE
    @pytest.mark.parametrize("one", ["x", 31 * "0", "../tokens", 32 * "Z"])
    async def test_what_cannot_be_an_id_is_not_there(self, site: Site, one: str) -> None:
        response = await site.client.get(f"/api/v1/verifications/{one}", headers=site.bearer())
        assert (response.status, await flows.code_of(response)) == (404, "not_found")

    @pytest.mark.parametrize("kind", ["agent", "extra", "last_frame", "nonsense", "ID_FRONT"])
    async def test_only_four_kinds_of_pictures_go_to_clients(
        self, site: Site, files: dict[str, bytes], kind: str
    ) -> None:
        answer = await flows.opened(site, files)
        path = f"/api/v1/verifications/{answer['id']}/pictures/{kind}"
        assert (await site.client.get(path, headers=site.bearer())).status == 404

    async def test_an_undecided_verification_expires_by_itself(
        self, site: Site, files: dict[str, bytes], settings: Settings
    ) -> None:
        answer = await flows.opened(site, files)
        path = f"/api/v1/verifications/{answer['id']}"
        site.clock.advance(settings.verification_s * SECOND - 1)
        assert (await (await site.client.get(path, headers=site.bearer())).json())["state"] == "created"
        site.clock.advance(1)
        assert (await (await site.client.get(path, headers=site.bearer())).json())["state"] == "expired"


class TestCallingAgain:
    async def join(self, site: Site, verification: str) -> Any:
        return await site.client.post(f"/api/v1/verifications/{verification}/join", headers=site.bearer())

    async def test_a_fresh_token(self, site: Site, files: dict[str, bytes]) -> None:
        answer = await flows.opened(site, files)
        await flows.set_verification(site.database, answer["id"], state="rejected")
        response = await self.join(site, answer["id"])
        fresh = await response.json()
        assert response.status == 201
        assert fresh["id"] == answer["id"]
        assert fresh["join_token"] != answer["join_token"]
        assert fresh["join_url"] == f"https://vouch.example/call#{fresh['join_token']}"

    @flows.ON_SQLITE
    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"state": "confirmed"}, 409, "already_confirmed"),
            ({"decision": "not_possible"}, 409, "call_not_possible"),
            ({"expires_at": 1}, 410, "verification_expired"),
            ({"state": "rejected", "expires_at": 1}, 410, "verification_expired"),
            ({"state": "expired"}, 410, "verification_expired"),
        ],
    )
    async def test_none_where_no_call_can_be_made(
        self, site: Site, files: dict[str, bytes], change: dict[str, Any], status: int, code: str
    ) -> None:
        answer = await flows.opened(site, files)
        await flows.set_verification(site.database, answer["id"], **change)
        response = await self.join(site, answer["id"])
        assert (response.status, await flows.code_of(response)) == (status, code)
