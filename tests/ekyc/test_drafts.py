"""What drafts may hold is bounded: by account, in number, in octets; nobody behind the same address is shut out."""

import asyncio
import io

import pytest
from aiohttp import ClientResponse

from ekyc.drafts import LIFETIME
from ekyc.models import Draft, DraftPicture, PictureKind
from tests.ekyc import flows
from tests.ekyc.conftest import Site
from vouch.accounts.models import Account
from vouch.clock import SECOND
from vouch.settings import Settings

pytestmark = flows.ON_SQLITE
_MEASURED_ANEW = 5 * SECOND


async def account_id(site: Site, username: str) -> str:
    async with site.database.read() as session:
        chosen = Account.__table__.select().where(Account.username == username)
        return str((await session.execute(chosen)).one().id)


async def begin(site: Site) -> ClientResponse:
    return await site.client.post("/api/ekyc/drafts", headers=await flows.csrf(site))


async def send(site: Site, draft: str, data: bytes) -> ClientResponse:
    path, headers = f"/api/ekyc/drafts/{draft}/pictures/portrait", await flows.csrf(site)
    return await site.client.put(path, data=io.BytesIO(data), headers=headers)


async def add(site: Site, account: str, number: int, octets: int = 0) -> None:
    """Drafts that were begun, each with a picture that takes so much."""
    now = site.clock.now()
    async with site.database.write() as session:
        session.add_all(Draft(digest=f"{account} {each}", account=account, created_at=now) for each in range(number))
        await session.flush()
        session.add_all(
            DraftPicture(
                draft=f"{account} {each}",
                kind=PictureKind.PORTRAIT,
                source="camera",
                key=f"{account}x{each:04}.jpg",
                sha256="",
                size=octets,
                width=1,
                height=1,
                at=now,
            )
            for each in range(number)
        )


async def test_an_account_begins_so_many_in_an_hour_and_others_behind_its_address_go_on(site: Site) -> None:
    await flows.csrf(site)
    await add(site, await account_id(site, "dealer1"), 300)
    response = await begin(site)
    assert (response.status, await flows.code_of(response)) == (429, "too_many_drafts")
    assert int(response.headers["Retry-After"]) > 0
    await flows.sign_in(site, "dealer4")
    assert (await begin(site)).status == 201
    await flows.sign_in(site, "dealer1")
    site.clock.advance(LIFETIME)
    assert (await begin(site)).status == 201


class TestFull:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"most_drafts": 5, "most_draft_octets": 100_000})

    async def test_the_number_of_drafts_is_bounded_in_all(self, site: Site, files: dict[str, bytes]) -> None:
        sent = await flows.draft(site, files)
        assert (await flows.call(site, sent)).status == 201
        await add(site, await account_id(site, "dealer4"), 4)
        site.clock.advance(_MEASURED_ANEW)
        assert [(await begin(site)).status for _ in range(2)] == [201, 503]
        site.clock.advance(_MEASURED_ANEW)
        response = await begin(site)
        assert (response.status, await flows.code_of(response)) == (503, "drafts_full")
        assert int(response.headers["Retry-After"]) > 0
        site.clock.advance(LIFETIME)
        await site.ekyc.sweep()
        assert (await begin(site)).status == 201

    async def test_their_octets_are_bounded_in_all(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {"portrait": files["portrait"]})
        await add(site, await account_id(site, "dealer4"), 1, 100_000)
        site.clock.advance(_MEASURED_ANEW)
        for response in (await begin(site), await send(site, draft, files["portrait"])):
            assert (response.status, await flows.code_of(response)) == (503, "drafts_full")
        assert site.stored_blobs() == 1

    async def test_what_is_added_between_two_counts_counts(self, site: Site, files: dict[str, bytes]) -> None:
        draft = await flows.draft(site, {})
        taken = 0
        while (await send(site, draft, files["portrait"])).status == 200:
            taken += 1
            assert taken < 20
        assert taken > 1
        assert site.stored_blobs() == 1


async def test_the_sweep_takes_all_that_has_run_out_in_one_round(site: Site, files: dict[str, bytes]) -> None:
    await add(site, await account_id(site, "dealer4"), 450)
    kept = await flows.draft(site, {"portrait": files["portrait"]})
    site.clock.advance(LIFETIME - 1)
    young = await flows.draft(site, {})
    site.clock.advance(1)
    await asyncio.gather(site.ekyc.sweep(), site.ekyc.sweep())
    async with site.database.read() as session:
        left = (await session.execute(Draft.__table__.select())).all()
        pictures = (await session.execute(DraftPicture.__table__.select())).all()
    assert (len(left), pictures, site.stored_blobs()) == (1, [], 0)
    assert (await send(site, young, files["portrait"])).status == 200
    assert (await send(site, kept, files["portrait"])).status == 404
